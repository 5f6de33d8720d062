/**
 * What is checked before anything is executed: that every instruction exists, jumps stay within their subprogram, everything can
 * be reached; and what the same look at the code marks: where states are worth saving, where the jump history has to record.
 *
 * Mirrors `add_subprog_and_kfunc`, `check_subprogs`, `resolve_pseudo_ldimm64` and `check_cfg` of Linux 6.18's
 * `kernel/bpf/verifier.c`, in that order, with their messages.
 *
 * @module
 */
import { words } from "../../../ir/words.ts";
import { NO_DESCRIPTOR } from "../../../ir/insn.ts";
import { changesPacket, runsCallbacks } from "./callees.ts";
import {
  AUX_CALLS_CALLBACK,
  AUX_CHECKPOINT,
  AUX_JUMP_POINT,
  AUX_MAY_GOTO,
  AUX_PRUNE_POINT,
  E2BIG,
  EINVAL,
  type Env,
  SUB_CHANGES_PACKET,
  SUB_LD_ABS,
  SUB_MIGHT_SLEEP,
  SUB_TAIL_CALL,
} from "../env.ts";
import { exceptionCallback } from "../calls/exceptions.ts";
import { checkKernelSymbol } from "../types/kernel_symbol.ts";
import { checkMaps } from "../calls/map_compat.ts";

const LD = 0, LDX = 1, JMP = 5, JMP32 = 6;
const LD_IMM64 = 0x18, CALL = 0x85, EXIT = 0x95, GOTO = 0x05, GOTOL = 0x06, MAY_GOTO = 0xe5;
const PSEUDO_CALL = 1, PSEUDO_KFUNC = 2, PSEUDO_BTF_ID = 3, PSEUDO_FUNC = 4;

const MAP_TYPE_ARENA = 33, PAGE = 4096;
const ERANGE = 34;

/** Every opcode byte Linux 6.18 knows (`bpf_opcode_in_insntable`). */
const OPCODES: ReadonlySet<number> = opcodes();

function opcodes(): Set<number> {
  const out = new Set<number>();
  for (const kind of [4, 7]) {
    for (let op = 0; op <= 0xc0; op += 0x10) {
      if (op === 0x80) out.add(kind | op);
      else out.add(kind | op).add(kind | op | 8);
    }
    out.add(kind | 0xd0);
  }
  out.add(0xdc);
  for (const kind of [JMP, JMP32]) {
    for (const op of [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0]) {
      out.add(kind | op).add(kind | op | 8);
    }
  }
  out.add(GOTO).add(GOTOL).add(CALL).add(EXIT).add(MAY_GOTO);
  for (const size of [0x00, 0x08, 0x10, 0x18]) {
    for (const base of [0x61, 0x62, 0x63, 0xc3]) out.add(base & 0xe7 | size);
    if (size !== 0x18) { for (const base of [0x81, 0x20, 0x40]) out.add(base | size); }
  }
  out.add(LD_IMM64);
  return out;
}

/** Where a jump leads by its bytes, whether the slot exists or not. */
function jumpTarget(env: Env, slot: number): number {
  return slot + 1 + (env.code[slot] === GOTOL ? env.imm[slot] : env.off[slot]);
}

/** The checks before the control flow is walked. */
export function checkSubprogs(env: Env): number {
  const { code, src, imm } = env, starts = subprogStarts(env);
  if (starts === undefined) return env.fail(EINVAL, "jump-target", "call to invalid destination");
  const count = starts.length - 1;
  if (env.logLevel & 2) {
    for (let i = 0; i < count; i++) env.verbose(`func#${i} @${starts[i]}\n`);
  }
  if (count > 256) return env.fail(E2BIG, "too-many-subprograms", "too many subprograms");
  for (let sub = 0; sub < count; sub++) {
    const start = starts[sub], end = starts[sub + 1];
    for (let i = start; i < end; i++) {
      const c = code[i], kind = c & 7;
      if (c === CALL && src[i] === 0 && imm[i] === 12) env.subprogFlags[sub] |= SUB_TAIL_CALL;
      if (kind === LD && ((c & 0xe0) === 0x20 || (c & 0xe0) === 0x40)) env.subprogFlags[sub] |= SUB_LD_ABS;
      const op = c & 0xf0;
      if ((kind === JMP || kind === JMP32) && op !== 0x80 && op !== 0x90) {
        const to = jumpTarget(env, i);
        if (to < start || to >= end) {
          return env.fail(EINVAL, "jump-target", `jump out of range from insn ${i} to ${to}`);
        }
      }
      if (i === end - 1 && c !== EXIT && c !== GOTOL && c !== GOTO) {
        return env.fail(EINVAL, "falls-off-the-end", "last insn is not an exit or jmp");
      }
    }
  }
  return checkAbnormalReturn(env);
}

/**
 * Where subprograms begin, with the end behind them; undefined if one is called that cannot be. One that begins inside of a 16-byte load
 * is among them, though the program has none there: what comes before it does not end as a subprogram must.
 */
function subprogStarts(env: Env): Int32Array | undefined {
  const { cols, code, src, imm } = env;
  const inside: number[] = [];
  for (let i = 0; i < cols.count; i++) {
    const refers = code[i] === CALL ? src[i] === PSEUDO_CALL : code[i] === LD_IMM64 && src[i] === PSEUDO_FUNC;
    if (!refers) continue;
    const to = i + 1 + imm[i];
    if (to < 0 || to >= cols.count) return undefined;
    if (cols.subprogStart[cols.subprogOf[to]] !== to) inside.push(to);
  }
  if (inside.length === 0) return cols.subprogStart;
  return Int32Array.from(new Set([...cols.subprogStart, ...inside])).sort();
}

function checkAbnormalReturn(env: Env): number {
  if (env.program.subprogs.some((s) => s.btfId !== 0)) return checkReturnTypes(env);
  for (let i = 1; i < env.subprogFlags.length; i++) {
    if (env.subprogFlags[i] & SUB_LD_ABS) {
      return env.fail(EINVAL, "legacy-load", "LD_ABS is not allowed in subprogs without BTF");
    }
    if (env.subprogFlags[i] & SUB_TAIL_CALL) {
      return env.fail(EINVAL, "tail-call", "tail_call is not allowed in subprogs without BTF");
    }
  }
  return 0;
}

function checkReturnTypes(env: Env): number {
  const btf = env.btf;
  if (btf === undefined) return 0;
  for (let i = 1; i < env.subprogFlags.length; i++) {
    const flags = env.subprogFlags[i], id = env.program.subprogs[i].btfId;
    if ((flags & (SUB_LD_ABS | SUB_TAIL_CALL)) === 0 || id === 0) continue;
    const func = btf.type(id);
    const proto = func.kind === "func" ? btf.type(func.type) : func;
    if (proto.kind !== "func_proto") continue;
    const ret = btf.type(btf.resolve(proto.ret));
    const scalar = ret.kind === "enum" || ret.kind === "enum64" || ret.kind === "int" && ret.size <= 8;
    if (scalar) continue;
    if (flags & SUB_LD_ABS) {
      return env.fail(EINVAL, "legacy-load", "LD_ABS is only allowed in functions that return 'int'.");
    }
    return env.fail(EINVAL, "tail-call", "tail_call is only allowed in functions that return 'int'.");
  }
  return 0;
}

/** Reserved fields and opcodes that only a look at every instruction, reachable or not, can refuse. */
export function checkOpcodes(env: Env): number {
  const { code, src, dst, off, imm, cols } = env;
  const unusable = checkMaps(env);
  if (unusable < 0) return unusable;
  for (let i = 0; i < cols.count; i++) {
    const c = code[i];
    if ((c & 7) === LDX && (((c & 0xe0) !== 0x60 && (c & 0xe0) !== 0x80) || imm[i] !== 0)) {
      return env.fail(EINVAL, "invalid-instruction", "BPF_LDX uses reserved fields");
    }
    if (c === LD_IMM64) {
      if (
        code[i + 1] !== 0 || dst[i + 1] !== 0 || src[i + 1] !== 0 || off[i + 1] !== 0
      ) {
        return env.fail(EINVAL, "invalid-instruction", "invalid bpf_ld_imm64 insn");
      }
      const failed = checkLoad64(env, i);
      if (failed < 0) return failed;
      i++;
      continue;
    }
    if (!OPCODES.has(c)) {
      return env.fail(EINVAL, "invalid-instruction", `unknown opcode ${c.toString(16).padStart(2, "0")}`);
    }
  }
  return 0;
}

function checkLoad64(env: Env, slot: number): number {
  const pseudo = env.src[slot], extra = env.imm[slot + 1];
  if (pseudo === 0 || pseudo === PSEUDO_FUNC) return 0;
  if (pseudo === PSEUDO_BTF_ID) return checkKernelSymbol(env, slot);
  if (pseudo > 6) return env.fail(EINVAL, "invalid-instruction", "unrecognized bpf_ld_imm64 insn");
  const withOffset = pseudo === 2 || pseudo === 6;
  if (!withOffset && extra !== 0) {
    return env.fail(EINVAL, "invalid-instruction", "unrecognized bpf_ld_imm64 insn");
  }
  const map = env.maps[env.imm[slot]];
  if (map === undefined) {
    // A descriptor that nobody resolved: the kernel finds either nothing there or, for the standard ones, no map.
    const fd = env.imm[slot] < 0 ? NO_DESCRIPTOR - env.imm[slot] : env.imm[slot];
    return env.fail(
      fd >= 0 && fd <= 2 ? EINVAL : 9,
      "map-reference",
      `fd ${fd} is not pointing to valid bpf_map`,
    );
  }
  if (!withOffset) return 0;
  if ((extra >>> 0) >= 1 << 29) {
    return env.fail(EINVAL, "map-reference", `direct value offset of ${extra >>> 0} is not allowed`);
  }
  if (map.type === MAP_TYPE_ARENA && (extra >>> 0) <= map.maxEntries * PAGE) return 0;
  if (map.type === MAP_TYPE_ARENA) {
    const what = `invalid access to map value pointer, value_size=${map.valueSize} off=${extra >>> 0}`;
    return env.fail(ERANGE, "map-reference", what);
  }
  if (map.type !== 2 && map.type !== 38) {
    return env.fail(EINVAL, "map-reference", "no direct value access support for this map type");
  }
  if (map.maxEntries !== 1 || (extra >>> 0) >= map.valueSize) {
    const errno = map.maxEntries !== 1 ? 524 : EINVAL;
    return env.fail(
      errno,
      "map-reference",
      `invalid access to map value pointer, value_size=${map.valueSize} off=${extra >>> 0}`,
    );
  }
  return 0;
}

const DISCOVERED = 0x10, EXPLORED = 0x20, FALLTHROUGH = 1, BRANCH = 2;
const DONE = 0, KEEP = 1;

/**
 * A depth-first walk in the kernel's order; marks slots and subprograms on its way. That every way leads to an instruction is known by
 * {@linkcode checkSubprogs}.
 */
class Walk {
  readonly env: Env;
  readonly state: Int32Array;
  readonly stack: Int32Array;
  depth = 0;

  constructor(env: Env) {
    this.env = env;
    this.state = words(env.cols.count + 1);
    this.stack = words(env.cols.count + 1);
  }

  /** Everything that can be reached from a slot. */
  run(entry: number): void {
    this.state[entry] = DISCOVERED;
    this.stack[this.depth++] = entry;
    while (this.depth > 0) {
      const at = this.stack[this.depth - 1];
      if (this.visit(at) !== DONE) continue;
      this.state[at] = EXPLORED;
      this.depth--;
    }
  }

  push(from: number, to: number, edge: number): number {
    const { env, state } = this;
    if (edge === FALLTHROUGH && state[from] >= (DISCOVERED | FALLTHROUGH)) return DONE;
    if (edge === BRANCH && state[from] >= (DISCOVERED | BRANCH)) return DONE;
    if (edge === BRANCH) env.aux[to] |= AUX_PRUNE_POINT | AUX_JUMP_POINT;
    if (state[to] === 0) {
      state[from] = DISCOVERED | edge;
      state[to] = DISCOVERED;
      this.stack[this.depth++] = to;
      return KEEP;
    }
    if ((state[to] & 0xf0) === EXPLORED) state[from] = DISCOVERED | edge;
    return DONE;
  }

  call(at: number, size: number, callee: number): number {
    const { env } = this;
    if (this.push(at, at + size, FALLTHROUGH) !== DONE) return KEEP;
    env.aux[at + size] |= AUX_PRUNE_POINT | AUX_JUMP_POINT;
    if (callee < 0) return DONE;
    env.aux[at] |= AUX_PRUNE_POINT;
    const effects = env.subprogFlags[env.cols.subprogOf[callee]] & (SUB_CHANGES_PACKET | SUB_MIGHT_SLEEP);
    env.subprogFlags[env.cols.subprogOf[at]] |= effects;
    return this.push(at, callee, BRANCH);
  }

  visit(at: number): number {
    const { env } = this, code = env.code[at], kind = code & 7;
    if (code === LD_IMM64 && env.src[at] === PSEUDO_FUNC) return this.call(at, 2, env.target[at]);
    if (kind !== JMP && kind !== JMP32) return this.push(at, at + (code === LD_IMM64 ? 2 : 1), FALLTHROUGH);
    switch (code & 0xf0) {
      case 0x90:
        return DONE;
      case 0x80:
        this.#helper(at);
        return this.call(at, 1, env.src[at] === PSEUDO_CALL ? env.target[at] : -1);
      case 0x00: {
        const to = jumpTarget(env, at);
        if (this.push(at, to, FALLTHROUGH) !== DONE) return KEEP;
        env.aux[to] |= AUX_PRUNE_POINT | AUX_JUMP_POINT;
        return DONE;
      }
      default: {
        env.aux[at] |= AUX_PRUNE_POINT;
        if (code === MAY_GOTO && env.src[at] === 0) env.aux[at] |= AUX_CHECKPOINT | AUX_MAY_GOTO;
        if (this.push(at, at + 1, FALLTHROUGH) !== DONE) return KEEP;
        return this.push(at, jumpTarget(env, at), BRANCH);
      }
    }
  }

  #helper(at: number): void {
    const { env } = this, sub = env.cols.subprogOf[at];
    if (env.src[at] === PSEUDO_KFUNC) {
      env.markKfunc?.(at);
      return;
    }
    if (env.src[at] !== 0) return;
    const id = env.imm[at];
    if (runsCallbacks(id)) {
      env.aux[at] |= AUX_CALLS_CALLBACK | AUX_CHECKPOINT | AUX_PRUNE_POINT | AUX_JUMP_POINT;
    } else if (id === 170) env.aux[at] |= AUX_PRUNE_POINT;
    // Which helpers a program may call that replaces a function is not known yet.
    const may = !env.extension && env.rules.helpers(env.attachType).has(id);
    if (may && env.profile.helper(id)?.mightSleep) {
      env.subprogFlags[sub] |= SUB_MIGHT_SLEEP;
    }
    if (changesPacket(id)) env.subprogFlags[sub] |= SUB_CHANGES_PACKET;
  }
}

/** Walks the control flow: 0, or `-errno` where something cannot be reached. */
export function checkCfg(env: Env): number {
  const walk = new Walk(env), callback = exceptionCallback(env);
  walk.run(0);
  if (callback !== 0) walk.run(env.cols.subprogStart[callback]);
  for (let i = 0; i < env.cols.count; i++) {
    if (walk.state[i] !== EXPLORED) return env.fail(EINVAL, "unreachable-code", `unreachable insn ${i}`);
    if (env.code[i] !== LD_IMM64) continue;
    if (walk.state[i + 1] !== 0) {
      return env.fail(EINVAL, "jump-target", `jump into the middle of ldimm64 insn ${i}`);
    }
    i++;
  }
  return 0;
}
