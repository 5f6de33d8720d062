/**
 * The kernel functions on dynamic pointers in TypeScript, as `include/linux/bpf.h` and `kernel/bpf/helpers.c` have them: what the bodies
 * are compared with on random input.
 *
 * @module
 */
import { fieldOf } from "../../abi/layouts.ts";
import type { KfuncReference, ReferenceCall } from "../module.ts";

const MASK32 = 0xffff_ffffn;
const SIZE_MASK = 0xff_ffffn;
const TYPE = { LOCAL: 1n, RINGBUF: 2n, SKB: 3n, XDP: 4n } as const;
const EINVAL = 22n;

/** Reads a field of a runtime structure. */
function field(call: ReferenceCall, at: readonly [address: bigint, structure: string, path: string]): bigint {
  const [address, structure, path] = at;
  const { offset, size } = fieldOf(structure, path);
  return call.read(address + BigInt(offset), size);
}

interface Dynptr {
  readonly data: bigint;
  readonly size: bigint;
  readonly type: bigint;
  readonly readOnly: boolean;
  readonly offset: bigint;
}

function dynptrAt(call: ReferenceCall): Dynptr {
  const address = call.args[0];
  const word = field(call, [address, "bpf_dynptr_kern", "size"]);
  return {
    data: field(call, [address, "bpf_dynptr_kern", "data"]),
    size: word & SIZE_MASK,
    type: word >> 28n & 7n,
    readOnly: word >> 31n === 1n,
    offset: field(call, [address, "bpf_dynptr_kern", "offset"]),
  };
}

function isNull(call: ReferenceCall): bigint {
  return dynptrAt(call).data === 0n ? 1n : 0n;
}

function isRdonly(call: ReferenceCall): bigint {
  const { data, readOnly } = dynptrAt(call);
  return data !== 0n && readOnly ? 1n : 0n;
}

function size(call: ReferenceCall): bigint {
  const { data, size } = dynptrAt(call);
  return data === 0n ? -EINVAL & MASK32 : size;
}

function slice(call: ReferenceCall): bigint {
  const offset = call.args[1] & MASK32, buffer = call.args[2], length = call.args[3] & MASK32;
  const dynptr = dynptrAt(call);
  if (dynptr.data === 0n) return 0n;
  if (length > dynptr.size || offset > dynptr.size - length) return 0n;
  const at = dynptr.offset + offset;
  switch (dynptr.type) {
    case TYPE.LOCAL:
    case TYPE.RINGBUF:
      return dynptr.data + at;
    case TYPE.SKB: {
      const linear = field(call, [dynptr.data, "sk_buff", "len"]) -
        field(call, [dynptr.data, "sk_buff", "data_len"]);
      if (at + length <= linear) return field(call, [dynptr.data, "sk_buff", "data"]) + at;
      return buffer === 0n ? 0n : call.call("skb_header_pointer", [dynptr.data, at, length, buffer]);
    }
    case TYPE.XDP: {
      const start = field(call, [dynptr.data, "xdp_buff", "data"]) + at;
      if (start + length <= field(call, [dynptr.data, "xdp_buff", "data_end"])) return start;
      if (buffer === 0n) return 0n;
      call.call("bpf_xdp_copy_buf", [dynptr.data, at, buffer, length, 0n]);
      return buffer;
    }
    default:
      return 0n;
  }
}

/** By function. */
export const DYNPTR_REFERENCES: Readonly<Record<string, KfuncReference>> = {
  bpf_dynptr_is_null: isNull,
  bpf_dynptr_is_rdonly: isRdonly,
  bpf_dynptr_size: size,
  bpf_dynptr_slice: slice,
};

function construct(
  call: ReferenceCall,
  what: { readonly type: bigint; readonly size: () => bigint },
): bigint {
  const [data, flags, ptr] = call.args;
  const refused = flags !== 0n;
  const put = (name: string, value: bigint) => {
    const { offset, size } = fieldOf("bpf_dynptr_kern", name);
    call.write(ptr + BigInt(offset), size, value);
  };
  put("data", refused ? 0n : data);
  put("size", refused ? 0n : what.size() & MASK32 | what.type << 28n);
  put("offset", 0n);
  return refused ? -EINVAL & MASK32 : 0n;
}

/** The functions that make dynptrs of packets, by function. */
export const DYNPTR_FROM_REFERENCES: Readonly<Record<string, KfuncReference>> = {
  bpf_dynptr_from_xdp: (call) =>
    construct(call, {
      type: TYPE.XDP,
      size: () =>
        field(call, [call.args[0], "xdp_buff", "data_end"]) - field(call, [call.args[0], "xdp_buff", "data"]),
    }),
  bpf_dynptr_from_skb: (call) =>
    construct(call, { type: TYPE.SKB, size: () => field(call, [call.args[0], "sk_buff", "len"]) }),
};
