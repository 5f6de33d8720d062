/**
 * Soundness rules of verify, each with a change of the source that switches it off and the test that must notice.
 *
 * Only rules whose loss lets something through that must not pass: without them a program is accepted, pruned or rewritten wrongly.
 *
 * @module
 */

import { CALL_RULES } from "./rules_calls.ts";
import { GUARD_RULES } from "./rules_guards.ts";
import { OBJECT_RULES } from "./rules_objects.ts";
import { REFUSAL_RULES } from "./rules_refusals.ts";
import { REGION_RULES } from "./rules_regions.ts";
import { SHORTCUT_RULES } from "./rules_shortcuts.ts";
import { STATE_RULES } from "./rules_states.ts";

/** One rule. */
export interface SoundnessRule {
  /** What holds. */
  readonly name: string;
  /** The file that sees to it. */
  readonly file: string;
  /** Text that occurs there once, and what stands in its place when the rule is off. */
  readonly from: string;
  /** See {@linkcode from}. */
  readonly to: string;
  /** The test that fails then: a file and a test's name. */
  readonly test: readonly [file: string, name: string];
}

const COMPARE = "passes/verify/states/compare.ts",
  EXPLORED = "passes/verify/states/explored.ts",
  BRANCH_WALK = "passes/verify/insns/branch_walk.ts",
  BRANCH_REFINE = "passes/verify/insns/branch_refine.ts",
  BACKTRACK = "passes/precision/backtrack_insn.ts",
  REGION = "passes/verify/memory/region.ts",
  STACK = "passes/verify/memory/stack.ts",
  ALU = "passes/verify/insns/alu.ts",
  NUMBERS = "passes/verify/numbers/scalar_ops.ts",
  EXITS = "passes/verify/exits.ts",
  HELPERS = "passes/verify/calls/helper_call.ts",
  MEMORY = "passes/verify/memory/memory.ts";

/** See the module's header. */
export const SOUNDNESS_RULES: readonly SoundnessRule[] = [
  // Which states cover which.
  {
    name: "a state covers another only if its precise numbers hold those of the other",
    file: COMPARE,
    from: "return rangeWithin(old, now) && tnumWithin(old, now) && sameScalarIds(a, b);",
    to: "return sameScalarIds(a, b);",
    test: ["passes/verify/rules_test.ts", "a number that an access depends on must match where paths meet"],
  },
  {
    name: "the bits known of a precise number hold for what it covers",
    file: COMPARE,
    from: "return rangeWithin(old, now) && tnumWithin(old, now) && sameScalarIds(a, b);",
    to: "return rangeWithin(old, now) && sameScalarIds(a, b);",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "bits of a number that are known on one way only are not known where ways meet",
    ],
  },
  {
    name: "numbers that were linked cover only linked ones",
    file: COMPARE,
    from: "return rangeWithin(old, now) && tnumWithin(old, now) && sameScalarIds(a, b);",
    to: "return rangeWithin(old, now) && tnumWithin(old, now);",
    test: ["passes/verify/rules_test.ts", "numbers that were equal must be equal where paths meet"],
  },
  {
    name: "a number nobody depends on covers numbers only",
    file: COMPARE,
    from: "if (type === SCALAR_VALUE) return W[now + TYPE] === SCALAR_VALUE;",
    to: "if (type === SCALAR_VALUE) return true;",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "a number that nobody depends on does not stand for a pointer",
    ],
  },
  {
    name: "a map value covers only those within its bounds",
    file: COMPARE,
    from: "return samePointerWords(old, now) && rangeWithin(old, now) && tnumWithin(old, now) &&",
    to: "return samePointerWords(old, now) &&",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "a map value near its begin does not stand for one that may be further",
    ],
  },
  {
    name: "a packet pointer covers only those that reach as far",
    file: COMPARE,
    from: "return rangeReaches(W[old + AUX1], W[now + AUX1]) && ",
    to: "return ",
    test: [
      "passes/verify/rules_test.ts",
      "a packet pointer beyond the end does not stand for one within the packet",
    ],
  },
  {
    name: "pointers that were null or not together cover only such",
    file: COMPARE,
    from:
      "sameIds(W[old + ID], W[now + ID]) && sameIds(W[old + REF_ID], W[now + REF_ID]);\n    case PTR_TO_PACKET_META",
    to: "true;\n    case PTR_TO_PACKET_META",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "two results of one lookup do not stand for results of two",
    ],
  },
  {
    name: "the stack is compared",
    file: COMPARE,
    from: "    if (!stackSafe(old, now, exact)) return false;\n",
    to: "",
    test: ["passes/verify/rules_test.ts", "a stack slot that is read later must match where paths meet"],
  },
  {
    name: "held references are compared",
    file: COMPARE,
    from: "  if (!refsSafe(state, env)) return false;\n",
    to: "",
    test: ["passes/verify/objects/lock_rules_test.ts", "a lock must be given back on all ways out"],
  },
  {
    name: "bytes that were zero cover zeros only",
    file: COMPARE,
    from: "    if (a !== b) return false;\n    if (j < 7) continue;",
    to: "    if (a !== b && b !== 2) return false;\n    if (j < 7) continue;",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "a byte that is zero does not stand for one that may be anything",
    ],
  },
  {
    name: "registers that are read later are compared",
    file: COMPARE,
    from: "const live = env.liveRegs[savedFrameInsn(state, f)], precise",
    to: "const live = env.liveRegs[savedFrameInsn(state, f)] & ~0x3c0, precise",
    test: ["passes/verify/rules_test.ts", "a number that an access depends on must match where paths meet"],
  },
  // What verdicts depend on.
  {
    name: "what a covering state depends on, the covered path depends on",
    file: EXPLORED,
    from: "const failed = env.precision.propagate(env, state, 0);",
    to: "const failed = 0;",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "what is depended on behind a covering state is depended on before the covered one",
    ],
  },
  {
    name: "a branch that goes one way depends on its left number",
    file: BRANCH_WALK,
    from: "failed = env.precision.markReg(env, dst);",
    to: "failed = 0;",
    test: ["tests/golden_test.ts", "verify/precision_chain.bpf"],
  },
  {
    name: "a branch that goes one way depends on its right number",
    file: BRANCH_WALK,
    from: "failed = env.precision.markReg(env, env.src[slot]);",
    to: "failed = 0;",
    test: [
      "passes/verify/states/pruning_rules_test.ts",
      "a comparison with a number that is known on each way depends on it",
    ],
  },
  {
    name: "numbers that gained a range together are depended on together",
    file: BRANCH_WALK,
    from: "if (linkOperands(env, slot) > 1) pushHistory(env, 0, packedLow(), packedHigh());",
    to: "linkOperands(env, slot);",
    test: ["passes/verify/rules_test.ts", "numbers that were equal must be equal where paths meet"],
  },
  {
    name: "a pointer depends on the number added to it",
    file: ALU,
    from: "err = env.precision.markReg(env, src);",
    to: "err = 0;",
    test: ["passes/verify/rules_test.ts", "a number that an access depends on must match where paths meet"],
  },
  {
    name: "a result depends on the right operand",
    file: BACKTRACK,
    from: "if ((code & 8) !== 0 && src !== 10) marks.addReg(src);\n      break;",
    to: "break;",
    test: ["passes/verify/rules_test.ts", "dependence is followed into a callee and back"],
  },
  {
    name: "a number read from the stack depends on what was spilled there",
    file: BACKTRACK,
    from: "  marks.addSlot(load.flags & HF_FRAME_MASK, (load.flags >>> HF_SPI_SHIFT) & 63);\n",
    to: "",
    test: ["passes/verify/rules_test.ts", "dependence is followed through arithmetic and the stack"],
  },
  {
    name: "a spilled number depends on its register",
    file: BACKTRACK,
    from: "if ((code & 7) === 3) marks.addReg(src);",
    to: "",
    test: ["passes/verify/rules_test.ts", "dependence is followed through arithmetic and the stack"],
  },
  {
    name: "a number that an atomic operation fetched depends on its stack slot",
    file: BACKTRACK,
    from: "const fetched = isFetch(code, env.imm[idx]) && marks.hasReg(fetchedInto(env, idx));",
    to: "const fetched = false;",
    test: ["tests/golden_test.ts", "verify/atomic_fetch_precision.bpf"],
  },
  {
    name: "what was in a register before a number was fetched into it is depended on as in the kernel",
    file: BACKTRACK,
    from: "      if (fetched) marks.addSlot(frame, spi);\n",
    to:
      "      if (fetched) {\n        marks.dropReg(fetchedInto(env, idx));\n        marks.addSlot(frame, spi);\n      }\n",
    test: [
      "passes/precision/atomic_test.ts",
      "what a register held before a number was fetched into it is depended on, as in the kernel",
    ],
  },
  {
    name: "a callee's arguments depend on the caller's registers",
    file: BACKTRACK,
    from: "  marks.regs[f - 1] |= marks.regs[f] & ARGS;\n",
    to: "",
    test: ["passes/verify/rules_test.ts", "dependence is followed into a callee and back"],
  },
  {
    name: "a result of a call depends on what the callee left in r0",
    file: BACKTRACK,
    from: "  if (result) marks.addReg(0);\n",
    to: "",
    test: ["passes/verify/rules_test.ts", "dependence is followed into a callee and back"],
  },
  {
    name: "the flags that let bpf_loop be inlined are depended on",
    file: HELPERS,
    from: "const err = env.precision.markReg(env, 4);",
    to: "const err = 0;",
    test: ["tests/golden_test.ts", "pipeline/loop_flags_second.bpf"],
  },
  {
    name: "how often bpf_loop runs its callback is depended on",
    file: HELPERS,
    from: "const err = env.precision.markReg(env, 1);",
    to: "const err = 0;",
    test: ["passes/verify/rules_test.ts", "a callback that is not run on one way may be on another"],
  },
  {
    name: "what a callback returns is depended on",
    file: EXITS,
    from: "const marked = env.precision.markReg(env, 0);",
    to: "const marked = 0;",
    test: ["passes/verify/rules_test.ts", "what a callback returns may come from its caller"],
  },
  {
    name: "what a program returns is depended on",
    file: EXITS,
    from: "const marked = env.precision.markReg(env, regno);",
    to: "const marked = 0;",
    test: ["passes/verify/states/pruning_rules_test.ts", "what a program returns must be right on every way"],
  },
  {
    name: "zeros written to the stack depend on the register",
    file: STACK,
    from:
      "        const marked = env.precision.markReg(env, valueRegno);\n        if (marked < 0) return marked;\n",
    to: "",
    test: ["passes/verify/states/pruning_rules_test.ts", "a zero written to a byte is a zero on every way"],
  },
  {
    name: "a stack slot is alive where it is read later",
    file: STACK,
    from: "  env.stackLiveness.markRead(frameno, spi);\n  if (!isSpilled(types)) {",
    to: "  if (!isSpilled(types)) {",
    test: ["passes/verify/rules_test.ts", "a stack slot that is read later must match where paths meet"],
  },
  // What branches say.
  {
    name: "the way not taken says the opposite",
    file: BRANCH_REFINE,
    from: "refine(a, b, jumped ? op : negateOp(op), (code & 7) === JMP32);",
    to: "refine(a, b, op, (code & 7) === JMP32);",
    test: ["passes/verify/insns/branch_rules_test.ts", "a compare with a constant bounds the number"],
  },
  {
    name: "a test of packet pointers concerns pointers with the same variable part",
    file: BRANCH_REFINE,
    from: "W[r + TYPE] === type && W[r + ID] === id && W[r + AUX1] < range",
    to: "W[r + TYPE] === type && W[r + AUX1] < range",
    test: [
      "passes/verify/memory/packet_rules_test.ts",
      "a question about one variable offset says nothing of another",
    ],
  },
  {
    name: "a pointer not beyond the packet's end may be at it",
    file: BRANCH_REFINE,
    from: "const range = open ? off + 1 : off,",
    to: "const range = off + 1,",
    test: ["passes/verify/memory/packet_rules_test.ts", "one byte more cannot"],
  },
  {
    name: "packet offsets that could wrap say nothing",
    file: BRANCH_REFINE,
    from: "  if (W[pointer + UMAX + 1] !== 0 || (W[pointer + UMAX] >>> 0) + off > MAX_PACKET_OFF) return;\n",
    to: "",
    test: ["passes/verify/memory/packet_rules_test.ts", "offsets so large that they could wrap say nothing"],
  },
  {
    name: "a null test concerns pointers of one origin",
    file: BRANCH_REFINE,
    from: "if ((type & PTR_MAYBE_NULL) === 0 || W[r + ID] !== id) continue;",
    to: "if ((type & PTR_MAYBE_NULL) === 0) continue;",
    test: ["passes/verify/insns/branch_rules_test.ts", "two lookups are not null together"],
  },
  // What numbers can be.
  {
    name: "an unsigned sum that overflows can be anything",
    file: NUMBERS,
    from: "if (!ult64(ml, mh, ul, uh) && ult64(tl, th, vl, vh)) {",
    to: "if (false) {",
    test: ["passes/verify/insns/arithmetic_rules_test.ts", "an unsigned sum may overflow"],
  },
  {
    name: "an unsigned difference below zero can be anything",
    file: NUMBERS,
    from: "if (ult64(ul, uh, pl, ph) && !ult64(vl, vh, ql, qh)) {",
    to: "if (false) {",
    test: ["passes/verify/insns/arithmetic_rules_test.ts", "the negative of a positive number is negative"],
  },
  {
    name: "a comparison that holds narrows by what it says",
    file: "passes/verify/numbers/refine.ts",
    from: "const strict = op === JLT || op === JSLT ? 1 : 0;",
    to: "const strict = 1;",
    test: [
      "passes/verify/numbers/exhaustive_test.ts",
      "what a comparison of short ranges says holds for all it holds for",
    ],
  },
  {
    name: "what cannot be equal moves a bound only if it is it",
    file: "passes/verify/numbers/refine.ts",
    from: "    if (W[at] !== lo || W[at + 1] !== hi) continue;\n",
    to: "    if (W[at] !== lo) continue;\n",
    test: [
      "passes/verify/numbers/exhaustive_test.ts",
      "what a comparison of short ranges says holds for all it holds for",
    ],
  },
  {
    name: "only a single bit is known to be set",
    file: "passes/verify/numbers/refine.ts",
    from: "  if (!single) return;\n",
    to: "",
    test: [
      "passes/verify/numbers/exhaustive_test.ts",
      "what a comparison of short ranges says holds for all it holds for",
    ],
  },
  {
    name: "a 32-bit sum that overflows can be anything",
    file: NUMBERS,
    from: "const torn = umin <= 0xffffffff && umax > 0xffffffff;",
    to: "const torn = false;",
    test: ["passes/verify/insns/arithmetic_rules_test.ts", "a half register wraps"],
  },
  // What may be accessed.
  {
    name: "an offset must not be negative",
    file: REGION,
    from: "  if (smin < 0 && (smin + off < 0 || smin + off !== ((smin + off) | 0))) {",
    to: "  if (false) {",
    test: ["passes/verify/insns/arithmetic_rules_test.ts", "an arithmetic shift right keeps the sign"],
  },
  {
    name: "the least offset lies within the memory",
    file: REGION,
    from: "let err = checkFixed(env, regno, (W[o + SMIN] + off) | 0, size, memSize, zeroAllowed);",
    to: "let err = 0;",
    test: ["passes/verify/objects/reference_rules_test.ts", "a reservation ends"],
  },
  {
    name: "the greatest offset lies within the memory",
    file: REGION,
    from: "err = checkFixed(env, regno, (W[o + UMAX] + off) | 0, size, memSize, zeroAllowed);",
    to: "err = 0;",
    test: ["passes/verify/insns/arithmetic_rules_test.ts", "a sum can leave the value"],
  },
  {
    name: "packet data is accessed only as far as it was tested",
    file: REGION,
    from: "const err = range < 0 ? -EINVAL : checkFixed(env, regno, off, size, range, zeroAllowed);",
    to: "const err = range < 0 ? -EINVAL : 0;",
    test: [
      "passes/verify/rules_test.ts",
      "a packet pointer beyond the end does not stand for one within the packet",
    ],
  },
  {
    name: "beyond the packet's end nothing is accessed",
    file: REGION,
    from: "const err = range < 0 ? -EINVAL : checkFixed(env, regno, off, size, range, zeroAllowed);",
    to: "const err = checkFixed(env, regno, off, size, range < 0 ? 4096 : range, zeroAllowed);",
    test: ["passes/verify/memory/packet_rules_test.ts", "beyond the end is no packet"],
  },
  {
    name: "a pointer that may be null is not followed",
    file: MEMORY,
    from: "  switch (type) {\n    case PTR_TO_STACK:",
    to: "  switch (type & ~PTR_MAYBE_NULL) {\n    case PTR_TO_STACK:",
    test: ["passes/verify/objects/reference_rules_test.ts", "a packet's socket may be missing"],
  },
  {
    name: "packets are written only where that is allowed",
    file: MEMORY,
    from:
      'if (write && !env.rules.packetWrite) return env.fail(EACCES, "read-only", "cannot write into packet");',
    to: "",
    test: ["passes/verify/memory/packet_rules_test.ts", "cgroup filters do not write their packet"],
  },
  {
    name: "a narrow load gives a narrow number",
    file: MEMORY,
    from: "else truncate(v, size);",
    to: "",
    test: ["passes/verify/rules_test.ts", "a narrow spill of a wide number keeps nothing of its upper half"],
  },
  {
    name: "the stack ends where it ends",
    file: STACK,
    from: "const errno = min < -MAX_STACK || min > -1 ? EACCES : max > 0 ? EINVAL : size < 0 ? EFAULT : 0;",
    to: "const errno = min < -MAX_STACK || min > -1 ? EACCES : size < 0 ? EFAULT : 0;",
    test: ["passes/verify/rules_test.ts", "an access at a variable offset must stay within the stack"],
  },
  {
    name: "a register overwritten in part is none",
    file: STACK,
    from: "    if (isSpecial(W[at])) W[at] = scrubbed(W[at]);\n    const keepsZero",
    to: "    const keepsZero",
    test: [
      "passes/verify/rules_test.ts",
      "what is left of a number overwritten in part at a variable offset is data",
    ],
  },
  {
    name: "a write at a variable offset voids what was spilled there",
    file: STACK,
    from: "    W[spill + TYPE] = NOT_INIT;\n    W[spill + VID] = 0;\n    // What is left",
    to: "    if (type === STACK_SPILL) continue;\n    // What is left",
    test: ["passes/verify/rules_test.ts", "a write at a variable offset voids the pointers it may hit"],
  },
  // What is left after calls and at the end.
  {
    name: "calls that may move the packet void its pointers",
    file: HELPERS,
    from: "if (changesPacket) clearPacketPointers(env);",
    to: "",
    test: ["passes/verify/objects/dynptr_rules_test.ts", "slices end with the packet's move"],
  },
  {
    name: "what a program returns is within its type's range",
    file: EXITS,
    from: "if (fits) return 0;",
    to: "return 0;",
    test: ["passes/verify/context/program_type_rules_test.ts", "a netfilter hook returns a verdict"],
  },
  {
    name: "what a callback returns is 0 or 1",
    file: EXITS,
    from:
      'if (!withinRange(r0, range)) return failRange(env, r0, { ...range, context: "At callback return" });',
    to: "",
    test: ["passes/verify/rules_test.ts", "a callback must return 0 or 1"],
  },
  {
    name: "references are released before the end",
    file: EXITS,
    from: "if (env.refs[at] !== REF_TYPE_PTR || (returned !== 0 && env.refs[at + 1] === returned)) continue;",
    to: "continue;",
    test: ["passes/verify/objects/reference_rules_test.ts", "a reservation must be submitted"],
  },
  ...STATE_RULES,
  ...CALL_RULES,
  ...OBJECT_RULES,
  ...REGION_RULES,
  ...SHORTCUT_RULES,
  ...REFUSAL_RULES,
  ...GUARD_RULES,
];
