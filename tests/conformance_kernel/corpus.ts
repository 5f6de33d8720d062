/**
 * The record of what a kernel said of the programs of its own test suite: a folder with `verdicts.jsonl`, the objects in
 * `selftests/`, the kernel's BTF, and perhaps `legacy_tests.jsonl`.
 *
 * @module
 */
import { resolved } from "../../cli/inputs.ts";
import { dependsOnConfig, runningConfig } from "../../cli/kconfig.ts";
import { openBtf } from "../../ir/btf/read.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import { Program } from "../../ir/program.ts";
import type { Unit } from "../../ir/unit.ts";
import { parseObject } from "../../passes/parse/parse.ts";
import { type LegacyCase, readLegacy } from "../../selftest/legacy_case.ts";

/** A line of `verdicts.jsonl`: a program as it was loaded, and what came of it. */
export interface KernelLine {
  readonly obj: string;
  readonly sec: string;
  readonly prog: string;
  readonly type: string;
  readonly attach_type: number;
  readonly verdict: "accept" | "reject" | "prep_fail";
  readonly errno: number;
  readonly processed: number;
  readonly total_states: number;
  readonly peak_states: number;
  readonly stack_depth: string;
  readonly prog_flags: number;
  /** The log's last line. */
  readonly last?: string;
  /** The kernel's own figure, microseconds. */
  readonly verif_usec: number;
  /** The kernel meets everything that the program's annotations expect; null without annotations. */
  readonly kernel_holds: boolean | null;
  /** The kernel could judge. */
  readonly ground_truth: boolean;
}

/** An array-style test with what the kernel made of it. */
export type KernelCase = LegacyCase & { readonly kernel?: { readonly status: "pass" | "fail" | "skip" } };

/** A corpus folder, opened. */
export class Corpus {
  readonly targetBtf: Btf;
  readonly lines: readonly KernelLine[];
  readonly #folder: string;
  /** The running kernel's configuration, once it was asked for: the nearest to that of the kernel that judged. */
  #kconfig: { readonly text: string | undefined } | undefined;
  #unit: { readonly obj: string; readonly unit: Unit | string } | undefined;

  /** @throws {Deno.errors.NotFound} If there is no corpus. */
  constructor(folder: string) {
    this.#folder = folder;
    this.lines = Deno.readTextFileSync(`${folder}/verdicts.jsonl`).trim().split("\n").map((line) =>
      JSON.parse(line) as KernelLine
    );
    const btf = [...Deno.readDirSync(folder)].map((entry) => entry.name).find((name) =>
      /^vmlinux.*\.btf$/.test(name)
    );
    if (btf === undefined) throw new Deno.errors.NotFound(`there is no vmlinux*.btf in ${folder}`);
    this.targetBtf = openBtf(Deno.readFileSync(`${folder}/${btf}`), { what: btf });
  }

  /** Array-style tests; undefined if the corpus has none. */
  legacy(): KernelCase[] | undefined {
    try {
      return readLegacy(Deno.readTextFileSync(`${this.#folder}/legacy_tests.jsonl`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** An object, or why it cannot be read. The last one is remembered. */
  unit(obj: string): Unit | string {
    if (this.#unit?.obj !== obj) {
      let unit: Unit | string;
      try {
        const bytes = Deno.readFileSync(`${this.#folder}/selftests/${obj}.bpf.o`);
        const options = { name: `${obj}.bpf.o`, targetBtf: this.targetBtf };
        const first = parseObject(bytes, options);
        if (dependsOnConfig(first)) this.#kconfig ??= { text: runningConfig() };
        const kconfig = dependsOnConfig(first) ? this.#kconfig?.text : undefined;
        unit = resolved(first, { bytes, how: options, kconfig });
      } catch (error) {
        unit = `parse: ${error instanceof Error ? `${error.name} ${error.message}` : error}`;
      }
      this.#unit = { obj, unit };
    }
    return this.#unit.unit;
  }

  /** A line's program as it was loaded, or why there is none. */
  program(line: KernelLine): Program | string {
    const unit = this.unit(line.obj);
    if (typeof unit === "string") return unit;
    const parsed = unit.programs.find((program) => program.attrs.name === line.prog);
    if (parsed === undefined) return "parse: program not found";
    const attrs = {
      ...parsed.attrs,
      type: line.type,
      attachType: line.attach_type,
      flags: line.prog_flags,
    };
    const { code, subprogs, nextInsnId, nextSubprogId } = parsed;
    return new Program({ unit: parsed.unit, attrs, code, subprogs, nextInsnId, nextSubprogId });
  }
}
