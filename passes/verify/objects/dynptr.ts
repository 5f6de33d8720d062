/**
 * Dynptrs: two stack slots that stand for memory whose bounds are checked at run time; how they begin, are used, overwritten,
 * and released.
 *
 * The register "spilled" to each of the two slots carries the dynptr's kind, whether it is the first slot (the one at the lower
 * address), its id (which slices of it remember) and its reference. As in Linux 6.18.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { collectRegs, EINVAL, type Env, frameAt, slotTypesAt, spillAt } from "../env.ts";
import { markNotInit } from "../states/frames.ts";
import {
  ALL_BYTES,
  AUX1,
  AUX2,
  CONST_PTR_TO_DYNPTR,
  DYNPTR_FIRST_SLOT,
  DYNPTR_INVALID,
  DYNPTR_LOCAL,
  DYNPTR_RINGBUF,
  DYNPTR_SKB,
  DYNPTR_SKB_META,
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  DYNPTR_XDP,
  dynptrType,
  F_NSLOTS,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  FRAMENO,
  ID,
  MAX_FRAMES,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_MEM,
  PTR_TO_STACK,
  REF_ID,
  REG_WORDS,
  STACK_DYNPTR,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { acquireReference, releaseReference } from "./references.ts";
import { isConst, markKnown, markUnknown } from "../numbers/scalar.ts";
import { checkStackWrite } from "../memory/stack.ts";

/** What {@linkcode stackObjectSlot} gives for a place below the stack in use, where an object may still be made. */
export const ERANGE = 34;
/** The type word of a dynptr's slots. */
const DYNPTR_SLOT = Math.imul(ALL_BYTES, STACK_DYNPTR);

const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/** `DYNPTR_TYPE_*` flag of a kind, 0 for none. */
export function dynptrFlag(kind: number): number {
  switch (kind) {
    case DYNPTR_LOCAL:
      return DYNPTR_TYPE_LOCAL;
    case DYNPTR_RINGBUF:
      return DYNPTR_TYPE_RINGBUF;
    case DYNPTR_SKB:
      return DYNPTR_TYPE_SKB;
    case DYNPTR_XDP:
      return DYNPTR_TYPE_XDP;
    case DYNPTR_SKB_META:
      return DYNPTR_TYPE_SKB_META;
    default:
      return 0;
  }
}

/** The kind named in the profile's prototypes; {@linkcode DYNPTR_INVALID} for none. */
export function dynptrKind(name: string | undefined): number {
  switch (name) {
    case "local":
      return DYNPTR_LOCAL;
    case "ringbuf":
      return DYNPTR_RINGBUF;
    case "skb":
      return DYNPTR_SKB;
    case "xdp":
      return DYNPTR_XDP;
    case "skb_meta":
      return DYNPTR_SKB_META;
    default:
      return DYNPTR_INVALID;
  }
}

/** How messages name a kind. */
export function dynptrKindText(kind: number): string {
  switch (kind) {
    case DYNPTR_LOCAL:
      return "local";
    case DYNPTR_RINGBUF:
      return "ringbuf";
    case DYNPTR_SKB:
      return "skb";
    case DYNPTR_XDP:
      return "xdp";
    case DYNPTR_SKB_META:
      return "skb_meta";
    default:
      return "<unknown>";
  }
}

/**
 * The first slot of an object of `slots` slots that the stack pointer at `o` points to: `-EINVAL` with a message if no object can
 * be there, `-ERANGE` without one if that part of the stack is not in use yet.
 */
export function stackObjectSlot(env: Env, o: number, kind: string, slots: number): number {
  if (!isConst(o)) return env.fail(EINVAL, "constant-argument", `${kind} has to be at a constant offset`);
  const off = W[o + OFF] + W[o + TVAL];
  const spi = Math.trunc((-off - 1) / 8);
  if (off % 8 !== 0 || spi + 1 < slots) {
    return env.fail(EINVAL, "dynptr-state", `cannot pass in ${kind} at an offset=${off}`);
  }
  return spi - slots + 1 >= 0 && spi < W[frameAt(W[o + FRAMENO]) + F_NSLOTS] ? spi : -ERANGE;
}

function dynptrSlot(env: Env, o: number): number {
  return stackObjectSlot(env, o, "dynptr", 2);
}

function scratch(env: Env, spi: number): void {
  if (spi < 32) env.scratchedSlotsLo |= 1 << spi;
  else env.scratchedSlotsHi |= 1 << (spi - 32);
}

/** Both slots hold nothing any more. */
function invalidate(env: Env, frameno: number, spi: number): void {
  const frame = frameAt(frameno);
  for (const s of [spi, spi - 1]) {
    W[slotTypesAt(frame, s)] = 0;
    markNotInit(spillAt(frame, s));
    env.stackLiveness.markWrite(frameno, s);
  }
}

/**
 * The dynptr that holds slot `spi` of frame `frameno` is overwritten, in part or in whole: 0 or `-errno`. Slices of it are unknown
 * numbers then; one with a reference cannot be overwritten.
 */
export function destroyDynptr(env: Env, frameno: number, spi: number): number {
  const frame = frameAt(frameno);
  if ((W[slotTypesAt(frame, spi)] & 15) !== STACK_DYNPTR) return 0;
  if ((W[spillAt(frame, spi) + AUX1] & DYNPTR_FIRST_SLOT) === 0) spi++;
  const o = spillAt(frame, spi);
  if (dynptrType(W[o + AUX1]) === DYNPTR_RINGBUF) {
    return env.fail(EINVAL, "dynptr-state", "cannot overwrite referenced dynptr");
  }
  scratch(env, spi);
  scratch(env, spi - 1);
  const id = W[o + ID];
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) {
    const type = W[all[i] + TYPE];
    // Slices of packets carry their kind in the type: the packet stays, whatever becomes of the dynptr.
    if (type !== PTR_TO_MEM && type !== (PTR_TO_MEM | PTR_MAYBE_NULL)) continue;
    if (W[all[i] + AUX2] === id) markUnknown(all[i]);
  }
  invalidate(env, frameno, spi);
  return 0;
}

/** What a function does with a dynptr it is passed. */
export interface DynptrArg {
  /** `DYNPTR_*`; {@linkcode DYNPTR_INVALID} = any. For a constructor, what it makes. */
  readonly kind: number;
  /** It makes one of memory not in use. */
  readonly uninit: boolean;
  /** It does not change the dynptr itself. */
  readonly rdonly: boolean;
  /** The reference a clone shares; 0 = none. */
  readonly cloneRef: number;
}

/** Verifies the dynptr passed in register `regno` and, for a constructor, makes it: 0 or `-errno`. */
export function checkDynptrArg(env: Env, regno: number, arg: DynptrArg): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  if (type !== PTR_TO_STACK && type !== CONST_PTR_TO_DYNPTR) {
    return env.fail(
      EINVAL,
      "dynptr-state",
      `arg#${regno - 1} expected pointer to stack or const struct bpf_dynptr`,
    );
  }
  if (arg.uninit) return makeDynptr(env, regno, arg);
  if (type === CONST_PTR_TO_DYNPTR && !arg.rdonly) {
    return env.fail(EINVAL, "dynptr-state", "cannot pass pointer to const bpf_dynptr, the helper mutates it");
  }
  const kind = kindOf(env, o);
  if (kind < 0) {
    return env.fail(EINVAL, "dynptr-state", `Expected an initialized dynptr as arg #${regno - 1}`);
  }
  if (arg.kind !== DYNPTR_INVALID && kind !== arg.kind) {
    return env.fail(
      EINVAL,
      "dynptr-state",
      `Expected a dynptr of type ${dynptrKindText(arg.kind)} as arg #${regno - 1}`,
    );
  }
  if (type === PTR_TO_STACK) {
    const spi = dynptrSlot(env, o);
    for (const s of [spi, spi - 1]) {
      env.stackLiveness.markRead(W[o + FRAMENO], s);
      scratch(env, s);
    }
  }
  return 0;
}

/** The kind of the initialised dynptr at `o`; negative if there is none. */
function kindOf(env: Env, o: number): number {
  if (W[o + TYPE] === CONST_PTR_TO_DYNPTR) return dynptrType(W[o + AUX1]);
  const spi = dynptrSlot(env, o);
  if (spi < 0) return -EINVAL;
  const frame = frameAt(W[o + FRAMENO]);
  if (W[slotTypesAt(frame, spi)] !== DYNPTR_SLOT || W[slotTypesAt(frame, spi - 1)] !== DYNPTR_SLOT) {
    return -EINVAL;
  }
  const aux = W[spillAt(frame, spi) + AUX1];
  return (aux & DYNPTR_FIRST_SLOT) !== 0 ? dynptrType(aux) : -EINVAL;
}

function makeDynptr(env: Env, regno: number, arg: DynptrArg): number {
  const o = env.regs + regno * REG_WORDS;
  const there = W[o + TYPE] === CONST_PTR_TO_DYNPTR ? -EINVAL : dynptrSlot(env, o);
  if (there < 0 && there !== -ERANGE) {
    return env.fail(EINVAL, "dynptr-state", "Dynptr has to be an uninitialized dynptr");
  }
  for (let i = 0; i < 16; i += 8) {
    const err = checkStackWrite(env, regno, W[o + OFF] + i, { size: 8, valueRegno: -1 });
    if (err < 0) return err;
  }
  const spi = dynptrSlot(env, o);
  if (spi < 0) return spi;
  const frameno = W[o + FRAMENO], frame = frameAt(frameno);
  // The two slots may belong to two dynptrs: both end.
  const err = destroyDynptr(env, frameno, spi) || destroyDynptr(env, frameno, spi - 1);
  if (err < 0) return err;
  if (arg.kind === DYNPTR_INVALID) return env.failSilently(EINVAL, "dynptr-state");
  const id = env.newId();
  const ref = arg.kind !== DYNPTR_RINGBUF ? 0 : arg.cloneRef !== 0 ? arg.cloneRef : acquireReference(env);
  for (const s of [spi, spi - 1]) {
    W[slotTypesAt(frame, s)] = DYNPTR_SLOT;
    const r = spillAt(frame, s);
    markKnown(r, 0, 0);
    W[r + TYPE] = CONST_PTR_TO_DYNPTR;
    W[r + AUX1] = arg.kind | (s === spi ? DYNPTR_FIRST_SLOT : 0);
    W[r + ID] = id;
    W[r + REF_ID] = ref;
    W[r + FRAMENO] = 0;
    env.stackLiveness.markWrite(frameno, s);
  }
  return 0;
}

/** Word of the register that describes the initialised dynptr which the argument at `o` means: itself, or its first slot's. */
export function dynptrReg(env: Env, o: number): number {
  if (W[o + TYPE] === CONST_PTR_TO_DYNPTR) return o;
  return spillAt(frameAt(W[o + FRAMENO]), dynptrSlot(env, o));
}

/** Makes the register at `o` the pointer to a constant dynptr that a callback or a global function is passed. */
export function markDynptrArgument(env: Env, o: number, kind: number): void {
  markKnown(o, 0, 0);
  W[o + TYPE] = CONST_PTR_TO_DYNPTR;
  W[o + AUX1] = kind | DYNPTR_FIRST_SLOT;
  W[o + ID] = env.newId();
  W[o + VID] = 0;
}

/** Releases the dynptr on the stack that the argument at `o` means, with all clones and slices of it: 0 or `-errno`. */
export function releaseDynptr(env: Env, o: number): number {
  const spi = dynptrSlot(env, o);
  if (spi < 0) return spi;
  const frameno = W[o + FRAMENO], frame = frameAt(frameno), first = spillAt(frame, spi);
  if (dynptrType(W[first + AUX1]) !== DYNPTR_RINGBUF) {
    invalidate(env, frameno, spi);
    return 0;
  }
  const ref = W[first + REF_ID];
  releaseReference(env, ref);
  for (let s = 1; s < W[frame + F_NSLOTS]; s++) {
    const r = spillAt(frame, s);
    if ((W[slotTypesAt(frame, s)] & 15) !== STACK_DYNPTR || W[r + REF_ID] !== ref) continue;
    if ((W[r + AUX1] & DYNPTR_FIRST_SLOT) !== 0) invalidate(env, frameno, s);
  }
  return 0;
}
