/**
 * Refusals, each by the test whose program is let through without it. Names are those of the tests.
 *
 * @module
 */
import type { SoundnessRule } from "./rules.ts";

/** See the module's header. */
export const REFUSAL_RULES: readonly SoundnessRule[] = [
  {
    name: "no shift by the width of the register",
    file: "passes/verify/alu.ts",
    from:
      '    if ((op === MOD || op === DIV) && imm === 0) return env.fail(EINVAL, "division-by-zero", "div by zero");\n    if ((op === LSH || op === RSH || op === ARSH) && (imm < 0 || imm >= (wide ? 64 : 32))) {\n      return env.fail(EINVAL, "invalid-shift", `invalid shift ${imm}`);\n    }\n',
    to: "",
    test: ["passes/verify/arithmetic_rules_test.ts", "no shift by the width of the register"],
  },
  {
    name: "a variable offset may leave the value below",
    file: "passes/verify/alu_pointer.ts",
    from:
      '  if (smin >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF) {\n    const text = signed64(W[o + SMIN], W[o + SMIN + 1]);\n    return env.fail(\n      EINVAL,\n      "pointer-offset",\n      `value ${text} makes ${typeName(type)} pointer be out of bounds`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/map_rules_test.ts", "a variable offset may leave the value below"],
  },
  {
    name: "the lower half of a pointer knows no arithmetic",
    file: "passes/verify/alu_pointer.ts",
    from:
      '  if ((code & 7) !== ALU64) {\n    if (op === SUB) {\n      markUnknown(d);\n      return 0;\n    }\n    return env.fail(EACCES, "pointer-arithmetic", `R${dst} 32-bit pointer arithmetic prohibited`);\n  }\n',
    to: "",
    test: ["passes/verify/arithmetic_rules_test.ts", "the lower half of a pointer knows no arithmetic"],
  },
  {
    name: "a pointer that may be null cannot be moved",
    file: "passes/verify/alu_pointer.ts",
    from:
      '  if ((type & PTR_MAYBE_NULL) !== 0) {\n    return env.fail(\n      EACCES,\n      "nullable",\n      `R${dst} pointer arithmetic on ${typeName(type)} prohibited, null-check it first`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/arithmetic_rules_test.ts", "a pointer that may be null cannot be moved"],
  },
  {
    name: "a number minus a pointer is refused",
    file: "passes/verify/alu_pointer.ts",
    from:
      '    if (d !== ptr) {\n      return env.fail(EACCES, "pointer-arithmetic", `R${dst} tried to subtract pointer from scalar`);\n    }\n',
    to: "",
    test: ["passes/verify/arithmetic_rules_test.ts", "a number minus a pointer is refused"],
  },
  {
    name: "the stack pointer cannot be lowered by a number in a register",
    file: "passes/verify/alu_pointer.ts",
    from:
      '    if (type === PTR_TO_STACK) {\n      return env.fail(EACCES, "pointer-arithmetic", `R${dst} subtraction from stack pointer prohibited`);\n    }\n',
    to: "",
    test: [
      "passes/verify/arithmetic_rules_test.ts",
      "the stack pointer cannot be lowered by a number in a register",
    ],
  },
  {
    name: "a map without types has no timer",
    file: "passes/verify/async.ts",
    from:
      "  if (map.valueTypeId === 0 || env.btf === undefined) {\n    return env.fail(EINVAL, \"map-helper\", `map '${name}' has to have BTF in order to use ${kind}`);\n  }\n",
    to: "",
    test: ["passes/verify/async_rules_test.ts", "a map without types has no timer"],
  },
  {
    name: "a writable tracepoint's buffer is not written before its start",
    file: "passes/verify/buffer.ts",
    from:
      '  if (off < 0) {\n    return env.fail(\n      EACCES,\n      "memory-bounds",\n      `R${regno} invalid ${kind} buffer access: off=${off}, size=${size}`,\n      { regno, off, size },\n    );\n  }\n',
    to: "",
    test: [
      "passes/verify/program_type_rules_test.ts",
      "a writable tracepoint's buffer is not written before its start",
    ],
  },
  {
    name: "helpers take no address in an arena as memory",
    file: "passes/verify/call_args.ts",
    from:
      '  if (arg.rdonly) type &= ~MEM_RDONLY;\n  if (arg.maybeNull) type &= ~PTR_MAYBE_NULL;\n  if (arg.base === "ARG_PTR_TO_MEM") type &= ~DYNPTR_FLAGS;\n  // What bpf_kptr_xchg takes may be the program\'s own.\n  if (arg.base === "ARG_PTR_TO_BTF_ID" && arg.release) type &= ~(MEM_ALLOC | MEM_PERCPU);\n  const compatible = COMPATIBLE[arg.base];\n  if (!compatible.includes(type)) {\n    const expected = compatible.map(typeName).join(", ");\n    return env.fail(\n      EACCES,\n      (actual & PTR_MAYBE_NULL) !== 0 ? "nullable" : "argument-type",\n      `R${regno} type=${typeName(actual)} expected=${expected}`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/arena_rules_test.ts", "helpers take no address in an arena as memory"],
  },
  {
    name: "a reservation is submitted from its start",
    file: "passes/verify/call_args.ts",
    from:
      '  if (arg.release) {\n    if (arg.dynptr && type === PTR_TO_STACK) return 0;\n    if (W[o + OFF] !== 0) {\n      const to = "release func or trusted arg to kfunc";\n      return env.fail(EINVAL, "moved-pointer", `R${regno} must have zero offset when passed to ${to}`);\n    }\n    return checkUnmoved(env, regno, false);\n  }\n',
    to: "",
    test: ["passes/verify/reference_rules_test.ts", "a reservation is submitted from its start"],
  },
  {
    name: "a size that may be negative is refused",
    file: "passes/verify/call_memory.ts",
    from:
      "  if (W[o + SMIN + 1] < 0) {\n    return env.fail(\n      EACCES,\n      \"size-argument\",\n      `R${regno} min value is negative, either use unsigned or 'var &= const'`,\n      { regno },\n    );\n  }\n",
    to: "",
    test: ["passes/verify/helper_rules_test.ts", "a size that may be negative is refused"],
  },
  {
    name: "a size that may be zero is refused where there must be something",
    file: "passes/verify/call_memory.ts",
    from:
      '  if ((W[o + UMIN] | W[o + UMIN + 1]) === 0 && !use.zeroAllowed) {\n    const range = `u64=[0,${signed64(W[o + UMAX], W[o + UMAX + 1])}]`;\n    return env.fail(EACCES, "size-argument", `R${regno} invalid zero-sized read: ${range}`, {\n      regno,\n      min: 1,\n    });\n  }\n',
    to: "",
    test: [
      "passes/verify/helper_rules_test.ts",
      "a size that may be zero is refused where there must be something",
    ],
  },
  {
    name: "text to print stands in a map nobody writes",
    file: "passes/verify/const_string.ts",
    from:
      '  if ((map.flags & RDONLY_PROG) === 0 || !map.frozen) {\n    return env.fail(EACCES, "constant-string", `R${regno} does not point to a readonly map\'`);\n  }\n',
    to: "",
    test: ["passes/verify/helper_rules_test.ts", "text to print stands in a map nobody writes"],
  },
  {
    name: "a hook hides the address of the other family",
    file: "passes/verify/ctx.ts",
    from:
      '  if (unmoved !== 0) return unmoved;\n  if (env.rules.unsupported !== undefined) return env.unsupported(env.rules.unsupported);\n  if (env.rules.typedContext) return checkTypedContext(env, value, access);\n  const field = fieldAt(env.rules, access.off);\n  if (field === undefined || !isValid(field, env.attachType, access)) {\n    return env.fail(\n      EACCES,\n      "context-access",\n      `invalid bpf_context access off=${access.off} size=${access.size}`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/program_type_rules_test.ts", "a hook hides the address of the other family"],
  },
  {
    name: "a dynptr of a reservation cannot be overwritten",
    file: "passes/verify/dynptr.ts",
    from:
      '  if ((W[slotTypesAt(frame, spi)] & 15) !== STACK_DYNPTR) return 0;\n  if ((W[spillAt(frame, spi) + AUX1] & DYNPTR_FIRST_SLOT) === 0) spi++;\n  const o = spillAt(frame, spi);\n  if (dynptrType(W[o + AUX1]) === DYNPTR_RINGBUF) {\n    return env.fail(EINVAL, "dynptr-state", "cannot overwrite referenced dynptr");\n  }\n',
    to: "",
    test: ["passes/verify/dynptr_rules_test.ts", "a dynptr of a reservation cannot be overwritten"],
  },
  {
    name: "a dynptr stands on the stack",
    file: "passes/verify/dynptr.ts",
    from:
      '  if (type !== PTR_TO_STACK && type !== CONST_PTR_TO_DYNPTR) {\n    return env.fail(\n      EINVAL,\n      "dynptr-state",\n      `arg#${regno - 1} expected pointer to stack or const struct bpf_dynptr`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/dynptr_rules_test.ts", "a dynptr stands on the stack"],
  },
  {
    name: "a slice needs a dynptr",
    file: "passes/verify/dynptr.ts",
    from:
      '  if (kind < 0) {\n    return env.fail(EINVAL, "dynptr-state", `Expected an initialized dynptr as arg #${regno - 1}`);\n  }\n',
    to: "",
    test: ["passes/verify/dynptr_rules_test.ts", "a slice needs a dynptr"],
  },
  {
    name: "a dynptr stands at an aligned place",
    file: "passes/verify/dynptr.ts",
    from:
      '  if (there < 0 && there !== -ERANGE) {\n    return env.fail(EINVAL, "dynptr-state", "Dynptr has to be an uninitialized dynptr");\n  }\n',
    to: "",
    test: ["passes/verify/dynptr_rules_test.ts", "a dynptr stands at an aligned place"],
  },
  {
    name: "that function takes one number",
    file: "passes/verify/entry.ts",
    from:
      '    if (args.length !== 1 || args[0].kind !== "scalar") {\n      return env.fail(EINVAL, "exception", "exception cb only supports single integer argument");\n    }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "that function takes one number"],
  },
  {
    name: "that function exists",
    file: "passes/verify/exceptions.ts",
    from: '  if (id === 0) return env.fail(ENOENT, "exception", `${what} could not be found in BTF`);\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "that function exists"],
  },
  {
    name: "there is one such function",
    file: "passes/verify/exceptions.ts",
    from:
      '  if (btf === undefined || main === 0) return 0;\n  const tags = btf.tags(main).filter((tag) => tag.startsWith(TAG));\n  if (tags.length === 0) return 0;\n  if (tags.length > 1) {\n    return env.fail(EEXIST, "exception", "multiple exception callback tags for main subprog");\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "there is one such function"],
  },
  {
    name: "that function is global",
    file: "passes/verify/exceptions.ts",
    from:
      '  if (func.kind !== "func" || func.linkage !== "global") {\n    return env.fail(EINVAL, "exception", `${what} must have global linkage`);\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "that function is global"],
  },
  {
    name: "that function is part of the program",
    file: "passes/verify/exceptions.ts",
    from:
      '  if (subprog < 0) {\n    return env.fail(EINVAL, "exception", "exception callback type id not found in func_info");\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "that function is part of the program"],
  },
  {
    name: "that function is not the program itself",
    file: "passes/verify/exceptions.ts",
    from:
      '  if (subprog === 0) {\n    return env.fail(EINVAL, "exception", "invalid exception callback insn_off in func_info: 0");\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "that function is not the program itself"],
  },
  {
    name: "a reservation must be submitted, as a refusal",
    file: "passes/verify/exits.ts",
    from:
      '    if (lingering) return env.fail(EINVAL, "leaked-reference", `${prefix} would lead to reference leak`);\n',
    to: "",
    test: ["passes/verify/reference_rules_test.ts", "a reservation must be submitted"],
  },
  {
    name: "a callback must return 0 or 1, as a refusal",
    file: "passes/verify/exits.ts",
    from:
      '    if (!withinRange(r0, range)) return failRange(env, r0, { ...range, context: "At callback return" });\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "a callback must return 0 or 1"],
  },
  {
    name: "a lock must be given back",
    file: "passes/verify/exits.ts",
    from:
      '  if (locks && env.activeLocks !== 0) {\n    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_spin_lock-ed region`);\n  }\n',
    to: "",
    test: ["passes/verify/lock_rules_test.ts", "a lock must be given back"],
  },
  {
    name: "interrupts must be switched on again, as a refusal",
    file: "passes/verify/exits.ts",
    from:
      '  if (locks && env.irqId !== 0) {\n    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_local_irq_save-ed region`);\n  }\n',
    to: "",
    test: ["passes/verify/irq_rules_test.ts", "interrupts must be switched on again"],
  },
  {
    name: "RCU sections end",
    file: "passes/verify/exits.ts",
    from:
      '  if (locks && env.rcuLocks !== 0) {\n    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_rcu_read_lock-ed region`);\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "RCU sections end"],
  },
  {
    name: "nothing is thrown from sections without preemption",
    file: "passes/verify/exits.ts",
    from:
      '  if (locks && env.preemptLocks !== 0) {\n    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_preempt_disable-ed region`);\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "nothing is thrown from sections without preemption"],
  },
  {
    name: "a stack pointer cannot be returned to a caller",
    file: "passes/verify/exits.ts",
    from:
      '  if (W[r0 + TYPE] === PTR_TO_STACK) {\n    return env.fail(EINVAL, "stack-escape", "cannot return stack pointer to the caller");\n  }\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "a stack pointer cannot be returned to a caller"],
  },
  {
    name: "a list that a resilient lock guards is not looked at without it",
    file: "passes/verify/graph.ts",
    from:
      '  if (object && W[o + REF_ID] === 0) return mustBeReferenced(env);\n  if (!isConst(o)) return movedUnknown(env, regno, kind);\n  const off = W[o + OFF] + W[o + TVAL], fields = fieldsOf(env, o);\n  const found = fields.some((field) => field.kind === kind && field.offset === off);\n  if (!found) return notFound(env, kind, off);\n  if (!holdsLock(env, o)) {\n    if (env.activeLocks !== 0) {\n      env.verbose("held lock and object are not in the same allocation\\n");\n    }\n    // Locks of the other kind have another place in the kernel\'s record, which the message does not look at.\n    const lock = fields.find((field) => field.kind === "bpf_spin_lock")?.offset ?? -EINVAL;\n    return env.fail(EINVAL, "lock-not-held", `bpf_spin_lock at off=${lock} must be held for ${kind}`);\n  }\n',
    to: "",
    test: [
      "passes/verify/res_lock_rules_test.ts",
      "a list that a resilient lock guards is not looked at without it",
    ],
  },
  {
    name: "a constant must be one",
    file: "passes/verify/helper_call.ts",
    from:
      '      if (!isConst(o)) return env.fail(EACCES, "constant-argument", `R${regno} is not a known constant\'`);\n',
    to: "",
    test: ["passes/verify/helper_rules_test.ts", "a constant must be one"],
  },
  {
    name: "a program of a control group does not ask for arguments as probes do",
    file: "passes/verify/helper_call.ts",
    from:
      '  if (proto === null) {\n    const name = id === 0 ? "unspec" : env.profile.helper(id)?.name ?? "unknown";\n    return env.fail(EINVAL, "helper-not-allowed", `program of this type cannot use helper bpf_${name}#${id}`);\n  }\n',
    to: "",
    test: [
      "passes/verify/lsm_rules_test.ts",
      "a program of a control group does not ask for arguments as probes do",
    ],
  },
  {
    name: "free programs alone may call some helpers",
    file: "passes/verify/helper_call.ts",
    from:
      '  if (proto.gplOnly && !isGplCompatible(env.unit.license)) {\n    return env.fail(EINVAL, "license", "cannot call GPL-restricted function from non-GPL compatible program");\n  }\n',
    to: "",
    test: ["passes/verify/helper_rules_test.ts", "free programs alone may call some helpers"],
  },
  {
    name: "a path is not asked for at a tracepoint",
    file: "passes/verify/helper_call.ts",
    from:
      '  if (!allowedHere(env, id)) {\n    return env.fail(EINVAL, "helper-not-allowed", "helper call is not allowed in probe");\n  }\n',
    to: "",
    test: ["passes/verify/program_type_rules_test.ts", "a path is not asked for at a tracepoint"],
  },
  {
    name: "packet data is memory for few helpers",
    file: "passes/verify/helper_call.ts",
    from:
      '  if (arg.base === "ARG_DONTCARE") return 0;\n  const read = checkRead(env, regno);\n  if (read < 0) return read;\n  const type = W[o + TYPE];\n  if (arg.base === "ARG_ANYTHING" || type === KERNEL_VALUE) return 0;\n  if ((type === PTR_TO_PACKET || type === PTR_TO_PACKET_META) && !takesPacket(env, proto)) {\n    return env.fail(EACCES, "helper-packet", "helper access to the packet is not allowed");\n  }\n',
    to: "",
    test: ["passes/verify/program_type_rules_test.ts", "packet data is memory for few helpers"],
  },
  {
    name: "a dynptr of a packet is not submitted",
    file: "passes/verify/helper_call.ts",
    from:
      '  if (arg.base === "ARG_PTR_TO_DYNPTR") {\n    if (W[o + TYPE] !== PTR_TO_STACK) {\n      return env.fail(EINVAL, "unacquired-reference", "cannot release unowned const bpf_dynptr");\n    }\n    if (!holdsDynptrReference(env, o)) {\n      return env.fail(EINVAL, "unacquired-reference", `arg ${regno} is an unacquired reference`);\n    }\n  } else if (W[o + REF_ID] === 0 && !isNull(o)) {\n    return env.fail(\n      EINVAL,\n      "unacquired-reference",\n      `R${regno} must be referenced when passed to release function`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/dynptr_rules_test.ts", "a dynptr of a packet is not submitted"],
  },
  {
    name: "a flag of interrupts lies on the stack",
    file: "passes/verify/irq_flag.ts",
    from:
      '  if (err < 0) return err;\n  if (W[o + TYPE] !== PTR_TO_STACK) {\n    return env.fail(EINVAL, "lock-misuse", `arg#${i} doesn\'t point to an irq flag on stack`);\n  }\n',
    to: "",
    test: ["passes/verify/irq_rules_test.ts", "a flag of interrupts lies on the stack"],
  },
  {
    name: "a flag of interrupts is not filled twice, as a refusal",
    file: "passes/verify/irq_flag.ts",
    from:
      '  if (!isFree(env, o)) {\n    return env.fail(EINVAL, "lock-misuse", `expected uninitialized irq flag as arg#${regno - 1}`);\n  }\n',
    to: "",
    test: ["passes/verify/irq_rules_test.ts", "a flag of interrupts is not filled twice"],
  },
  {
    name: "interrupts that were not switched off cannot be switched on",
    file: "passes/verify/irq_flag.ts",
    from:
      '  if (spi < 0 || W[slotTypesAt(frame, spi)] !== FLAG_SLOT || W[spillAt(frame, spi) + REF_ID] === 0) {\n    return env.fail(EINVAL, "lock-misuse", `expected an initialized irq flag as arg#${regno - 1}`);\n  }\n',
    to: "",
    test: ["passes/verify/irq_rules_test.ts", "interrupts that were not switched off cannot be switched on"],
  },
  {
    name: "interrupts are switched on in the reverse order, as a refusal",
    file: "passes/verify/irq_flag.ts",
    from:
      '    if (id !== env.irqId) {\n      if (env.refs[at + 1] !== env.irqId) continue;\n      const expected = `expected id=${env.irqId} acquired at insn_idx=${env.refs[at + 2]}`;\n      return env.fail(EACCES, "lock-misuse", `cannot restore irq state out of order, ${expected}`);\n    }\n',
    to: "",
    test: ["passes/verify/irq_rules_test.ts", "interrupts are switched on in the reverse order"],
  },
  {
    name: "an iterator stands on the stack",
    file: "passes/verify/iterator.ts",
    from:
      '  if (W[o + TYPE] !== PTR_TO_STACK) {\n    return env.fail(EINVAL, "iterator-state", `arg#${regno - 1} expected pointer to an iterator on stack`);\n  }\n',
    to: "",
    test: ["passes/verify/iterator_rules_test.ts", "an iterator stands on the stack"],
  },
  {
    name: "an iterator is not made twice",
    file: "passes/verify/iterator.ts",
    from:
      '  if (proto.flags.has("iter_new")) {\n    if (!isFree(env, o, slots)) {\n      return env.fail(EINVAL, "iterator-state", `expected uninitialized iter_${name} as arg #${regno - 1}`);\n    }\n    const protectedByRcu = proto.flags.has("rcu_protected");\n    const trust = !protectedByRcu ? 0 : inRcuSection(env) ? MEM_RCU : PTR_UNTRUSTED;\n    return make(env, regno, { type, slots, trust });\n  }\n',
    to: "",
    test: ["passes/verify/iterator_rules_test.ts", "an iterator is not made twice"],
  },
  {
    name: "an iterator over tasks is used no more when its section has ended, as a refusal",
    file: "passes/verify/iterator.ts",
    from:
      '  if (spi >= 0 && isOutdated(W[o + FRAMENO], spi, slots)) {\n    return env.fail(EPROTO, "iterator-state", `expected an RCU CS when using ${proto.name}`);\n  }\n',
    to: "",
    test: [
      "passes/verify/iterator_rules_test.ts",
      "an iterator over tasks is used no more when its section has ended",
    ],
  },
  {
    name: "an access does not begin before the structure",
    file: "passes/verify/kernel_ptr.ts",
    from:
      '  if (off < 0) {\n    return env.fail(\n      EACCES,\n      "struct-bounds",\n      `R${regno} is ptr_${structName(btf, o)} invalid negative access: off=${off}`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/kernel_ptr_rules_test.ts", "an access does not begin before the structure"],
  },
  {
    name: "a callback's state is written within its bounds",
    file: "passes/verify/kernel_write.ts",
    from:
      '  if (writes.fields === undefined) {\n    if (off + size <= store.btf.sizeOf(store.typeId)) return 0;\n    return env.fail(EACCES, "read-only", `write access at off ${off} with size ${size}`);\n  }\n',
    to: "",
    test: ["passes/verify/program_type_rules_test.ts", "a callback's state is written within its bounds"],
  },
  {
    name: "kernel functions want numbers where numbers are wanted",
    file: "passes/verify/kfunc_args.ts",
    from:
      '  if (W[o + TYPE] !== SCALAR_VALUE) return env.fail(EINVAL, "argument-type", `R${regno} is not a scalar`);\n',
    to: "",
    test: ["passes/verify/kfunc_rules_test.ts", "kernel functions want numbers where numbers are wanted"],
  },
  {
    name: "null is no argument to trust",
    file: "passes/verify/kfunc_args.ts",
    from:
      '    if ((demands.trusted || demands.rcu) && maybeNull && !param.name.endsWith("__nullable")) {\n      return env.fail(EACCES, "nullable", `Possibly NULL pointer passed to trusted arg${i}`, { regno });\n    }\n',
    to: "",
    test: ["passes/verify/kernel_ptr_rules_test.ts", "null is no argument to trust"],
  },
  {
    name: "free programs alone call kernel functions",
    file: "passes/verify/kfunc_call.ts",
    from:
      '    if (code[slot] !== CALL || src[slot] !== PSEUDO_KFUNC_CALL) continue;\n    if (!isGplCompatible(env.unit.license)) {\n      return env.fail(EINVAL, "license", "cannot call kernel function from non-GPL compatible program");\n    }\n',
    to: "",
    test: ["passes/verify/kfunc_rules_test.ts", "free programs alone call kernel functions"],
  },
  {
    name: "metadata of a device needs a device",
    file: "passes/verify/kfunc_call.ts",
    from:
      '    if (kfuncProtoAt(env, slot)?.deviceBound && env.program.attrs.device === undefined) {\n      return env.fail(EINVAL, "kfunc-not-allowed", "metadata kfuncs require device-bound program");\n    }\n',
    to: "",
    test: ["passes/verify/kfunc_rules_test.ts", "metadata of a device needs a device"],
  },
  {
    name: "a kernel function of another type of program",
    file: "passes/verify/kfunc_call.ts",
    from:
      '  if (!proto.allowed) {\n    return env.fail(EACCES, "kfunc-not-allowed", `calling kernel function ${name} is not allowed`);\n  }\n',
    to: "",
    test: ["passes/verify/kfunc_rules_test.ts", "a kernel function of another type of program"],
  },
  {
    name: "pages are allocated where the program may sleep",
    file: "passes/verify/kfunc_call.ts",
    from:
      '  if (flags.has("sleepable") && !env.sleepable) {\n    return env.fail(EACCES, "sleeping-call", `program must be sleepable to call sleepable kfunc ${name}`);\n  }\n',
    to: "",
    test: ["passes/verify/arena_rules_test.ts", "pages are allocated where the program may sleep"],
  },
  {
    name: "RCU sections must have begun",
    file: "passes/verify/kfunc_call.ts",
    from:
      '  if (name === "bpf_rcu_read_lock") {\n    if (env.rcuLocks !== 0) {\n      return env.fail(EINVAL, "lock-misuse", `nested rcu read lock (kernel function ${name})`);\n    }\n    env.rcuLocks = 1;\n  } else if (name === "bpf_rcu_read_unlock") {\n    if (env.rcuLocks === 0) {\n      return env.fail(EINVAL, "lock-misuse", `unmatched rcu read unlock (kernel function ${name})`);\n    }\n    endRcuSection(env);\n    env.rcuLocks = 0;\n  } else if (env.rcuLocks !== 0 && sleepable) {\n    return env.fail(EACCES, "sleeping-call", `kernel func ${name} is sleepable within rcu_read_lock region`);\n  }\n',
    to: "",
    test: ["passes/verify/exception_rules_test.ts", "RCU sections must have begun"],
  },
  {
    name: "an iterator over tasks is made in a read section",
    file: "passes/verify/kfunc_call.ts",
    from:
      '  if (proto.flags.has("rcu_protected") && !inRcuSection(env)) {\n    return env.fail(EACCES, "lock-misuse", `kernel func ${name} requires RCU critical section protection`);\n  }\n',
    to: "",
    test: ["passes/verify/iterator_rules_test.ts", "an iterator over tasks is made in a read section"],
  },
  {
    name: "what a hook is passed when a process ends is not known to be valid, as a refusal",
    file: "passes/verify/kfunc_struct.ts",
    from:
      '  if ((demands.trusted || demands.rcu) && !isTrusted(o)) {\n    if (!demands.rcu) return env.fail(EINVAL, "untrusted-pointer", `R${regno} must be referenced or trusted`);\n    if ((type & MEM_RCU) === 0) {\n      return env.fail(EINVAL, "untrusted-pointer", `R${regno} must be a rcu pointer`);\n    }\n  }\n  const err = checkArgOffset(env, regno, { release: demands.release && W[o + REF_ID] !== 0 });\n  if (err < 0) return err;\n  const unsafe = (type & BASE_TYPE_MASK) !== PTR_TO_BTF_ID ||\n    (hasUnsafeModifiers(type) && (type & MEM_RCU) === 0);\n  if (unsafe && !STRUCT_OF.has(type & BASE_TYPE_MASK)) {\n    const expected = typeName(type & (BASE_TYPE_MASK | MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF));\n    return env.fail(EINVAL, "argument-type", `arg#${i} is ${typeName(type)} expected ${expected} or socket`);\n  }\n',
    to: "",
    test: [
      "passes/verify/lsm_rules_test.ts",
      "what a hook is passed when a process ends is not known to be valid",
    ],
  },
  {
    name: "a legacy packet load wants the packet in r6",
    file: "passes/verify/load_imm.ts",
    from:
      '  if (failed < 0) return failed;\n  if (W[env.regs + 6 * REG_WORDS + TYPE] !== PTR_TO_CTX) {\n    return env.fail(EINVAL, "legacy-load", "at the time of BPF_LD_ABS|IND R6 != pointer to skb");\n  }\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "a legacy packet load wants the packet in r6"],
  },
  {
    name: "hooks that are disabled take no program, as a refusal",
    file: "passes/verify/lsm_hook.ts",
    from:
      '  if (rules.disabled) return env.fail(EINVAL, "attach-target", `${points} disabled hook ${name}`);\n',
    to: "",
    test: ["passes/verify/lsm_rules_test.ts", "hooks that are disabled take no program"],
  },
  {
    name: "programs do not sleep in every hook, as a refusal",
    file: "passes/verify/lsm_hook.ts",
    from:
      '  if (typeof proto === "number") return proto;\n  const name = btf.name(id), hook = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";\n  const rules = env.profile.targets.hook(hook);\n  if (func.sleeps && !rules.sleepable) {\n    return env.fail(EINVAL, "not-sleepable", `${name} is not sleepable`);\n  }\n',
    to: "",
    test: ["passes/verify/lsm_rules_test.ts", "programs do not sleep in every hook"],
  },
  {
    name: "programs for hooks are under the GPL",
    file: "passes/verify/lsm_hook.ts",
    from:
      '  if (!isGplCompatible(env.unit.license)) {\n    return env.fail(EINVAL, "license", "LSM programs must have a GPL compatible license");\n  }\n',
    to: "",
    test: ["passes/verify/lsm_rules_test.ts", "programs for hooks are under the GPL"],
  },
  {
    name: "not every function named like a hook is one, as a refusal",
    file: "passes/verify/lsm_hook.ts",
    from:
      '  if (!isHook(env, btf, hook)) {\n    return env.fail(EINVAL, "attach-target", `${points} wrong type name ${name}`);\n  }\n',
    to: "",
    test: ["passes/verify/lsm_rules_test.ts", "not every function named like a hook is one"],
  },
  {
    name: "cgroup filters do not write their packet, as a refusal",
    file: "passes/verify/memory.ts",
    from:
      '      if (write && !env.rules.packetWrite) return env.fail(EACCES, "read-only", "cannot write into packet");\n',
    to: "",
    test: ["passes/verify/packet_rules_test.ts", "cgroup filters do not write their packet"],
  },
  {
    name: "dissected keys are written within their structure",
    file: "passes/verify/memory.ts",
    from:
      '      if (off < 0 || off + size > FLOW_KEYS_SIZE) {\n        return env.fail(EACCES, "memory-bounds", `invalid access to flow keys off=${off} size=${size}`);\n      }\n',
    to: "",
    test: ["passes/verify/program_type_rules_test.ts", "dissected keys are written within their structure"],
  },
  {
    name: "one load does not access an arena and a map, as a refusal",
    file: "passes/verify/memory_insn.ts",
    from:
      '  if (before === type || (!mustAgree(type) && !mustAgree(before))) return 0;\n  if (!pointer.trustMayDiffer || !isMemOrBtf(type) || !isMemOrBtf(before)) {\n    return env.fail(EINVAL, "mixed-pointers", "same insn cannot be used with different pointers");\n  }\n',
    to: "",
    test: ["passes/verify/arena_rules_test.ts", "one load does not access an arena and a map"],
  },
  {
    name: "atomic operations that need a loop are not made on an arena, as a refusal",
    file: "passes/verify/memory_insn.ts",
    from:
      '  if (size < 4) return env.fail(EINVAL, "invalid-instruction", "invalid atomic operand size");\n  const bad = checkRead(env, src) || checkRead(env, dst) || (imm === CMPXCHG ? checkRead(env, 0) : 0);\n  if (bad !== 0) return bad;\n  const type = typeOf(env, dst);\n  if (!atomicAllowed(env, slot, dst)) {\n    return env.fail(\n      EACCES,\n      "atomic-access",\n      `BPF_ATOMIC stores into R${dst} ${typeName(type)} is not allowed`,\n    );\n  }\n',
    to: "",
    test: [
      "passes/verify/arena_rules_test.ts",
      "atomic operations that need a loop are not made on an arena",
    ],
  },
  {
    name: "the frame pointer cannot be written",
    file: "passes/verify/reg_arg.ts",
    from: '  if (regno === 10) return env.fail(EACCES, "frame-pointer", "frame pointer is read only");\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "the frame pointer cannot be written"],
  },
  {
    name: "the context moved is not the context",
    file: "passes/verify/region.ts",
    from:
      '  if (!fixedOk && off !== 0) {\n    return env.fail(\n      EACCES,\n      "moved-pointer",\n      `dereference of modified ${name} ptr R${regno} off=${off} disallowed`,\n      { regno },\n    );\n  }\n',
    to: "",
    test: ["passes/verify/arithmetic_rules_test.ts", "the context moved is not the context"],
  },
  {
    name: "the context cannot be read at a variable offset",
    file: "passes/verify/region.ts",
    from:
      '  if (!isConst(o) || (W[o + TVAL] | W[o + TVAL + 1]) !== 0) {\n    return env.fail(\n      EACCES,\n      "moved-pointer",\n      `variable ${name} access var_off=${tnumText(o + TVAL)} disallowed`,\n      { regno },\n    );\n  }\n',
    to: "",
    test: ["passes/verify/context_rules_test.ts", "the context cannot be read at a variable offset"],
  },
  {
    name: "a socket cannot be written",
    file: "passes/verify/sock.ts",
    from:
      '  if (access.write) return env.fail(EACCES, "read-only", `R${regno} cannot write into ${typeName(type)}`);\n',
    to: "",
    test: ["passes/verify/reference_rules_test.ts", "a socket cannot be written"],
  },
  {
    name: "a socket has fields",
    file: "passes/verify/sock.ts",
    from:
      '  if (err !== 0) return err;\n  if (!isValid(type, access.off, access.size)) {\n    return env.fail(\n      EACCES,\n      "socket-access",\n      `R${regno} invalid ${typeName(type)} access off=${access.off} size=${access.size}`,\n    );\n  }\n',
    to: "",
    test: ["passes/verify/reference_rules_test.ts", "a socket has fields"],
  },
  {
    name: "a resilient lock lies in no stack",
    file: "passes/verify/spin_lock.ts",
    from:
      '  if (err < 0) return err;\n  if (type !== PTR_TO_MAP_VALUE && type !== (PTR_TO_BTF_ID | MEM_ALLOC)) {\n    return env.fail(EINVAL, "lock-misuse", `arg#${i} doesn\'t point to map value or allocated object`);\n  }\n',
    to: "",
    test: ["passes/verify/res_lock_rules_test.ts", "a resilient lock lies in no stack"],
  },
  {
    name: "a spin lock is no resilient lock",
    file: "passes/verify/spin_lock.ts",
    from:
      "  if (lock === undefined) {\n    const what = map === undefined ? \"local 'kptr'\" : `map '${mapName}'`;\n    return env.fail(EINVAL, \"lock-misuse\", `${what} has no valid ${struct}`);\n  }\n",
    to: "",
    test: ["passes/verify/res_lock_rules_test.ts", "a spin lock is no resilient lock"],
  },
  {
    name: "a lock is at its offset",
    file: "passes/verify/spin_lock.ts",
    from:
      "  if (off !== lock.offset) {\n    return env.fail(\n      EINVAL,\n      \"lock-misuse\",\n      `off ${off} doesn't point to 'struct ${struct}' that is at ${lock.offset}`,\n    );\n  }\n",
    to: "",
    test: ["passes/verify/lock_rules_test.ts", "a lock is at its offset"],
  },
  {
    name: "a resilient lock is not taken twice, as a refusal",
    file: "passes/verify/spin_lock.ts",
    from:
      '  if (kind !== REF_TYPE_LOCK && findLock(env, o, REF_TYPE_RES_LOCK | REF_TYPE_RES_LOCK_IRQ) >= 0) {\n    return env.fail(EINVAL, "lock-misuse", "Acquiring the same lock again, AA deadlock detected");\n  }\n',
    to: "",
    test: ["passes/verify/res_lock_rules_test.ts", "a resilient lock is not taken twice"],
  },
  {
    name: "a lock that was not taken cannot be given back",
    file: "passes/verify/spin_lock.ts",
    from:
      '  if (env.activeLocks === 0) {\n    return env.fail(EINVAL, "lock-misuse", `${use.name}_unlock without taking a lock`);\n  }\n',
    to: "",
    test: ["passes/verify/lock_rules_test.ts", "a lock that was not taken cannot be given back"],
  },
  {
    name: "resilient locks are given back in the reverse order, as a refusal",
    file: "passes/verify/spin_lock.ts",
    from:
      '  if (W[o + ID] !== env.lockId || ownerOf(o) !== env.lockPtr) {\n    return env.fail(EINVAL, "lock-misuse", `${use.name}_unlock cannot be out of order`);\n  }\n',
    to: "",
    test: ["passes/verify/res_lock_rules_test.ts", "resilient locks are given back in the reverse order"],
  },
  {
    name: "an arena has no elements to look up",
    file: "passes/verify/stack.ts",
    from:
      '  if (size === 0 && !range.zeroAllowed) return env.fail(EACCES, "size-argument", "invalid zero-sized read");\n',
    to: "",
    test: ["passes/verify/arena_rules_test.ts", "an arena has no elements to look up"],
  },
  {
    name: "a hook's result is no pointer that is known",
    file: "passes/verify/stack.ts",
    from:
      '  if (errno !== 0) {\n    return env.fail(\n      errno,\n      "stack-bounds",\n      fixed\n        ? `invalid${extra} stack R${regno} off=${off} size=${size}`\n        : `invalid variable-offset${extra} stack R${regno} var_off=${tnumText(o)} off=${off} size=${size}`,\n      { regno, off, size },\n    );\n  }\n',
    to: "",
    test: ["passes/verify/lsm_rules_test.ts", "a hook's result is no pointer that is known"],
  },
  {
    name: "a pointer cannot be spilled in part",
    file: "passes/verify/stack.ts",
    from:
      '    if (size !== 8) {\n      verboseLine(env, env.insnIdx, "; ");\n      return env.fail(EACCES, "partial-pointer", "invalid size of register spill");\n    }\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "a pointer cannot be spilled in part"],
  },
  {
    name: "a callee's stack pointer cannot be put into its caller's stack",
    file: "passes/verify/stack.ts",
    from:
      '    if (frameno !== env.curframe && W[value + TYPE] === PTR_TO_STACK) {\n      return env.fail(\n        EINVAL,\n        "stack-escape",\n        "cannot spill pointers to stack into stack frame of the caller",\n      );\n    }\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "a callee's stack pointer cannot be put into its caller's stack"],
  },
  {
    name: "a pointer cannot be filled in part",
    file: "passes/verify/stack.ts",
    from:
      '  if (W[spill + TYPE] !== SCALAR_VALUE) {\n    verboseLine(env, env.insnIdx, "; ");\n    return env.fail(EACCES, "partial-pointer", "invalid size of register fill");\n  }\n',
    to: "",
    test: ["passes/verify/rules_test.ts", "a pointer cannot be filled in part"],
  },
  {
    name: "a pointer member is read whole",
    file: "passes/verify/struct_walk.ts",
    from:
      '    if (member.type.kind === "ptr") {\n      if (one !== size || off !== start) {\n        const where =\n          `${member.name} with moff ${start} in struct ${struct.name} with off ${off} size ${size}`;\n        return env.fail(EACCES, "struct-access", `cannot access ptr member ${where}`);\n      }\n      return pointer(btf, member.type.type, { flags, field: member.name });\n    }\n',
    to: "",
    test: ["passes/verify/kernel_ptr_rules_test.ts", "a pointer member is read whole"],
  },
];
