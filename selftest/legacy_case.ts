/**
 * An array-style test of the kernel (`struct bpf_test` of test_verifier.c) as a line of JSON, and the program it describes.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { openBtf } from "../ir/btf/read.ts";
import { buildProgram, type SubprogPlan } from "../ir/build.ts";
import { decode, type DecodedInsn } from "../ir/decode.ts";
import { MalformedError, UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { MapDef, Unit } from "../ir/unit.ts";
import { programTypeNumber } from "../kernel/prog_load.ts";
import { attachBtfId } from "../passes/parse/attach.ts";
import { btfFile } from "./legacy_btf.ts";
import { filledInsns } from "./legacy_fill.ts";
import { FIXUP_MAPS, mapTypes } from "./legacy_maps.ts";

/** A test, as a line of the file; what a kernel said of it, if recorded, is not read here. */
export interface LegacyCase {
  readonly idx: number;
  readonly name: string;
  /** `BPF_PROG_TYPE_*`; 0 is a socket filter. */
  readonly prog_type: number;
  readonly expected_attach_type: number;
  /** What tracing programs attach to. */
  readonly attach_func: string | null;
  readonly result: "ACCEPT" | "REJECT" | "VERBOSE_ACCEPT";
  readonly result_unpriv?: string;
  /** Parts of the log, separated by tabs. */
  readonly errstr: string | null;
  readonly prog_flags: number;
  /** 0: not checked. */
  readonly insn_processed: number;
  /** Instructions in hexadecimal; null where they are made (see `legacy_fill.ts`). */
  readonly insns: string | null;
  /** Slots. */
  readonly n_insns: number;
  readonly fill_param: number;
  /** By kind of map: the instructions that load it. */
  readonly fixups: Readonly<Record<string, readonly number[]>>;
  readonly fixup_kfunc: readonly (readonly [name: string, insn: number])[];
  readonly expected_insns: string;
  readonly unexpected_insns: string;
  readonly func_info: readonly (readonly [insn: number, type: number])[];
  readonly btf_types: string | null;
  readonly btf_strings: string | null;
  readonly runs: readonly { readonly retval: number; readonly data: string }[];
}

/** Reads a file of tests, one JSON object a line. @throws {SyntaxError} If a line is none. */
export function readLegacy(text: string): LegacyCase[] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line, i) => {
    try {
      const test = JSON.parse(line) as LegacyCase;
      if (test.insns === undefined || typeof test.name !== "string") throw new SyntaxError("no test");
      return test;
    } catch (error) {
      throw new SyntaxError(`line ${i + 1}: ${error instanceof Error ? error.message : error}`);
    }
  });
}

/** The bytes of a hexadecimal text. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const TYPES = new Map<number, string>();
/** More than there are program types. */
const MOST_TYPES = 64;

/**
 * The program of a test, its maps in place.
 *
 * @throws {UnsupportedError} If it needs something of the loader that is not here.
 * @throws {MalformedError} If its instructions are not what they should be.
 */
export function legacyProgram(test: LegacyCase, targetBtf: Btf | undefined): Program {
  const bytes = test.insns === null ? filledInsns(test) : bytesOf(test.insns);
  const view = new DataView(bytes.buffer);
  const maps: MapDef[] = [];
  for (const [fixup, places] of Object.entries(test.fixups)) {
    if (!Object.hasOwn(FIXUP_MAPS, fixup)) throw new UnsupportedError(`tests with ${fixup}`);
    for (const place of places) setImmediate(view, place, maps.length);
    maps.push(FIXUP_MAPS[fixup]);
  }
  for (const [name, place] of test.fixup_kfunc) {
    setImmediate(view, place, targetBtf?.find(name, "func") ?? 0);
  }
  const type = typeName(test.prog_type === 0 ? 1 : test.prog_type);
  const attachId = test.attach_func === null || targetBtf === undefined
    ? 0
    : attachBtfId(targetBtf, test.attach_func, test.expected_attach_type);
  if (test.attach_func !== null && attachId === 0) {
    throw new UnsupportedError("attach targets that the kernel's BTF does not have");
  }
  const btf = typesOf(test, maps);
  const unit: Unit = {
    name: test.name,
    license: "GPL",
    version: 0,
    ...(btf === undefined ? {} : { btf }),
    ...(targetBtf === undefined ? {} : { targetBtf }),
    maps,
    externs: [],
    programs: [],
  };
  const { insns } = decode(bytes);
  const program = buildProgram({
    unit,
    attrs: {
      name: `test_${test.idx}`,
      section: type,
      type,
      attachType: test.expected_attach_type,
      flags: test.prog_flags,
      attachBtfId: attachId,
      ...(test.attach_func === null ? {} : { attachTarget: test.attach_func }),
    },
    insns: insns.map((insn) => withKfuncName(insn, targetBtf)),
    subprogs: test.func_info.map(([start, id]): SubprogPlan => {
      const func = btf?.type(id);
      if (func?.kind !== "func") throw new MalformedError(`Type ${id} is no function`, test.name);
      return { name: func.name, start, linkage: func.linkage, btfId: id };
    }),
  });
  (unit.programs as Program[]).push(program);
  return program;
}

function setImmediate(view: DataView, insn: number, value: number): void {
  if ((insn + 1) * 8 > view.byteLength) {
    throw new MalformedError("A fixup lies behind the end", `slot ${insn}`);
  }
  view.setInt32(insn * 8 + 4, value, true);
}

function typeName(number: number): string {
  if (TYPES.size === 0) {
    for (const name of PROGRAM_TYPE_NAMES) TYPES.set(programTypeNumber(name) ?? MOST_TYPES, name);
  }
  const name = TYPES.get(number);
  if (name === undefined) throw new UnsupportedError(`program type ${number}`);
  return name;
}

const PROGRAM_TYPE_NAMES =
  ("socket_filter kprobe sched_cls sched_act tracepoint xdp perf_event cgroup_skb cgroup_sock lwt_in lwt_out lwt_xmit sock_ops " +
    "sk_skb cgroup_device sk_msg raw_tracepoint cgroup_sock_addr lwt_seg6local lirc_mode2 sk_reuseport flow_dissector " +
    "cgroup_sysctl raw_tracepoint_writable cgroup_sockopt tracing struct_ops ext lsm sk_lookup syscall netfilter")
    .split(" ");

/** The types of the test, or those of its maps. */
function typesOf(test: LegacyCase, maps: readonly MapDef[]): Btf | undefined {
  const own = test.btf_types !== null && test.btf_types !== "";
  const ofMaps = maps.some((map) => map.valueTypeId !== 0);
  if (own && ofMaps) throw new UnsupportedError("tests with types of their own and typed maps");
  if (ofMaps) return mapTypes();
  if (!own) return undefined;
  return openBtf(btfFile(bytesOf(test.btf_types!), bytesOf(test.btf_strings ?? "00")), { what: test.name });
}

function withKfuncName(insn: DecodedInsn, targetBtf: Btf | undefined): DecodedInsn {
  if (insn.kind !== "call" || insn.callee.kind !== "kfunc") return insn;
  const { func } = insn.callee;
  if (func.name !== "" || func.btfId <= 0 || targetBtf === undefined || func.btfId >= targetBtf.count) {
    return insn;
  }
  return { kind: "call", callee: { kind: "kfunc", func: { ...func, name: targetBtf.name(func.btfId) } } };
}
