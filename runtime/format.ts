/**
 * The kernel's printf for BPF (`bpf_trace_printk`, `bpf_trace_vprintk`): the conversions that programs use.
 *
 * @module
 */

/** Reads a NUL-terminated string at an address; at most `limit` bytes. */
export type ReadString = (address: bigint, limit: number) => string;

const CONVERSION = /%(%|([-0 +#]*)(\d*)(?:\.(\d+))?(hh|h|ll|l|z)?([diuxXcsp]))/g;
/** Longest string taken from memory, in bytes. */
const LONGEST_STRING = 512;

/** The text. Arguments beyond the given ones count as 0; unknown conversions are left as they are. */
export function formatPrintk(
  format: string,
  args: readonly bigint[],
  options: { readString: ReadString },
): string {
  let next = 0;
  return format.replaceAll(
    CONVERSION,
    (
      _all,
      all: string,
      flags: string,
      width: string,
      precision,
      length: string | undefined,
      kind: string,
    ) => {
      if (all === "%") return "%";
      const value = args[next++] ?? 0n;
      const text = convert(kind, { value, length, precision, readString: options.readString, flags });
      const wanted = Number(width || "0");
      if (flags.includes("-")) return text.padEnd(wanted);
      if (flags.includes("0") && kind !== "s") {
        const sign = text.startsWith("-") ? "-" : "";
        return sign + text.slice(sign.length).padStart(wanted - sign.length, "0");
      }
      return text.padStart(wanted);
    },
  );
}

function convert(
  kind: string,
  { value, length, precision, readString, flags }: {
    value: bigint;
    length: string | undefined;
    precision: string | undefined;
    readString: ReadString;
    flags: string;
  },
): string {
  const bits = length === "hh" ? 8 : length === "h" ? 16 : length === undefined ? 32 : 64;
  switch (kind) {
    case "d":
    case "i":
      return BigInt.asIntN(bits, value).toString();
    case "u":
      return BigInt.asUintN(bits, value).toString();
    case "x":
    case "X": {
      const hex = BigInt.asUintN(bits, value).toString(16);
      const text = (flags.includes("#") ? "0x" : "") + hex;
      return kind === "X" ? text.toUpperCase() : text;
    }
    case "c":
      return String.fromCharCode(Number(value & 0xffn));
    case "p":
      return `0x${BigInt.asUintN(64, value).toString(16)}`;
    default:
      return readString(value, precision === undefined ? LONGEST_STRING : Number(precision));
  }
}
