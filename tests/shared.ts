/**
 * Where the test data lies that is kept out of this repository (compiled from GPL-2.0 sources, or large): a folder `shared`
 * beside the checkout. A test that needs it is ignored where it is absent, so that the run's last line counts it as skipped.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";

/** The checkout's root. */
export const ROOT: string = fromFileUrl(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The path of something in the shared folder, e.g. `corpus/verdicts.jsonl`; undefined if it is not there. */
export function shared(path: string): string | undefined {
  const full = join(ROOT, "..", "shared", path);
  try {
    Deno.statSync(full);
    return full;
  } catch {
    return undefined;
  }
}
