/**
 * The verdict of the running kernel beside ours.
 *
 * @module
 */
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { KernelUnit } from "../../kernel/load.ts";
import { verifyProgram } from "../../passes/verify/verify.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import { readProgram, STATE_FREQ } from "./program.ts";

/** `BPF_LOG_STATS`: the message and the figures, without the walk. */
const FIGURES = 4;
/** Milliseconds that one verification may take: one program in a hundred would take more time than all others. */
const TIME_LIMIT = 100;

/** How two verdicts on one program differ. A kernel that finds itself inconsistent (`verifier bug`) has no verdict. */
export type Difference =
  | "wrong accept"
  | "wrong reject"
  | "message"
  | "processed"
  | "none"
  | "unsupported"
  /** More work than is good for a random program. */
  | "too long"
  | "kernel fault"
  | "atomic fetch"
  | "callback rounds"
  | "endless loop"
  | "null argument";

/** Of these the kernel does not know what the result depends on: see docs/kernel_divergences.md. */
const ATOMIC_FETCH = /= atomic(64)?_/;

/** We keep where rounds of callbacks end, which takes other states, mostly more, and may refuse more: see docs/kernel_divergences.md. */
const CALLS_BACK = /call bpf_(loop|for_each_map_elem|user_ringbuf_drain|find_vma)#|call kfunc bpf_rbtree_add/;

/** Loops around these are refused, or followed for longer, where the kernel takes them for rounds of theirs: see docs/kernel_divergences.md. */
const COMES_ROUND = /call kfunc bpf_iter_\w+_next|may_goto/;

/** The walk came to its end, and what it left was more than the kernel can compile: see docs/kernel_divergences.md. */
const NOT_JITTED = /^verifier bug: No program to jit/;

/** What we refuse, and the kernel too unless a null pointer is among the arguments. */
const NULL_ARGUMENT =
  /^(Caller passes invalid args into func|R[1-5] type=scalar expected=|arg#\d+ arg#\d+ memory, len pair)/;

/** Two verdicts. */
export interface Comparison {
  readonly difference: Difference;
  readonly accepted: boolean;
  readonly ours: string;
  readonly kernels: string;
}

/** How {@linkcode compareVerdicts} compares. */
export interface CompareOptions {
  /** A state is saved wherever states are compared. */
  readonly allStates?: boolean;
  /** Our verifier is one that errs where the kernel does (`as_linux.ts`), so that nothing may differ. */
  readonly asLinux?: boolean;
}

/** What may differ as the kernel is wrong, by what the program does. */
function known(difference: Difference, text: string, message: string): Difference {
  switch (difference) {
    case "processed":
    case "wrong reject":
    case "message":
      if (difference !== "processed" && NULL_ARGUMENT.test(message)) return "null argument";
      if (CALLS_BACK.test(text)) return "callback rounds";
      if (COMES_ROUND.test(text)) return "endless loop";
      return ATOMIC_FETCH.test(text) ? "atomic fetch" : difference;
    default:
      return difference;
  }
}

/** Asks both. Loads and closes, nothing else. @throws {MalformedError} If the text is no program. */
export function compareVerdicts(text: string, options: CompareOptions = {}): Comparison {
  const program = readProgram(text, options.allStates === true ? STATE_FREQ : 0);
  let result;
  try {
    result = verifyProgram(program, { profile: LINUX_6_18, logLevel: FIGURES, timeLimit: TIME_LIMIT });
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    const difference = error.message.includes("takes longer") ? "too long" : "unsupported";
    return { difference, accepted: false, ours: error.message, kernels: "" };
  }
  using unit = new KernelUnit(program.unit);
  using verdict = unit.load(program, { logLevel: FIGURES });
  const notJitted = NOT_JITTED.test(verdict.message), accepted = verdict.accepted || notJitted;
  const ours = `${result.verdict === "accept" ? "accepted" : result.message}, ${result.processed} processed`;
  const kernels = `${accepted ? "accepted" : verdict.message}, ${verdict.stats.processed} processed`;
  let difference: Difference = "none";
  const said = !accepted && result.verdict === "reject" &&
    `\n${verdict.log}\n`.includes(`\n${result.message}\n`);
  if (!notJitted && !said && verdict.message.startsWith("verifier bug")) difference = "kernel fault";
  else if (accepted !== (result.verdict === "accept")) {
    difference = accepted ? "wrong reject" : "wrong accept";
  } // Of a loop, the states follow the message.
  else if (!accepted && !said) difference = "message";
  else if (result.processed !== (verdict.stats.processed ?? result.processed)) difference = "processed";
  if (options.asLinux !== true) difference = known(difference, text, result.message);
  if (difference === "none" && notJitted) difference = "kernel fault";
  return { difference, accepted, ours, kernels };
}
