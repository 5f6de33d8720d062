/**
 * Runs a few bytes of machine code once: how a back end asks the processor what it has.
 *
 * @module
 */
import { CodePages } from "./pages.ts";
import { trampoline } from "./trampoline.ts";

/**
 * Calls code without arguments; rax comes back, unsigned 64 bits. The code is the caller's responsibility: nobody verified it.
 *
 * @throws {Error} If machine code cannot run here; ask `nativeUnavailable` first.
 */
export function callOnce(code: Uint8Array): bigint {
  using pages = new CodePages(code.length);
  pages.bytes.set(code);
  pages.seal();
  return BigInt.asUintN(64, BigInt(trampoline().call2(pages.address, 0, 0)));
}
