/**
 * verify as a pass: an accepted program with its facts, or the rejection with the kernel's log and a diagnostic that says where, what
 * kind, where the value came from and what would help.
 *
 * @module
 */
import { columnsOf } from "../../ir/columns.ts";
import { type Diagnostic, RejectedError } from "../../ir/diagnostic.ts";
import type { Program } from "../../ir/program.ts";
import type { Pass } from "../pass.ts";
import { explainRejection } from "./explain/explain.ts";
import { explanationNotes } from "./explain/text.ts";
import { GIVEN_FACTS } from "./results.ts";
import { type VerifyOptions, verifyProgram, type VerifyResult } from "./verify.ts";

/** The pass. */
export function verify(
  options: Pick<VerifyOptions, "precision" | "logLevel" | "kfuncArguments"> = {},
): Pass {
  return {
    name: "verify",
    summary: "Proves the program safe as the kernel's verifier does, and records what it learnt",
    required: true,
    gives: GIVEN_FACTS,
    run(program, context) {
      const told = {
        profile: context.target.profile,
        ...options,
        kfuncs: context.kfuncs,
        signal: context.signal,
      };
      const result = verifyProgram(program, told);
      if (result.program !== undefined) return result.program;
      const { message, errno } = result;
      // Most programs are accepted, so neither log nor explanation is made before it is known to be needed.
      const log = result.log !== "" ? result.log : verifyProgram(program, { ...told, logLevel: 2 }).log;
      throw new RejectedError(message, { errno, log, diagnostics: [diagnosticOf(program, result, told)] });
    },
  };
}

/** Of programs that took more instructions than this nothing is explained here: it takes as long again. */
const EXPLAINED = 200_000;

function diagnosticOf(program: Program, result: VerifyResult, told: VerifyOptions): Diagnostic {
  const { slot } = result, code = result.code || "verify/rejected";
  const message = result.message.charAt(0).toUpperCase() + result.message.slice(1);
  const explanation = result.processed > EXPLAINED ? undefined : explainRejection(program, told);
  const notes = explanation === undefined ? {} : { notes: explanationNotes(explanation) };
  if (slot < 0) return { code, message, ...notes };
  const at = columnsOf(program).position[slot];
  const { position } = program.code.origins[at];
  const where = position === undefined ? {} : { position };
  return { code, message, insn: program.code.ids[at], slot, ...where, ...notes };
}
