/**
 * Writes `inlay_runtime.h` from the structures: `deno run -A abi/write_header.ts`.
 *
 * @module
 */
import { runtimeHeader } from "./layouts.ts";

Deno.writeTextFileSync(new URL("./inlay_runtime.h", import.meta.url), runtimeHeader());
