/**
 * Precision without backtracking: as soon as a verdict depends on any scalar, every scalar of every state before it is marked.
 * Costs states and may refuse what backtracking accepts, never the other way round; the comparison shows what backtracking gains.
 *
 * @module
 */
import type { Precision } from "../verify/env.ts";
import { markAll } from "./backtracking.ts";

/** See the module's header. */
export const everything: Precision = {
  name: "everything",
  markReg(env) {
    markAll(env, 0);
    return 0;
  },
  markSlot(env) {
    markAll(env, 0);
    return 0;
  },
  propagate(env, _old, now) {
    markAll(env, now);
    return 0;
  },
  markAll,
};
