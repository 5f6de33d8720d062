/**
 * Helpers that are JavaScript: those that talk to the outside, where a hundred nanoseconds for the way here do not matter. All
 * others are native functions (`native/`).
 *
 * @module
 */
import { formatPrintk } from "./format.ts";
import type { Host } from "./host.ts";

/** r1 to r5 of a call, 64 bits each. */
export type CallArguments = readonly [bigint, bigint, bigint, bigint, bigint];

/** A helper: r0 comes back, of which the low 64 bits count. What it throws ends the run. */
export type HostFunction = (host: Host, args: CallArguments) => bigint;

const EINVAL = -22n, EFAULT = -14n, EAGAIN = -11n;
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

/** By the names of {@link helperFunction}. */
export const HOST_FUNCTIONS: Readonly<Record<string, HostFunction>> = {
  bpf_ktime_get_ns: nanoseconds,
  bpf_ktime_get_boot_ns: nanoseconds,
  bpf_ktime_get_coarse_ns: () => nanoseconds() / 1_000_000n * 1_000_000n,
  bpf_ktime_get_tai_ns: () => BigInt(Date.now()) * 1_000_000n,
  bpf_jiffies64: () => nanoseconds() * HZ / 1_000_000_000n,
  bpf_get_current_pid_tgid: () => BigInt(Deno.pid) << 32n | BigInt(Deno.pid),

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
  /** Data available, ring size, consumer and producer position: everything is consumed at once here. */
  bpf_ringbuf_query: (host, [mapAddress, what]) => {
    const map = host.mapAt(mapAddress);
    return map !== undefined && what === 1n ? BigInt(map.def.maxEntries) : 0n;
  },
};
