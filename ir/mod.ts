/**
 * The program, for pass and plugin authors: instructions, programs and units, the one editor, facts, text, and the analyses.
 *
 * Start with {@linkcode Program} (one version, never changed), {@linkcode Edit} (makes the next version) and the {@linkcode bpf}
 * template (code to put into it):
 *
 * ```ts
 * import { bpf, Edit, parseText, printProgram } from "./mod.ts";
 *
 * const [program] = parseText(`
 *   type xdp
 *   func main:
 *     r0 = 1
 *     exit
 * `).programs;
 * const edit = new Edit(program, { by: "example" });
 * edit.insertBefore(program.code.ids[1], bpf`r0 += 1`, { jumps: "move" });
 * printProgram(edit.commit()); // ends in "r0 = 1", "r0 += 1", "exit"
 * ```
 *
 * Reading objects is in passes/parse, the order of passes in passes/mod, running programs in runtime.
 *
 * @module
 */
export {
  type AluOp,
  type AtomicOp,
  type BinaryOp,
  type BranchOp,
  type Callee,
  imm,
  type Imm64,
  type Insn,
  type InsnId,
  type InsnKind,
  type KfuncRef,
  type Operand,
  type Reg,
  reg,
  type Size,
  slotsOf,
  type SubprogId,
  type UnaryOp,
} from "./insn.ts";
export {
  type Code,
  type Origin,
  Program,
  PROGRAM_SCOPE,
  type ProgramAttrs,
  type ProgramParts,
  type Subprog,
} from "./program.ts";
export type { Extern, KernelModule, MapDef, Unit, UnreadableProgram } from "./unit.ts";
export {
  type AnyFact,
  defineFact,
  type Fact,
  type FactFollows,
  factNamed,
  type FactNames,
  type FactScope,
  jsonText,
} from "./fact.ts";
export {
  type Diagnostic,
  MalformedError,
  RejectedError,
  type SourcePosition,
  UnsupportedError,
} from "./diagnostic.ts";
export {
  Edit,
  type EditOptions,
  type InsertOptions,
  type NewCode,
  type NewSubprog,
  type Placed,
  type SpliceOptions,
} from "./edit.ts";
export { bpf, type Fragment, type FragmentValue } from "./fragment.ts";
export { parseText, type ParseTextOptions } from "./parse_text.ts";
export { type PrintOptions, printProgram } from "./print_text.ts";
export type { HelperNames } from "./print_insn.ts";
export { MAP_TYPE_NAMES, mapTypeNamed } from "./map_types.ts";
export { buildProgram, type ProgramPlan, type SubprogPlan } from "./build.ts";
export { decode, type Decoded, type DecodedInsn } from "./decode.ts";
export { encode } from "./encode.ts";
export { type Columns, columnsOf } from "./columns.ts";
export { type DisasmOptions, disasmSlot } from "./disasm.ts";
export { check, type CheckOptions } from "./check.ts";
export { type Cfg, cfgOf, fallSlot, jumpSlot, slotsAt } from "./cfg.ts";
export { sccOf } from "./scc.ts";
export { type LivenessOptions, liveRegisters } from "./liveness.ts";
export { type CallArity, type Effects, effectsOf } from "./effects.ts";
export { mapTarget, subprogOf, targetOf } from "./references.ts";
export type { Btf, BtfMember, BtfType } from "./btf/btf.ts";
export { type IndexedBtf, openBtf } from "./btf/read.ts";
export { declaration, definition } from "./btf/print.ts";
export {
  type Arguments,
  type CallOutcome,
  interpret,
  InterpretError,
  type InterpretOptions,
  type InterpretResult,
  type Machine,
  Memory,
  MemoryError,
  type Region,
  type Watcher,
} from "./interpret.ts";
