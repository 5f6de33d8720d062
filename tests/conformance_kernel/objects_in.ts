/**
 * The objects of a folder.
 *
 * @module
 */
import { join } from "@std/path";

/** The path itself if it is a file, else all `*.o` and `*.elf` in the folder and those below, by name. */
export function objectsIn(path: string): string[] {
  if (!Deno.statSync(path).isDirectory) return [path];
  const entries = [...Deno.readDirSync(path)].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap((entry) => {
    const inside = join(path, entry.name);
    if (entry.isDirectory) return objectsIn(inside);
    return entry.isFile && /\.(o|elf)$/.test(entry.name) ? [inside] : [];
  });
}
