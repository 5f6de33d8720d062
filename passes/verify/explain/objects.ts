/**
 * Explains what goes wrong with objects on the stack (dynptrs, iterators, interrupt flags), with special fields of map values, and
 * with lists and trees that want their lock.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { type Env, frameAt, slotTypesAt, spillAt } from "../env.ts";
import {
  AUX1,
  AUX2,
  DYNPTR_FIRST_SLOT,
  dynptrType,
  F_NSLOTS,
  REF_ID,
  STACK_DYNPTR,
  STACK_IRQ_FLAG,
  STACK_ITER,
} from "../states/layout.ts";
import { dynptrText } from "../log/log.ts";
import { mapOf, specialFields } from "../memory/map_pointer.ts";
import { iteratorName } from "../log/type_names.ts";
import { generic } from "./bounds.ts";
import { callName, originOf, stackPlace } from "./origin.ts";
import { bytes, type Case, placeWords, type Reason } from "./reason.ts";

/** An object on the stack. */
interface StackObject {
  readonly what: string;
  /** From the frame pointer. */
  readonly off: number;
  readonly size: number;
}

/** The objects on a frame's stack where the path stands. */
function objectsOf(env: Env, frameno: number): StackObject[] {
  const frame = frameAt(frameno), slots = W[frame + F_NSLOTS], found: StackObject[] = [];
  for (let spi = 0; spi < slots; spi++) {
    const o = spillAt(frame, spi), off = -(spi + 1) * 8;
    switch (W[slotTypesAt(frame, spi)] >>> 28) {
      case STACK_DYNPTR:
        if ((W[o + AUX1] & DYNPTR_FIRST_SLOT) !== 0) {
          found.push({ what: `${dynptrText(dynptrType(W[o + AUX1]))} dynptr`, off, size: 16 });
        }
        break;
      case STACK_ITER:
        if (W[o + REF_ID] !== 0) {
          const btf = env.btfAt(W[o + AUX2]);
          found.push({ what: `iterator ${iteratorName(btf?.name(W[o + AUX1]) ?? "")}`, off, size: 8 });
        }
        break;
      case STACK_IRQ_FLAG:
        found.push({ what: "interrupt flag", off, size: 8 });
    }
  }
  return found;
}

/** Dynptrs and iterators that are not what a function takes, or are read or overwritten as data. */
export function explainStackObject(c: Case): Reason {
  const { env, path, value } = c;
  if (c.step < 0) return generic(c);
  const place = stackPlace(value, 0, 1), insn = path.insn(c.step);
  const objects = objectsOf(env, place?.frame ?? path.frame(c.step));
  const list = objects.map(({ what, off }) => `${what} at fp${off}`).join(", ");
  const there = objects.length === 0 ? "no object lives on the stack here" : `on the stack here: ${list}`;
  const events = c.reg < 0 ? [] : originOf(path, { step: c.step, reg: c.reg }).events;
  if (insn.kind === "call") {
    const where = place === undefined ? "" : ` at fp${place.off}`;
    return {
      summary: `${callName(path, c.step)} is not given what it takes${
        c.reg < 0 ? "" : ` in r${c.reg}`
      }${where}: ${c.message}`,
      events,
      notes: [there],
    };
  }
  return { summary: `the access touches an object on the stack: ${c.message}`, events, notes: [there] };
}

/** Special fields of map values. */
export function explainSpecialField(c: Case): Reason {
  const { env, path, value } = c;
  if (value === undefined || !/map_value/.test(value.typeName)) return generic(c);
  const map = mapOf(env, value.aux), fields = specialFields(env, value.aux);
  const list = fields.map((f) => `${f.kind} (${bytes(f.size)}) at offset ${f.offset}`).join(", ");
  return {
    summary: `a value of ${map.name} is accessed where it holds a special field`,
    events: originOf(path, { step: c.step, reg: c.reg }).events,
    notes: list === "" ? [] : [`special fields of ${map.name}: ${list}`],
  };
}

/** A list or tree used without its lock. */
export function explainUnlocked(c: Case): Reason {
  const { path, env } = c;
  if (c.step < 0) return generic(c);
  const name = callName(path, c.step);
  const taken: number[] = [];
  for (let i = 0; i < c.step; i++) {
    const called = path.insn(i).kind === "call" ? callName(path, i) : "";
    if (/^bpf_(res_)?spin_(un)?lock/.test(called)) taken.push(i);
  }
  const last = taken[taken.length - 1];
  const note = last === undefined
    ? "no lock is taken on this path"
    : env.activeLocks === 0
    ? `the lock was released at ${placeWords(path, last)}`
    : `the lock taken at ${placeWords(path, last)} is another one, of another object`;
  return {
    summary: `${name} needs the lock that lies beside the list or tree`,
    notes: [note],
    remedy: `take the bpf_spin_lock of the same map value (or object) before ${
      placeWords(path, c.step)
    }, and release it afterwards`,
  };
}
