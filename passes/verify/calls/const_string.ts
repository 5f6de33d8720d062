/**
 * Strings that a function demands to be known: in a map that nobody can write any more, up to a zero (`check_reg_const_str` of Linux
 * 6.18).
 *
 * @module
 */
import { MAP_TYPE } from "../../../ir/map_types.ts";
import { W } from "../states/arena.ts";
import { EACCES, EINVAL, type Env } from "../env.ts";
import { AUX1, OFF, REG_WORDS, TVAL } from "../states/layout.ts";
import { mapOf } from "../memory/map_pointer.ts";
import { checkMapAccess } from "../memory/map_value.ts";
import { isConst } from "../numbers/scalar.ts";

/** `BPF_F_RDONLY_PROG`. */
const RDONLY_PROG = 1 << 7;

/** Verifies the string that register `regno`, a map value, points to: 0 or `-errno`. */
export function checkConstString(env: Env, regno: number): number {
  const o = env.regs + regno * REG_WORDS, map = mapOf(env, W[o + AUX1]);
  if ((map.flags & RDONLY_PROG) === 0 || !map.frozen) {
    return env.fail(EACCES, "constant-string", `R${regno} does not point to a readonly map'`);
  }
  if (!isConst(o)) return env.fail(EACCES, "constant-argument", `R${regno} is not a constant address'`);
  if (map.type !== MAP_TYPE.ARRAY) {
    return env.fail(EACCES, "constant-string", "no direct value access support for this map type");
  }
  const err = checkMapAccess(env, regno, W[o + OFF], map.valueSize - W[o + OFF], false, false);
  if (err < 0) return err;
  if (map.data === undefined) return env.unsupported(`contents of the read-only map ${map.name}`);
  // Behind the section's bytes the map's value is zero.
  const from = W[o + OFF] + W[o + TVAL],
    ends = map.data.length < map.valueSize || map.data.indexOf(0, from) >= 0;
  return ends ? 0 : env.fail(EINVAL, "constant-string", "string is not zero-terminated");
}
