/**
 * Helpers that are JavaScript: those that talk to the outside, where a hundred nanoseconds for the way here do not matter. All
 * others are native functions (`native/`).
 *
 * @module
 */
import { fieldOf, layoutOf } from "../abi/layouts.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { formatPrintk } from "./format.ts";
import type { Host } from "./host.ts";

/** r1 to r5 of a call, 64 bits each. */
export type CallArguments = readonly [bigint, bigint, bigint, bigint, bigint];

/** A helper: r0 comes back, of which the low 64 bits count. What it throws ends the run. */
export type HostFunction = (host: Host, args: CallArguments) => bigint;

const EINVAL = -22n, EFAULT = -14n, EAGAIN = -11n, E2BIG = -7n, ERANGE = -34n;
const M32 = 0xffff_ffffn;
/** `CONFIG_HZ`, and what jiffies count from. */
const HZ = 1000n;

/** `BPF_F_CTXLEN_MASK` and `BPF_F_INDEX_MASK` of perf event output. */
const CONTEXT_LENGTH = 0xf_ffff_0000_0000n, INDEX = M32;

function nanoseconds(): bigint {
  return BigInt(Math.round(performance.now() * 1e6));
}

function readString(host: Host, address: bigint, limit: number): string {
  const bytes: number[] = [];
  for (let i = 0; i < limit; i++) {
    const [byte] = host.space.at(address + BigInt(i), 1);
    if (byte === 0) break;
    bytes.push(byte);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function print(host: Host, format: { address: bigint; size: bigint }, args: readonly bigint[]): bigint {
  const size = Number(BigInt.asIntN(32, format.size));
  if (size <= 0) return EINVAL;
  const bytes = host.space.at(format.address, size);
  const end = bytes.indexOf(0);
  if (end < 0) return EINVAL;
  const text = formatPrintk(new TextDecoder().decode(bytes.slice(0, end)), args, {
    readString: (address, limit) => readString(host, address, limit),
  });
  host.printed.push(text);
  return BigInt(text.length);
}

function words(host: Host, address: bigint, bytes: number): bigint[] {
  if (bytes === 0) return [];
  const source = host.space.at(address, bytes).slice();
  const view = new DataView(source.buffer);
  return Array.from({ length: bytes / 8 }, (_, i) => view.getBigUint64(8 * i, true));
}

/** Copies memory that a program names as it likes; zeros if it cannot be read. */
function probe(host: Host, to: bigint, size: bigint, from: bigint): bigint {
  const length = Number(size & M32);
  if (length === 0) return 0n;
  const bytes = host.space.probe(from, length);
  const target = host.space.at(to, length);
  if (bytes === undefined) target.fill(0);
  else target.set(bytes);
  return bytes === undefined ? probeError(from) : 0n;
}

/** The kernel reads no address of user space and none that is not canonical; others may turn out not to be mapped. */
function probeError(address: bigint): bigint {
  return address >= 0xffff_8000_0000_0000n ? EFAULT : ERANGE;
}

/** A number at the start of a text, as `bpf_strtol` and `bpf_strtoul` read it: how many bytes it takes, or why there is none. */
function parseNumber(host: Host, args: CallArguments, signed: boolean): bigint {
  const [address, size, flags, result] = args;
  let base = Number(flags & 0x1fn);
  const target = viewAt(host, result, 8);
  target.setBigUint64(0, 0n, true);
  if (size === 0n || flags > 0x1fn || ![0, 8, 10, 16].includes(base)) return EINVAL;
  const text = String.fromCharCode(...host.space.at(address, Number(size & M32)));
  const match = /^[\t-\r \xa0]*(-?)/.exec(text.slice(0, 64))!;
  const negative = match[1] === "-";
  let at = match[0].length;
  if (base === 0) base = /^0x[0-9a-f]/i.test(text.slice(at)) ? 16 : text[at] === "0" ? 8 : 10;
  if (base === 16 && /^0x/i.test(text.slice(at))) at += 2;
  const start = at;
  let value = 0n;
  for (; at < Math.min(text.length, 64); at++) {
    const digit = parseInt(text[at], base);
    if (Number.isNaN(digit)) break;
    value = value * BigInt(base) + BigInt(digit);
  }
  if (at === start) return EINVAL;
  const largest = signed ? negative ? 1n << 63n : (1n << 63n) - 1n : (1n << 64n) - 1n;
  if (value > largest) return ERANGE;
  if (negative && !signed) return EINVAL;
  target.setBigUint64(0, BigInt.asUintN(64, negative ? -value : value), true);
  return BigInt(at);
}

/** `BITS_ITER_NR_WORDS_MAX`: the most 64-bit words that an iterator goes through. */
const MOST_WORDS = 511;

/**
 * The iterator over the bits of memory: on the program's stack stand its block's address and how far it has come; the block holds
 * the bit's number, at which the program looks, and behind it the copied words.
 */
const BITS = { bit: 0, words: 8 } as const;

function newBits(host: Host, [iterator, memory, count]: CallArguments): bigint {
  const state = viewAt(host, iterator, 16);
  state.setBigUint64(0, 0n, true);
  state.setBigUint64(8, 0n, true);
  const words = Number(count & M32);
  if (memory === 0n || words === 0) return EINVAL;
  if (words > MOST_WORDS) return E2BIG;
  const bytes = host.space.probe(memory, words * 8);
  if (bytes === undefined) return words === 1 ? EFAULT : probeError(memory);
  const block = host.borrow(BITS.words + bytes.length, "bits iterated over");
  block.view.setInt32(BITS.bit, -1, true);
  block.bytes.set(bytes, BITS.words);
  state.setBigUint64(0, BigInt(block.address), true);
  state.setInt32(8, words * 64, true);
  return 0n;
}

function nextBit(host: Host, [iterator]: CallArguments): bigint {
  const state = viewAt(host, iterator, 16);
  const block = state.getBigUint64(0, true), count = state.getInt32(8, true);
  if (block === 0n) return 0n;
  const bits = viewAt(host, block, BITS.words + count / 8);
  let bit = bits.getInt32(BITS.bit, true);
  if (bit >= count) return 0n;
  do bit++; while (bit < count && (bits.getUint8(BITS.words + (bit >> 3)) >> (bit & 7) & 1) === 0);
  bits.setInt32(BITS.bit, bit, true);
  return bit < count ? block : 0n;
}

function destroyBits(host: Host, [iterator]: CallArguments): bigint {
  const state = viewAt(host, iterator, 16);
  host.giveBack(state.getBigUint64(0, true));
  state.setBigUint64(0, 0n, true);
  return 0n;
}

/** `BPF_MAX_LOOPS`: the most numbers that an iterator goes through. */
const MOST_NUMBERS = 8_388_608;

/** The iterator over numbers: on the program's stack stand the number it is at, at which the program looks, and the one it ends before. */
function newNumbers(host: Host, [iterator, first, end]: CallArguments): bigint {
  const state = viewAt(host, iterator, 8);
  const from = Number(BigInt.asIntN(32, first)), to = Number(BigInt.asIntN(32, end));
  const error = from > to ? EINVAL : to - from > MOST_NUMBERS ? E2BIG : 0n;
  // Of one that failed there is no next number.
  state.setInt32(0, error === 0n ? from - 1 : 0, true);
  state.setInt32(4, error === 0n ? to : 0, true);
  return error;
}

function nextNumber(host: Host, [iterator]: CallArguments): bigint {
  const state = viewAt(host, iterator, 8);
  const next = state.getInt32(0, true) + 1, more = (next | 0) < state.getInt32(4, true);
  state.setInt32(0, more ? next : 0, true);
  if (!more) state.setInt32(4, 0, true);
  return more ? iterator : 0n;
}

function destroyNumbers(host: Host, [iterator]: CallArguments): bigint {
  viewAt(host, iterator, 8).setBigUint64(0, 0n, true);
  return 0n;
}

/** `struct bpf_dynptr_kern`, and what its size word says besides: see `native/dynptr.bpf.c`. */
const DYNPTR = {
  size: layoutOf("bpf_dynptr_kern").size,
  data: fieldOf("bpf_dynptr_kern", "data").offset,
  bits: fieldOf("bpf_dynptr_kern", "size").offset,
} as const;
const DYNPTR_RINGBUF = 2 << 28, LARGEST_DYNPTR = 0xff_ffff;

/** Ends a record behind a dynptr, which is none any more. */
function endRecord(host: Host, pointer: bigint, send: boolean): bigint {
  const dynptr = viewAt(host, pointer, DYNPTR.size);
  host.release(dynptr.getBigUint64(DYNPTR.data, true), { send });
  dynptr.setBigUint64(DYNPTR.data, 0n, true);
  dynptr.setBigUint64(DYNPTR.bits, 0n, true);
  return 0n;
}

function viewAt(host: Host, address: bigint, size: number): DataView {
  const bytes = host.space.at(address, size);
  return new DataView(bytes.buffer, bytes.byteOffset, size);
}

/** By the names of {@link helperFunction}. */
export const HOST_FUNCTIONS: Readonly<Record<string, HostFunction>> = {
  bpf_ktime_get_ns: nanoseconds,
  bpf_ktime_get_boot_ns: nanoseconds,
  bpf_ktime_get_coarse_ns: () => nanoseconds() / 1_000_000n * 1_000_000n,
  bpf_ktime_get_tai_ns: () => BigInt(Date.now()) * 1_000_000n,
  bpf_jiffies64: () => nanoseconds() * HZ / 1_000_000_000n,
  bpf_get_current_pid_tgid: () => BigInt(Deno.pid) << 32n | BigInt(Deno.pid),

  bpf_probe_read: (host, [to, size, from]) => probe(host, to, size, from),
  bpf_probe_read_kernel: (host, [to, size, from]) => probe(host, to, size, from),
  bpf_probe_read_user: (host, [to, size, from]) => probe(host, to, size, from),

  bpf_strtol: (host, args) => parseNumber(host, args, true),
  bpf_strtoul: (host, args) => parseNumber(host, args, false),

  bpf_iter_num_new: newNumbers,
  bpf_iter_num_next: nextNumber,
  bpf_iter_num_destroy: destroyNumbers,
  bpf_iter_bits_new: newBits,
  bpf_iter_bits_next: nextBit,
  bpf_iter_bits_destroy: destroyBits,

  bpf_obj_new_impl: (host, [typeId]) => {
    if (host.types === undefined) throw new UnsupportedError("objects of programs without types");
    return host.objects.create(host.types, Number(typeId & M32));
  },
  bpf_obj_drop_impl: (host, [object]) => {
    host.objects.release(object);
    return 0n;
  },
  bpf_refcount_acquire_impl: (host, [object]) => host.objects.hold(object) ? object : 0n,
  inlay_object_release: (host, [inside]) => {
    host.objects.release(inside);
    return 0n;
  },

  bpf_trace_printk: (host, [address, size, ...args]) => print(host, { address, size: size & M32 }, args),
  bpf_trace_vprintk: (host, [address, size, data, length]) => {
    const bytes = Number(length & M32);
    if (bytes % 8 !== 0 || bytes > 12 * 8) return EINVAL;
    return print(host, { address, size: size & M32 }, words(host, data, bytes));
  },

  bpf_perf_event_output: (host, [, mapAddress, flags, data, size]) => {
    if ((flags & ~(CONTEXT_LENGTH | INDEX)) !== 0n) return EINVAL;
    const map = host.mapAt(mapAddress);
    if (map === undefined) return EINVAL;
    const record = host.space.at(data, Number(size));
    const length = Number((flags & CONTEXT_LENGTH) >> 32n);
    const packet = host.packetBytes(length);
    if (packet === undefined) return EFAULT;
    const sent = new Uint8Array(record.length + length);
    sent.set(record);
    sent.set(packet, record.length);
    host.events.push({ map, data: sent });
    return 0n;
  },

  bpf_ringbuf_output: (host, [mapAddress, data, size, flags]) => {
    const map = host.mapAt(mapAddress);
    if (map === undefined || (flags & ~3n) !== 0n) return EINVAL;
    if (Number(size) > map.def.maxEntries) return EAGAIN;
    host.events.push({ map, data: host.space.at(data, Number(size)).slice() });
    return 0n;
  },
  bpf_ringbuf_reserve: (host, [mapAddress, size, flags]) => {
    const map = host.mapAt(mapAddress);
    if (map === undefined || flags !== 0n || Number(size) > map.def.maxEntries) return 0n;
    return host.reserve(map, Number(size));
  },
  bpf_ringbuf_submit: (host, [record]) => {
    host.release(record, { send: true });
    return 0n;
  },
  bpf_ringbuf_discard: (host, [record]) => {
    host.release(record, { send: false });
    return 0n;
  },
  bpf_ringbuf_reserve_dynptr: (host, [mapAddress, size, flags, pointer]) => {
    const map = host.mapAt(mapAddress), dynptr = viewAt(host, pointer, DYNPTR.size);
    dynptr.setBigUint64(DYNPTR.data, 0n, true);
    dynptr.setBigUint64(DYNPTR.bits, 0n, true);
    const bytes = Number(size & M32);
    if (map === undefined || flags !== 0n) return EINVAL;
    if (bytes > LARGEST_DYNPTR) return E2BIG;
    // What is too much for the ring has no memory behind it.
    if (bytes > map.def.maxEntries) return EINVAL;
    dynptr.setBigUint64(DYNPTR.data, host.reserve(map, bytes), true);
    dynptr.setUint32(DYNPTR.bits, (bytes | DYNPTR_RINGBUF) >>> 0, true);
    return 0n;
  },
  bpf_ringbuf_submit_dynptr: (host, [pointer]) => endRecord(host, pointer, true),
  bpf_ringbuf_discard_dynptr: (host, [pointer]) => endRecord(host, pointer, false),
  /** Data available, ring size, consumer and producer position: everything is consumed at once here. */
  bpf_ringbuf_query: (host, [mapAddress, what]) => {
    const map = host.mapAt(mapAddress);
    return map !== undefined && what === 1n ? BigInt(map.def.maxEntries) : 0n;
  },
};
