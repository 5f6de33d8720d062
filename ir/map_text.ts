/**
 * Maps and kernel symbols as the header of a program's text has them, both ways: words and `key=value` pairs.
 *
 * @module
 */
import { emptyMap } from "./unit.ts";
import { MAP_TYPE_NAMES, mapTypeNamed } from "./map_types.ts";
import { unquote } from "./parse_insn.ts";
import { nameText } from "./print_insn.ts";
import type { Extern, MapDef } from "./unit.ts";

/** A map's definition as it stands behind `map` in a header: `counters type=array key=4 value=8 max=1`. */
export function printMap(map: MapDef): string {
  const words = [nameText(map.name), `type=${MAP_TYPE_NAMES[map.type] ?? map.type}`];
  words.push(`key=${map.keySize}`, `value=${map.valueSize}`, `max=${map.maxEntries}`);
  if (map.flags !== 0) words.push(`flags=0x${map.flags.toString(16)}`);
  if (map.keyTypeId !== 0) words.push(`key_type=${map.keyTypeId}`);
  if (map.valueTypeId !== 0) words.push(`value_type=${map.valueTypeId}`);
  if (map.mapExtra !== 0n) words.push(`extra=${map.mapExtra}`);
  if (map.pinning !== 0) words.push(`pinning=${map.pinning}`);
  if (map.numaNode !== 0) words.push(`numa=${map.numaNode}`);
  if (map.section !== undefined) words.push(`section=${nameText(map.section)}`);
  if (map.structOps !== undefined) words.push(`struct_ops=${nameText(map.structOps)}`);
  if (map.initial !== undefined) {
    words.push(`initial=[${map.initial.map(initialText).join(",")}]`);
  }
  if (map.data !== undefined) {
    words.push(`data=${Array.from(map.data, (byte) => byte.toString(16).padStart(2, "0")).join("")}`);
  }
  if (map.frozen) words.push("frozen");
  if (map.inner !== undefined) words.push(`inner=(${printMap(map.inner)})`);
  return words.join(" ");
}

function initialText(entry: NonNullable<MapDef["initial"]>[number]): string {
  if (entry.map !== undefined) return `${entry.index}:map#${entry.map}`;
  return entry.program === undefined ? `${entry.index}` : `${entry.index}:${nameText(entry.program)}`;
}

/** A kernel symbol as it stands behind `extern` in a header: `kfunc bpf_rdonly_cast weak`. */
export function printExtern(extern: Extern): string {
  const words = [extern.kind, nameText(extern.name)];
  if (extern.weak) words.push("weak");
  if (extern.typeId !== 0) words.push(`type=${extern.typeId}`);
  if (extern.targetBtfId !== 0) words.push(`target=${extern.targetBtfId}`);
  return words.join(" ");
}

/**
 * Reads what {@linkcode printMap} writes; a map has one entry unless it says otherwise.
 *
 * @throws {SyntaxError} If a word means nothing.
 */
export function parseMap(text: string): MapDef {
  const inner = /^(.*?)\s+inner=\((.*)\)$/.exec(text);
  const [word, ...words] = (inner === null ? text : inner[1]).split(/\s+/);
  const map: { -readonly [K in keyof MapDef]: MapDef[K] } = {
    ...emptyMap(unquote(word)),
    maxEntries: 1,
  };
  if (inner !== null) map.inner = parseMap(inner[2]);
  for (const word of words) {
    const [, key, value] = /^(?:([a-z_]+)=(.*)|frozen)$/.exec(word) ?? fail(`A map cannot be "${word}"`);
    switch (key) {
      case "type":
        map.type = mapTypeNamed(value) ?? number(value);
        break;
      case "key":
        map.keySize = number(value);
        break;
      case "value":
        map.valueSize = number(value);
        break;
      case "max":
        map.maxEntries = number(value);
        break;
      case "flags":
        map.flags = number(value);
        break;
      case "key_type":
        map.keyTypeId = number(value);
        break;
      case "value_type":
        map.valueTypeId = number(value);
        break;
      case "extra":
        number(value);
        map.mapExtra = BigInt(value);
        break;
      case "pinning":
        map.pinning = number(value);
        break;
      case "numa":
        map.numaNode = number(value);
        break;
      case "section":
        map.section = unquote(value);
        break;
      case "struct_ops":
        map.structOps = unquote(value);
        break;
      case "data":
        map.data = bytes(value);
        break;
      case "initial":
        map.initial = initial(value);
        break;
      case undefined:
        map.frozen = true;
        break;
      default:
        fail(`A map has no "${key}"`);
    }
  }
  return map;
}

/**
 * Reads what {@linkcode printExtern} writes.
 *
 * @throws {SyntaxError} If a word means nothing.
 */
export function parseExtern(text: string): Extern {
  const [kind, name, ...words] = text.split(/\s+/);
  if ((kind !== "kfunc" && kind !== "ksym" && kind !== "kconfig") || name === undefined) {
    return fail("An extern is a kfunc, ksym or kconfig with a name");
  }
  let weak = false, typeId = 0, targetBtfId = 0;
  for (const word of words) {
    const pair = /^(type|target)=(.*)$/.exec(word);
    if (word === "weak") weak = true;
    else if (pair === null) fail(`An extern cannot be "${word}"`);
    else if (pair[1] === "type") typeId = number(pair[2]);
    else targetBtfId = number(pair[2]);
  }
  return { name: unquote(name), kind, weak, typeId, targetBtfId };
}

function initial(text: string): NonNullable<MapDef["initial"]> {
  if (!/^\[.*\]$/.test(text)) return fail("Initial entries stand between brackets");
  const entries = text.slice(1, -1);
  return entries === "" ? [] : entries.split(",").map((entry) => {
    const [, index, map, program] = /^([0-9]+)(?::(?:map#([0-9]+)|(.+)))?$/.exec(entry) ??
      fail(`An initial entry cannot be "${entry}"`);
    if (map !== undefined) return { index: Number(index), map: Number(map) };
    return program === undefined
      ? { index: Number(index) }
      : { index: Number(index), program: unquote(program) };
  });
}

/**
 * A decimal or hexadecimal number, not negative.
 *
 * @throws {SyntaxError} If the text is none.
 */
export function number(text: string): number {
  if (!/^(?:0x[0-9a-fA-F]+|[0-9]+)$/.test(text)) {
    return fail(`"${text}" is no number`);
  }
  return Number(text);
}

function bytes(text: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) {
    return fail("Data is written in hexadecimal");
  }
  const data = new Uint8Array(text.length / 2);
  for (let i = 0; i < data.length; i++) data[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return data;
}

function fail(message: string): never {
  throw new SyntaxError(message);
}
