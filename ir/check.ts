/**
 * The structural check: what must hold for every version of a program, whoever made it. A finding is a bug of the pass
 * that made the version, never the fault of the input.
 *
 * Layout
 * - There is at least one instruction and one subprogram; `insns`, `ids` and `origins` are equally long.
 * - Instruction ids are unique and below `nextInsnId`, subprogram ids unique and below `nextSubprogId`.
 * - Each subprogram's entry is an instruction; entries come in layout order, the first at the first instruction.
 *
 * References
 * - Targets of jumps are instructions; callees and function addresses are subprograms.
 * - Maps are indices into `unit.maps` (not checked for units without maps, whose programs hold foreign tokens).
 *
 * Form
 * - Every instruction is encodable where it stands: registers 0 to 10, offsets 16 bits, immediates 32 bits, conditional
 *   branches in reach.
 * - Every instruction is in the form `decode` would give it: immediates signed, unary operators with operand 0,
 *   byte-order operators 64 bits wide, `fetch` as the atomic operator has it, the index of an absolute packet load 0.
 *   `raw` has 8 bytes, which decode to nothing else or to a reference.
 *
 * Flow (holds for what `verify` accepted and every pass after it; not for what was just parsed, hence the option)
 * - Jumps stay in their subprogram.
 * - The last instruction of a subprogram is an `exit` or an unconditional jump.
 *
 * Facts
 * - Facts of scope `insn` and `subprog` are kept under ids that the version holds, those of scope `program` under
 *   `PROGRAM_SCOPE`.
 *
 * Not checked: whether code is reachable, whether registers are initialised, helper numbers, BTF ids, `instanceOf` (the
 * call may have been spliced away), anything that is a verifier's business.
 *
 * @module
 */
import { columnsOf } from "./columns.ts";
import { decode, type DecodedInsn } from "./decode.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { encodeInsns } from "./encode.ts";
import type { Imm64, Insn, InsnId, SubprogId } from "./insn.ts";
import { slotsOf } from "./insn.ts";
import { type Program, PROGRAM_SCOPE } from "./program.ts";

/** What {@linkcode check} looks at. */
export interface CheckOptions {
  /** Whether to check the flow rules too; true if left out. False for programs no verifier has seen. */
  readonly flow?: boolean;
}

/**
 * All breaches of the rules in this file's header; empty if the program is well formed. Codes are `check/layout`,
 * `check/reference`, `check/form`, `check/flow` and `check/fact`.
 *
 * @example
 * ```ts
 * import { check } from "./check.ts";
 * import { parseText } from "./parse_text.ts";
 * check(parseText("func main:\n  r0 = 0\n").programs[0])[0].message; // 'Subprogram "main" ends in alu, not in exit or a jump'
 * ```
 */
export function check(program: Program, options: CheckOptions = {}): Diagnostic[] {
  const found = new Findings(program);
  checkLayout(program, found);
  // The rest walks the layout and would only repeat what is wrong with it.
  if (found.list.length > 0) return found.list;
  checkReferences(program, found);
  checkForm(program, found);
  if (options.flow !== false) checkFlow(program, found);
  checkFacts(program, found);
  if (found.list.length === 0) checkReach(program, found);
  return found.list;
}

class Findings {
  readonly list: Diagnostic[] = [];
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  add(code: string, message: string, index?: number): void {
    if (index === undefined) {
      this.list.push({ code, message });
      return;
    }
    const { ids, origins } = this.#program.code;
    const position = origins[index]?.position;
    const diagnostic: Diagnostic = { code, message, insn: ids[index] };
    this.list.push(position === undefined ? diagnostic : { ...diagnostic, position });
  }
}

function checkLayout(program: Program, found: Findings): void {
  const { insns, ids, origins } = program.code;
  const code = "check/layout";
  if (insns.length === 0) found.add(code, "There are no instructions");
  if (program.subprogs.length === 0) found.add(code, "There are no subprograms");
  if (ids.length !== insns.length || origins.length !== insns.length) {
    found.add(code, `${insns.length} instructions have ${ids.length} ids and ${origins.length} origins`);
  }
  const place = new Map<InsnId, number>();
  ids.forEach((id, i) => {
    if (place.has(id)) found.add(code, `Instruction id ${id} is there twice`, i);
    else place.set(id, i);
    if (!(id >= 0 && id < program.nextInsnId)) {
      found.add(code, `Instruction id ${id} is not below the next free one, ${program.nextInsnId}`, i);
    }
  });
  const seen = new Set<SubprogId>();
  let previous = -1;
  program.subprogs.forEach((subprog, i) => {
    const name = `Subprogram "${subprog.name}"`;
    if (seen.has(subprog.id)) found.add(code, `${name} has the id ${subprog.id} of another one`);
    seen.add(subprog.id);
    if (!(subprog.id >= 0 && subprog.id < program.nextSubprogId)) {
      found.add(code, `${name} has id ${subprog.id}, not below the next free one, ${program.nextSubprogId}`);
    }
    const start = place.get(subprog.entry);
    if (start === undefined) {
      found.add(code, `${name} begins at instruction ${subprog.entry}, which is missing`);
      return;
    }
    if (i === 0 && start !== 0) found.add(code, `${name} is the first but does not begin the code`);
    if (start <= previous) found.add(code, `${name} begins before the subprogram in front of it ends`);
    previous = Math.max(previous, start);
  });
}

function checkReferences(program: Program, found: Findings): void {
  const code = "check/reference";
  const subprogs = new Set(program.subprogs.map((subprog) => subprog.id));
  const maps = program.unit.maps.length;
  program.code.insns.forEach((insn, i) => {
    switch (insn.kind) {
      case "jump":
      case "branch":
      case "may_goto":
        if (program.indexOf(insn.target) < 0) found.add(code, `Target ${insn.target} is missing`, i);
        return;
      case "call":
        if (insn.callee.kind === "subprog" && !subprogs.has(insn.callee.subprog)) {
          found.add(code, `Subprogram ${insn.callee.subprog} is called but missing`, i);
        }
        return;
      case "imm64":
        if (insn.value.kind === "func" && !subprogs.has(insn.value.subprog)) {
          found.add(code, `Subprogram ${insn.value.subprog} has its address taken but is missing`, i);
        }
        if (
          maps > 0 && isMap(insn.value) && !insn.value.fdArray &&
          !(insn.value.map >= 0 && insn.value.map < maps)
        ) {
          found.add(code, `Map ${insn.value.map} is not one of the unit's ${maps}`, i);
        }
        return;
      case "alu":
      case "load":
      case "store":
      case "atomic":
      case "ldabs":
      case "addr_space_cast":
      case "exit":
      case "raw":
        return;
    }
  });
}

function isMap(value: Imm64): value is Imm64 & { readonly kind: "map" | "map_value" } {
  return value.kind === "map" || value.kind === "map_value";
}

/** Encodes every instruction, jumping to its own successor, and compares what comes back. */
function checkForm(program: Program, found: Findings): void {
  const code = "check/form";
  const { insns } = program.code;
  const alone: DecodedInsn[] = [];
  let slot = 0;
  for (const insn of insns) {
    alone.push(standingAlone(insn, slot));
    slot += slotsOf(insn);
  }
  // One insn that cannot be encoded spoils the batch; then each is tried for itself.
  const batch = roundTrip(alone);
  insns.forEach((insn, i) => {
    if (insn.kind === "raw") {
      if (insn.bytes.length !== 8) found.add(code, `Raw instruction of ${insn.bytes.length} bytes`, i);
      else if (!mayBeRaw(insn.bytes)) found.add(code, "The raw bytes are an instruction", i);
      return;
    }
    const expected = standingAlone(insn, 0);
    const back = batch instanceof RangeError ? roundTrip([expected]) : batch;
    if (back instanceof RangeError) found.add(code, back.message.replace(/ at slot 0/, ""), i);
    else if (!(back === batch ? same(alone[i], back[i]) : same(expected, back[0]))) {
      found.add(code, `The ${insn.kind} is not in the form its encoding decodes to`, i);
    }
  });
}

function roundTrip(insns: readonly DecodedInsn[]): readonly DecodedInsn[] | RangeError {
  try {
    return decode(encodeInsns(insns)).insns;
  } catch (error) {
    if (error instanceof RangeError) return error;
    throw error;
  }
}

/** Raw is what decodes to nothing else, and what refers to a slot that does not exist (see `buildProgram`). */
function mayBeRaw(bytes: Uint8Array): boolean {
  const [insn] = decode(bytes).insns;
  return insn.kind === "raw" || insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto" ||
    (insn.kind === "call" && insn.callee.kind === "subprog");
}

/**
 * The instruction at a slot with references that mean something without the program, and without names that bytes do
 * not hold.
 */
function standingAlone(insn: Insn, slot: number): DecodedInsn {
  switch (insn.kind) {
    case "jump":
    case "branch":
    case "may_goto":
      return { ...insn, target: slot + 1 };
    case "call": {
      const { callee } = insn;
      if (callee.kind === "subprog") return { kind: "call", callee: { kind: "subprog", subprog: slot + 1 } };
      if (callee.kind === "helper") return { kind: "call", callee };
      const { btfId, module } = callee.func;
      return { kind: "call", callee: { kind: "kfunc", func: { name: "", btfId, module } } };
    }
    case "imm64": {
      const { dst, value } = insn;
      if (value.kind === "func") return { kind: "imm64", dst, value: { kind: "func", subprog: slot + 2 } };
      if (value.kind === "kernel_var") return { kind: "imm64", dst, value: { ...value, name: "" } };
      return { kind: "imm64", dst, value };
    }
    case "raw":
      // Looked at by itself: in a row, two raw halves of a 16-byte load would decode as one instruction.
      return { kind: "exit" };
    case "alu":
    case "load":
    case "store":
    case "atomic":
    case "ldabs":
    case "addr_space_cast":
    case "exit":
      return insn;
  }
}

/** Whether two plain values have the same fields; absent and undefined are the same. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const left = a as Record<string, unknown>, right = b as Record<string, unknown>;
  for (const key in left) if (!same(left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && right[key] !== undefined) return false;
  return true;
}

function checkFlow(program: Program, found: Findings): void {
  const code = "check/flow";
  const { insns } = program.code;
  const { starts } = program;
  program.subprogs.forEach((subprog, s) => {
    for (let i = starts[s]; i < starts[s + 1]; i++) {
      const insn = insns[i];
      if (insn.kind !== "jump" && insn.kind !== "branch" && insn.kind !== "may_goto") continue;
      const target = program.indexOf(insn.target);
      if (target >= 0 && (target < starts[s] || target >= starts[s + 1])) {
        found.add(code, `A jump leaves subprogram "${subprog.name}"`, i);
      }
    }
    const last = insns[starts[s + 1] - 1].kind;
    if (last !== "exit" && last !== "jump") {
      found.add(
        code,
        `Subprogram "${subprog.name}" ends in ${last}, not in exit or a jump`,
        starts[s + 1] - 1,
      );
    }
  });
}

function checkFacts(program: Program, found: Findings): void {
  const subprogs = new Set<number>(program.subprogs.map((subprog) => subprog.id));
  for (const [fact, values] of program.facts) {
    for (const id of values.keys()) {
      const known = fact.scope === "insn"
        ? program.indexOf(id as InsnId) >= 0
        : fact.scope === "subprog"
        ? subprogs.has(id)
        : id === PROGRAM_SCOPE;
      if (!known) {
        found.add("check/fact", `Fact "${fact.name}" is kept for ${fact.scope} ${id}, which is missing`);
      }
    }
  }
}

/** The one rule that needs the whole layout: that branches reach their targets. */
function checkReach(program: Program, found: Findings): void {
  try {
    columnsOf(program);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    found.add("check/form", error.message);
  }
}
