/**
 * Where bodies come from: text, the `bpf` template, a program, or an object that clang made.
 *
 * Whatever it was, the result is a program of one subprogram that refers to nothing but kernel functions and helpers. Functions of
 * an object that its bodies call are spliced into them. What cannot become such a program (tables in `.rodata`, global variables,
 * recursion) is refused with the reason: a body is copied into programs whose unit has no place for its data.
 *
 * @module
 */
import { runtimeBtf } from "../abi/layouts.ts";
import type { Btf } from "../ir/btf/btf.ts";
import type { Fragment } from "../ir/fragment.ts";
import type { Insn, InsnId, SubprogId } from "../ir/insn.ts";
import { parseText } from "../ir/parse_text.ts";
import { Program } from "../ir/program.ts";
import { mapTarget } from "../ir/references.ts";
import type { Unit } from "../ir/unit.ts";
import type { KfuncSignature } from "../passes/kfuncs.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { flattenBody } from "../passes/splice_body.ts";
import type { KfuncFlag } from "../profile/profile.ts";
import { signatureOf } from "./signature.ts";

/** A body as a module gives it. Text is one instruction a line, or a whole `func`. */
export type BodySource = Fragment | string | Program;

/**
 * A body as a program of one subprogram.
 *
 * @throws {SyntaxError} If text cannot be read, or a fragment's label stands behind its end.
 * @throws {TypeError} If it cannot be one piece, or refers to what only its own unit has.
 */
export function bodyFrom(source: BodySource, name: string): Program {
  if (typeof source === "string") {
    const text = /^\s*func /m.test(source) ? source : `func ${name}:\n${source}`;
    return onePiece(parseText(text, { name }).programs[0]);
  }
  return onePiece("labels" in source ? fragmentProgram(source, name) : source);
}

const NO_ORIGIN = {};

function fragmentProgram(fragment: Fragment, name: string): Program {
  const at = (target: string | InsnId): InsnId => {
    const index = typeof target === "string" ? fragment.labels.get(target) : undefined;
    if (index === undefined || index >= fragment.insns.length) {
      throw new SyntaxError(`Cannot make a body of the fragment: "${target}" is no place in it`);
    }
    return index as InsnId;
  };
  const insns = fragment.insns.map((insn): Insn => mapTarget(insn, at));
  if (insns.length === 0) throw new SyntaxError("Cannot make a body of the fragment: it is empty");
  const unit: Unit = { name, license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  return new Program({
    unit,
    attrs: { name, section: "", type: "unspec", attachType: 0, flags: 0, attachBtfId: 0 },
    code: {
      insns,
      ids: insns.map((_, i) => i as InsnId),
      origins: insns.map(() => NO_ORIGIN),
    },
    subprogs: [{
      id: 0 as SubprogId,
      name,
      entry: 0 as InsnId,
      linkage: "static",
      hidden: false,
      btfId: 0,
    }],
    nextInsnId: insns.length,
    nextSubprogId: 1,
  });
}

function onePiece(program: Program): Program {
  const body = flattenBody(program);
  return new Program({
    unit: body.unit,
    attrs: body.attrs,
    code: { ...body.code, insns: body.code.insns.map((insn, i) => movable(insn, { program, i })) },
    subprogs: body.subprogs,
    facts: body.facts,
    nextInsnId: body.nextInsnId,
    nextSubprogId: body.nextSubprogId,
  });
}

/** The instruction as it can stand in any unit: kernel functions and variables by name alone, since ids are those of a BTF. */
function movable(insn: Insn, where: { readonly program: Program; readonly i: number }): Insn {
  if (insn.kind === "raw") throw new TypeError(`instruction ${where.i} is not one of the ISA`);
  if (insn.kind === "call" && insn.callee.kind === "kfunc") {
    const { name } = insn.callee.func;
    if (name === "") throw new TypeError(`instruction ${where.i} calls a kernel function without a name`);
    return { ...insn, callee: { kind: "kfunc", func: { name, btfId: 0, module: 0 } } };
  }
  if (insn.kind !== "imm64") return insn;
  const { value } = insn;
  if (value.kind === "kernel_var") return { ...insn, value: { ...value, btfId: 0, module: 0 } };
  if (value.kind === "map" || value.kind === "map_value") {
    const map = where.program.unit.maps[value.map];
    throw new TypeError(
      map === undefined
        ? `instruction ${where.i} refers to a map`
        : `it refers to ${map.section === undefined ? "the map" : "data in"} ${map.section ?? map.name}`,
    );
  }
  return insn;
}

/** A tagged function of an object. */
export interface ObjectBody {
  readonly name: string;
  readonly signature: KfuncSignature;
  readonly flags: readonly KfuncFlag[];
  readonly code: Program;
}

/** What went wrong with one function of an object. */
export interface ObjectFault {
  readonly name: string;
  readonly message: string;
}

/** The declaration tag that makes a function a kfunc's body. */
export const KFUNC_TAG = "bpf_kfunc";
/** Begins a declaration tag that gives a `KF_*` flag, e.g. `kf_ret_null`. */
const FLAG_TAG = "kf_";

const FLAGS: ReadonlySet<string> = new Set<KfuncFlag>([
  "acquire",
  "release",
  "ret_null",
  "trusted_args",
  "sleepable",
  "destructive",
  "rcu",
  "iter_new",
  "iter_next",
  "iter_destroy",
  "rcu_protected",
  "fastcall",
  "arena_ret",
  "arena_arg1",
  "arena_arg2",
]);

/**
 * The functions of an object that are tagged `bpf_kfunc`, with prototypes and flags from its BTF, relocated against `targetBtf` (the
 * runtime's structures if left out). Faults are collected, so that a module's author sees all at once.
 *
 * @throws {MalformedError} If the bytes are no BPF object.
 */
export function bodiesIn(
  bytes: Uint8Array,
  options: { readonly name: string; readonly targetBtf?: Btf },
): { readonly bodies: ObjectBody[]; readonly faults: ObjectFault[] } {
  const targetBtf = options.targetBtf ?? runtimeBtf();
  const unit = parseObject(bytes, { name: options.name, targetBtf, textFunctions: true });
  const bodies: ObjectBody[] = [];
  const faults: ObjectFault[] = [];
  const { btf } = unit;
  if (btf === undefined) return { bodies, faults: [{ name: options.name, message: "it has no BTF" }] };
  for (const { name, message } of unit.unreadable ?? []) faults.push({ name, message });
  for (const program of unit.programs) {
    const main = program.subprogs[0];
    if (main.btfId === 0) continue;
    const tags = btf.tags(main.btfId);
    if (!tags.includes(KFUNC_TAG)) continue;
    const name = btf.name(main.btfId);
    const named = tags.filter((tag) => tag.startsWith(FLAG_TAG)).map((tag) => tag.slice(FLAG_TAG.length));
    const unknown = named.filter((flag) => !FLAGS.has(flag));
    if (unknown.length > 0) faults.push({ name, message: `it has unknown flags: ${unknown.join(", ")}` });
    const missing = calledIn(program).filter((callee) => targetBtf.find(callee, "func") === 0);
    if (missing.length > 0) {
      faults.push({ name, message: `it calls ${missing.join(", ")}, which nobody has` });
    }
    try {
      const signature = signatureOf(btf, main.btfId);
      bodies.push({
        name,
        signature,
        flags: named.filter((flag): flag is KfuncFlag => FLAGS.has(flag)),
        code: onePiece(program),
      });
    } catch (error) {
      // Types that contradict themselves are RangeErrors of whoever reads them.
      const isFault = error instanceof TypeError || error instanceof SyntaxError ||
        error instanceof RangeError;
      if (!isFault) throw error;
      faults.push({ name, message: error.message });
    }
  }
  if (bodies.length === 0 && faults.length === 0) {
    faults.push({ name: options.name, message: `no function in it is tagged ${KFUNC_TAG}` });
  }
  return { bodies, faults };
}

/** The kernel functions that a program calls, each once. */
function calledIn(program: Program): string[] {
  const names = new Set<string>();
  for (const insn of program.code.insns) {
    if (insn.kind === "call" && insn.callee.kind === "kfunc") names.add(insn.callee.func.name);
  }
  return [...names];
}
