/**
 * `@std/path` where JSR is out of reach: the same functions from the platform's own path module.
 *
 * Delete `links` from deno.json and the published package takes this folder's place.
 *
 * @module
 */
export { basename, dirname, extname, isAbsolute, join, normalize, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fileURLToPath } from "node:url";

/** The path a `file:` URL names. */
export function fromFileUrl(url: string | URL): string {
  return fileURLToPath(url);
}

/** The `file:` URL of a path. */
export function toFileUrl(path: string): URL {
  return pathToFileURL(path) as URL;
}
