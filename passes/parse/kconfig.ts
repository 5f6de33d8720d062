/**
 * The value of `.kconfig`: what an object wants to know about the kernel's configuration.
 *
 * `LINUX_KERNEL_VERSION` and `LINUX_HAS_*` come from the loader, `CONFIG_*` from a text in the format of /proc/config.gz
 * (libbpf: `bpf_object__resolve_externs`). Without such a text the values are unknown: the map is then not frozen, so that
 * nobody takes its zeros for facts.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { MapDef } from "../../ir/unit.ts";
import { valueMap } from "./data_maps.ts";
import type { ObjectExtern } from "./externs.ts";

/** What is known about the kernel an object is meant for. */
export interface KernelSettings {
  /** Lines `CONFIG_X=y`. */
  readonly kconfig?: string;
  /** `major << 16 | minor << 8 | patch`. */
  readonly kernelVersion: number;
}

const TRISTATE: Readonly<Record<string, number>> = { n: 0, y: 1, m: 2 };

/**
 * The `.kconfig` map; undefined if the object asks for no setting.
 *
 * @throws {MalformedError} If a setting that is not weak has no value, or a value does not fit its variable.
 */
export function kconfigMap(
  externs: readonly ObjectExtern[],
  btf: Btf | undefined,
  options: KernelSettings & { objectName: string },
): MapDef | undefined {
  const settings = externs.filter((extern) => extern.kind === "kconfig");
  const last = settings.at(-1);
  if (last === undefined || btf === undefined) return undefined;
  const size = last.offset + last.size;
  if (!(size <= 1 << 20)) throw new MalformedError(`The settings take ${size} bytes`, "section .kconfig");
  const data = new Uint8Array(size);
  const lines = options.kconfig === undefined ? undefined : configLines(options.kconfig);
  let known = true;
  for (const setting of settings) {
    const value = valueOf(setting, lines, options.kernelVersion);
    if (value === undefined) {
      if (setting.name.startsWith("CONFIG_") && lines === undefined) known = false;
      else if (!setting.weak) {
        throw new MalformedError(`Setting "${setting.name}" has no value`, "section .kconfig");
      }
      continue;
    }
    store(data, btf, { setting, value });
  }
  const map = valueMap(".kconfig", { data, btf, objectName: options.objectName, readOnly: true });
  return known ? map : { ...map, frozen: false };
}

function configLines(text: string): Map<string, string> {
  const lines = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^(CONFIG_\w+)=(.+?)\r?$/.exec(line);
    if (match !== null && !lines.has(match[1])) lines.set(match[1], match[2]);
  }
  return lines;
}

function valueOf(
  setting: ObjectExtern,
  lines: ReadonlyMap<string, string> | undefined,
  kernelVersion: number,
): string | undefined {
  switch (setting.name) {
    case "LINUX_KERNEL_VERSION":
      return String(kernelVersion);
    case "LINUX_HAS_BPF_COOKIE":
      return "1";
    case "LINUX_HAS_SYSCALL_WRAPPER":
      // Every 6.18 wraps them, but libbpf finds out with a kprobe.
      return lines === undefined || lines.get("CONFIG_KPROBE_EVENTS") === "y" ? "1" : "0";
    default:
      return lines?.get(setting.name);
  }
}

/** Writes a value in the form that the variable's type gives it. */
function store(data: Uint8Array, btf: Btf, item: { setting: ObjectExtern; value: string }): void {
  const { setting, value } = item;
  const wrong = (what: string) =>
    new MalformedError(`Setting "${setting.name}": ${value} ${what}`, "section .kconfig");
  const variable = btf.type(setting.typeId);
  const type = btf.type(variable.kind === "var" ? btf.resolve(variable.type) : 0);
  const target = data.subarray(setting.offset, setting.offset + setting.size);
  if (type.kind === "array") {
    if (!/^".*"$/.test(value)) throw wrong("is no string");
    const text = new TextEncoder().encode(value.slice(1, -1)).subarray(0, Math.max(0, target.length - 1));
    target.set(text);
    return;
  }
  if (value in TRISTATE) {
    if (type.kind === "enum" || type.kind === "enum64") return put(target, BigInt(TRISTATE[value]));
    if (type.kind === "int" && type.bool && value !== "m") return put(target, value === "y" ? 1n : 0n);
    if (type.kind === "int" && !type.bool && type.size === 1) return put(target, BigInt(value.charCodeAt(0)));
    throw wrong("needs a boolean, a character or enum libbpf_tristate");
  }
  if (type.kind !== "int" || !/^-?(0[xX][0-9a-fA-F]{1,16}|\d{1,20})$/.test(value)) {
    throw wrong("is not a value of its type");
  }
  const number = value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
  const bits = target.length * 8;
  const fits = type.signed
    ? BigInt.asIntN(bits, number) === number
    : BigInt.asUintN(bits, number) === BigInt.asUintN(64, number);
  if (!fits) throw wrong(`does not fit into ${target.length} bytes`);
  put(target, number);
}

function put(target: Uint8Array, value: bigint): void {
  for (let i = 0; i < target.length; i++) target[i] = Number(BigInt.asUintN(8, value >> BigInt(8 * i)));
}
