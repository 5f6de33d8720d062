/**
 * The environment of one verification: the program's columns, the place where the walk stands, limits, counters and the log.
 *
 * How functions on the hot path report: 0 (or a useful non-negative number) is success, a negative number is the kernel's `-errno`
 * and comes from {@linkcode Env.fail}, which also records the message; every caller hands it up at once. What Inlay does not
 * decide yet is thrown as `UnsupportedError` and never becomes a verdict.
 *
 * @module
 */
import { words } from "../../ir/words.ts";
import { columnsOf } from "../../ir/columns.ts";
import type { Columns } from "../../ir/columns.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import type { MapDef, Unit } from "../../ir/unit.ts";
import type { Program } from "../../ir/program.ts";
import type { Profile, ProgramTypeRules } from "../../profile/profile.ts";
import { type SourcePosition, UnsupportedError } from "../../ir/diagnostic.ts";
import { W } from "./states/arena.ts";
import type { LoadedProgram } from "./context/loaded_program.ts";
import type { Explored } from "./states/explored.ts";
import type { Lockdown } from "./calls/helper_allowed.ts";
import type { Fastcall } from "./flow/fastcall.ts";
import { Findings } from "./findings.ts";
import { loadedTypes } from "./types/loaded_types.ts";
import { LogBuffer } from "./log/log_buffer.ts";
import type { Observer } from "./observer.ts";
import type { Pending } from "./states/pending.ts";
import type { Demand, RejectionCode } from "./rejection.ts";
import type { StackLiveness } from "./flow/stack_liveness.ts";
import {
  ADD_CONST,
  CUR,
  F_NSLOTS,
  F_REGS,
  F_SLOT_TYPES,
  F_SPILLS,
  FRAME_REG_COUNT,
  FRAME_WORDS,
  REG_WORDS,
  STACK_SPILL,
} from "./states/layout.ts";

const MAP_TYPE_ARENA = 33;

/** `EACCES`. */
export const EACCES = 13;
/** `EINVAL`. */
export const EINVAL = 22;
/** `EPERM`. */
export const EPERM = 1;
/** `ENOMEM`. */
export const ENOMEM = 12;
/** `EFAULT`: the kernel found itself inconsistent. */
export const EFAULT = 14;
/** `E2BIG`. */
export const E2BIG = 7;
/** `ENOENT`. */
export const ENOENT = 2;
/** `ESRCH`. */
export const ESRCH = 3;
/** `EBUSY`. */
export const EBUSY = 16;
/** `ENOTSUPP` of the kernel (524), not of POSIX. */
export const ENOTSUPP = 524;
/** `EOPNOTSUPP`. */
export const EOPNOTSUPP = 95;

// Flags of a slot.
/** Some path went through it. */
export const AUX_SEEN = 1;
/** States are compared and saved before it. */
export const AUX_PRUNE_POINT = 2;
/** It is reached other than by falling through: the jump history records it. */
export const AUX_JUMP_POINT = 4;
/** A state is saved before it every time. */
export const AUX_CHECKPOINT = 8;
/** It calls a helper or kfunc that runs callbacks before it returns. */
export const AUX_CALLS_CALLBACK = 16;
/** It calls the next() of an iterator. */
export const AUX_ITER_NEXT = 32;
/** It is a `may_goto`. */
export const AUX_MAY_GOTO = 64;
/** A branch that jumped on some path. */
export const AUX_JUMPED = 128;
/** A branch that fell through on some path. */
export const AUX_FELL = 256;

// Flags of a subprogram.
/** It tail-calls. */
export const SUB_TAIL_CALL = 1;
/** It uses legacy packet loads. */
export const SUB_LD_ABS = 2;
/** It may move packet data, itself or by what it calls. */
export const SUB_CHANGES_PACKET = 4;
/** It may sleep. */
export const SUB_MIGHT_SLEEP = 8;
/** It is used as a callback. */
export const SUB_CALLBACK = 16;
/** It is used as an asynchronous callback. */
export const SUB_ASYNC_CALLBACK = 32;
/** Its BTF does not tell the truth about its arguments. */
export const SUB_UNRELIABLE = 64;
/** A global subprogram that is called from live code. */
export const SUB_CALLED = 128;
/** A global subprogram that is verified. */
export const SUB_VERIFIED = 256;

/** It is what is called where the program throws. */
export const SUB_EXCEPTION_CALLBACK = 512;

const NONE = words(0);
/** The references of the path under exploration; one verification at a time has them. */
const REFS = words(4 * 256);

/** How the registers a verdict depended on are found; the implementations are in `passes/precision`. */
export interface Precision {
  readonly name: string;
  /** Register `regno` of the current frame must be known exactly, from here back to where its value came from: 0 or `-errno`. */
  markReg(env: Env, regno: number): number;
  /** The same for what is spilled to slot `spi` of frame `frame`. */
  markSlot(env: Env, frame: number, spi: number): number;
  /**
   * Everything that is precise in the saved state `old` must be so on the way to a state that equals it: the saved state `now`, or the
   * path under exploration if `now` is 0. Gives 1 if that marked anything new, 0 if not, or `-errno`.
   */
  propagate(env: Env, old: number, now: number): number;
  /** All scalars in all states before `state` (before the path under exploration if 0) must be known exactly. */
  markAll(env: Env, state: number): void;
}

/** What {@linkcode Env} is made of. */
export interface EnvOptions {
  readonly profile: Profile;
  readonly rules: ProgramTypeRules;
  readonly precision: Precision;
  /** The program whose function this one is attached to; its rules are `rules` if that function is replaced. */
  readonly host?: LoadedProgram | undefined;
  /** `LOG_*` bits. */
  readonly logLevel: number;
  /** The kernel's types, if the unit does not bring them. */
  readonly targetBtf?: Btf;
  /** The kernel keeps the addresses of variables. */
  readonly kernelVariables?: boolean | undefined;
  /** What the kernel is locked down to. */
  readonly lockdown?: Lockdown | undefined;
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
  /** The program that it is attached to a function of. */
  readonly host: LoadedProgram | undefined;
  /** It replaces that function: it is of the host's type, and begins as a function called from there. */
  readonly extension: boolean;
  /** `BPF_F_STRICT_ALIGNMENT`. */
  readonly strictAlignment: boolean;
  /** `BPF_F_TEST_STATE_FREQ`. */
  readonly testStateFreq: boolean;
  /** `BPF_F_TEST_REG_INVARIANTS`. */
  readonly testRegInvariants: boolean;
  readonly precision: Precision;
  /** Whether the kernel keeps the addresses of variables; programs that use one are not decided about if that is not known. */
  readonly kernelVariables: boolean | undefined;
  /** What the kernel is locked down to; programs for which that matters are not decided about if it is not known. */
  readonly lockdown: Lockdown | undefined;

  // The program, by slot.
  readonly cols: Columns;
  readonly code: Int32Array;
  readonly dst: Int32Array;
  readonly src: Int32Array;
  readonly off: Int32Array;
  readonly imm: Int32Array;
  readonly target: Int32Array;

  /** By slot: {@linkcode AUX_SEEN} and its kin. */
  readonly aux: Int32Array;
  /** By slot: the type of the pointer the load or store was first seen with; 0 = none. */
  readonly auxPtrType: Int32Array;
  /** By slot: what `alu_memo.ts` knows the instruction by, 0 = not at all. */
  readonly forms: Int32Array;
  /** By slot: how much more often its outcome had to be computed than was known. */
  readonly misses: Int32Array;
  /** By slot: registers that may be read from here on, as a bit mask. */
  liveRegs: Int32Array = NONE;
  /** By slot: the number of its loop (strongly connected component), 0 = none. */
  component: Int32Array = NONE;
  /** By subprogram in layout order: bytes of stack in use. */
  readonly stackDepth: Int32Array;
  /** By subprogram in layout order: {@linkcode SUB_TAIL_CALL} and its kin. */
  readonly subprogFlags: Int32Array;
  /** What passes learn from this verification. */
  readonly findings: Findings;
  /** The states saved so far. Set before the walk begins. */
  explored!: Explored;
  /** The paths that wait. Set before the walk begins. */
  pending!: Pending;
  /** Where the path goes on after the current instruction. */
  nextIdx = 0;
  /** Looked at now and then; stops the verification with its reason. */
  signal: AbortSignal | undefined;
  /** `performance.now()` after which the verification gives up, without a verdict. */
  deadline = Infinity;

  /** Watches the walk, in tests. */
  observer: Observer | undefined;

  /** Learns which stack slots may still be read. Set before the walk begins. */
  stackLiveness!: StackLiveness;

  /** Watches the slots of the fastcall pattern; absent where there is none. */
  fastcall: Fastcall | undefined;

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
  /** The last id given by {@linkcode newId}; grows for the whole verification. */
  idGen = 0;

  // The path under exploration, besides its frames.
  /** The state it continues: word in the arena, 0 at an entry. */
  parent = 0;
  /** The first slot since that state. */
  firstInsnIdx = 0;
  /** The slot before the current one, as the state being built remembers it. */
  lastInsnIdx = -1;
  /** The newest entry of the jump history since that state; 0 = none. See `history.ts`. */
  history = 0;
  historyCount = 0;
  /** The history entry of the current instruction; 0 = none yet. */
  historyEntry = 0;
  /** How many states deep. */
  dfsDepth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;

  // References and locks of the path under exploration.
  /** Four words each: `REF_STATE_*` kind, id, slot of acquisition, pointer. Only the first `refCount * 4` words mean anything. */
  readonly refs: Int32Array = REFS;
  refCount = 0;
  /** Nesting of `bpf_preempt_disable`. */
  preemptLocks = 0;
  /** Nesting of RCU read sections. */
  rcuLocks = 0;
  /** Taken spin locks. */
  activeLocks = 0;
  /** Ids of the innermost `bpf_local_irq_save` and spin lock, and what the lock lies in; 0 = none. */
  irqId = 0;
  lockId = 0;
  lockPtr = 0;
  /** The program may sleep here. */
  sleepable = false;

  /** Where the log stood after the last instruction's line; 0 = nowhere. */
  prevLogEnd = 0;
  /** How long that line was, in characters. */
  prevInsnLength = 0;
  /** Nothing is logged for a while: it was before. */
  muted = false;
  /** The next line shows the whole state: the path came here from elsewhere. */
  printState = false;
  /** The source line printed last. */
  lastLine: SourcePosition | undefined;
  /** Tells of a kfunc call what the look at the control flow must know; set where kfuncs are supported. */
  markKfunc: ((slot: number) => void) | undefined;

  // What the log's next line shows: registers and slots touched since the last. Bit masks.
  scratchedRegs = 0;
  scratchedSlotsLo = 0;
  scratchedSlotsHi = 0;

  /** Conditions, jumps, calls and exits processed so far. */
  jumpsProcessed = 0;
  /** Instructions processed so far, as `processed N insns` counts them. */
  processed = 0;
  /** A call of a kernel function that names none was reached. */
  callsNothing = false;
  /** Why the verification failed, as printed; without newline. */
  message = "";
  /** Which kind of rejection that is. */
  rejection: RejectionCode = "rejected";
  /** What was demanded that was not so; undefined where there is no more to say than the message does. */
  demand: Demand | undefined;
  readonly logLevel: number;
  /** Any of levels 1 and 2: formatting happens only then. */
  readonly logging: boolean;
  /** The log. */
  readonly log: LogBuffer = new LogBuffer();

  constructor(program: Program, options: EnvOptions) {
    this.program = program;
    this.unit = program.unit;
    this.targetBtf = program.unit.targetBtf ?? options.targetBtf;
    const types = loadedTypes(program.unit, options.profile, this.targetBtf);
    this.maps = types.maps;
    this.btf = types.btf;
    this.profile = options.profile;
    this.kernelVariables = options.kernelVariables;
    this.lockdown = options.lockdown;
    this.rules = options.rules;
    this.precision = options.precision;
    this.host = options.host;
    this.extension = program.attrs.type === "ext";
    this.attachType = this.extension && options.host !== undefined
      ? options.host.attachType
      : program.attrs.attachType || (options.rules.attachTypes?.[0] ?? 0);
    // BPF_F_ANY_ALIGNMENT takes BPF_F_STRICT_ALIGNMENT back.
    this.strictAlignment = (program.attrs.flags & 3) === 1;
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
    this.aux = words(this.cols.count + 1);
    this.auxPtrType = words(this.cols.count + 1);
    this.forms = words(this.cols.count);
    this.misses = words(this.cols.count);
    this.findings = new Findings(this.cols.count);
    this.stackDepth = words(program.subprogs.length);
    this.subprogFlags = words(program.subprogs.length);
  }

  /** Whether states are compared and saved before this slot. */
  isPrunePoint(slot: number): boolean {
    return (this.aux[slot] & AUX_PRUNE_POINT) !== 0;
  }

  /** Whether the call at this slot runs callbacks before it returns. */
  callsCallback(slot: number): boolean {
    return (this.aux[slot] & AUX_CALLS_CALLBACK) !== 0;
  }

  /** Whether a subprogram is verified on its own, by its prototype. */
  isGlobal(subprog: number): boolean {
    const info = this.program.subprogs[subprog];
    return info.linkage !== "static" && info.btfId !== 0 && this.btf !== undefined;
  }

  /** How the value of a 16-byte load prints; undefined prints its 64 bits. */
  imm64Text(slot: number): string | undefined {
    const kind = this.src[slot], map = kind === 2 || kind === 6 ? this.maps[this.imm[slot]] : undefined;
    if (map?.type === MAP_TYPE_ARENA) {
      // Its address in user space, where the loader has a say.
      const address = map.mapExtra !== 0n ? map.mapExtra : 0x7fff00000000n;
      return `0x${(address + BigInt(this.imm[slot + 1])).toString(16)}`;
    }
    // The kernel prints the map's address. There is none here, so something of its length stands for it.
    return kind === 0 || kind === 3 || kind === 4 ? undefined : "0xffff888000000000";
  }

  /** Appends to the log. The text carries its own newlines. */
  verbose(text: string): void {
    if (this.logLevel !== 0 && !this.muted) this.log.append(text);
  }

  /** Refuses the program: logs the message (a newline is added) and gives `-errno` for the caller to return. */
  fail(errno: number, code: RejectionCode, message: string, demand?: Demand): number {
    this.rejection = code;
    this.demand = demand;
    this.message = message;
    if (this.logLevel !== 0) this.log.append(message + "\n");
    return -errno;
  }

  /** As {@linkcode Env.fail}, for messages that end without a newline. */
  failUnterminated(errno: number, code: RejectionCode, message: string): number {
    this.rejection = code;
    this.demand = undefined;
    this.message = message;
    if (this.logLevel !== 0) this.log.append(message);
    return -errno;
  }

  /** Refuses the program where the kernel's log says nothing of its own: gives `-errno` for the caller to return. */
  failSilently(errno: number, code: RejectionCode): number {
    this.rejection = code;
    this.message = "";
    this.demand = undefined;
    return -errno;
  }

  /** Adds to what is known of a failure where that does not say it itself: gives `failed`. */
  blame(failed: number, demand: Demand): number {
    this.demand = { ...demand, ...this.demand };
    return failed;
  }

  /** Stops without a verdict. @throws {UnsupportedError} Always. */
  unsupported(what: string): never {
    throw new UnsupportedError(what);
  }

  /** The BTF that a pointer's type is of, by its `AUX2`: the program's (-1), the kernel's (0), a module's. */
  btfAt(aux2: number): Btf | undefined {
    if (aux2 < 0) return this.btf;
    return aux2 === 0 ? this.targetBtf : this.unit.modules?.[aux2 - 1]?.btf;
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
