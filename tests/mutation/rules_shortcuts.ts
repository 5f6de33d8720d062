/**
 * Soundness rules of verify's short cuts: what may be taken for done because it was done before.
 *
 * @module
 */
import type { SoundnessRule } from "./rules.ts";

const ALU_MEMO = "passes/verify/memo/alu_memo.ts",
  MEMORY_MEMO = "passes/verify/memo/memory_memo.ts",
  OUTCOMES = "passes/verify/memo/outcomes.ts",
  BACKTRACKING = "passes/precision/backtracking.ts",
  TEST = "passes/verify/memo/shortcut_rules_test.ts",
  OUTCOMES_TEST = "passes/verify/memo/outcomes_test.ts";

/** See the module's header. */
export const SHORTCUT_RULES: readonly SoundnessRule[] = [
  {
    name: "a looked-up sum with a pointer makes the number added precise",
    file: ALU_MEMO,
    from: "if (pointer && b !== 0) {",
    to: "if (false) {",
    test: [TEST, "how far a pointer moves is relied on, also where the sum is known from before"],
  },
  {
    name: "what gave out an id is not looked up",
    file: ALU_MEMO,
    from: "env.idGen !== ids ||",
    to: "",
    test: [TEST, "two packet pointers moved by equal ranges are not the same pointer"],
  },
  {
    name: "what left a path to explore is not looked up",
    file: ALU_MEMO,
    from: "|| env.pending.count !== waiting",
    to: "",
    test: [TEST, "each mask that chooses between two numbers has two ways, also where it was met before"],
  },
  {
    name: "a load is looked up only where it was seen with such a pointer",
    file: MEMORY_MEMO,
    from: `  if (env.auxPtrType[slot] === type) {
    const at`,
    to: `  if (true) {
    const at`,
    test: [
      TEST,
      "a load is used with one sort of pointer, also where it is known from before what it loads",
    ],
  },
  {
    name: "what was found about memory holds for one program",
    file: OUTCOMES,
    from: "return run << 16;",
    to: "return 0;",
    test: [TEST, "what was allowed in one program is not in another"],
  },
  {
    name: "outcomes are known for the same immediate only",
    file: OUTCOMES,
    from: "outcomes[at + 1] === imm &&",
    to: "",
    test: [
      OUTCOMES_TEST,
      "an outcome is found by its form, immediate and operands, as long as values keep their ids",
    ],
  },
  {
    name: "outcomes are known for the same values only",
    file: OUTCOMES,
    from: "outcomes[at + 2] === a && outcomes[at + 3] === b",
    to: "outcomes[at + 3] === b",
    test: [
      OUTCOMES_TEST,
      "an outcome is found by its form, immediate and operands, as long as values keep their ids",
    ],
  },
  {
    name: "looking back ends early only if all that is looked for was looked for before",
    file: BACKTRACKING,
    from: "if ((regs & ~before) === 0) return true;",
    to: "if (before !== 0) return true;",
    test: [TEST, "what was looked for from somewhere before does not count for another register"],
  },
  {
    name: "where a callback's rounds end is kept",
    file: "passes/verify/states/explored.ts",
    from: "if (how.loop) {",
    to: "if (how.loop && !env.callsCallback(how.insn)) {",
    test: [
      "passes/verify/rules_test.ts",
      "what a callback reads in one round counts for the rounds before it",
    ],
  },
  {
    name: "a callback's rounds are a loop of their own",
    file: "passes/verify/states/loops.ts",
    from: "if (this.#env.callsCallback(insn)) return [...chain, -1 - insn];\n",
    to: "\n",
    test: [
      "passes/verify/rules_test.ts",
      "what a callback reads in one round counts for the rounds before it",
    ],
  },
  {
    name: "pointers that stand for each other do so in slots, too",
    file: "passes/verify/states/compare.ts",
    from: "if (W[o + VID] === W[ids + i] && W[o + ID] === 0 && W[o + REF_ID] === 0) continue;",
    to: "if (W[o + VID] === W[ids + i]) continue;",
    test: [
      TEST,
      "an equal pointer in a stack slot is the same as one in a register only if it was before",
    ],
  },
];
