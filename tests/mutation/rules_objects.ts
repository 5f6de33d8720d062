/**
 * Soundness rules of what programs keep, make and leave: callbacks that run later, exceptions, iterators, objects of each CPU, formats.
 *
 * @module
 */
import type { SoundnessRule } from "./rules.ts";

const ASYNC = "passes/verify/calls/async.ts",
  EXCEPTIONS = "passes/verify/calls/exceptions.ts",
  EXITS = "passes/verify/exits.ts",
  HELPERS = "passes/verify/calls/helper_call.ts",
  ITERATOR = "passes/verify/objects/iterator.ts",
  ASYNC_TEST = "passes/verify/calls/async_rules_test.ts",
  EXCEPTION_TEST = "passes/verify/calls/exception_rules_test.ts",
  ITERATOR_TEST = "passes/verify/objects/iterator_rules_test.ts";

/** See the module's header. */
export const OBJECT_RULES: readonly SoundnessRule[] = [
  {
    name: "a timer is used where its map's type has it",
    file: ASYNC,
    from: "if (off === field.offset) return 0;",
    to: "return 0;",
    test: [ASYNC_TEST, "a timer is where its map's type says"],
  },
  {
    name: "a timer is used at an offset that is known",
    file: ASYNC,
    from: "if (!isConst(o)) {",
    to: "if (false) {",
    test: [ASYNC_TEST, "where a timer is must be known"],
  },
  {
    name: "a timer is made for its own map",
    file: HELPERS,
    from: "if (meta.map >= 0 && (meta.map !== map || meta.mapUid !== uid)) {",
    to: "if (meta.map >= 0 && meta.mapUid !== uid) {",
    test: [ASYNC_TEST, "a timer is made for its own map"],
  },
  {
    name: "inner maps that two lookups gave are two maps",
    file: HELPERS,
    from: "if (meta.map >= 0 && (meta.map !== map || meta.mapUid !== uid)) {",
    to: "if (meta.map >= 0 && meta.map !== map) {",
    test: [ASYNC_TEST, "a timer in an inner map is not made for what another lookup gave"],
  },
  {
    name: "work is scheduled for its own map",
    file: "passes/verify/kfuncs/kfunc_args.ts",
    from: "if (meta.map >= 0 && (meta.map !== map || meta.mapUid !== uid)) {",
    to: "if (false) {",
    test: [ASYNC_TEST, "task work is for its own map"],
  },
  {
    name: "a timer's callback does not sleep, wherever it was set",
    file: ASYNC,
    from: "env.sleepable = call.sleepable;",
    to: "env.sleepable ||= call.sleepable;",
    test: [ASYNC_TEST, "a timer's callback does not sleep where the program may"],
  },
  {
    name: "a callback that runs later is walked through",
    file: ASYNC,
    from: "const pushed = env.pending.push(env.cols.subprogStart[subprog], slot, -1, EFAULT);",
    to: "const pushed = 0;",
    test: [ASYNC_TEST, "a timer's callback does not change its key"],
  },
  {
    name: "a callback that runs later has no registers of its caller's",
    file: ASYNC,
    from: "initFrame(env, { n: 0, callsite: -1, subprog });",
    to: "W[env.frame + F_FLAGS] = 0;",
    test: [ASYNC_TEST, "a callback that runs later finds nothing of its caller's"],
  },
  {
    name: "what is thrown and not caught is what the program may return",
    file: EXCEPTIONS,
    from: "(exceptionCallback(env) > 0 ? 0 : checkReturnCode(env, 1))",
    to: "0",
    test: [EXCEPTION_TEST, "what is thrown is what the program returns"],
  },
  {
    name: "what catches an exception returns what the program may return",
    file: EXITS,
    from: "} else if (W[frame + F_SUBPROG] !== 0 && (flags & IN_EXCEPTION_CALLBACK) === 0) {",
    to: "} else if (W[frame + F_SUBPROG] !== 0) {",
    test: [EXCEPTION_TEST, "what that function returns is what the program may return"],
  },
  {
    name: "what catches exceptions is verified though nobody calls it",
    file: EXCEPTIONS,
    from: "SUB_CALLBACK | SUB_ASYNC_CALLBACK | SUB_EXCEPTION_CALLBACK | SUB_CALLED;",
    to: "SUB_CALLBACK | SUB_ASYNC_CALLBACK | SUB_EXCEPTION_CALLBACK;",
    test: [EXCEPTION_TEST, "that function is looked at though nothing throws"],
  },
  {
    name: "an iterator is used in the read section it was made in",
    file: ITERATOR,
    from: "if ((W[spillAt(frame, spi - i) + TYPE] & PTR_UNTRUSTED) !== 0) return true;",
    to: "",
    test: [ITERATOR_TEST, "an iterator over tasks is used no more when its section has ended"],
  },
  {
    name: "an iterator whose read section has ended does not stand for one whose has not",
    file: "passes/verify/states/compare.ts",
    from: "W[old.value + TYPE] === W[now.value + TYPE] &&",
    to: "",
    test: [
      ITERATOR_TEST,
      "an iterator whose section has ended on one way only is worth nothing where ways meet",
    ],
  },
  {
    name: "objects are kept as those of each CPU only if they are",
    file: "passes/verify/objects/kptr.ts",
    from: "perCpu === 0 && (type",
    to: "(type",
    test: ["passes/verify/objects/object_rules_test.ts", "an object of no CPU is not kept as one of each"],
  },
  {
    name: "what a map keeps may be gone when it is shared",
    file: "passes/verify/objects/objects.ts",
    from: "owned: W[o + REF_ID] !== 0",
    to: "owned: true",
    test: [
      "passes/verify/objects/object_rules_test.ts",
      "an object that a map keeps may be gone when it is to be shared",
    ],
  },
  {
    name: "a format takes no more arguments than there are",
    file: "passes/verify/calls/format.ts",
    from: "if (taken >= given) return -1;",
    to: "",
    test: ["passes/verify/calls/format_test.ts", "no more arguments are printed than are given"],
  },
];
