/**
 * CO-RE values: what number a relocation gives, by the object's types and by the target's.
 *
 * 64-bit throughout, since enumerations may be: these are the only BigInts of linking, one per relocation.
 * (libbpf: `bpf_core_calc_relo`.)
 *
 * @module
 */
import type { BtfType } from "../../../ir/btf/btf.ts";
import { MalformedError } from "../../../ir/diagnostic.ts";
import type { Access, RelocationKind } from "./access.ts";
import { isTypeBased, isValueBased, sizeOfType } from "./access.ts";

/** What an instruction has to be patched with. */
export interface Patch {
  /** What the compiler must have put into the instruction. */
  readonly expected: bigint;
  /** What belongs there on the target. */
  readonly value: bigint;
  /** Whether `expected` is to be checked: not where compiler and linker may disagree. */
  readonly validate: boolean;
  /** The target has no such thing: the instruction must not be reached. */
  readonly poison: boolean;
  /** Bytes read or written by a load or store of the field, before and after; 0 if unknown. */
  readonly size: number;
  /** See {@linkcode Patch.size}. */
  readonly newSize: number;
  /** The sizes differ, and the value would be read wrongly: signed, or no number at all. */
  readonly badSize: boolean;
}

interface Value {
  readonly value: bigint;
  readonly validate: boolean;
  /** The field's size in bytes where a load may be adjusted to it, else 0. */
  readonly size: number;
  /** The field's type, modifiers gone. */
  readonly type?: BtfType;
}

/** The patch for a path and its counterpart, undefined if the target has none. @throws {MalformedError} If there is no such number. */
export function patchFor(local: Access, target: Access | undefined): Patch {
  const before = valueOf(local.kind, local);
  const after = valueOf(local.kind, target);
  if (before === undefined) {
    throw new MalformedError(`CO-RE relocation ${local.kind} has no local value`, "section .BTF.ext");
  }
  if (after === undefined) {
    return {
      expected: before.value,
      value: 0n,
      validate: before.validate,
      poison: true,
      size: 0,
      newSize: 0,
      badSize: false,
    };
  }
  return {
    expected: before.value,
    value: after.value,
    validate: before.validate,
    poison: false,
    size: before.size,
    newSize: after.size,
    badSize: before.size !== after.size && !isAdjustable(before.type, after.type),
  };
}

/** A shorter or longer load reads the same number from pointers, and from integers that are zero-extended. */
function isAdjustable(before: BtfType | undefined, after: BtfType | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  if (before.kind === "ptr" && after.kind === "ptr") return true;
  return before.kind === "int" && after.kind === "int" && !isPlainSigned(before) && !isPlainSigned(after);
}

function isPlainSigned(type: BtfType & { kind: "int" }): boolean {
  return type.signed && !type.char && !type.bool;
}

/** The number; undefined if nothing is there to take it from, which poisons the instruction. */
function valueOf(kind: RelocationKind, access: Access | undefined): Value | undefined {
  if (isTypeBased(kind)) return typeValue(kind, access);
  if (isValueBased(kind)) return enumValue(kind, access);
  return fieldValue(kind, access);
}

function plain(value: number | bigint, validate = true): Value {
  return { value: BigInt(value), validate, size: 0 };
}

function typeValue(kind: RelocationKind, access: Access | undefined): Value {
  if (access === undefined) return plain(0);
  switch (kind) {
    case "target_type_id":
      return plain(access.root, false);
    case "type_size":
      return plain(sizeOfType(access.btf, access.root));
    default:
      return plain(1);
  }
}

function enumValue(kind: RelocationKind, access: Access | undefined): Value | undefined {
  if (kind === "enumval_exists") return plain(access === undefined ? 0 : 1);
  if (access === undefined) return undefined;
  const { type, index } = access.accessors[0];
  const enumeration = access.btf.type(type);
  switch (enumeration.kind) {
    case "enum":
      // A 32-bit value is taken as the compiler takes it: sign-extended, whatever the enumeration's own sign.
      return plain(BigInt.asUintN(64, BigInt(enumeration.values[index].value | 0)));
    case "enum64":
      return plain(BigInt.asUintN(64, enumeration.values[index].value));
    default:
      return undefined;
  }
}

function fieldValue(kind: RelocationKind, access: Access | undefined): Value | undefined {
  if (kind === "field_exists") return plain(access === undefined ? 0 : 1);
  if (access === undefined) return undefined;
  const { btf } = access;
  const last = access.accessors.at(-1)!;
  if (last.name === undefined) {
    const size = sizeOfType(btf, last.type);
    if (kind === "byte_off") {
      return {
        value: BigInt(access.bitOffset >>> 3),
        validate: true,
        size,
        type: btf.type(btf.resolve(last.type)),
      };
    }
    if (kind === "byte_sz") return plain(size);
    throw new MalformedError(`CO-RE relocation ${kind} of an array element`, "section .BTF.ext");
  }
  const struct = btf.type(last.type);
  if (struct.kind !== "struct" && struct.kind !== "union") return undefined;
  const member = struct.members[last.index];
  const fieldId = btf.resolve(member.type);
  const field = btf.type(fieldId);
  const isBitField = member.bitSize > 0;
  const place = isBitField
    ? bitFieldPlace(access.bitOffset, member.bitSize, Math.max(1, sizeOfType(btf, fieldId)))
    : { offset: access.bitOffset >>> 3, size: sizeOfType(btf, fieldId) };
  const bits = isBitField ? member.bitSize : place.size * 8;
  switch (kind) {
    case "byte_off":
      return {
        value: BigInt(place.offset),
        validate: !isBitField,
        size: isBitField ? 0 : place.size,
        type: field,
      };
    case "byte_sz":
      return plain(place.size, !isBitField);
    case "signed":
      return plain("signed" in field && field.signed ? 1 : 0);
    case "lshift_u64":
      return plain(
        BigInt.asUintN(64, BigInt(64 - (access.bitOffset + bits - place.offset * 8))),
        !isBitField,
      );
    case "rshift_u64":
      return plain(BigInt.asUintN(64, BigInt(64 - bits)));
    default:
      throw new MalformedError(`CO-RE relocation ${kind} of a field`, "section .BTF.ext");
  }
}

/** The smallest aligned word, at least as wide as the field's type, that holds all of a bit field. */
function bitFieldPlace(bitOffset: number, bits: number, typeSize: number): { offset: number; size: number } {
  for (let size = typeSize; size <= 8; size *= 2) {
    const offset = Math.floor((bitOffset >>> 3) / size) * size;
    if (bitOffset + bits <= (offset + size) * 8) return { offset, size };
  }
  throw new MalformedError("A bit field cannot be read with one 64-bit load", "BTF");
}
