/**
 * Reading the compiled bodies that lie beside a module's source, wherever it was loaded from.
 *
 * @module
 */

/** The bytes of a file beside a source file, e.g. `readBeside(import.meta.url, "dynptr.bpf.o")`. Needs permission to read it. */
export async function readBeside(source: string, name: string): Promise<Uint8Array> {
  const url = new URL(name, source);
  if (url.protocol === "file:") return await Deno.readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new Deno.errors.NotFound(`Cannot read ${url}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
