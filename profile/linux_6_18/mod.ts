/**
 * The profile of Linux 6.18: the tables of this folder behind the {@linkcode Profile} interface.
 *
 * @module
 */
import type { HelperProto, Profile } from "../profile.ts";
import { HELPER_VARIANTS, HELPERS, variantApplies } from "./helpers.ts";
import { KFUNCS } from "./kfuncs.ts";
import { LIMITS } from "./limits.ts";
import { PROGRAM_TYPES } from "./program_types.ts";
import { RELEASES, TARGETS } from "./targets.ts";

const byId: ReadonlyMap<number, HelperProto> = new Map(HELPERS.map((proto) => [proto.id, proto]));
const idByName: ReadonlyMap<string, number> = new Map(HELPERS.map((proto) => [proto.name, proto.id]));
const typeByName = new Map(PROGRAM_TYPES.map((rules) => [rules.name, rules]));
const idsWithVariants: ReadonlySet<number> = new Set(HELPER_VARIANTS.map((variant) => variant.proto.id));

/**
 * What Linux 6.18 knows.
 *
 * @example
 * ```ts
 * import { LINUX_6_18 } from "./mod.ts";
 * const loop = LINUX_6_18.helperId("loop")!;
 * console.log(loop, LINUX_6_18.programType("xdp")!.helpers(0).has(loop)); // 181 true
 * ```
 */
export const LINUX_6_18: Profile = {
  name: "linux-6.18",
  helper: (id, use) => {
    if (use !== undefined && idsWithVariants.has(id)) {
      const variant = HELPER_VARIANTS.find((v) => v.proto.id === id && variantApplies(v, use));
      if (variant !== undefined) return variant.proto;
    }
    return byId.get(id);
  },
  helperId: (name) => idByName.get(name),
  programType: (name) => typeByName.get(name),
  kfunc: (name) => KFUNCS.get(name),
  targets: TARGETS,
  releases: RELEASES,
  limits: LIMITS,
};
