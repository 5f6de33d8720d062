/**
 * Test runs here give what test runs in the running kernel give: result, packet, context.
 */
import { assert, assertEquals } from "@std/assert";
import { issueProof } from "../abi/proof.ts";
import { openBtf } from "../ir/btf/read.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { KernelUnit } from "../kernel/load.ts";
import { KernelError } from "../kernel/bpf.ts";
import { kernelTestRun } from "../kernel/test_run.ts";
import { vmlinuxBtf } from "../kernel/vmlinux.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { NO_KFUNCS } from "../passes/kfuncs.ts";
import { lowerCalls } from "../passes/lower/calls.ts";
import { lowerContexts } from "../passes/lower/contexts.ts";
import type { PassContext } from "../passes/pass.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { nativeUnavailable } from "./exec/libc.ts";
import { RunError } from "./run_error.ts";
import { Runtime } from "./runtime.ts";
import { testRun } from "./test_run.ts";

const unavailable = kernelUnavailable() ?? nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: test runs against the kernel: ${unavailable}`);

const kernelBtf = unavailable === undefined ? vmlinuxBtf() : undefined;
const btf = kernelBtf === undefined ? undefined : openBtf(kernelBtf);

/** Reads a program; `@` at a line's end marks an access to the context, helpers and kernel functions are called by name. */
function program(text: string): Program {
  const marked = text.replaceAll("@", "; {pointer: ctx}").replaceAll("$", "; {pointer: sock}")
    .replaceAll(/call kfunc (\w+)/g, (_, name) => `call kfunc ${name}#${btf?.find(name, "func") ?? 0}`)
    .replaceAll(/call bpf_(\w+)/g, (_, name) => `call helper#${LINUX_6_18.helperId(name)}`);
  const unit = parseText(marked);
  Object.assign(unit, { targetBtf: btf });
  return unit.programs[0];
}

interface Input {
  readonly data: Uint8Array;
  readonly ctx?: Uint8Array;
}

interface Outcome {
  readonly retval?: number;
  readonly dataOut?: Uint8Array;
  readonly ctxOut?: Uint8Array;
  readonly errno?: number;
}

function inKernel(source: Program, inputs: readonly Input[]): Outcome[] {
  using unit = new KernelUnit(source.unit);
  using verdict = unit.load(source, { logLevel: 1 });
  assert(verdict.accepted, verdict.log);
  return inputs.map((input): Outcome => {
    try {
      const { retval, dataOut, ctxOut } = kernelTestRun(verdict.fd, input);
      return { retval, dataOut, ...(input.ctx && { ctxOut }) };
    } catch (error) {
      if (error instanceof KernelError) return { errno: error.errno };
      throw error;
    }
  });
}

function here(
  source: Program,
  inputs: readonly Input[],
  way: "native" | "interpreted" | "source",
): Outcome[] {
  const context = { kfuncs: NO_KFUNCS } as unknown as PassContext;
  const target = way !== "source" ? lowerCalls().run(lowerContexts().run(source, context), context) : source;
  using runtime = new Runtime({ seed: 1n, ...(way === "native" && { compile: compileX86 }) });
  const loaded = runtime.load(target, { proof: issueProof(target), lowered: way !== "source" });
  return inputs.map((input): Outcome => {
    try {
      const { retval, dataOut, ctxOut } = testRun(loaded, input);
      return { retval, dataOut, ...(ctxOut && { ctxOut }) };
    } catch (error) {
      if (error instanceof RunError) return { errno: error.errno };
      throw error;
    }
  });
}

function agree(name: string, text: string, inputs: readonly Input[] & { readonly 0: Input }): void {
  Deno.test({
    name: `as in the kernel: ${name}`,
    ignore: unavailable !== undefined,
    fn: () => {
      const source = program(text);
      const kernel = inKernel(source, inputs);
      // Sockets exist only as the runtime has them.
      if (!text.includes("$")) assertEquals(here(source, inputs, "source"), kernel, "source");
      assertEquals(here(source, inputs, "interpreted"), kernel, "interpreted");
      assertEquals(here(source, inputs, "native"), kernel, "native");
    },
  });
}

/** An Ethernet frame with an IPv4 header. */
function ipv4(length: number): Uint8Array {
  const data = Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 0xff);
  for (const [at, byte] of [[12, 8], [13, 0], [14, 0x45]]) if (at < length) data[at] = byte;
  return data;
}

function word(size: number, values: Record<number, number>): Uint8Array {
  const ctx = new Uint8Array(size);
  const view = new DataView(ctx.buffer);
  for (const [offset, value] of Object.entries(values)) view.setUint32(Number(offset), value, true);
  return ctx;
}

const FRAME = { data: ipv4(100) };

/** Frames whose first byte is an offset to try. */
const AT_MANY_PLACES: [Input, ...Input[]] = [
  FRAME,
  ...[0, 1, 40, 90, 92, 93, 94, 100, 255].map((at) => ({ data: ipv4(100).fill(at, 0, 1) })),
];

for (const offset of [0, 4, -4, -64, -200, -216, -217, 86, 87, 1000]) {
  agree(
    `xdp_adjust_head by ${offset}`,
    `type xdp
    func main:
      r2 = ${offset}
      call bpf_xdp_adjust_head
      exit`,
    [FRAME],
  );
}
for (const offset of [0, -4, -32, -36, -2, -252, -256, 4]) {
  agree(
    `xdp_adjust_meta by ${offset}`,
    `type xdp
    func main:
      r2 = ${offset}
      call bpf_xdp_adjust_meta
      exit`,
    [FRAME],
  );
}
for (const offset of [0, -1, -86, -87, 1, 500, 3420, 3421]) {
  agree(
    `xdp_adjust_tail by ${offset}`,
    `type xdp
    func main:
      r2 = ${offset}
      call bpf_xdp_adjust_tail
      exit`,
    [FRAME],
  );
}

agree(
  "xdp metadata given with the context",
  `type xdp
  func main:
    r2 = *(u32 *)(r1 + 8) @
    r3 = *(u32 *)(r1 + 0) @
    r4 = r2
    r4 += 4
    if r4 > r3 goto none
    r0 = *(u32 *)(r2 + 0)
    *(u8 *)(r2 + 1) = 7
    exit
  none:
    r0 = 0
    exit`,
  [
    FRAME,
    { data: ipv4(60), ctx: word(24, { 0: 8, 4: 60 }) },
    { data: ipv4(60), ctx: word(24, { 0: 2, 4: 60 }) },
    { data: ipv4(60), ctx: word(24, { 0: 8, 4: 61 }) },
    { data: ipv4(60), ctx: word(24, { 0: 8, 4: 60, 20: 1 }) },
    { data: ipv4(60), ctx: word(24, { 4: 60, 16: 1 }) },
    { data: ipv4(13) },
  ],
);

agree(
  "xdp_load_bytes and xdp_store_bytes",
  `type xdp
  func main:
    r6 = r1
    *(u64 *)(r10 -8) = 0
    r0 = 0
    r2 = *(u32 *)(r1 + 4) @
    r3 = *(u32 *)(r1 + 0) @
    r7 = r3
    r7 += 1
    if r7 > r2 goto out
    r7 = *(u8 *)(r3 + 0)
    r2 = r7
    r3 = r10
    r3 += -8
    r4 = 7
    call bpf_xdp_load_bytes
    r8 = r0
    r1 = r6
    r2 = r7
    r2 += 3
    r3 = r10
    r3 += -8
    r4 = 5
    call bpf_xdp_store_bytes
    r0 += r8
    r1 = *(u64 *)(r10 -8)
    r0 += r1
  out:
    exit`,
  AT_MANY_PLACES,
);

const TC_CTX = word(192, {
  8: 77,
  32: 3,
  36: 1,
  48: 1,
  52: 2,
  56: 3,
  60: 4,
  64: 5,
  152: 99,
  160: 200,
  164: 6,
  176: 1000,
  184: 123,
});

agree(
  "tc context, read and written",
  `type sched_cls
  func main:
    r6 = r1
    r0 = *(u32 *)(r6 + 0) @
    r2 = *(u32 *)(r6 + 4) @
    r0 += r2
    r2 = *(u32 *)(r6 + 8) @
    r0 += r2
    r2 = *(u16 *)(r6 + 16) @
    r0 += r2
    r2 = *(u8 *)(r6 + 17) @
    r0 += r2
    r2 = *(u32 *)(r6 + 20) @
    r0 += r2
    r2 = *(u32 *)(r6 + 40) @
    r0 += r2
    r2 = *(u32 *)(r6 + 36) @
    r0 += r2
    r2 = *(u32 *)(r6 + 160) @
    r0 += r2
    r2 = *(u32 *)(r6 + 164) @
    r0 += r2
    r2 = *(u32 *)(r6 + 176) @
    r0 += r2
    r2 = *(u64 *)(r6 + 184) @
    r0 += r2
    r2 = *(u64 *)(r6 + 152) @
    r0 += r2
    *(u64 *)(r6 + 152) = r0 @
    *(u32 *)(r6 + 8) = r0 @
    *(u32 *)(r6 + 32) = 9 @
    *(u32 *)(r6 + 44) = r0 @
    r2 = *(u32 *)(r6 + 44) @
    r0 += r2
    *(u8 *)(r6 + 49) = 17 @
    *(u64 *)(r6 + 56) = r0 @
    *(u32 *)(r6 + 72) = 65537 @
    r2 = *(u32 *)(r6 + 72) @
    r0 += r2
    *(u32 *)(r6 + 12) = 3 @
    r2 = *(u32 *)(r6 + 12) @
    r0 += r2
    exit`,
  [
    FRAME,
    { data: ipv4(100), ctx: word(192, {}) },
    { data: ipv4(100), ctx: TC_CTX },
    { data: ipv4(100), ctx: word(192, { 160: 50 }) },
    { data: ipv4(100), ctx: word(192, { 0: 1 }) },
    { data: ipv4(30) },
    { data: new Uint8Array(20) },
    { data: Uint8Array.from({ length: 40 }, () => 255) },
  ],
);

agree(
  "skb_load_bytes and skb_store_bytes",
  `type sched_cls
  func main:
    r6 = r1
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -16
    r4 = 1
    call bpf_skb_load_bytes
    r7 = *(u8 *)(r10 -16)
    *(u64 *)(r10 -8) = 0
    r1 = r6
    r2 = r7
    r3 = r10
    r3 += -8
    r4 = 7
    call bpf_skb_load_bytes
    r8 = r0
    r1 = r6
    r2 = r7
    r2 += 3
    r3 = r10
    r3 += -8
    r4 = 5
    r5 = 2
    call bpf_skb_store_bytes
    r0 += r8
    r1 = *(u64 *)(r10 -8)
    r0 += r1
    exit`,
  AT_MANY_PLACES,
);

for (const type of ["socket_filter", "sched_cls"]) {
  agree(
    `skb_load_bytes_relative, ${type}`,
    `type ${type}
    func main:
      r6 = r1
      r2 = 3
      r3 = r10
      r3 += -4
      r4 = 4
      r5 = 0
      call bpf_skb_load_bytes_relative
      r7 = *(u32 *)(r10 -4)
      r1 = r6
      r2 = 3
      r3 = r10
      r3 += -4
      r4 = 4
      r5 = 1
      call bpf_skb_load_bytes_relative
      r0 = *(u32 *)(r10 -4)
      r0 += r7
      exit`,
    [FRAME],
  );
  agree(
    `legacy packet loads, ${type}`,
    `type ${type}
    func main:
      r6 = r1
      r0 = *(u32 *)skb[0]
      r7 = r0
      r0 = *(u16 *)skb[r7 +-2147483648]
      r0 += r7
      exit`,
    [FRAME],
  );
  for (const at of [0, 12, 84, 85, 86, 99, -0x100000, -0x1ffff4, -0x200000, -0x100002]) {
    agree(
      `legacy packet load at ${at}, ${type}`,
      `type ${type}
      func main:
        r6 = r1
        r0 = *(u16 *)skb[${at}]
        r0 += 1
        exit`,
      [FRAME],
    );
  }
}

for (const [from, to] of [[0, 4], [4, 0], [4, 4], [16, 8], [0, 0], [24, 24]]) {
  for (const seed of [0, 1, 0xffff, 0x12345678, 0x7fffffff]) {
    agree(
      `csum_diff of ${from} and ${to} bytes, seed ${seed}`,
      `type sched_cls
      func main:
        r6 = r1
        r2 = 0
        r3 = r10
        r3 += -48
        r4 = 48
        call bpf_skb_load_bytes
        r1 = r10
        r1 += -48
        r2 = ${from}
        r3 = r10
        r3 += -24
        r4 = ${to}
        r5 = ${seed}
        call bpf_csum_diff
        exit`,
      [FRAME, { data: ipv4(64).map((byte) => byte ^ 0xff) }, { data: new Uint8Array(64) }, {
        data: new Uint8Array(64).fill(255),
      }],
    );
  }
}

for (
  const [helper, flags] of [["l3", [0, 2, 4, 1, 16]], ["l4", [0, 2, 4, 16, 20, 0x22, 0x62, 0x34]]] as const
) {
  for (const flag of flags) {
    for (const at of [24, 50, 51, 98, 99]) {
      agree(
        `${helper}_csum_replace at ${at}, flags ${flag}`,
        `type sched_cls
        func main:
          r6 = r1
          r2 = 0
          r3 = r10
          r3 += -8
          r4 = 8
          call bpf_skb_load_bytes
          r3 = *(u32 *)(r10 -8)
          r4 = *(u32 *)(r10 -4)
          ${(flag & 15) === 0 ? "r3 = 0" : ""}
          r1 = r6
          r2 = ${at}
          r5 = ${flag}
          call bpf_${helper}_csum_replace
          exit`,
        [FRAME, { data: ipv4(100).map((byte, i) => i >= 48 && i < 54 ? 0 : byte) }],
      );
    }
  }
}

for (const length of [0, 14, 50, 100, 101, 300]) {
  agree(
    `skb_change_tail to ${length}`,
    `type sched_cls
    func main:
      r2 = ${length}
      r3 = 0
      call bpf_skb_change_tail
      exit`,
    [FRAME],
  );
}
for (const length of [0, 10, 100, 101]) {
  agree(
    `skb_pull_data ${length}`,
    `type sched_cls
    func main:
      r2 = ${length}
      call bpf_skb_pull_data
      exit`,
    [FRAME],
  );
}

agree(
  "redirect",
  `type xdp
  func main:
    r1 = 1
    r2 = 0
    call bpf_redirect
    r6 = r0
    r1 = 1
    r2 = 1
    call bpf_redirect
    r6 <<= 8
    r0 += r6
    exit`,
  [FRAME],
);

for (const [type, from] of [["xdp", "bpf_dynptr_from_xdp"], ["sched_cls", "bpf_dynptr_from_skb"]]) {
  for (const [at, length] of [[0, 14], [93, 7], [94, 7], [200, 1], [40, 16]]) {
    agree(
      `dynptr of ${type}: ${length} bytes at ${at}`,
      `type ${type}
      func main:
        r2 = 0
        r3 = r10
        r3 += -16
        call kfunc ${from}
        r6 = r0
        *(u64 *)(r10 -32) = 0
        *(u64 *)(r10 -24) = 0
        r1 = r10
        r1 += -32
        r2 = ${length}
        r3 = r10
        r3 += -16
        r4 = ${at}
        r5 = 0
        call bpf_dynptr_read
        r6 += r0
        r1 = r10
        r1 += -16
        r2 = 2
        r3 = r10
        r3 += -32
        r4 = ${length}
        r5 = 0
        call bpf_dynptr_write
        r6 += r0
        r1 = r10
        r1 += -16
        r2 = ${at}
        r3 = r10
        r3 += -32
        r4 = ${length}
        call kfunc bpf_dynptr_slice
        if r0 == 0 goto none
        r1 = *(u8 *)(r0 +0)
        r6 += r1
      none:
        r1 = r10
        r1 += -16
        r2 = 5
        r3 = 50
        call kfunc bpf_dynptr_adjust
        r6 += r0
        r1 = r10
        r1 += -16
        call kfunc bpf_dynptr_size
        r0 += r6
        exit`,
      [FRAME],
    );
  }
}

agree(
  "hash and array maps",
  `type xdp
  map h type=hash key=4 value=8 max=3
  map a type=array key=4 value=12 max=3
  func main:
    r6 = 0
    r7 = 0
  again:
    *(u32 *)(r10 -4) = r6
    *(u64 *)(r10 -16) = r6
    *(u32 *)(r10 -20) = r6
    *(u32 *)(r10 -24) = 7
    *(u32 *)(r10 -28) = 8
    r1 = map h ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 1
    call bpf_map_update_elem
    r7 += r0
    r1 = map a ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -28
    r4 = 0
    call bpf_map_update_elem
    r7 += r0
    r1 = map a ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto next
    r1 = *(u32 *)(r0 +8)
    r7 += r1
  next:
    r1 = map h ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 2
    call bpf_map_update_elem
    r7 += r0
    r6 += 1
    if r6 != 5 goto again
    *(u32 *)(r10 -4) = 1
    r1 = map h ll
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    r7 += r0
    r1 = map h ll
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    r7 += r0
    r1 = map a ll
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    r7 += r0
    r0 = r7
    exit`,
  [FRAME, FRAME],
);

for (const type of ["sched_cls", "cgroup_skb"]) {
  agree(
    `fields of the packet's socket, ${type}`,
    `type ${type}
    func main:
      r6 = r1
      r7 = 0
      r1 = *(u64 *)(r6 + 168) @
      if r1 == 0 goto out
      call bpf_sk_fullsock
      if r0 == 0 goto out
      ${
      [
        [0, 4],
        [4, 4],
        [4, 1],
        [8, 4],
        [12, 4],
        [16, 4],
        [20, 4],
        [24, 4],
        [25, 1],
        [26, 2],
        [44, 4],
        [48, 2],
        [48, 4],
        [52, 4],
        [72, 4],
      ]
        .map(([offset, size]) => `r2 = *(u${size * 8} *)(r0 + ${offset}) $\n r7 *= 31\n r7 += r2`).join("\n")
    }
    out:
      r0 = r7
      ${type === "cgroup_skb" ? "r0 &= 1" : ""}
      exit`,
    [FRAME, { data: new Uint8Array(60) }],
  );
}

for (const type of ["xdp", "sched_cls"]) {
  for (const [given, difference] of [[0, 0], [1500, 0], [0, 65536], [65536, 0], [65536, 1], [0, -200]]) {
    agree(
      `check_mtu of ${type}: length ${given}, difference ${difference}`,
      `type ${type}
      func main:
        *(u32 *)(r10 -4) = ${given}
        r2 = 0
        r3 = r10
        r3 += -4
        r4 = ${difference}
        r5 = 0
        call bpf_check_mtu
        r1 = *(u32 *)(r10 -4)
        r1 <<= 8
        r0 += r1
        exit`,
      [FRAME],
    );
  }
}

for (const type of ["sched_cls", "cgroup_skb"]) {
  agree(
    `packet pointers, ${type}`,
    `type ${type}
    func main:
      r2 = *(u32 *)(r1 + 76) @
      r3 = *(u32 *)(r1 + 80) @
      r4 = r2
      r4 += 60
      r0 = 0
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 +59)
      r0 &= 1
    out:
      exit`,
    [59, 60, 61, 73, 74, 75].map((length) => ({ data: ipv4(length) })) as [Input, ...Input[]],
  );
}
