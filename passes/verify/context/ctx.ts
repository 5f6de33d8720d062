/**
 * Accesses to the context: which field, in which width, and what a load gives. The tables are the profile's.
 *
 * @module
 */
import type { CtxField, ProgramTypeRules } from "../../../profile/profile.ts";
import { W } from "../states/arena.ts";
import { typedContextField } from "./btf_ctx.ts";
import { EACCES, type Env } from "../env.ts";
import { btfOf, KERNEL_BTF, type KernelType, setKernelPointer } from "../types/kernel_ptr.ts";
import {
  ID,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_FLOW_KEYS,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TP_BUFFER,
  PTR_TRUSTED,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { checkUnmoved } from "../memory/region.ts";
import { holdsReference } from "../objects/references.ts";
import { markKnown, markUnknown } from "../numbers/scalar.ts";

/** By program type: the field that each byte of the context belongs to. */
const byByte = new WeakMap<ProgramTypeRules, (CtxField | undefined)[]>();

function fieldAt(rules: ProgramTypeRules, off: number): CtxField | undefined {
  let table = byByte.get(rules);
  if (table === undefined) {
    table = new Array(rules.ctxSize);
    for (const field of rules.fields) {
      for (let i = 0; i < field.size; i++) table[field.offset + i] = field;
    }
    byByte.set(rules, table);
  }
  return off >= 0 ? table[off] : undefined;
}

function isValid(field: CtxField, attachType: number, access: CtxAccess): boolean {
  const { off, size, write, signed } = access;
  if (off % size !== 0 || off + size > field.offset + field.size) return false;
  if (field.startsWithin !== undefined && off >= field.offset + field.startsWithin) return false;
  if (field.attachTypes !== undefined && !field.attachTypes.includes(attachType)) return false;
  if (write) {
    if (
      !field.write || (field.writeAttachTypes !== undefined && !field.writeAttachTypes.includes(attachType))
    ) {
      return false;
    }
    if (field.writeAccess !== undefined) return field.writeAccess.includes(size);
  }
  // What loads as a pointer is not a number that could be sign-extended.
  if (field.result !== undefined && signed) return false;
  if (field.access !== "narrow") return field.access.includes(size);
  return write ? size === field.size : size <= field.size;
}

/** An access to the context. Offset and size in bytes. */
export interface CtxAccess {
  readonly off: number;
  readonly size: number;
  readonly write: boolean;
  /** A sign-extending load. */
  readonly signed: boolean;
}

/**
 * Verifies an access to the context in register `regno` and, for a load, gives register `value` what the field holds; -1 for
 * none. 0 or `-errno`.
 */
export function checkCtxAccess(env: Env, regno: number, value: number, access: CtxAccess): number {
  const unmoved = checkUnmoved(env, regno, false);
  if (unmoved !== 0) return unmoved;
  if (env.rules.unsupported !== undefined) return env.unsupported(env.rules.unsupported);
  if (env.rules.typedContext) return checkTypedContext(env, value, access);
  const field = fieldAt(env.rules, access.off);
  if (field === undefined || !isValid(field, env.attachType, access)) {
    return env.fail(
      EACCES,
      "context-access",
      `invalid bpf_context access off=${access.off} size=${access.size}`,
    );
  }
  if (access.write || value < 0) return 0;
  const v = env.regs + value * REG_WORDS;
  if (field.result === "btf") {
    setKernelPointer(env, v, structField(env, field));
    return 0;
  }
  const type = resultType(field);
  if (type === 0) {
    markUnknown(v);
    return 0;
  }
  markKnown(v, 0, 0);
  if ((type & PTR_MAYBE_NULL) !== 0) W[v + ID] = env.newId();
  W[v + TYPE] = type;
  return 0;
}

/** An access to a context that the attach target types. */
function checkTypedContext(env: Env, value: number, access: CtxAccess): number {
  const found = typedContextField(env, access);
  if (found === undefined) {
    return env.fail(
      EACCES,
      "context-access",
      `invalid bpf_context access off=${access.off} size=${access.size}`,
    );
  }
  if (found.ref !== undefined && !holdsReference(env, found.ref)) {
    const what = `invalid bpf_context access off=${access.off}`;
    return env.fail(EACCES, "context-access", `${what}. Reference may already be released`);
  }
  if (value >= 0) setKernelPointer(env, env.regs + value * REG_WORDS, found);
  return 0;
}

/** A field that holds a valid pointer to a kernel structure. */
function structField(env: Env, field: CtxField): KernelType {
  const typeId = btfOf(env, KERNEL_BTF).find(field.btfType ?? "", "struct");
  if (typeId === 0) return env.unsupported(`context field ${field.name}: no structure of its type`);
  return { base: PTR_TO_BTF_ID, flags: PTR_TRUSTED, typeId, btf: KERNEL_BTF };
}

/** The type of pointer a field holds; 0 for numbers. */
function resultType(field: CtxField): number {
  switch (field.result) {
    case undefined:
      return 0;
    case "packet":
      return PTR_TO_PACKET;
    case "packet_meta":
      return PTR_TO_PACKET_META;
    case "packet_end":
      return PTR_TO_PACKET_END;
    case "socket":
      return PTR_TO_SOCKET;
    case "socket_or_null":
      return PTR_TO_SOCKET | PTR_MAYBE_NULL;
    case "tp_buffer":
      return PTR_TO_TP_BUFFER;
    case "sock_common_or_null":
      return PTR_TO_SOCK_COMMON | PTR_MAYBE_NULL;
    case "flow_keys":
      return PTR_TO_FLOW_KEYS;
    case "btf":
      return PTR_TO_BTF_ID | PTR_TRUSTED;
  }
}
