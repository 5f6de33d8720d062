/**
 * Compares what parse makes of objects with what a kernel was handed for them, instruction by instruction.
 *
 * The record holds, for every program that libbpf loaded, its exact bytes. File descriptors of maps and addresses of kernel
 * symbols are of that run, so they are compared by what they stand for: equal descriptors must be equal maps.
 *
 * @module
 */
import { encode } from "../ir/encode.ts";
import { openBtf } from "../ir/btf/read.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { attachTypeName } from "../passes/parse/sections.ts";

/** One line of the record. */
interface Loaded {
  readonly obj: string;
  readonly prog: string;
  readonly type_id: number;
  readonly attach_type: number;
  readonly flags: number;
  readonly attach_btf_id: number;
  /** Hexadecimal. */
  readonly insns: string;
  readonly maps: Readonly<
    Record<string, { name: string; type: number; key: number; value: number; max: number; flags: number }>
  >;
}

/** How the comparison went. */
export interface Comparison {
  /** Programs whose bytes and attributes are the kernel's. */
  readonly matched: number;
  readonly total: number;
  /** By class: the programs, with the first difference. */
  readonly differences: ReadonlyMap<string, readonly string[]>;
}

const LD_IMM64 = 0x18;
const PSEUDO_MAP = 1, PSEUDO_MAP_VALUE = 2;

/** The first difference of two instruction streams as `class: text`; undefined if there is none. */
function difference(
  ours: Uint8Array,
  theirs: Uint8Array,
  record: { unit: Unit; loaded: Loaded },
): string | undefined {
  if (ours.length !== theirs.length) {
    return `length: ${ours.length / 8} instructions, kernel ${theirs.length / 8}`;
  }
  const a = new DataView(ours.buffer, ours.byteOffset), b = new DataView(theirs.buffer, theirs.byteOffset);
  const mapOf = new Map<number, number>();
  for (let at = 0; at < ours.length; at += 8) {
    const same = a.getUint32(at, true) === b.getUint32(at, true) &&
      a.getInt32(at + 4, true) === b.getInt32(at + 4, true);
    const source = theirs[at + 1] >> 4;
    if (theirs[at] === LD_IMM64 && (source === PSEUDO_MAP || source === PSEUDO_MAP_VALUE)) {
      if (a.getUint32(at, true) !== b.getUint32(at, true)) return `opcode: instruction ${at / 8}`;
      if (a.getInt32(at + 12, true) !== b.getInt32(at + 12, true)) {
        return `offset into a map: instruction ${at / 8}`;
      }
      const map = a.getInt32(at + 4, true), fd = b.getInt32(at + 4, true);
      if ((mapOf.get(fd) ?? map) !== map) return `map: instruction ${at / 8}`;
      mapOf.set(fd, map);
      const problem = mapDifference(record, { map, fd });
      if (problem !== undefined) return `map definition: ${problem}`;
      at += 8;
      continue;
    }
    if (!same) return `${classOf(ours, theirs, at)}: instruction ${at / 8}`;
  }
  return undefined;
}

function classOf(ours: Uint8Array, theirs: Uint8Array, at: number): string {
  if (theirs[at] === LD_IMM64) {
    const untyped = theirs[at + 1] >> 4 === 0 && ours[at + 1] >> 4 === 3;
    return untyped ? "address of an untyped kernel symbol" : "16-byte load";
  }
  return theirs[at] === 0x85 ? "call" : "instruction";
}

/** The record keeps maps by descriptor, but several under -1 where descriptors were not yet known: only the last of those. */
function mapDifference(
  record: { unit: Unit; loaded: Loaded },
  pair: { map: number; fd: number },
): string | undefined {
  const theirs = record.loaded.maps[String(pair.fd)];
  const ours = record.unit.maps[pair.map];
  if (theirs === undefined) return undefined;
  if (ours.name.slice(0, 15) !== theirs.name.slice(0, 15)) return `name ${ours.name}, kernel ${theirs.name}`;
  if (ours.type !== theirs.type || ours.keySize !== theirs.key || ours.valueSize !== theirs.value) {
    return `${ours.name}: type ${ours.type}, ${ours.keySize} → ${ours.valueSize}; kernel ${theirs.type}, ${theirs.key} → ${theirs.value}`;
  }
  if (ours.flags !== theirs.flags) return `${ours.name}: flags ${ours.flags}, kernel ${theirs.flags}`;
  if (ours.maxEntries !== theirs.max && ours.maxEntries !== 0) {
    return `${ours.name}: ${ours.maxEntries} entries, kernel ${theirs.max}`;
  }
  return undefined;
}

const TYPES =
  ("unspec socket_filter kprobe sched_cls sched_act tracepoint xdp perf_event cgroup_skb cgroup_sock lwt_in lwt_out " +
    "lwt_xmit sock_ops sk_skb cgroup_device sk_msg raw_tracepoint cgroup_sock_addr lwt_seg6local lirc_mode2 sk_reuseport " +
    "flow_dissector cgroup_sysctl raw_tracepoint_writable cgroup_sockopt tracing struct_ops ext lsm sk_lookup syscall netfilter")
    .split(" ");

function attributeDifference(program: Program, loaded: Loaded): string | undefined {
  const { attrs } = program;
  if (TYPES.indexOf(attrs.type) !== loaded.type_id) {
    return `type: ${attrs.type}, kernel ${TYPES[loaded.type_id]}`;
  }
  if (attrs.attachType !== loaded.attach_type) {
    return `attach type: ${attachTypeName(attrs.attachType)}, kernel ${attachTypeName(loaded.attach_type)}`;
  }
  if (attrs.flags !== loaded.flags) return `flags: ${attrs.flags}, kernel ${loaded.flags}`;
  if (attrs.attachBtfId !== loaded.attach_btf_id) {
    return `attach target: ${attrs.attachBtfId}, kernel ${loaded.attach_btf_id}`;
  }
  return undefined;
}

/** Parses every object of the record and compares. `corpus` is the folder that holds the record, the objects and the kernel's BTF. */
export function compareLoaded(corpus: string, options: { only?: RegExp } = {}): Comparison {
  const targetBtf = openBtf(Deno.readFileSync(`${corpus}/vmlinux-6.18.btf`));
  const lines = Deno.readTextFileSync(`${corpus}/loaded_insns.jsonl`).trim().split("\n").map((line) =>
    JSON.parse(line) as Loaded
  );
  const wanted = lines.filter((line) => options.only?.test(line.obj) ?? true);
  const units = new Map<string, Unit | string>();
  const differences = new Map<string, string[]>();
  let matched = 0;
  for (const loaded of wanted) {
    let unit = units.get(loaded.obj);
    if (unit === undefined) {
      const name = `${loaded.obj}.bpf.o`;
      try {
        unit = parseObject(Deno.readFileSync(`${corpus}/selftests/${name}`), { name, targetBtf });
      } catch (error) {
        unit = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      }
      units.set(loaded.obj, unit);
    }
    const found = typeof unit === "string" ? unit : compareProgram(unit, loaded);
    if (found === undefined) {
      matched++;
      continue;
    }
    const kind = found.split(":")[0];
    const list = differences.get(kind) ?? [];
    list.push(`${loaded.obj}/${loaded.prog}: ${found}`);
    differences.set(kind, list);
  }
  return { matched, total: wanted.length, differences };
}

function compareProgram(unit: Unit, loaded: Loaded): string | undefined {
  const program = unit.programs.find((candidate) => candidate.attrs.name === loaded.prog);
  if (program === undefined) return "missing: no such program";
  const theirs = Uint8Array.from(loaded.insns.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  return difference(encode(program), theirs, { unit, loaded }) ?? attributeDifference(program, loaded);
}

if (import.meta.main) {
  const corpus = Deno.args[0] ?? new URL("../../shared/corpus", import.meta.url).pathname;
  const started = performance.now();
  const { matched, total, differences } = compareLoaded(corpus);
  for (const [kind, list] of differences) {
    console.log(`${kind}: ${list.length}`);
    for (const line of list.slice(0, 12)) console.log(`  ${line}`);
  }
  console.log(`${matched} of ${total} programs match, ${Math.round(performance.now() - started)} ms`);
  if (matched === 0) Deno.exit(1);
}
