/**
 * Refusals by the rules' tables, each by a program that is let through without it: the name is the test's. A guard is switched off by its
 * condition.
 *
 * @module
 */
import type { SoundnessRule } from "./rules.ts";

/** A condition and the test that must fail without it; or what stands in the source and what stands there instead, and the test. */
type Guard = readonly [condition: string, test: string] | readonly [from: string, to: string, test: string];

function guards(file: string, tests: string, list: readonly Guard[]): SoundnessRule[] {
  return list.map((guard) => {
    const [from, to, name] = guard.length === 3 ? guard : [`if (${guard[0]})`, "if (false)", guard[1]];
    return { name, file, from, to, test: [tests, name] };
  });
}

/** See the module's header. */
export const GUARD_RULES: readonly SoundnessRule[] = [
  ...guards("passes/verify/calls/call_memory.ts", "passes/verify/memory/memory_rules_test.ts", [
    ["use.write", "keys of a callback are not written by helpers"],
    [
      "if (use.write && (type & MEM_RDONLY) !== 0) return cannotWrite(env, regno, type);\n      return checkRegion(env, regno, off, size, W[o + AUX1], use.zeroAllowed);",
      "if (false) return cannotWrite(env, regno, type);\n      return checkRegion(env, regno, off, size, W[o + AUX1], use.zeroAllowed);",
      "a slice that is only read is not passed to be filled",
    ],
  ]),
  ...guards("passes/verify/calls/calls.ts", "passes/verify/calls/global_rules_test.ts", [
    ["W[o + TYPE] !== SCALAR_VALUE", "a pointer is no number"],
    ["W[o + TYPE] !== PTR_TO_CTX", "another pointer is no context"],
  ]),
  ...guards("passes/verify/calls/calls.ts", "passes/verify/types/prototype_rules_test.ts", [
    ["W[o + TYPE] !== PTR_TO_ARENA && W[o + TYPE] !== SCALAR_VALUE", "a context does not lie in an arena"],
    ["misfit < 0", "a context does not lie in an arena"],
  ]),
  ...guards("passes/verify/calls/calls.ts", "passes/verify/calls/callback_rules_test.ts", [
    ["env.activeLocks !== 0", "no global function is called under a lock"],
    [
      "(flags & SUB_MIGHT_SLEEP) !== 0 && !sleepable",
      "no global function that sleeps is called where nothing sleeps",
    ],
    ["!FOR_EACH_MAPS.has(mapOf(env, W[map + AUX1]).type)", "elements of tries are not visited"],
  ]),
  ...guards("passes/verify/calls/const_string.ts", "passes/verify/calls/argument_rules_test.ts", [
    [
      "if ((map.flags & RDONLY_PROG) === 0 || !map.frozen) ",
      "if ((map.flags & RDONLY_PROG) === 0 || false) ",
      "text to print is in a map that userspace does not write either",
    ],
  ]),
  ...guards("passes/verify/calls/exceptions.ts", "passes/verify/calls/exception_rules_test.ts", [
    [
      'if (func.kind !== "func" || func.linkage !== "global") ',
      'if (func.kind !== "func" || false) ',
      "that function is global",
    ],
  ]),
  ...guards("passes/verify/calls/helper_call.ts", "passes/verify/calls/async_rules_test.ts", [
    ["!env.sleepable", "a timer's callback does not sleep where the program may"],
  ]),
  ...guards("passes/verify/calls/helper_call.ts", "passes/verify/calls/argument_rules_test.ts", [
    ["id === FUNC.get_func_ip && !knowsItsFunction(env)", "a hook asks where it was called"],
    [
      "if (meta.refId !== 0) {\n      return env.failUnterminated(",
      "if (false) {\n      return env.failUnterminated(",
      "a helper takes one reference",
    ],
  ]),
  ...guards("passes/verify/calls/helper_call.ts", "passes/verify/calls/helper_rules_test.ts", [
    [
      "(mapFlags(mapOf(env, meta.map)) & RDONLY_PROG) !== 0 && MAP_WRITES.has(id)",
      "a map that programs do not write takes no update",
    ],
  ]),
  ...guards("passes/verify/calls/kernel_arg.ts", "passes/verify/objects/object_rules_test.ts", [
    ["(type & MEM_ALLOC) !== 0", "an object that may not be there is not kept"],
    ["(type & ~MEM_PERCPU) !== (PTR_TO_BTF_ID | MEM_ALLOC)", "an object that may not be there is not kept"],
  ]),
  ...guards("passes/verify/calls/kernel_arg.ts", "passes/verify/calls/argument_rules_test.ts", [
    ["typeId === 0", "a helper's result is of a structure that the kernel has"],
  ]),
  ...guards("passes/verify/calls/map_compat.ts", "passes/verify/calls/argument_rules_test.ts", [
    ["maps.size >= MAX_USED_MAPS", "programs use 64 maps at most"],
    ['tracing && has.has("bpf_wq")', "tracing programs have no work queues"],
    ["map.type === STRUCT_OPS", "programs do not use maps of callbacks"],
  ]),
  ...guards("passes/verify/calls/map_compat.ts", "passes/verify/objects/lock_rules_test.ts", [
    ['env.rules.name === "socket_filter"', "filters of sockets have no locks"],
    ["tracing", "kprobes have no locks"],
    [
      "(env.program.attrs.flags & SLEEPABLE) !== 0 && !FOR_SLEEPERS.has(map.type)",
      "programs that sleep use few kinds of maps",
    ],
    [
      "isUnique(map) && [...others].some((other) => env.maps[other].type === map.type)",
      "one cgroup storage is enough",
    ],
  ]),
  ...guards("passes/verify/calls/map_compat.ts", "passes/verify/calls/async_rules_test.ts", [
    ['tracing && has.has("bpf_timer")', "programs that may run anywhere use no timers"],
  ]),
  ...guards("passes/verify/calls/tagged_arg.ts", "passes/verify/types/prototype_rules_test.ts", [
    ['own === ""', "what stands for a context has a name"],
    ["expected === undefined", "a raw tracepoint's context is no structure of one's own"],
    ['name === ""', "what cannot be relied on is a number or a structure"],
    ["found.length === 0", "a tagged kernel structure is one of the kernel's"],
  ]),
  ...guards("passes/verify/context/attach.ts", "passes/verify/context/attach_rules_test.ts", [
    ["sleeps && (env.extension || !maySleep(env))", "no tracepoint sleeps"],
    ["DENIED.has(name)", "functions that tracing itself calls are not traced"],
    [
      "env.attachType !== TRACE_FENTRY && NO_RETURN.has(name)",
      "a function that never returns is not traced where it ends",
    ],
    ["!isGplCompatible(env.unit.license)", "callbacks are under the GPL"],
    [
      "unsupported || (sleeps && rules.sleepable !== undefined && !rules.sleepable.has(member.name))",
      "not every callback sleeps",
    ],
    [
      "if (unsupported || (sleeps && rules.sleepable !== undefined && !rules.sleepable.has(member.name))) ",
      "if (unsupported || (false)) ",
      "not every callback sleeps",
    ],
  ]),
  ...guards("passes/verify/context/attach.ts", "passes/verify/context/program_type_rules_test.ts", [
    ["if (id === 0) {", "if (false) {", "a tracing program names its target"],
  ]),
  ...guards("passes/verify/context/attach.ts", "passes/verify/context/qdisc_test.ts", [
    [
      "if (unsupported || (sleeps && rules.sleepable !== undefined && !rules.sleepable.has(member.name))) ",
      "if (false || (sleeps && rules.sleepable !== undefined && !rules.sleepable.has(member.name))) ",
      "which callbacks a program can be",
    ],
  ]),
  ...guards("passes/verify/context/btf_ctx.ts", "passes/verify/context/program_type_rules_test.ts", [
    ["size !== 8", "a pointer argument is read whole"],
  ]),
  ...guards("passes/verify/context/ctx.ts", "passes/verify/context/context_rules_test.ts", [
    [
      "if (field === undefined || !isValid(field, env.attachType, access)) ",
      "if (field === undefined || false) ",
      "a socket filter does not",
    ],
  ]),
  ...guards("passes/verify/context/program_target.ts", "passes/verify/context/program_target_test.ts", [
    [
      'host.program.attrs.type === "tracing" && host.host?.program.attrs.type === "tracing"',
      "what tracing programs may not do to other programs",
    ],
    ["sleeps", "what tracing programs may not do to other programs"],
  ]),
  ...guards("passes/verify/context/target.ts", "passes/verify/context/attach_rules_test.ts", [
    ["count > MAX_ARGS", "arguments are passed on up to twelve"],
    ['valueSize(ret) < 0 || ret.kind === "struct" || ret.kind === "union"', "a function returns no array"],
    [
      'if (valueSize(ret) < 0 || ret.kind === "struct" || ret.kind === "union") ',
      'if (false || ret.kind === "struct" || ret.kind === "union") ',
      "a function returns no array",
    ],
    [
      'if (valueSize(ret) < 0 || ret.kind === "struct" || ret.kind === "union") ',
      'if (valueSize(ret) < 0 || false || ret.kind === "union") ',
      "a function returns no structure",
    ],
    ["size < 0 || size > 16", "a function takes no array"],
    ["if (size < 0 || size > 16) ", "if (false || size > 16) ", "a function takes no array"],
    [
      "if (size < 0 || size > 16) ",
      "if (size < 0 || false) ",
      "a function takes no structure that does not fit two registers",
    ],
    ["size === 0", "a function takes no nothing"],
    ["proto.variadic", "a function takes as many arguments as it says"],
    [
      "valueSize(ret) > 8 && env.attachType === TRACE_FEXIT",
      "a function with a long result is not traced where it ends",
    ],
  ]),
  ...guards("passes/verify/entry.ts", "passes/verify/calls/exception_rules_test.ts", [
    [
      'if (args.length !== 1 || args[0].kind !== "scalar") ',
      "if (args.length !== 1 || false) ",
      "that function takes a number and no pointer",
    ],
  ]),
  ...guards("passes/verify/exits.ts", "passes/verify/calls/callback_rules_test.ts", [
    [
      "if (W[r0 + TYPE] !== SCALAR_VALUE) {\n      return env.fail(",
      "if (false) {\n      return env.fail(",
      "a global function returns a number",
    ],
  ]),
  ...guards("passes/verify/flow/cfg_check.ts", "passes/verify/flow/bytecode_rules_test.ts", [
    ["to < start || to >= end", "a jump back into another function"],
    ["env.subprogFlags[i] & SUB_LD_ABS", "a function without a type loads nothing in the old way"],
    [
      "(c & 7) === LDX && (((c & 0xe0) !== 0x60 && (c & 0xe0) !== 0x80) || imm[i] !== 0)",
      "a load with an immediate",
    ],
    [
      "\n        code[i + 1] !== 0 || dst[i + 1] !== 0 || src[i + 1] !== 0 || off[i + 1] !== 0\n      ",
      "a second register in the second half of a 16-byte load",
    ],
  ]),
  ...guards("passes/verify/flow/cfg_check.ts", "passes/verify/memory/map_rules_test.ts", [
    ["map.type !== 2 && map.type !== 38", "addresses of values exist only in arrays"],
  ]),
  ...guards("passes/verify/flow/cfg_check.ts", "passes/verify/calls/argument_rules_test.ts", [
    ["map.maxEntries !== 1 || (extra >>> 0) >= map.valueSize", "values of several elements have no address"],
  ]),
  ...guards("passes/verify/flow/cfg_check.ts", "passes/verify/rules_test.ts", [
    ["walk.state[i] !== EXPLORED", "an instruction that nothing leads to is refused"],
  ]),
  ...guards("passes/verify/insns/alu.ts", "passes/verify/insns/encoding_rules_test.ts", [
    ["env.src[slot] !== 0 || env.off[slot] !== 0 || imm !== 0", "a negation has no number"],
    [
      "\n    env.src[slot] !== 0 || env.off[slot] !== 0 || (imm !== 16 && imm !== 32 && imm !== 64)\n  ",
      "bytes are put in an order within a width",
    ],
    ["src !== 0 || off !== 0", "a number is moved without an offset"],
    [
      "(off !== 0 && off !== 8 && off !== 16 && !(wide && off === 32)) || imm !== 0",
      "a register is moved without a number",
    ],
    ["imm !== 0 || !signedForm", "a register is added without an offset"],
    ["src !== 0 || !signedForm", "a division is signed or not"],
  ]),
  ...guards("passes/verify/insns/alu.ts", "passes/verify/memory/arena_rules_test.ts", [
    ["imm !== 1 && imm !== 1 << 16", "addresses are cast between spaces 0 and 1 only"],
  ]),
  ...guards("passes/verify/insns/alu_pointer.ts", "passes/verify/memory/access_rules_test.ts", [
    ["W[o + OFF] >= MAX_VAR_OFF || W[o + OFF] <= -MAX_VAR_OFF", "a pointer is not moved far back by steps"],
    [
      "if (W[o + OFF] >= MAX_VAR_OFF || W[o + OFF] <= -MAX_VAR_OFF) ",
      "if (false || W[o + OFF] <= -MAX_VAR_OFF) ",
      "a pointer is not moved far by steps",
    ],
    [
      "if (W[o + OFF] >= MAX_VAR_OFF || W[o + OFF] <= -MAX_VAR_OFF) ",
      "if (W[o + OFF] >= MAX_VAR_OFF || false) ",
      "a pointer is not moved far back by steps",
    ],
    [
      "if (smin >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF) ",
      "if (false || smin <= -MAX_VAR_OFF) ",
      "a pointer is not moved by a number that may be huge",
    ],
  ]),
  ...guards("passes/verify/insns/alu_pointer.ts", "passes/verify/insns/arithmetic_rules_test.ts", [
    [
      "!isMovable(base, known, known && sl === 0 && sh === 0 && op === ADD)",
      "the packet's end cannot be moved",
    ],
  ]),
  ...guards("passes/verify/insns/branch_walk.ts", "passes/verify/insns/encoding_rules_test.ts", [
    ["env.imm[slot] !== 0", "registers are compared without a number"],
    ["env.src[slot] !== 0", "no pointer's lower half is tested for null by two"],
    ["env.src[slot] !== 0 || env.dst[slot] !== 0 || env.imm[slot] !== 0", "a may_goto has no number"],
  ]),
  ...guards("passes/verify/insns/load_imm.ts", "passes/verify/insns/encoding_rules_test.ts", [
    ["env.off[slot] !== 0", "a number of 16 bytes has no offset"],
    ["!ACCESS_SKB.has(env.rules.name)", "legacy loads are for packets of sockets and of traffic control"],
    [
      "\n    env.dst[slot] !== 0 || env.off[slot] !== 0 || (!indirect && env.src[slot] !== 0)\n  ",
      "a direct legacy load has no register",
    ],
  ]),
  ...guards("passes/verify/insns/load_imm.ts", "passes/verify/calls/callback_rules_test.ts", [
    ["env.btf === undefined", "a callback has a type"],
    ['info.linkage !== "static"', "a callback is no global function"],
  ]),
  ...guards("passes/verify/insns/memory_insn.ts", "passes/verify/insns/encoding_rules_test.ts", [
    ["register ? env.imm[slot] !== 0 : env.src[slot] !== 0", "a number is not stored from a register, too"],
    ["!ATOMICS.has(imm)", "an atomic exchange always fetches"],
  ]),
  ...guards("passes/verify/insns/reg_arg.ts", "passes/verify/insns/encoding_rules_test.ts", [
    [
      'if (regno >= FRAME_REG_COUNT) return env.fail(EINVAL, "invalid-instruction", `R${regno} is invalid`);\n  env.scratchedRegs |= 1 << regno;\n  if (W[env.regs + regno * REG_WORDS + TYPE] === NOT_INIT) {',
      'if (false) return env.fail(EINVAL, "invalid-instruction", `R${regno} is invalid`);\n  env.scratchedRegs |= 1 << regno;\n  if (W[env.regs + regno * REG_WORDS + TYPE] === NOT_INIT) {',
      "no register 15 is read",
    ],
    [
      'if (regno >= FRAME_REG_COUNT) return env.fail(EINVAL, "invalid-instruction", `R${regno} is invalid`);\n  env.scratchedRegs |= 1 << regno;\n  if (regno === 10) return env.fail(EACCES, "frame-pointer", "frame pointer is read only");',
      'if (false) return env.fail(EINVAL, "invalid-instruction", `R${regno} is invalid`);\n  env.scratchedRegs |= 1 << regno;\n  if (regno === 10) return env.fail(EACCES, "frame-pointer", "frame pointer is read only");',
      "no register 13 is written by a load",
    ],
  ]),
  ...guards("passes/verify/insns/reg_arg.ts", "passes/verify/rules_test.ts", [
    ["W[env.regs + regno * REG_WORDS + TYPE] === NOT_INIT", "a program must return something"],
  ]),
  ...guards("passes/verify/kfuncs/kfunc_args.ts", "passes/verify/objects/dynptr_rules_test.ts", [
    ["if (!isConst(o)) {", "if (false) {", "a slice's size is a constant"],
    ["if (err < 0) {", "if (false) {", "a slice's buffer is as long as the slice"],
  ]),
  ...guards("passes/verify/kfuncs/kfunc_args.ts", "passes/verify/calls/async_rules_test.ts", [
    ["W[o + TYPE] !== PTR_TO_FUNC", "what a work queue is given to call is a function"],
  ]),
  ...guards("passes/verify/kfuncs/kfunc_call.ts", "passes/verify/kfuncs/kfunc_rules_test.ts", [
    ["env.preemptLocks !== 0 && sleepable", "no kernel function sleeps where nobody else runs"],
    ["env.irqId !== 0 && sleepable", "no kernel function sleeps without interrupts"],
  ]),
  ...guards("passes/verify/kfuncs/kfunc_result.ts", "passes/verify/objects/dynptr_rules_test.ts", [
    ["!env.rules.packetWrite", "no slice to write where packets are not written"],
  ]),
  ...guards("passes/verify/memory/buffer.ts", "passes/verify/memory/memory_rules_test.ts", [
    [
      "(W[o + TVAL] | W[o + TVAL + 1] | W[o + TMASK] | W[o + TMASK + 1]) !== 0",
      "a key that an iterator shows is read at a place that is known",
    ],
  ]),
  ...guards("passes/verify/memory/map_value.ts", "passes/verify/objects/kptr_rules_test.ts", [
    ["!access.direct", "a helper does not read a pointer"],
    ["at !== field.offset", "a pointer is accessed from its start"],
    ["access.size !== 8", "a pointer is accessed whole"],
  ]),
  ...guards("passes/verify/memory/memory.ts", "passes/verify/memory/access_rules_test.ts", [
    [
      "if (off < 0 || off + size > FLOW_KEYS_SIZE) ",
      "if (false || off + size > FLOW_KEYS_SIZE) ",
      "nothing is before a dissector's keys",
    ],
  ]),
  ...guards("passes/verify/memory/memory.ts", "passes/verify/memory/memory_rules_test.ts", [
    [
      "if ((type & PTR_MAYBE_NULL) !== 0) {\n        return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);",
      "if (false) {\n        return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);",
      "a key that an iterator shows may be missing",
    ],
    ["write && (type & MEM_RDONLY) !== 0", "a key that an iterator shows is not written"],
  ]),
  ...guards("passes/verify/memory/memory.ts", "passes/verify/context/program_type_rules_test.ts", [
    [
      "if (off < 0 || off + size > FLOW_KEYS_SIZE) ",
      "if (off < 0 || false) ",
      "dissected keys are written within their structure",
    ],
  ]),
  ...guards("passes/verify/memory/memory.ts", "passes/verify/objects/dynptr_rules_test.ts", [
    [
      "if ((type & PTR_MAYBE_NULL) !== 0) {\n    return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);",
      "if (false) {\n    return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);",
      "a slice may be missing",
    ],
    ["access.write && readOnly", "a slice to read is not written"],
  ]),
  ...guards("passes/verify/memory/region.ts", "passes/verify/memory/access_rules_test.ts", [
    [
      "W[o + UMAX + 1] !== 0 || (W[o + UMAX] >>> 0) >= MAX_VAR_OFF",
      "a value is not read at a distance that may be 2^32",
    ],
    [
      "if (W[o + UMAX + 1] !== 0 || (W[o + UMAX] >>> 0) >= MAX_VAR_OFF) ",
      "if (false || (W[o + UMAX] >>> 0) >= MAX_VAR_OFF) ",
      "a value is not read at a distance that may be 2^32",
    ],
  ]),
  ...guards("passes/verify/memory/region.ts", "passes/verify/states/pruning_rules_test.ts", [
    [
      'if (err !== 0) {\n    const message = "max value is outside of the allowed memory range";',
      'if (false) {\n    const message = "max value is outside of the allowed memory range";',
      "a zero written to a byte is a zero on every way",
    ],
  ]),
  ...guards("passes/verify/memory/region.ts", "passes/verify/memory/packet_rules_test.ts", [
    ["W[o + SMIN + 1] < 0", "a variable offset may be negative"],
    [
      "if (err !== 0) {\n    const message = `R${regno} offset is outside of the packet`;",
      "if (false) {\n    const message = `R${regno} offset is outside of the packet`;",
      "a packet cannot be read without asking for its end",
    ],
  ]),
  ...guards("passes/verify/memory/region.ts", "passes/verify/context/context_rules_test.ts", [
    [
      "if (!isConst(o) || (W[o + TVAL] | W[o + TVAL + 1]) !== 0) ",
      "if (false || (W[o + TVAL] | W[o + TVAL + 1]) !== 0) ",
      "the context cannot be read at a variable offset",
    ],
  ]),
  ...guards("passes/verify/memory/stack.ts", "passes/verify/objects/dynptr_rules_test.ts", [
    [
      "type !== STACK_MISC && type !== STACK_ZERO && type !== STACK_INVALID",
      "a dynptr is not read as memory",
    ],
  ]),
  ...guards("passes/verify/memory/stack.ts", "passes/verify/memory/access_rules_test.ts", [
    ["slotByte(types, slot & 7) === STACK_DYNPTR", "a dynptr is not filled by a helper"],
  ]),
  ...guards("passes/verify/objects/dynptr.ts", "passes/verify/objects/dynptr_rules_test.ts", [
    ["off % 8 !== 0 || spi + 1 < slots", "a dynptr stands at an aligned place"],
    [
      "if (off % 8 !== 0 || spi + 1 < slots) ",
      "if (false || spi + 1 < slots) ",
      "a dynptr stands at an aligned place",
    ],
  ]),
  ...guards("passes/verify/objects/dynptr.ts", "passes/verify/objects/dynptr_kind_test.ts", [
    ["type === CONST_PTR_TO_DYNPTR && !arg.rdonly", "a dynptr that is only shown is not changed"],
    ["arg.kind !== DYNPTR_INVALID && kind !== arg.kind", "a helper takes dynptrs of the kind it says"],
  ]),
  ...guards("passes/verify/objects/graph.ts", "passes/verify/objects/allocation_rules_test.ts", [
    ["off !== root.nodeOffset", "an object is not put into a list by another of its nodes"],
  ]),
  ...guards("passes/verify/objects/irq_flag.ts", "passes/verify/objects/irq_rules_test.ts", [
    [
      "if (spi < 0 || W[slotTypesAt(frame, spi)] !== FLAG_SLOT || W[spillAt(frame, spi) + REF_ID] === 0) ",
      "if (spi < 0 || false || W[spillAt(frame, spi) + REF_ID] === 0) ",
      "a flag of interrupts that is written to is one no more",
    ],
  ]),
  ...guards("passes/verify/objects/iterator.ts", "passes/verify/objects/iterator_rules_test.ts", [
    [
      "spi < 0 || !isIterator(W[o + FRAMENO], spi, { type, slots })",
      "an iterator that was destroyed cannot be advanced",
    ],
    [
      "if (spi < 0 || !isIterator(W[o + FRAMENO], spi, { type, slots })) ",
      "if (spi < 0 || false) ",
      "an iterator that was destroyed cannot be advanced",
    ],
  ]),
  ...guards("passes/verify/objects/kptr.ts", "passes/verify/objects/kptr_rules_test.ts", [
    [
      'kind !== LDX && (field.kind === "kptr" || field.kind === "percpu_kptr")',
      "an owned pointer is not stored",
    ],
  ]),
  ...guards("passes/verify/objects/objects.ts", "passes/verify/objects/object_rules_test.ts", [
    ["func !== needed", "other objects are given back by theirs"],
  ]),
  ...guards("passes/verify/objects/objects.ts", "passes/verify/objects/allocation_rules_test.ts", [
    ["btf === undefined || env.program.subprogs[0].btfId === 0", "a program without types allocates nothing"],
    [
      "if (btf === undefined || env.program.subprogs[0].btfId === 0) ",
      "if (btf === undefined || false) ",
      "a program without types allocates nothing",
    ],
    ["type.size > MAX_PERCPU_SIZE", "objects that each CPU has its own of are small"],
    ["!isOfScalars(env, typeId, 0)", "objects that each CPU has its own of have no empty arrays"],
    ["fields.length !== 0", "objects that each CPU has its own of have no count"],
  ]),
  ...guards("passes/verify/objects/spin_lock.ts", "passes/verify/objects/res_lock_rules_test.ts", [
    [
      "if (W[o + ID] !== env.lockId || ownerOf(o) !== env.lockPtr) ",
      "if (W[o + ID] !== env.lockId || false) ",
      "resilient locks are given back in the reverse order",
    ],
  ]),
  ...guards("passes/verify/states/pending.ts", "passes/verify/rules_test.ts", [
    ["this.count >= this.#limit", "a million pending jumps are not kept"],
  ]),
  ...guards("passes/verify/types/kernel_ptr.ts", "passes/verify/types/kernel_ptr_rules_test.ts", [
    [
      "!isGplCompatible(env.unit.license) && W[o + AUX2] !== PROGRAM_BTF",
      "only GPL programs look into kernel structures",
    ],
    [
      "!isConst(o) || (W[o + TVAL] | W[o + TVAL + 1] | W[o + TMASK]) !== 0",
      "a kernel structure has no variable offsets",
    ],
  ]),
  ...guards("passes/verify/types/kernel_ptr.ts", "passes/verify/types/kernel_symbol_test.ts", [
    ['elsewhere !== ""', "what each processor has its own of is not read before one is chosen"],
  ]),
  ...guards("passes/verify/types/kernel_ptr.ts", "passes/verify/objects/object_rules_test.ts", [
    ["!lasting", "an object is not read behind the section it was found in"],
  ]),
  ...guards("passes/verify/types/kernel_symbol.ts", "passes/verify/types/kernel_symbol_test.ts", [
    [
      "env.kernelVariables === false",
      "a variable whose address the kernel does not know is refused before anything is walked",
    ],
  ]),
  ...guards("passes/verify/types/prototypes.ts", "passes/verify/types/prototype_rules_test.ts", [
    ["params.length > 5", "a global function takes five arguments at most"],
    ["if (!global) {", "if (false) {", "parameters of static functions are not tagged"],
    ["!TAGS.has(tag.slice(4))", "parameters are tagged with what there is"],
    ["tags.size > 0", "numbers are not tagged"],
    ['tags.size > (tags.has("ctx") ? 1 : 0)', "a context has no other tags"],
    ['tags.has("nonnull")', "a kernel structure that can be relied on is there anyway"],
    ["tags.size > 1", "what cannot be relied on is only that"],
    ['tags.has("arena")', "a number may lie in an arena"],
    ['tags.has("nullable")', "memory may be missing without a tag"],
  ]),
  ...guards("passes/verify/types/prototypes.ts", "passes/verify/calls/exception_rules_test.ts", [
    ['ret.kind !== "int" && ret.kind !== "enum" && ret.kind !== "enum64"', "that function returns a number"],
  ]),
  ...guards("passes/verify/types/struct_walk.ts", "passes/verify/types/kernel_ptr_rules_test.ts", [
    ["if (one !== size || off !== start) ", "if (false || off !== start) ", "a pointer member is read whole"],
  ]),
  ...guards("passes/verify/types/struct_walk.ts", "passes/verify/memory/memory_rules_test.ts", [
    [
      "if (one !== size || off !== start) ",
      "if (one !== size || false) ",
      "a pointer in a structure is read from its start",
    ],
  ]),
  ...guards("passes/verify/walk.ts", "passes/verify/insns/encoding_rules_test.ts", [
    ["(kind !== 2 && env.off[slot] !== 0) || kind > 2 || env.dst[slot] !== 0", "a call has no register"],
    [
      "\n        env.src[slot] !== 0 || env.dst[slot] !== 0 || (!narrow && env.imm[slot] !== 0) ||\n        (narrow && env.off[slot] !== 0)\n      ",
      "a jump has no number",
    ],
    ["env.imm[slot] !== 0 || env.src[slot] !== 0 || env.dst[slot] !== 0", "an exit has no number"],
  ]),
  ...guards("passes/verify/types/kernel_ptr.ts", "passes/verify/memory/memory_rules_test.ts", [
    [
      'if (write) return env.fail(EACCES, "read-only", `only read from ${name} is supported`);',
      "",
      "a field of a map is not written",
    ],
    [
      '  if (off < 0) {\n    return env.fail(EACCES, "struct-bounds", `R${regno} is ${name} invalid',
      '  if (false) {\n    return env.fail(EACCES, "struct-bounds", `R${regno} is ${name} invalid',
      "nothing is before a map",
    ],
  ]),
  ...guards("passes/verify/calls/call_memory.ts", "passes/verify/memory/memory_rules_test.ts", [
    [
      "if (use.write && (type & MEM_RDONLY) !== 0) return cannotWrite(env, regno, type);\n      return checkBuffer(",
      "return checkBuffer(",
      "a key that an iterator shows is not handed over to be written",
    ],
  ]),
  // What a check inside of another says is passed on.
  ...guards("passes/verify/insns/alu.ts", "passes/verify/insns/operand_rules_test.ts", [
    [
      "const err = checkRead(env, dst) || checkWrite(env, dst);",
      "const err = 0;",
      "what is negated was written",
    ],
    [
      "    const err = checkRead(env, src);\n    if (err !== 0) return err;\n  } else if (src !== 0 || !signedForm)",
      "  } else if (src !== 0 || !signedForm)",
      "what is added was written",
    ],
    ["let err = checkRead(env, dst);", "let err = 0;", "what is added to was written"],
    [
      "const err = checkRead(env, env.src[slot]) || checkWrite(env, dst);",
      "const err = 0;",
      "what is cast was written",
    ],
  ]),
  ...guards("passes/verify/insns/branch_walk.ts", "passes/verify/insns/operand_rules_test.ts", [
    ["let failed = checkRead(env, dst);", "let failed = 0;", "what is compared was written"],
    ["failed = checkRead(env, env.src[slot]);", "failed = 0;", "what is compared with was written"],
  ]),
  ...guards("passes/verify/insns/load_imm.ts", "passes/verify/insns/operand_rules_test.ts", [
    [
      "const failed = checkWrite(env, dst);",
      "const failed = 0;",
      "no number of 16 bytes is loaded into the frame pointer",
    ],
    [
      "failed = checkUnmoved(env, 6, false);",
      "failed = 0;",
      "a load in the old way wants the context as it was",
    ],
    [
      'failed = checkResourceLeak(env, { locks: true, prefix: "BPF_LD_[ABS|IND]" });',
      "failed = 0;",
      "nothing is held where a load in the old way may leave",
    ],
  ]),
  ...guards("passes/verify/insns/memory_insn.ts", "passes/verify/insns/operand_rules_test.ts", [
    [
      "const bad = checkRead(env, src) || checkRead(env, dst) || (imm === CMPXCHG ? checkRead(env, 0) : 0);",
      "const bad = 0;",
      "what is added atomically was written",
    ],
    [
      "const bad = checkRead(env, src) || checkWrite(env, dst);\n  if (bad !== 0) return bad;\n  const type = typeOf(env, src);\n  accessOf(env, slot, false, dst);\n  access.strict = true;",
      "const bad = 0;\n  if (bad !== 0) return bad;\n  const type = typeOf(env, src);\n  accessOf(env, slot, false, dst);\n  access.strict = true;",
      "nothing is loaded atomically into the frame pointer",
    ],
    [
      "const bad = checkRead(env, src) || checkRead(env, dst);\n",
      "const bad = 0;\n",
      "what is stored atomically was written",
    ],
    [
      "const failed = checkWrite(env, loaded);",
      "const failed = 0;",
      "nothing is fetched into the frame pointer",
    ],
  ]),
  ...guards("passes/verify/memory/stack.ts", "passes/verify/insns/operand_rules_test.ts", [
    [
      "const failed = checkStackBounds(env, ptrRegno, off, { size, write: false });",
      "const failed = 0;",
      "nothing is read below the stack",
    ],
  ]),
  ...guards("passes/verify/calls/calls.ts", "passes/verify/types/prototype_rules_test.ts", [
    [
      '      case "ctx":\n        failed = checkArgOffset(env, regno, ARG_SUBPROG);',
      '      case "ctx":',
      "a context is handed over as it was",
    ],
    ["failed = checkSubprogDynptr(env, regno);", "", "a dynptr is one"],
  ]),
  ...guards("passes/verify/calls/const_string.ts", "passes/verify/calls/argument_rules_test.ts", [
    [
      "const err = checkMapAccess(env, regno, W[o + OFF], map.valueSize - W[o + OFF], false, false);",
      "const err = 0;",
      "text to print is within its map",
    ],
  ]),
  ...guards("passes/verify/objects/iterator.ts", "passes/verify/kfuncs/kfunc_rules_test.ts", [
    [
      "    const err = checkStackWrite(env, regno, W[o + OFF] + i, { size: 8, valueRegno: -1 });",
      "    const err = 0;",
      "an iterator is made within the stack",
    ],
  ]),
  // What decides no branch.
  ...guards("passes/verify/insns/branch_predict.ts", "passes/verify/insns/branch_rules_test.ts", [
    ["  if (narrow) return -1;\n", "", "half of a place in a map may be zero"],
    [
      "    toNumber(W[o + SMIN], W[o + SMIN + 1]) <= -MAX_VAR_OFF ||\n    toNumber(W[o + SMAX], W[o + SMAX + 1]) >= MAX_VAR_OFF\n",
      "false",
      "a place at any distance in a map may be null",
    ],
    [
      "(W[constant + TVAL] | W[constant + TVAL + 1]) !== 0 || !isNotNull(pointer)",
      "!isNotNull(pointer)",
      "a place in a map may be any number but zero",
    ],
  ]),
];
