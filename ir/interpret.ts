/**
 * The reference interpreter: what every instruction means, written to be read and believed, not to be fast.
 *
 * Registers are BigInt, memory is checked, nothing is assumed about the program: whatever goes wrong is an
 * {@linkcode InterpretError} that names the instruction. Back ends are compared with it. It knows no helper and no map; the
 * caller gives meaning to calls and addresses.
 *
 * @module
 */
import type { AluOp, AtomicOp, BranchOp, Callee, Imm64, Insn, Operand, Size, SubprogId } from "./insn.ts";
import { UnsupportedError } from "./diagnostic.ts";
import { type Memory, MemoryError, type Region } from "./memory.ts";
import type { Program, Subprog } from "./program.ts";
import { MAX_STACK, stackDepth } from "./stack_depth.ts";

export { Memory, MemoryError, type Region } from "./memory.ts";

/** The five arguments of a call, r1 to r5, unsigned 64 bits each. */
export type Arguments = readonly [bigint, bigint, bigint, bigint, bigint];

/** What a host's call can do instead of returning a value. */
export type CallOutcome =
  /** r0 after the call; only its low 64 bits count. */
  | bigint
  /** Ends the program with this value of r0, with all its frames (`bpf_throw`, a host that unwinds): the run, or the tail call's target. */
  | { readonly exit: bigint }
  /** Leaves the current frame for another program's main, with the call's r1 as its r1 (`bpf_tail_call`). */
  | { readonly tailCall: Program };

/** What a host's call can ask of the running machine. */
export interface Machine {
  /** What the run may touch. */
  readonly memory: Memory;
  /** The program that is running: another one behind a tail call. */
  readonly program: Program;
  /** Runs a subprogram in a new frame, as a callback; r0 as unsigned 64 bits. */
  invoke(subprog: SubprogId, args: Arguments): bigint;
  /** Which subprogram an address loaded by `imm64 func` stands for; undefined if none. */
  subprogAt(address: bigint): SubprogId | undefined;
}

/** Watches a run, for tests. */
export interface Watcher {
  /** A frame begins: its registers (r0 to r10, in place for as long as it lasts), its stack, and where it was called from. */
  enter(frame: {
    readonly subprog: Subprog;
    readonly callSite: number;
    readonly registers: readonly bigint[];
    readonly stack: Region;
  }): void;
  /** The instruction at this position of the program's code is about to run, in the frame entered last. */
  step(position: number): void;
  /** The frame entered last returns. Not told of frames that an error ends. */
  leave(): void;
}

/** What {@linkcode interpret} is given. */
export interface InterpretOptions {
  /** r1 at entry, usually the context's address. Unsigned 64 bits. */
  readonly r1: bigint;
  /** r2 at entry; 0 by default. */
  readonly r2?: bigint;
  /** What the run may touch; its stack is added to it. */
  readonly memory: Memory;
  /** Meaning of helper and kfunc calls; without it each is an error. */
  readonly call?: (callee: Callee, args: Arguments, machine: Machine) => CallOutcome;
  /** Whether a call leaves r1 to r5 as they were (`bpf_fastcall`); by default none does. */
  readonly keepsArguments?: (callee: Callee) => boolean;
  /** Addresses of maps, map values and kernel variables; without it each is an error. */
  readonly address?: (value: Imm64) => bigint;
  /** Legacy packet load: the value at a packet offset in host order, or undefined if it lies outside (the run then ends with 0). */
  readonly packet?: (offset: number, size: 1 | 2 | 4) => bigint | undefined;
  /** Instructions to run before giving up; 10 million by default. */
  readonly fuel?: number;
  /** Bytes of stack for each frame; by default 512, or the subprogram's `stack_depth` where passes reserved more. */
  readonly stackBytes?: number;
  /** Where the first frame's stack ends; further frames lie below. For a run inside another's call, on the same memory. */
  readonly stackTop?: bigint;
  /** How often the may_gotos of one frame fall through before they jump; 8388608 by default. */
  readonly mayGotoBudget?: number;
  /** Told of everything that happens. */
  readonly watch?: Watcher;
}

/** How a run ended. */
export interface InterpretResult {
  /** Unsigned 64 bits. */
  readonly r0: bigint;
  /** Instructions executed. */
  readonly steps: number;
}

/** A run failed at an instruction: a wrong access, a call nobody answers, no fuel left. */
export class InterpretError extends Error {
  /** For telling errors apart. */
  override readonly name = "InterpretError";
  /** The instruction's position in the program's code. */
  readonly position: number;
  /** The address of a wrong access. */
  readonly address?: bigint;
  /** Nothing was wrong, only the fuel was gone. */
  readonly outOfFuel: boolean;
  /** The position is added to the message. */
  constructor(
    message: string,
    options: { position: number; address?: bigint; outOfFuel?: boolean; cause?: unknown },
  ) {
    super(`${message} (instruction ${options.position})`, { cause: options.cause });
    this.position = options.position;
    this.address = options.address;
    this.outOfFuel = options.outOfFuel ?? false;
  }
}

/** The kernel's `MAX_CALL_FRAMES`. */
const MAX_FRAMES = 8;
/** The top of the first frame's stack; each further frame lies a page lower, so that overruns hit nothing. */
const STACK_TOP = 0x7ffd_0000_0000n;
const STACK_STRIDE = 0x1_0000n;
/** Addresses of functions: tokens that no region holds. */
const FUNCTION_BASE = 0x7f5b_0000_0000n;
/** What r1–r5 hold after a call that does not keep them: reading it shows. */
const CLOBBERED = 0xdead_c0de_dead_c0den;

const M64 = 0xffff_ffff_ffff_ffffn;
const M32 = 0xffff_ffffn;

/** Ends the frames of a program. */
class Unwind {
  constructor(readonly r0: bigint) {}
}

/**
 * Runs a program's main subprogram.
 *
 * @throws {InterpretError} If an access, a call or an instruction has no meaning, or the fuel is gone.
 * @throws {UnsupportedError} If the program uses arena address spaces.
 *
 * @example
 * ```ts
 * import { interpret, Memory } from "./interpret.ts";
 * import { decode } from "./decode.ts";
 * import { buildProgram } from "./build.ts";
 * const bytes = new Uint8Array([0xb7, 0, 0, 0, 42, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
 * const attrs = { name: "p", section: "xdp", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
 * const unit = { name: "p", license: "", version: 0, maps: [], externs: [], programs: [] };
 * const program = buildProgram({ unit, attrs, insns: decode(bytes).insns, subprogs: [] });
 * console.log(interpret(program, { r1: 0n, memory: new Memory() }).r0); // 42n
 * ```
 */
export function interpret(program: Program, options: InterpretOptions): InterpretResult {
  const run = new Run(options);
  const args: Arguments = [options.r1 & M64, (options.r2 ?? 0n) & M64, 0n, 0n, 0n];
  try {
    const r0 = run.frame(program, program.subprogs[0], args);
    return { r0, steps: run.steps };
  } catch (thrown) {
    if (thrown instanceof Unwind) return { r0: thrown.r0, steps: run.steps };
    throw thrown;
  } finally {
    run.release();
  }
}

/** One run: fuel, depth, and the program whose code is running. */
class Run {
  steps = 0;
  #depth = 0;
  /** Frames that may be in use; a tail call starts counting anew, since the target was verified on its own. */
  #limit = MAX_FRAMES;
  readonly #fuel: number;
  readonly #options: InterpretOptions;
  readonly #stacks: Region[] = [];

  constructor(options: InterpretOptions) {
    this.#options = options;
    this.#fuel = options.fuel ?? 10_000_000;
  }

  /** Takes back the stacks of frames that an error left behind. */
  release(): void {
    for (const stack of this.#stacks.splice(0)) this.#options.memory.remove(stack);
  }

  /** Runs a subprogram from its entry to its exit, in a frame of its own. */
  frame(program: Program, subprog: Subprog, args: Arguments, callSite = 0): bigint {
    if (this.#depth === this.#limit) {
      throw new InterpretError(`Cannot call ${subprog.name}: ${MAX_FRAMES} frames are in use`, {
        position: callSite,
      });
    }
    const memory = this.#options.memory;
    const size = this.#options.stackBytes ?? Math.max(MAX_STACK, program.get(stackDepth, subprog.id));
    const top = (this.#options.stackTop ?? STACK_TOP) - BigInt(this.#depth) * STACK_STRIDE;
    const stack: Region = {
      name: `stack of frame ${this.#depth}`,
      base: top - BigInt(size),
      bytes: new Uint8Array(size),
      writable: true,
    };
    memory.add(stack);
    this.#stacks.push(stack);
    this.#depth++;
    const limit = this.#limit;
    const registers = [0n, ...args, 0n, 0n, 0n, 0n, top];
    this.#options.watch?.enter({ subprog, callSite, registers, stack });
    const state = { program, registers, entered: false };
    const depth = this.#depth;
    let r0: bigint;
    try {
      r0 = this.#execute(state, subprog);
    } catch (thrown) {
      if (!(thrown instanceof Unwind) || !state.entered) throw thrown;
      // What a tail call entered ends here, and whoever made the call goes on.
      while (this.#depth > depth) this.#dropFrame();
      r0 = thrown.r0;
    }
    this.#options.watch?.leave();
    this.#depth--;
    this.#limit = limit;
    this.#stacks.pop();
    memory.remove(stack);
    return r0;
  }

  /** Ends a frame that has thrown. */
  #dropFrame(): void {
    this.#options.watch?.leave();
    this.#depth--;
    const stack = this.#stacks.pop();
    if (stack !== undefined) this.#options.memory.remove(stack);
  }

  /** `frame.entered` becomes true where a tail call goes on with another program. */
  #execute(
    frame: { readonly program: Program; readonly registers: bigint[]; entered: boolean },
    subprog: Subprog,
  ): bigint {
    let { program } = frame;
    const memory = this.#options.memory;
    const r = frame.registers;
    const { watch } = this.#options;
    let budget = this.#options.mayGotoBudget ?? 8_388_608;
    let insns = program.code.insns;
    let at = program.indexOf(subprog.entry);
    const fail = (message: string): never => {
      throw new InterpretError(message, { position: at });
    };
    try {
      for (;;) {
        const insn: Insn | undefined = insns[at];
        if (insn === undefined) return fail("Cannot run past the last instruction");
        if (this.steps++ >= this.#fuel) {
          const message = `Cannot go on: ${this.#fuel} instructions are used up`;
          throw new InterpretError(message, { position: at, outOfFuel: true });
        }
        watch?.step(at);
        let next = at + 1;
        switch (insn.kind) {
          case "alu":
            r[insn.dst] = alu(insn.op, insn.width, r[insn.dst], operand(r, insn.src));
            break;
          case "load": {
            const value = memory.load(address(r, insn), insn.size);
            r[insn.dst] = insn.signed ? BigInt.asIntN(8 * insn.size, value) & M64 : value;
            break;
          }
          case "store":
            memory.store(address(r, insn), insn.size, operand(r, insn.src));
            break;
          case "atomic":
            this.#atomic(r, insn);
            break;
          case "ldabs": {
            if (this.#options.packet === undefined) return fail("Cannot load from the packet: there is none");
            const index = insn.mode === "ind" ? Number(BigInt.asIntN(32, r[insn.index])) : 0;
            const value = this.#options.packet((index + insn.imm) | 0, insn.size);
            if (value === undefined) return 0n;
            for (let i = 1; i <= 5; i++) r[i] = CLOBBERED;
            r[0] = value & M64;
            break;
          }
          case "imm64":
            r[insn.dst] = this.#imm64(insn.value, at);
            break;
          case "jump":
            next = program.indexOf(insn.target);
            break;
          case "branch":
            if (compare(insn.op, insn.width, r[insn.left], operand(r, insn.right))) {
              next = program.indexOf(insn.target);
            }
            break;
          case "may_goto":
            if (budget === 0) next = program.indexOf(insn.target);
            else budget--;
            break;
          case "call": {
            const args: Arguments = [r[1], r[2], r[3], r[4], r[5]];
            let outcome: CallOutcome;
            if (insn.callee.kind === "subprog") {
              outcome = this.frame(program, program.subprog(insn.callee.subprog), args, at);
            } else {
              outcome = this.#hostCall(program, insn.callee, args, at);
            }
            if (typeof outcome === "object") {
              if ("exit" in outcome) throw new Unwind(outcome.exit & M64);
              program = outcome.tailCall;
              frame.entered = true;
              this.#limit = this.#depth + MAX_FRAMES - 1;
              insns = program.code.insns;
              next = program.indexOf(program.subprogs[0].entry);
              outcome = 0n;
            } else if (!(this.#options.keepsArguments?.(insn.callee) ?? false)) {
              for (let i = 1; i <= 5; i++) r[i] = CLOBBERED;
            }
            r[0] = outcome & M64;
            break;
          }
          case "addr_space_cast":
            throw new UnsupportedError("addr_space_cast in the interpreter");
          case "exit":
            return r[0];
          case "raw":
            return fail("Cannot run an unknown instruction");
        }
        at = next;
      }
    } catch (error) {
      if (!(error instanceof MemoryError)) throw error;
      throw new InterpretError(error.message, { position: at, address: error.address, cause: error });
    }
  }

  #hostCall(program: Program, callee: Callee, args: Arguments, position: number): CallOutcome {
    const call = this.#options.call;
    if (call === undefined) {
      const name = callee.kind === "helper"
        ? `helper ${callee.id}`
        : `kfunc ${callee.kind === "kfunc" ? callee.func.name : ""}`;
      throw new InterpretError(`Cannot call ${name}: nobody answers`, { position });
    }
    return call(callee, args, {
      memory: this.#options.memory,
      program,
      invoke: (id, values) => this.frame(program, program.subprog(id), values, position),
      subprogAt: (value) => {
        const id = Number(value - FUNCTION_BASE) / 16;
        return program.subprogs.find((s) => s.id === id)?.id;
      },
    });
  }

  #imm64(value: Imm64, position: number): bigint {
    switch (value.kind) {
      case "const":
        return value.value & M64;
      case "func":
        return FUNCTION_BASE + 16n * BigInt(value.subprog);
      case "map":
      case "map_value":
      case "kernel_var":
        if (this.#options.address === undefined) {
          throw new InterpretError(`Cannot load the address of a ${value.kind}: nobody gives it`, {
            position,
          });
        }
        return this.#options.address(value) & M64;
    }
  }

  #atomic(r: bigint[], insn: Extract<Insn, { kind: "atomic" }>): void {
    const memory = this.#options.memory;
    const at = address(r, insn);
    const mask = (1n << BigInt(8 * insn.size)) - 1n;
    if (insn.op === "load_acq") {
      r[insn.src] = memory.load(at, insn.size);
      return;
    }
    if (insn.op === "store_rel") {
      memory.store(at, insn.size, r[insn.src]);
      return;
    }
    const old = memory.load(at, insn.size);
    if (insn.op === "cmpxchg") {
      // Stores even when the comparison fails, as the processor does: a read-only target is an error either way.
      memory.store(at, insn.size, old === (r[0] & mask) ? r[insn.src] : old);
      r[0] = old;
      return;
    }
    memory.store(at, insn.size, combine(insn.op, old, r[insn.src] & mask));
    if (insn.fetch) r[insn.src] = old;
  }
}

function address(r: readonly bigint[], insn: { readonly base: number; readonly offset: number }): bigint {
  return r[insn.base] + BigInt(insn.offset) & M64;
}

function operand(r: readonly bigint[], src: Operand): bigint {
  return src.kind === "reg" ? r[src.reg] : BigInt(src.imm) & M64;
}

function combine(
  op: Exclude<AtomicOp, "cmpxchg" | "load_acq" | "store_rel">,
  old: bigint,
  value: bigint,
): bigint {
  switch (op) {
    case "add":
      return old + value;
    case "or":
      return old | value;
    case "and":
      return old & value;
    case "xor":
      return old ^ value;
    case "xchg":
      return value;
  }
}

/**
 * The result of an ALU operation on unsigned 64-bit values, unsigned 64 bits; a 32-bit operation zero-extends (RFC 9669 §4.1).
 * `b` is the second operand, an immediate already sign-extended to 64 bits.
 */
export function alu(op: AluOp, width: 32 | 64, a: bigint, b: bigint): bigint {
  const bits = BigInt(width);
  const mask = width === 64 ? M64 : M32;
  const x = a & mask, y = b & mask;
  const sx = BigInt.asIntN(width, x), sy = BigInt.asIntN(width, y);
  const shift = y & (bits - 1n);
  switch (op) {
    case "add":
      return x + y & mask;
    case "sub":
      return x - y & mask;
    case "mul":
      return x * y & mask;
    case "div":
      return y === 0n ? 0n : x / y;
    case "sdiv":
      return y === 0n ? 0n : sx / sy & mask;
    case "mod":
      return y === 0n ? x : x % y;
    case "smod":
      return y === 0n ? x : sx % sy & mask;
    case "or":
      return x | y;
    case "and":
      return x & y;
    case "xor":
      return x ^ y;
    case "lsh":
      return x << shift & mask;
    case "rsh":
      return x >> shift;
    case "arsh":
      return sx >> shift & mask;
    case "mov":
      return y;
    case "movsx8":
      return BigInt.asIntN(8, y) & mask;
    case "movsx16":
      return BigInt.asIntN(16, y) & mask;
    case "movsx32":
      return BigInt.asIntN(32, y) & mask;
    case "neg":
      return -x & mask;
    // The host is little-endian: le only truncates. These read all of dst, whatever the operation's width.
    case "le16":
      return a & 0xffffn;
    case "le32":
      return a & M32;
    case "le64":
      return a;
    case "be16":
    case "bswap16":
      return swap(a, 2);
    case "be32":
    case "bswap32":
      return swap(a, 4);
    case "be64":
    case "bswap64":
      return swap(a, 8);
  }
}

function swap(value: bigint, bytes: Size): bigint {
  let out = 0n;
  for (let i = 0; i < bytes; i++) out = out << 8n | (value >> BigInt(8 * i) & 0xffn);
  return out;
}

/** Whether a branch is taken; operands as for {@linkcode alu}. */
export function compare(op: BranchOp, width: 32 | 64, left: bigint, right: bigint): boolean {
  const x = BigInt.asUintN(width, left), y = BigInt.asUintN(width, right);
  const sx = BigInt.asIntN(width, left), sy = BigInt.asIntN(width, right);
  switch (op) {
    case "eq":
      return x === y;
    case "ne":
      return x !== y;
    case "gt":
      return x > y;
    case "ge":
      return x >= y;
    case "lt":
      return x < y;
    case "le":
      return x <= y;
    case "sgt":
      return sx > sy;
    case "sge":
      return sx >= sy;
    case "slt":
      return sx < sy;
    case "sle":
      return sx <= sy;
    case "set":
      return (x & y) !== 0n;
  }
}
