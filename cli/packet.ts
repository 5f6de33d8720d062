/**
 * The packet that `--data` or `--hex` gives.
 *
 * @module
 */
import { type Options, UsageError } from "./command.ts";

/** The options, in help texts and for `readOptions`. */
export const PACKET_OPTIONS = ["data", "hex"] as const;

/** Bytes, 64 zeros if neither option is given. @throws {UsageError} */
export function packetOf(options: Options): Uint8Array {
  const file = options.string("data"), text = options.string("hex");
  if (file !== undefined && text !== undefined) throw new UsageError("--data and --hex exclude each other");
  if (file !== undefined) {
    try {
      return Deno.readFileSync(file);
    } catch (error) {
      throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (text === undefined) return new Uint8Array(64);
  const digits = text.replaceAll(/\s/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) {
    throw new UsageError("--hex takes pairs of hexadecimal digits");
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
