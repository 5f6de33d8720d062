/**
 * Links an entry point with the subprograms it reaches, and turns references into what the bytes of a loaded program hold.
 *
 * The order is libbpf's (`bpf_object__reloc_code`): a subprogram is appended where the scan of its first caller meets it, and is
 * scanned itself before that caller goes on. Instructions get our numbers where a loader would put file descriptors: the
 * map's index, the BTF id. Functions are patched once for all programs that hold them, by CO-RE, before linking.
 *
 * @module
 */
import { NO_DESCRIPTOR } from "../../ir/insn.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { ElfRelocation, ElfSymbol } from "../../ir/elf/elf.ts";
import { SHN } from "../../ir/elf/elf.ts";
import type { ObjectExtern } from "./externs.ts";
import type { ObjectFunction, ObjectParts } from "./object.ts";

/** What linking needs to know about the object besides its functions. */
export interface LinkContext {
  /** The functions and symbols. */
  readonly object: ObjectParts;
  /** By section number and offset: the index of the map declared there. */
  readonly mapAt: ReadonlyMap<string, number>;
  /** By section number: the index of the map that holds its variables. */
  readonly variablesOf: ReadonlyMap<number, number>;
  /** By symbol number: the extern and its position in the object's list. */
  readonly externs: ReadonlyMap<number, { readonly extern: ObjectExtern; readonly index: number }>;
  /** The index of the `.kconfig` map; -1 if there is none. */
  readonly kconfigMap: number;
  /** The index of the arena, and the section of variables in it; -1 if there is none. */
  readonly arenaMap: number;
  /** See {@linkcode LinkContext.arenaMap}. */
  readonly arenaSection: number;
  /** Whether externs were looked up in a target: missing weak ones are then known to be missing. */
  readonly hasTarget: boolean;
  /** Of kernel symbols without a type, if known: what is not among them does not exist. */
  readonly addresses: ReadonlyMap<string, bigint> | undefined;
  /** By function: one that has to be there although nothing calls it. */
  readonly exceptionCallbacks: ReadonlyMap<ObjectFunction, ObjectFunction>;
}

/** A linked program. */
export interface Linked {
  /** Little-endian, as a kernel would get it, with our numbers for maps. */
  readonly bytes: Uint8Array;
  /** In layout order, the entry point first. `start` in slots. */
  readonly parts: readonly { readonly func: ObjectFunction; readonly start: number }[];
  /** By slot: the extern that a call or a 16-byte load refers to. */
  readonly externs: ReadonlyMap<number, ObjectExtern>;
}

/** Instructions of one program; a kernel takes a million. */
const MAX_PROGRAM = 1_000_000;

/**
 * What calls of missing weak functions call, plus the extern's position (libbpf's `POISON_CALL_KFUNC_BASE`). So do, behind the last
 * extern, calls of functions that nothing describes, such as a `memset` that the compiler did not inline: libbpf gives such an
 * object up, but a program that does not get there, or another one of the object, is as good as any.
 */
const POISON_KFUNC = 2_002_000_000;

const CALL = 0x85;
const LD_IMM64 = 0x18;
const PSEUDO_MAP = 1, PSEUDO_MAP_VALUE = 2, PSEUDO_BTF_ID = 3, PSEUDO_FUNC = 4;
const PSEUDO_CALL = 1, PSEUDO_KFUNC = 2;

/** Links one entry point. @throws {MalformedError} If a reference leads nowhere, or the program exceeds a million instructions. */
export function link(context: LinkContext, entry: ObjectFunction): Linked {
  const parts: { func: ObjectFunction; start: number }[] = [];
  const startOf = new Map<ObjectFunction, number>();
  const calls: { slot: number; target: ObjectFunction }[] = [];
  let length = 0;
  const append = (func: ObjectFunction) => {
    startOf.set(func, length);
    parts.push({ func, start: length });
    length += func.count;
    if (length > MAX_PROGRAM) {
      throw new MalformedError(
        `The program has more than ${MAX_PROGRAM} instructions`,
        `function ${entry.name}`,
      );
    }
    return { func, slot: 0 };
  };
  // The scan of each function on this stack waits for the one above it.
  const waiting = [append(entry)];
  const callback = context.exceptionCallbacks.get(entry);
  for (;;) {
    const top = waiting.at(-1);
    if (top === undefined) {
      if (callback === undefined || startOf.has(callback)) break;
      waiting.push(append(callback));
      continue;
    }
    if (top.slot >= top.func.count) {
      waiting.pop();
      continue;
    }
    const slot = top.slot;
    top.slot += top.func.bytes[slot * 8] === LD_IMM64 ? 2 : 1;
    const target = subprogAt(context, top.func, slot);
    if (target === undefined) continue;
    calls.push({ slot: startOf.get(top.func)! + slot, target });
    if (!startOf.has(target)) waiting.push(append(target));
  }

  const bytes = new Uint8Array(length * 8);
  const externs = new Map<number, ObjectExtern>();
  for (const { func, start } of parts) {
    bytes.set(func.bytes, start * 8);
    for (const [slot, relocation] of func.relocations) {
      const at = { bytes, slot: start + slot, func, relocation };
      const extern = relocate(context, at);
      if (extern !== undefined) externs.set(start + slot, extern);
    }
    markDescriptors(bytes, { func, start });
  }
  const view = new DataView(bytes.buffer);
  for (const { slot, target } of calls) {
    if (bytes[slot * 8] === LD_IMM64) setSource(bytes, slot, PSEUDO_FUNC);
    view.setInt32(slot * 8 + 4, startOf.get(target)! - slot - 1, true);
  }
  return { bytes, parts, externs };
}

/** Map descriptors written by hand, without a relocation, become {@linkcode NO_DESCRIPTOR}: they must not pass for one of our indices. */
function markDescriptors(bytes: Uint8Array, part: { func: ObjectFunction; start: number }): void {
  const { func, start } = part;
  for (let slot = 0; slot * 8 < func.bytes.length; slot++) {
    if (func.bytes[slot * 8] !== LD_IMM64) continue;
    const pseudo = func.bytes[slot * 8 + 1] >> 4;
    if ((pseudo === PSEUDO_MAP || pseudo === PSEUDO_MAP_VALUE) && !func.relocations.has(slot)) {
      new DataView(bytes.buffer).setInt32(
        (start + slot) * 8 + 4,
        NO_DESCRIPTOR - immediate(func, slot),
        true,
      );
    }
    slot++;
  }
}

function setSource(bytes: Uint8Array, slot: number, pseudo: number): void {
  bytes[slot * 8 + 1] = (bytes[slot * 8 + 1] & 15) | (pseudo << 4);
}

function complain(func: ObjectFunction, slot: number, what: string): MalformedError {
  const offset = (func.start + slot) * 8;
  return new MalformedError(
    what,
    `function ${func.name}, section ${func.section.name}, offset 0x${offset.toString(16)}`,
  );
}

function immediate(func: ObjectFunction, slot: number): number {
  const { bytes } = func;
  const at = slot * 8 + 4;
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function isSubprogCall(func: ObjectFunction, slot: number): boolean {
  const { bytes } = func;
  const at = slot * 8;
  return bytes[at] === CALL && bytes[at + 1] === PSEUDO_CALL << 4 && bytes[at + 2] === 0 &&
    bytes[at + 3] === 0;
}

/** The function that an instruction calls or takes the address of; undefined if it does neither. */
function subprogAt(context: LinkContext, func: ObjectFunction, slot: number): ObjectFunction | undefined {
  const { object } = context;
  const code = func.bytes[slot * 8];
  if (code !== CALL && code !== LD_IMM64) return undefined;
  const relocation = func.relocations.get(slot);
  const isCall = isSubprogCall(func, slot);
  if (relocation === undefined) {
    if (!isCall) return undefined;
    const target = object.functionAt(func.section.index, func.start + slot + immediate(func, slot) + 1);
    if (target === undefined) throw complain(func, slot, "A call leads to no function");
    return target;
  }
  const symbol = object.elf.symbols[relocation.symbol];
  if (isExtern(symbol)) return undefined;
  if (code === CALL) {
    if (!isCall) throw complain(func, slot, `A relocation of a call that is none of a subprogram`);
    const place = relocation.addend === undefined
      ? symbol.value / 8 + immediate(func, slot) + 1
      : (symbol.value + relocation.addend) / 8;
    const target = object.functionAt(symbol.section, place);
    if (target === undefined) throw complain(func, slot, `A call leads to no function${quoted(symbol)}`);
    return target;
  }
  if (symbol.section === SHN.UNDEF || symbol.section >= SHN.LORESERVE) return undefined;
  const isCode = object.functionAt(symbol.section, Math.floor(symbol.value / 8)) !== undefined ||
    (symbol.type === "section" && object.elf.sections[symbol.section].name === ".text");
  if (!isCode) return undefined;
  const place = (symbol.value + (relocation.addend ?? immediate(func, slot))) / 8;
  const target = object.functionAt(symbol.section, place);
  if (target === undefined) {
    throw complain(func, slot, `The address of no function is taken${quoted(symbol)}`);
  }
  return target;
}

function isExtern(symbol: ElfSymbol): boolean {
  return symbol.section === SHN.UNDEF && symbol.type === "notype" &&
    (symbol.binding === "global" || symbol.binding === "weak");
}

function quoted(symbol: ElfSymbol): string {
  return symbol.name === "" ? "" : `: "${symbol.name}"`;
}

interface At {
  readonly bytes: Uint8Array;
  /** In the linked program. */
  readonly slot: number;
  readonly func: ObjectFunction;
  readonly relocation: ElfRelocation;
}

/** Patches a reference to data or to an extern; calls and addresses of functions are not its business. */
function relocate(context: LinkContext, at: At): ObjectExtern | undefined {
  const { bytes, slot, func, relocation } = at;
  const { object } = context;
  const code = bytes[slot * 8];
  const symbol = object.elf.symbols[relocation.symbol];
  const localSlot = relocation.offset / 8 - func.start;
  if (code !== CALL && code !== LD_IMM64) {
    throw complain(
      func,
      localSlot,
      `A relocation of instruction 0x${code.toString(16)}, which refers to nothing${quoted(symbol)}`,
    );
  }
  if (isExtern(symbol)) {
    const item = context.externs.get(symbol.index);
    if (item === undefined && code === CALL) return poisonCall(at, context.externs.size);
    if (item === undefined) {
      throw complain(func, localSlot, `Extern "${symbol.name}" has no type information`);
    }
    return code === CALL ? relocateCall(context, at, item) : relocateExtern(context, at, item.extern);
  }
  if (code === CALL || subprogAt(context, func, localSlot) !== undefined) return undefined;
  if (symbol.section === SHN.UNDEF || symbol.section >= SHN.LORESERVE) {
    throw complain(
      func,
      localSlot,
      `Symbol "${symbol.name}" lies in no section; a global variable without a value?`,
    );
  }
  const view = new DataView(bytes.buffer);
  const place = symbol.value + (relocation.addend ?? view.getInt32(slot * 8 + 4, true));
  if (symbol.section === context.arenaSection && context.arenaMap >= 0) {
    setReference(bytes, slot, { pseudo: PSEUDO_MAP_VALUE, first: context.arenaMap, second: place });
    return undefined;
  }
  const data = context.variablesOf.get(symbol.section);
  if (data !== undefined) {
    setReference(bytes, slot, { pseudo: PSEUDO_MAP_VALUE, first: data, second: place });
    return undefined;
  }
  const map = context.mapAt.get(`${symbol.section}:${symbol.value}`);
  if (map === undefined) {
    const section = object.elf.sections[symbol.section].name;
    throw complain(
      func,
      localSlot,
      `Neither a map nor a variable is at 0x${symbol.value.toString(16)} of ${section}${quoted(symbol)}`,
    );
  }
  setSource(bytes, slot, PSEUDO_MAP);
  view.setInt32(slot * 8 + 4, map, true);
  return undefined;
}

function setReference(
  bytes: Uint8Array,
  slot: number,
  value: { pseudo: number; first: number; second: number },
): void {
  const view = new DataView(bytes.buffer);
  setSource(bytes, slot, value.pseudo);
  view.setInt32(slot * 8 + 4, value.first, true);
  view.setInt32(slot * 8 + 12, value.second, true);
}

function relocateCall(
  context: LinkContext,
  at: At,
  item: { extern: ObjectExtern; index: number },
): ObjectExtern | undefined {
  const { bytes, slot } = at;
  const view = new DataView(bytes.buffer);
  const { extern, index } = item;
  if (extern.kind !== "kfunc") {
    throw complain(at.func, at.relocation.offset / 8 - at.func.start, `"${extern.name}" is no function`);
  }
  if (extern.targetBtfId === 0 && extern.weak && context.hasTarget) return poisonCall(at, index);
  setSource(bytes, slot, PSEUDO_KFUNC);
  view.setInt16(slot * 8 + 2, extern.module ?? 0, true);
  view.setInt32(slot * 8 + 4, extern.targetBtfId, true);
  return extern;
}

/** A call of nothing: a program that reaches it is refused, with the number in the message. */
function poisonCall(at: At, index: number): undefined {
  const view = new DataView(at.bytes.buffer);
  view.setUint32(at.slot * 8, CALL, true);
  view.setInt32(at.slot * 8 + 4, POISON_KFUNC + index, true);
}

/** A 16-byte load of a setting, or of a kernel symbol's address: 0 where a weak one is missing. */
function relocateExtern(context: LinkContext, at: At, extern: ObjectExtern): ObjectExtern | undefined {
  const { bytes, slot } = at;
  if (extern.kind === "kconfig") {
    setReference(bytes, slot, { pseudo: PSEUDO_MAP_VALUE, first: context.kconfigMap, second: extern.offset });
    return undefined;
  }
  const address = extern.typeless ? context.addresses?.get(extern.name) : undefined;
  if (address !== undefined) {
    const low = Number(BigInt.asIntN(32, address)), high = Number(BigInt.asIntN(32, address >> 32n));
    setReference(bytes, slot, { pseudo: 0, first: low, second: high });
    return undefined;
  }
  const isMissing = extern.typeless ? context.addresses !== undefined : extern.targetBtfId === 0;
  if (isMissing && extern.weak) {
    setReference(bytes, slot, { pseudo: 0, first: 0, second: 0 });
    return undefined;
  }
  setReference(bytes, slot, { pseudo: PSEUDO_BTF_ID, first: extern.targetBtfId, second: extern.module ?? 0 });
  return extern;
}
