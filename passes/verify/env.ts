/**
 * The environment of one verification: the program's columns, the place where the walk stands, limits, counters and the log.
 *
 * How functions on the hot path report: 0 (or a useful non-negative number) is success, a negative number is the kernel's `-errno`
 * and comes from {@linkcode Env.fail}, which also records the message; every caller hands it up at once. What Inlay does not
 * decide yet is thrown as `UnsupportedError` and never becomes a verdict.
 *
 * @module
 */
import { columnsOf } from "../../ir/columns.ts";
import type { Columns } from "../../ir/columns.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import type { MapDef, Unit } from "../../ir/unit.ts";
import type { Program } from "../../ir/program.ts";
import type { Profile, ProgramTypeRules } from "../../profile/profile.ts";
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { W } from "./arena.ts";
import {
  ADD_CONST,
  CUR,
  F_NSLOTS,
  F_REGS,
  F_SLOT_TYPES,
  F_SPILLS,
  FRAME_REG_COUNT,
  FRAME_WORDS,
  ID,
  REG_WORDS,
  STACK_SPILL,
} from "./layout.ts";

/** `EACCES`. */
export const EACCES = 13;
/** `EINVAL`. */
export const EINVAL = 22;
/** `EPERM`. */
export const EPERM = 1;
/** `EFAULT`: the kernel found itself inconsistent. */
export const EFAULT = 14;
/** `E2BIG`. */
export const E2BIG = 7;
/** `ENOENT`. */
export const ENOENT = 2;
/** `EBUSY`. */
export const EBUSY = 16;
/** `ENOTSUPP` of the kernel (524), not of POSIX. */
export const ENOTSUPP = 524;
/** `EOPNOTSUPP`. */
export const EOPNOTSUPP = 95;

/** Log level bits, as in `union bpf_attr.log_level`. */
export const LOG_LEVEL1 = 1;
/** See {@linkcode LOG_LEVEL1}. */
export const LOG_LEVEL2 = 2;
/** See {@linkcode LOG_LEVEL1}. */
export const LOG_STATS = 4;

/** How the registers a verdict depended on are found; the implementations are in `passes/precision`. */
export interface Precision {
  readonly name: string;
  /** Register `regno` of the current frame must be known exactly from here back to where its value came from. */
  markReg(env: Env, regno: number): number;
  /** The same for slot `spi` of frame `frame`. */
  markSlot(env: Env, frame: number, spi: number): number;
}

/** What {@linkcode Env} is made of. */
export interface EnvOptions {
  readonly profile: Profile;
  readonly rules: ProgramTypeRules;
  readonly precision: Precision;
  /** `LOG_*` bits. */
  readonly logLevel: number;
}

/** One verification in progress; see the module's header. */
export class Env {
  readonly program: Program;
  readonly unit: Unit;
  readonly maps: readonly MapDef[];
  readonly btf: Btf | undefined;
  readonly targetBtf: Btf | undefined;
  readonly profile: Profile;
  readonly rules: ProgramTypeRules;
  readonly attachType: number;
  /** `BPF_F_STRICT_ALIGNMENT`. */
  readonly strictAlignment: boolean;
  /** `BPF_F_TEST_STATE_FREQ`. */
  readonly testStateFreq: boolean;
  /** `BPF_F_TEST_REG_INVARIANTS`. */
  readonly testRegInvariants: boolean;
  readonly precision: Precision;

  // The program, by slot.
  readonly cols: Columns;
  readonly code: Int32Array;
  readonly dst: Int32Array;
  readonly src: Int32Array;
  readonly off: Int32Array;
  readonly imm: Int32Array;
  readonly target: Int32Array;

  /** The slot being verified. */
  insnIdx = 0;
  /** The one before it on this path. */
  prevInsnIdx = -1;
  /** The current frame's number. */
  curframe = 0;
  /** Word of the current frame; always `frameAt(curframe)`. */
  frame: number = CUR;
  /** Word of r0 of the current frame; register n is at `regs + n * 24`. */
  regs: number = CUR + F_REGS;
  /** The last id given by {@linkcode newId}; starts anew with each state the walk pops? No: grows for the whole verification. */
  idGen = 0;

  // References and locks of the path under exploration.
  /** Four words each: `REF_STATE_*` kind, id, slot of acquisition, pointer. Only the first `refCount * 4` words mean anything. */
  readonly refs: Int32Array = new Int32Array(4 * 256);
  refCount = 0;
  /** Nesting of `bpf_preempt_disable`. */
  preemptLocks = 0;
  /** Nesting of RCU read sections. */
  rcuLocks = 0;
  /** Taken spin locks. */
  activeLocks = 0;
  /** The program may sleep here. */
  sleepable = false;
  /** The return value's register holds what a path that ends here gives; set by exits. */
  explicitExit = false;

  /** Instructions processed so far, as `processed N insns` counts them. */
  processed = 0;
  /** Why the verification failed, as printed; without newline. */
  message = "";
  readonly logLevel: number;
  /** Any of levels 1 and 2: formatting happens only then. */
  readonly logging: boolean;
  readonly #log: string[] = [];
  #logLine = "";

  constructor(program: Program, options: EnvOptions) {
    this.program = program;
    this.unit = program.unit;
    this.maps = program.unit.maps;
    this.btf = program.unit.btf;
    this.targetBtf = program.unit.targetBtf;
    this.profile = options.profile;
    this.rules = options.rules;
    this.precision = options.precision;
    this.attachType = program.attrs.attachType;
    this.strictAlignment = (program.attrs.flags & 1) !== 0;
    this.testStateFreq = (program.attrs.flags & 8) !== 0;
    this.testRegInvariants = (program.attrs.flags & 128) !== 0;
    this.logLevel = options.logLevel;
    this.logging = (options.logLevel & 3) !== 0;
    this.cols = columnsOf(program);
    this.code = this.cols.code;
    this.dst = this.cols.dst;
    this.src = this.cols.src;
    this.off = this.cols.off;
    this.imm = this.cols.imm;
    this.target = this.cols.target;
  }

  /** Appends to the log. The text carries its own newlines. */
  verbose(text: string): void {
    if (this.logging) this.#log.push(text);
  }

  /** Refuses the program: logs the message (a newline is added) and gives `-errno` for the caller to return. */
  fail(errno: number, message: string): number {
    this.message = message;
    if (this.logging) this.#log.push(message + "\n");
    return -errno;
  }

  /** Stops without a verdict. @throws {UnsupportedError} Always. */
  unsupported(what: string): never {
    throw new UnsupportedError(what);
  }

  /** Pieces of the log so far; the log's printer may cut it back. */
  get logParts(): string[] {
    return this.#log;
  }

  /** A fresh id for `ID`, `REF_ID` and their kin. */
  newId(): number {
    return ++this.idGen;
  }

  /** Makes `n` the current frame. */
  setFrame(n: number): void {
    this.curframe = n;
    this.frame = CUR + n * FRAME_WORDS;
    this.regs = this.frame + F_REGS;
  }
}

/** Word of frame `n` of the path under exploration. */
export function frameAt(n: number): number {
  return CUR + n * FRAME_WORDS;
}

/** Word of register `n` of the current frame. */
export function regAt(env: Env, n: number): number {
  return env.regs + n * REG_WORDS;
}

/** Word of the register spilled to slot `spi` of the frame at word `frame`. */
export function spillAt(frame: number, spi: number): number {
  return frame + F_SPILLS + spi * REG_WORDS;
}

/** Word of the type word of slot `spi` of the frame at word `frame`. */
export function slotTypesAt(frame: number, spi: number): number {
  return frame + F_SLOT_TYPES + spi;
}

/** Type of byte `j` (the kernel's `slot_type[j]`) in a slot's type word. */
export function slotByte(types: number, j: number): number {
  return (types >>> (4 * j)) & 15;
}

/** Whether a slot holds a spilled register, whole or in its low part: `slot_type[7]` is `STACK_SPILL`. */
export function isSpilled(types: number): boolean {
  return (types >>> 28) === STACK_SPILL;
}

/** The id of a register's group of equals, without the add-const bit. */
export function baseId(id: number): number {
  return id & ~ADD_CONST;
}

/**
 * Fills `out` with the words of every register of the path under exploration, spilled ones included, and returns how many: for
 * rules that change all registers of a kind (packet pointers, references, nullness, links).
 */
export function collectRegs(env: Env, out: Int32Array): number {
  let n = 0;
  for (let f = 0; f <= env.curframe; f++) {
    const frame = CUR + f * FRAME_WORDS;
    for (let r = 0; r < FRAME_REG_COUNT; r++) out[n++] = frame + F_REGS + r * REG_WORDS;
    const slots = W[frame + F_NSLOTS];
    for (let s = 0; s < slots; s++) {
      if ((W[frame + F_SLOT_TYPES + s] >>> 28) === STACK_SPILL) out[n++] = frame + F_SPILLS + s * REG_WORDS;
    }
  }
  return n;
}

/** Whether a register belongs to a group of equals. */
export function hasId(o: number): boolean {
  return W[o + ID] !== 0;
}
