/**
 * The verdicts alone of `deno task conformance:kernel`; takes the same options.
 *
 * @module
 */
import { run } from "./conformance_kernel/main.ts";

Deno.exit(run(["--verdicts", ...Deno.args]));
