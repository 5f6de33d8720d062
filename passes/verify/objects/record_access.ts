/**
 * Which bytes of an allocated object a program may load and store: all but its special fields (`btf_struct_access` of Linux 6.18).
 *
 * @module
 */
import { EACCES, type Env } from "../env.ts";
import { structFields } from "../types/records.ts";

/** Whether a load or store of `size` bytes at `off` of an allocated object leaves its special fields alone: 0 or `-errno`. */
export function checkPlainBytes(env: Env, typeId: number, access: { off: number; size: number }): number {
  const { off, size } = access;
  for (const field of structFields(env.btf!, typeId)) {
    if (off >= field.offset + field.size || field.offset >= off + size) continue;
    const name = field.kind === "kptr_untrusted" ? "kptr" : field.kind;
    return env.fail(EACCES, "special-field", `direct access to ${name} is disallowed`);
  }
  return 0;
}
