/**
 * Memory: the frame at fixed and variable offsets, pointers spilled and filled, and whatever pointers point to.
 *
 * @module
 */
import {
  type Builder,
  type Kind,
  MEMORY,
  type MemoryKind,
  type MemoryTraits,
  NUMBER_BYTES,
  POINTERS,
  SIZES,
} from "./builder.ts";
import { bounded } from "./numbers.ts";

/** Whether a kind is memory. */
export function isMemory(kind: Kind): kind is MemoryKind {
  return kind in MEMORY;
}

/** The offset of an aligned place among the numbers of the frame. */
export function slotOf(g: Builder, size: number): number {
  return -(size * (1 + g.random(NUMBER_BYTES / size)));
}

/** A number into the frame. */
export function store(g: Builder): void {
  const size = g.of(SIZES), at = slotOf(g, size);
  if (g.random(3) === 0) g.put(`*(u${size * 8} *)(r10 ${at}) = ${g.constant()}`);
  else g.put(`*(u${size * 8} *)(r10 ${at}) = r${g.number()}`);
}

/** A number from the frame. */
export function load(g: Builder): void {
  const size = g.of(SIZES), signed = size < 8 && g.random(3) === 0;
  const r = g.free();
  g.put(`r${r} = *(${signed ? "s" : "u"}${size * 8} *)(r10 ${slotOf(g, size)})`);
  g.set(r, "num");
}

/** Frame memory at an offset that is a number. Overruns go up, where there is no stack any more. */
export function variableStack(g: Builder): void {
  const p = g.free();
  g.set(p, "none");
  const size = g.random(2) === 0 ? 1 : g.of(SIZES);
  const r = bounded(g, NUMBER_BYTES - size, p);
  if (size > 1) g.put(`r${r} &= ${-size}`);
  g.put(`r${p} = r10`, `r${p} += -${NUMBER_BYTES}`, `r${p} += r${r}`);
  const choice = g.random(3);
  if (choice === 0) g.put(`*(u${size * 8} *)(r${p} +0) = ${g.constant()}`);
  else if (choice === 1) g.put(`*(u${size * 8} *)(r${p} +0) = r${r}`);
  g.set(p, "num");
  if (choice === 2) g.put(`r${p} = *(u${size * 8} *)(r${p} +0)`);
  else g.put(`r${p} = ${g.constant()}`);
}

/** A pointer into a slot of its own. */
export function spillPointer(g: Builder): void {
  const have = g.frame.kinds.flatMap((kind, r) => kind !== "none" && kind !== "num" ? [r] : []);
  if (have.length === 0) return store(g);
  const r = g.of(have), slot = g.random(POINTERS.length);
  g.put(`*(u64 *)(r10 ${POINTERS[slot]}) = r${r}`);
  g.frame.slots[slot] = g.kind(r);
}

/** A pointer that was spilled. */
export function fillPointer(g: Builder): void {
  const have = g.frame.slots.flatMap((kind, i) => kind === "none" ? [] : [i]);
  if (have.length === 0) return load(g);
  const slot = g.of(have), r = g.free();
  g.put(`r${r} = *(u64 *)(r10 ${POINTERS[slot]})`);
  g.set(r, g.frame.slots[slot]);
}

/** Registers that point to memory. */
function pointers(g: Builder): number[] {
  return g.frame.kinds.flatMap((kind, r) => isMemory(kind) ? [r] : []);
}

/** Memory behind a pointer, at a known or a variable offset. */
export function access(g: Builder): void {
  const have = pointers(g);
  let p: number;
  if (have.length === 0 || g.random(5) === 0) {
    p = g.free();
    g.put(`r${p} = map_value a+0 ll`);
    g.set(p, "a0");
  } else p = g.of(have);
  const traits: MemoryTraits = MEMORY[g.kind(p) as MemoryKind];
  let size = g.of(SIZES), base = p, offset: number;
  if (g.random(2) === 0 && traits.variable === true) {
    const room = g.random(2) === 0 ? 0 : g.random(8);
    const r = bounded(g, traits.size - size - room, p);
    const copy = g.freeBut(p, r);
    if (copy === undefined) return;
    base = copy;
    g.put(`r${base} = r${p}`, `r${base} ${g.random(12) === 0 && g.fault() ? "-=" : "+="} r${r}`);
    offset = g.random(room + 1);
    g.set(base, "none");
  } else {
    size = Math.min(size, traits.size) as typeof size;
    // Beyond the caller's slots there is other stack, whose contents are nobody's business.
    const wrong = g.fault() && g.kind(p) !== "arg" ? g.of([1, 8, -8]) : 0;
    offset = size * g.random(Math.floor(traits.size / size)) + wrong;
  }
  accessAt(g, { base, offset, size, writable: traits.readonly !== true || g.fault() });
  if (base !== p) {
    g.put(`r${base} = ${g.constant()}`);
    g.set(base, "num");
  }
}

/** One load or store. */
export function accessAt(
  g: Builder,
  place: {
    readonly base: number;
    readonly offset: number;
    readonly size: number;
    readonly writable: boolean;
  },
): void {
  const { base, offset, size, writable } = place;
  const where = `*(u${size * 8} *)(r${base} ${offset < 0 ? offset : `+${offset}`})`;
  const choice = writable ? g.random(3) : 2;
  if (choice === 0) return g.put(`${where} = ${g.constant()}`);
  if (choice === 1) {
    const s = g.number();
    if (s !== base) g.put(`${where} = r${s}`);
    return;
  }
  const r = g.freeBut(base);
  if (r === undefined) return;
  g.put(`r${r} = ${size < 8 && g.random(4) === 0 ? where.replace("(u", "(s") : where}`);
  g.set(r, "num");
}

/** An atomic operation, or a load or store with order. */
export function atomic(g: Builder): void {
  const values = g.frame.kinds.flatMap((kind, r) =>
    isMemory(kind) && (MEMORY[kind] as MemoryTraits).atomic === true ? [r] : []
  );
  const ordered = g.random(3) === 0, size = ordered ? g.of(SIZES) : g.of([4, 8]);
  let where: string, base = 10;
  if (values.length > 0 && g.random(2) === 0) {
    base = g.of(values);
    const bytes = MEMORY[g.kind(base) as MemoryKind].size;
    where = `(u${size * 8} *)(r${base} +${size * g.random(bytes / size) + (g.fault() ? g.of([1, 4]) : 0)})`;
  } else where = `(u${size * 8} *)(r10 ${slotOf(g, size)})`;
  if (ordered) {
    if (g.random(2) === 0) return g.put(`store_release(${where}, r${g.number()})`);
    const r = g.freeBut(base);
    if (r === undefined) return;
    g.put(`r${r} = load_acquire(${where})`);
    return g.set(r, "num");
  }
  const r = g.changeable(), prefix = size === 8 ? "atomic64_" : "atomic_";
  if (where.includes(`(r${r} `)) return;
  switch (g.random(4)) {
    case 0:
      return g.put(`lock *${where} ${g.of(["+=", "|=", "&=", "^="])} r${r}`);
    case 1:
      return g.put(`r${r} = ${prefix}fetch_${g.of(["add", "or", "and", "xor"])}(${where}, r${r})`);
    case 2:
      if (g.isLocked(0) || where.includes("(r0 ")) return;
      if (g.kind(0) !== "num") g.put(`r0 = ${g.constant()}`);
      g.set(0, "num");
      return g.put(`r0 = ${prefix}cmpxchg(${where}, r0, r${r})`);
    default:
      return g.put(`r${r} = ${prefix}xchg(${where}, r${r})`);
  }
}
