/**
 * stack-check: refuses programs whose frames together need more stack than there is.
 *
 * As Linux does it (`check_max_stack_depth`): from the main program and from every asynchronous callback, along every chain of
 * calls and of subprograms whose address is taken, frames rounded up to what the machine code takes add up to at most 512 bytes,
 * over at most 8 frames. Tracing programs may have their large frames (64 bytes and more) on a private stack, where only each
 * single frame is limited. The chains are walked in the order of the code, so that the first one found too deep is the one the
 * kernel reports; what lies below a subprogram and cannot fail is not walked again.
 *
 * It reads the stack depths and changes nothing. It runs before passes that add slots, as in the kernel; those look after
 * themselves.
 *
 * @module
 */
import { RejectedError } from "../ir/diagnostic.ts";
import type { Insn, SubprogId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { MAX_STACK, stackDepth } from "../ir/stack_depth.ts";
import { callbackKind } from "./facts.ts";
import type { Pass } from "./pass.ts";

/** `MAX_CALL_FRAMES` (include/linux/bpf_verifier.h). */
const MAX_FRAMES = 8;
/** `BPF_PRIV_STACK_MIN_SIZE`: below it a frame is not worth a private stack (kernel/bpf/verifier.c). */
const PRIVATE_STACK_MIN = 64;
/** A subprogram with tail calls may not be entered with this much stack above: 33 tail calls of it must fit 8 KiB. */
const TAIL_CALL_LIMIT = 256;
/** `BPF_FUNC_tail_call`. */
const FUNC_TAIL_CALL = 12;
/** `BPF_TRACE_ITER`, the one tracing attach type whose programs may run inside themselves. */
const TRACE_ITER = 28;
const EACCES = 13, E2BIG = 7, EINVAL = 22, EFAULT = 14;

/** The program types that get private stacks on x86-64 (`bpf_enable_priv_stack`). */
const PRIVATE_STACK_TYPES: ReadonlySet<string> = new Set([
  "kprobe",
  "tracepoint",
  "perf_event",
  "raw_tracepoint",
]);

/** The pass. */
export function stackCheck(): Pass {
  return {
    name: "stack-check",
    summary: "Refuses call chains that need more than 512 bytes of stack or 8 frames",
    required: true,
    after: {
      verify: "verify measures how deep each frame is",
      "fastcall-remove": "without the spills the stack may be shallower, and fit",
    },
    before: {
      "bpf-loop-inline": "the kernel measures before it adds slots; programs at the limit would be refused",
    },
    needs: [stackDepth],
    run: (program, context) => {
      checkStackDepth(program, { jit: context.target.jit });
      return program;
    },
  };
}

/** What {@linkcode checkStackDepth} must know of the target. */
export interface StackCheckOptions {
  /** Frames are rounded up to 16 bytes for machine code, to 32 for the kernel's interpreter. */
  readonly jit: boolean;
}

/**
 * Checks the combined stack depth of all call chains.
 *
 * @throws {RejectedError} With the kernel's message and errno (`EACCES` too large, `E2BIG` too many frames, `EINVAL` not allowed in
 *   callbacks) if a chain is too deep.
 */
export function checkStackDepth(program: Program, options: StackCheckOptions): void {
  const frames = program.subprogs.map((_, s) => frameOf(program, { s, jit: options.jit }));
  const privateStack = mayUsePrivateStack(program, frames);
  // Asynchronous callbacks first: what they can reach must not be on a private stack when the main program's turn comes.
  const shared = new Set<number>();
  for (let s = program.subprogs.length - 1; s >= 0; s--) {
    if (s === 0 || frames[s].async) new Walk(program, { frames, shared }).run(s, s === 0 && privateStack);
  }
}

/** A place where control or an address leaves a subprogram. */
interface Site {
  readonly position: number;
  /** Index of the subprogram called, or whose address is taken; -1 for a call of `bpf_throw`. */
  readonly callee: number;
  readonly address: boolean;
}

interface Frame {
  readonly bytes: number;
  readonly sites: readonly Site[];
  readonly tailCall: boolean;
  readonly legacyLoad: boolean;
  readonly callback: boolean;
  readonly async: boolean;
  readonly exception: boolean;
}

function frameOf(program: Program, what: { readonly s: number; readonly jit: boolean }): Frame {
  const { s, jit } = what;
  const { insns } = program.code;
  const subprog = program.subprogs[s];
  const sites: Site[] = [];
  let tailCall = false, legacyLoad = false;
  for (let i = program.starts[s]; i < program.starts[s + 1]; i++) {
    const insn = insns[i];
    if (insn.kind === "ldabs") legacyLoad = true;
    if (isTailCall(insn)) tailCall = true;
    if (insn.kind === "call" && insn.callee.kind === "kfunc" && insn.callee.func.name === "bpf_throw") {
      sites.push({ position: i, callee: -1, address: false });
    } else if (insn.kind === "call" && insn.callee.kind === "subprog") {
      sites.push({ position: i, callee: indexOfSubprog(program, insn.callee.subprog), address: false });
    } else if (insn.kind === "imm64" && insn.value.kind === "func") {
      sites.push({ position: i, callee: indexOfSubprog(program, insn.value.subprog), address: true });
    }
  }
  const kind = program.get(callbackKind, subprog.id);
  const depth = program.get(stackDepth, subprog.id);
  const unit = jit ? 16 : 32;
  return {
    bytes: Math.ceil((jit ? depth : Math.max(depth, 1)) / unit) * unit,
    sites,
    tailCall,
    legacyLoad,
    callback: kind !== "no",
    async: kind === "async" || kind === "exception",
    exception: kind === "exception",
  };
}

function isTailCall(insn: Insn): boolean {
  return insn.kind === "call" && insn.callee.kind === "helper" && insn.callee.id === FUNC_TAIL_CALL;
}

function indexOfSubprog(program: Program, id: SubprogId): number {
  return program.subprogs.findIndex((s) => s.id === id);
}

function mayUsePrivateStack(program: Program, frames: readonly Frame[]): boolean {
  if (frames.some((frame) => frame.tailCall)) return false;
  const { type, attachType } = program.attrs;
  return PRIVATE_STACK_TYPES.has(type) || (type === "tracing" && attachType !== TRACE_ITER);
}

/** What lies below a frame at worst; infinite for recursion. */
interface Below {
  readonly bytes: number;
  readonly frames: number;
  /** Something below can fail for other reasons than depth. */
  readonly special: boolean;
}

/** The walk from one root. */
class Walk {
  readonly #program: Program;
  readonly #frames: readonly Frame[];
  /** Subprograms that must use the normal stack, because something asynchronous runs them too. */
  readonly #shared: Set<number>;
  readonly #below = new Map<number, Below | "open">();
  readonly #chain: number[] = [];
  /** Something that tail-calls was entered. */
  #tailCalls = false;
  #private = false;

  constructor(program: Program, state: { readonly frames: readonly Frame[]; readonly shared: Set<number> }) {
    this.#program = program;
    this.#frames = state.frames;
    this.#shared = state.shared;
  }

  run(root: number, privateStack: boolean): void {
    this.#private = privateStack;
    this.#enter(root, 0);
  }

  #onPrivateStack(s: number): boolean {
    return this.#private && !this.#shared.has(s) && this.#frames[s].bytes >= PRIVATE_STACK_MIN;
  }

  /** `depth`: bytes of the frames above. */
  #enter(s: number, depth: number): void {
    const frame = this.#frames[s];
    if (!this.#private) this.#shared.add(s);
    this.#chain.push(s);
    if (frame.legacyLoad && this.#chain.some((c) => this.#frames[c].callback)) {
      this.#reject("cannot use BPF_LD_[ABS|IND] within callback", EINVAL);
    }
    if (s !== 0 && frame.tailCall && depth >= TAIL_CALL_LIMIT) {
      this.#reject(
        `tail_calls are not allowed when call stack of previous frames is ${depth} bytes. Too large`,
        EACCES,
      );
    }
    let below = depth;
    if (this.#onPrivateStack(s)) {
      if (frame.bytes > MAX_STACK) {
        this.#reject(`stack size of subprog ${s} is ${frame.bytes}. Too large`, EACCES);
      }
    } else {
      below += frame.bytes;
      if (below > MAX_STACK) {
        this.#reject(
          `combined stack size of ${this.#chain.length} calls is ${below}. Too large`,
          EACCES,
        );
      }
    }
    if (frame.tailCall && this.#chain.length > 1) this.#tailCalls = true;
    for (const site of frame.sites) this.#leave(s, { site, depth: below });
    if (this.#tailCalls && this.#chain.length > 1 && this.#frames[this.#chain[0]].exception) {
      this.#reject("cannot tail call within exception cb", EINVAL);
    }
    this.#chain.pop();
  }

  #leave(s: number, what: { readonly site: Site; readonly depth: number }): void {
    const { site, depth } = what;
    if (site.callee < 0) {
      if (!this.#chain.some((c) => this.#frames[c].callback)) return;
      const slot = slotOf(this.#program, site.position);
      this.#reject(`bpf_throw kfunc (insn ${slot}) cannot be called from callback subprog ${s}`, EINVAL);
    }
    const callee = this.#frames[site.callee];
    if (callee.async) {
      if (callee.tailCall) this.#reject("verifier bug: subprog has tail_call and async cb", EFAULT);
      // Runs on a stack of its own, unless it is called like any other subprogram.
      if (site.address) return;
      if (callee.exception) {
        this.#reject(
          `insn ${slotOf(this.#program, site.position)} cannot call exception cb directly`,
          EINVAL,
        );
      }
    }
    if (this.#chain.length >= MAX_FRAMES) {
      this.#reject(`the call stack of ${this.#chain.length} frames is too deep !`, E2BIG);
    }
    const worst = this.#measure(site.callee);
    if (
      !worst.special && depth + worst.bytes <= MAX_STACK && this.#chain.length + worst.frames <= MAX_FRAMES
    ) {
      return;
    }
    this.#enter(site.callee, depth);
  }

  /** The worst below and including a subprogram, each computed once. Marks what it sees as being on the normal stack. */
  #measure(s: number): Below {
    const known = this.#below.get(s);
    if (known === "open") return { bytes: Infinity, frames: Infinity, special: false };
    if (known !== undefined) return known;
    this.#below.set(s, "open");
    const frame = this.#frames[s];
    if (!this.#private) this.#shared.add(s);
    let bytes = 0, frames = 0;
    let special = frame.legacyLoad || frame.tailCall || this.#onPrivateStack(s);
    for (const site of frame.sites) {
      if (site.callee < 0 || (this.#frames[site.callee].exception && !site.address)) special = true;
      if (site.callee >= 0 && this.#frames[site.callee].async && this.#frames[site.callee].tailCall) {
        special = true;
      }
      if (site.callee < 0 || (site.address && this.#frames[site.callee].async)) continue;
      const worst = this.#measure(site.callee);
      bytes = Math.max(bytes, worst.bytes);
      frames = Math.max(frames, worst.frames);
      special ||= worst.special;
    }
    const own = this.#onPrivateStack(s) ? 0 : frame.bytes;
    const below = { bytes: bytes + own, frames: frames + 1, special };
    this.#below.set(s, below);
    return below;
  }

  #reject(message: string, errno: number): never {
    const at = this.#chain[this.#chain.length - 1];
    const subprog = this.#program.subprogs[at];
    const position = this.#program.code.origins[this.#program.starts[at]].position;
    const chain = this.#chain.map((s) => {
      const { name } = this.#program.subprogs[s];
      return `${name} (${this.#program.get(stackDepth, this.#program.subprogs[s].id)} bytes)`;
    });
    throw new RejectedError(message, {
      errno,
      log: `${message}\n`,
      diagnostics: [{
        code: errno === EACCES || errno === E2BIG ? "stack/too-deep" : "stack/not-in-callback",
        message: message[0].toUpperCase() + message.slice(1),
        insn: subprog.entry,
        ...(position === undefined ? {} : { position }),
        notes: [`Calls: ${chain.join(" > ")}`],
      }],
    });
  }
}

/** The slot number the kernel would print for a position. */
function slotOf(program: Program, position: number): number {
  let slot = 0;
  for (let i = 0; i < position; i++) slot += program.code.insns[i].kind === "imm64" ? 2 : 1;
  return slot;
}
