/**
 * Soundness rules of comparing states, of loops and of linked numbers.
 *
 * Some comparisons in `compare.ts` are none: others see to the same, so that nothing is let through without one of them. How many
 * references there are, and which lock and which interrupts are the innermost, follows from the list of references, which is compared;
 * an id that stands for two says more and not less; calls that lead to a state are part of the bucket it is looked for in; the rounds of
 * callbacks and whether the path sleeps differ only where calls do; a drained iterator is told from one that goes on with its slot.
 * Likewise a dynptr that is overwritten by another one has been ended by the writes that make it.
 *
 * @module
 */
import type { SoundnessRule } from "./rules.ts";

/** See the module's header. */
export const STATE_RULES: readonly SoundnessRule[] = [
  {
    name: "a state in a loop under way covers only numbers within its own",
    file: "passes/verify/states/explored.ts",
    from: "statesEqual(env, s, loop ? RANGE_WITHIN : NOT_EXACT)",
    to: "statesEqual(env, s, NOT_EXACT)",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a state in a loop under way covers only numbers within its own",
    ],
  },
  {
    name: "numbers cover only those the same distance from another",
    file: "passes/verify/states/compare.ts",
    from: "      if ((a & ADD_CONST) !== 0 && W[old + OFF] !== W[now + OFF]) return false;\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a number 4 from another does not stand for one 32 from it",
    ],
  },
  {
    name: "numbers a distance from another cover only those a distance in as many bits",
    file: "passes/verify/states/compare.ts",
    from: "      if (a !== 0 && ((a ^ b) & ADD_CONST) !== 0) return false;\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a number 4 from another in 64 bits does not stand for one in 32 bits",
    ],
  },
  {
    name: "what numbers are distant from must correspond, too",
    file: "passes/verify/states/compare.ts",
    from: "return (old & ADD_CONST) === 0 || sameIds(old & ~ADD_CONST, other & ~ADD_CONST);",
    to: "return true;",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a number 4 from another does not stand for one 4 from a third",
    ],
  },
  {
    name: "a dynptr covers only those of its kind",
    file: "passes/verify/states/compare.ts",
    from:
      "return W[old.value + AUX1] === W[now.value + AUX1] &&\n          sameIds(W[old.value + REF_ID], W[now.value + REF_ID]);\n      case STACK_ITER:",
    to: "return sameIds(W[old.value + REF_ID], W[now.value + REF_ID]);\n      case STACK_ITER:",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a dynptr of a map does not stand for one of the packet",
    ],
  },
  {
    name: "a dynptr covers only those of its record",
    file: "passes/verify/states/compare.ts",
    from:
      "return W[old.value + AUX1] === W[now.value + AUX1] &&\n          sameIds(W[old.value + REF_ID], W[now.value + REF_ID]);\n      case STACK_ITER:",
    to: "return W[old.value + AUX1] === W[now.value + AUX1];\n      case STACK_ITER:",
    test: ["passes/verify/states/meeting_rules_test.ts", "a dynptr does not stand for one of another record"],
  },
  {
    name: "an iterator covers only those of its type",
    file: "passes/verify/states/compare.ts",
    from:
      "        return W[old.value + AUX1] === W[now.value + AUX1] && W[old.value + TYPE] === W[now.value + TYPE] &&\n",
    to: "        return W[old.value + TYPE] === W[now.value + TYPE] &&\n",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "an iterator over numbers does not stand for one over bits",
    ],
  },
  {
    name: "an iterator covers only those whose section goes on as its own does",
    file: "passes/verify/states/compare.ts",
    from: "W[old.value + AUX1] === W[now.value + AUX1] && W[old.value + TYPE] === W[now.value + TYPE] &&",
    to: "W[old.value + AUX1] === W[now.value + AUX1] &&",
    test: [
      "passes/verify/objects/iterator_rules_test.ts",
      "an iterator whose section has ended on one way only is worth nothing where ways meet",
    ],
  },
  {
    name: "an iterator covers only those that go on as it does",
    file: "passes/verify/states/compare.ts",
    from: "          ((W[old.value + AUX2] ^ W[now.value + AUX2]) & 0xff) === 0 &&\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "an iterator that came to its end does not stand for one that goes on",
    ],
  },
  {
    name: "an iterator covers only those with its reference",
    file: "passes/verify/states/compare.ts",
    from:
      "((W[old.value + AUX2] ^ W[now.value + AUX2]) & 0xff) === 0 &&\n          sameIds(W[old.value + REF_ID], W[now.value + REF_ID]);",
    to: "((W[old.value + AUX2] ^ W[now.value + AUX2]) & 0xff) === 0;",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "an iterator does not stand for another of its kind",
    ],
  },
  {
    name: "switched-off interrupts cover only those switched off in the same order",
    file: "passes/verify/states/compare.ts",
    from:
      "        return sameIds(W[old.value + REF_ID], W[now.value + REF_ID]) &&\n          W[old.value + AUX1] === W[now.value + AUX1];",
    to: "        return true;",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "interrupts are switched on again in the order of one way only",
    ],
  },
  {
    name: "paths without preemption cover only such",
    file: "passes/verify/states/compare.ts",
    from: "W[state + ST_PREEMPT] !== env.preemptLocks || ",
    to: "",
    test: ["passes/verify/states/meeting_rules_test.ts", "without preemption is not with it"],
  },
  {
    name: "paths in a read section cover only such",
    file: "passes/verify/states/compare.ts",
    from: " || W[state + ST_RCU] !== env.rcuLocks",
    to: "",
    test: ["passes/verify/states/meeting_rules_test.ts", "within a read section is not without it"],
  },
  {
    name: "stack that is known covers only stack that was used",
    file: "passes/verify/states/compare.ts",
    from: "      if (!allMisc(t)) return false;\n      continue;",
    to: "      continue;",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "zeros on the stack do not stand for stack that was never used",
    ],
  },
  {
    name: "pointers into a frame cover only those into the same one",
    file: "passes/verify/states/compare.ts",
    from: "return regsExact(old, now) && W[old + FRAMENO] === W[now + FRAMENO];",
    to: "return regsExact(old, now);",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a place of one's own frame does not stand for one of the caller's",
    ],
  },
  {
    name: "a packet pointer covers only those at its offset",
    file: "passes/verify/states/compare.ts",
    from: "return rangeReaches(W[old + AUX1], W[now + AUX1]) && W[old + OFF] === W[now + OFF] &&",
    to: "return rangeReaches(W[old + AUX1], W[now + AUX1]) &&",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a packet pointer does not stand for one further on",
    ],
  },
  {
    name: "packet pointers that are apart by one number cover only such",
    file: "passes/verify/states/compare.ts",
    from: "        sameIds(W[old + ID], W[now + ID]) && rangeWithin(old, now) && tnumWithin(old, now);",
    to: "        rangeWithin(old, now) && tnumWithin(old, now);",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "packet pointers that are apart by the same number do not stand for others",
    ],
  },
  {
    name: "a packet pointer covers only those moved as far",
    file: "passes/verify/states/compare.ts",
    from: "sameIds(W[old + ID], W[now + ID]) && rangeWithin(old, now) && tnumWithin(old, now);",
    to: "sameIds(W[old + ID], W[now + ID]);",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a packet pointer moved a little does not stand for one moved far",
    ],
  },
  {
    name: "a map value covers only those of its map",
    file: "passes/verify/states/compare.ts",
    from: "W[a + AUX1] === W[b + AUX1] &&\n    W[a + AUX2] === W[b + AUX2];",
    to: "true;",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a value of one map does not stand for one of another",
    ],
  },
  {
    name: "a pointer covers only those at its offset",
    file: "passes/verify/states/compare.ts",
    from: "return W[a + TYPE] === W[b + TYPE] && W[a + OFF] === W[b + OFF] &&",
    to: "return W[a + TYPE] === W[b + TYPE] &&",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a place in a map's value does not stand for one further on",
    ],
  },
  {
    name: "pointers that are null or not together cover only such, of other kinds, too",
    file: "passes/verify/states/compare.ts",
    from: "  return sameWords(old, now, ID) && sameIds(W[old + ID], W[now + ID]) &&",
    to: "  return sameWords(old, now, ID) &&",
    test: ["passes/verify/states/meeting_rules_test.ts", "two sockets are not missing together"],
  },
  {
    name: "what is read in a loop is not forgotten before the loop is known",
    file: "passes/verify/states/explored.ts",
    from: "else if (!this.#loops.isIncomplete(s)) this.#clean(s);",
    to: "else this.#clean(s);",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "stack that is read in a loop is not forgotten before the loop is known",
    ],
  },
  {
    name: "a loop over an iterator comes round only with numbers within its own",
    file: "passes/verify/states/explored.ts",
    from: "if ((flags & AUX_ITER_NEXT) !== 0) return statesEqual(env, state, RANGE_WITHIN)",
    to: "if ((flags & AUX_ITER_NEXT) !== 0) return statesEqual(env, state, NOT_EXACT)",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a loop over an iterator comes round only with numbers within its own",
    ],
  },
  {
    name: "a may_goto loop comes round only with numbers within its own",
    file: "passes/verify/states/explored.ts",
    from:
      "if (W[state + ST_MAY_GOTO] !== env.mayGotoDepth && statesEqual(env, state, RANGE_WITHIN)) return 1;",
    to: "if (W[state + ST_MAY_GOTO] !== env.mayGotoDepth && statesEqual(env, state, NOT_EXACT)) return 1;",
    test: ["passes/verify/rules_test.ts", "marks that come late in a loop reach the states matched before"],
  },
  {
    name: "a callback comes round only with numbers within its own",
    file: "passes/verify/states/explored.ts",
    from: "if ((flags & AUX_CALLS_CALLBACK) !== 0) return statesEqual(env, state, RANGE_WITHIN) ? 1 : 0;",
    to: "if ((flags & AUX_CALLS_CALLBACK) !== 0) return statesEqual(env, state, NOT_EXACT) ? 1 : 0;",
    test: ["passes/verify/rules_test.ts", "a callback comes round only with numbers within its own"],
  },
  {
    name: "a loop around what ends by itself is none of its rounds",
    file: "passes/verify/states/explored.ts",
    from: "    if (ends) {\n",
    to: "    {\n",
    test: [
      "passes/verify/objects/iterator_rules_test.ts",
      "a loop around an iterator's that goes on for ever is refused",
    ],
  },
  {
    name: "an iterator that begins again has not gone on",
    file: "passes/verify/objects/iterator.ts",
    from: "W[spillAt(frame, i) + AUX2] >>> 8 > then >>> 8",
    to: "W[spillAt(frame, i) + AUX2] >>> 8 !== then >>> 8",
    test: [
      "passes/verify/objects/iterator_rules_test.ts",
      "a loop that an iterator's rounds keep going is refused",
    ],
  },
  {
    name: "rounds that are over end no loop around them",
    file: "passes/verify/states/explored.ts",
    from:
      "if (W[frame + F_CB_DEPTH] > W[was + SFR_CB_DEPTH] || W[frame + F_MAY_GOTO] > W[was + SFR_MAY_GOTO]) {",
    to: "{",
    test: ["passes/verify/rules_test.ts", "a loop that a callback's rounds keep going is refused"],
  },
  {
    name: "what a path depends on that closes a loop is depended on in the loop",
    file: "passes/verify/states/explored.ts",
    from: "      this.#loops.addBackedge(state, saveState(env, how.insn));\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a state in a loop under way covers only numbers within its own",
    ],
  },
  {
    name: "where a covered path came from is known",
    file: "passes/verify/states/explored.ts",
    from: "if ((env.aux[env.insnIdx] & AUX_JUMP_POINT) !== 0) pushHistory(env, 0, 0, 0);\n    const failed",
    to: "const failed",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "marks made late in a loop are made in its middle too",
    ],
  },
  {
    name: "marks are carried over the back edges of a loop",
    file: "passes/verify/states/loops.ts",
    from: "const result = precision.propagate(this.#env, W[state + ST_EQUAL], state);",
    to: "const result: number = 0;",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "marks made late in a loop are made in its middle too",
    ],
  },
  {
    name: "distances in different numbers of bits are not added up",
    file: "passes/verify/numbers/linked.ts",
    from: "    if (((id ^ knownId) & ADD_CONST) === ADD_CONST) continue;\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "what is 4 from a number in 64 bits says nothing of what is 4 from it in 32 bits",
    ],
  },
  {
    name: "numbers a distance apart in 32 bits are not negative together",
    file: "passes/verify/numbers/linked.ts",
    from: "    if (((id | knownId) & ADD_CONST32) !== 0) zext32(o);\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "what is 4 from a number in 32 bits begins again with zero",
    ],
  },
  {
    name: "the seventh of equal numbers is none of them",
    file: "passes/verify/numbers/linked.ts",
    from: "    W[o + ID] = 0;\n    W[o + VID] = 0;\n  }\n}",
    to: "  }\n}",
    test: ["passes/verify/states/meeting_rules_test.ts", "the seventh of equal numbers is none of them"],
  },
  {
    name: "only members of a group learn what is known of it",
    file: "passes/verify/numbers/linked.ts",
    from: "if (baseId(id) !== baseId(knownId)) continue;",
    to: "",
    test: ["passes/verify/rules_test.ts", "numbers that were equal must be equal where paths meet"],
  },
  {
    name: "numbers that a verdict depended on are not widened",
    file: "passes/verify/numbers/widen.ts",
    from: "W[now + TYPE] !== SCALAR_VALUE || precise) return;",
    to: "W[now + TYPE] !== SCALAR_VALUE) return;",
    test: ["passes/verify/objects/iterator_rules_test.ts", "what a loop counts is not bounded"],
  },
  {
    name: "which lock is held is compared",
    file: "passes/verify/states/compare.ts",
    from:
      "  if (!sameIds(W[state + ST_LOCK_ID], env.lockId) || W[state + ST_LOCK_PTR] !== env.lockPtr) return false;\n  const refs = state + W[state + ST_REFS];\n  for (let i = 0; i < env.refCount * 4; i += 4) {\n    if (W[refs + i] !== env.refs[i] || W[refs + i + 3] !== env.refs[i + 3]) return false;\n    if (!sameIds(W[refs + i + 1], env.refs[i + 1])) return false;\n  }\n",
    to: "",
    test: [
      "passes/verify/states/meeting_rules_test.ts",
      "a lock does not stand for the lock of another value",
    ],
  },
];
