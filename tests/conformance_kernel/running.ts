/**
 * Objects of any origin against the running kernel: each program through verify and through bpf(2), with the same instructions.
 *
 * What either cannot judge is counted by kind and not compared: objects that cannot be read, types that stay open, maps that the
 * kernel refuses, programs that the process may not load (EPERM without a log).
 *
 * @module
 */
import { objectsIn } from "./objects_in.ts";
import { resolved } from "../../cli/inputs.ts";
import { dependsOnConfig, knowsVariables, runningConfig, runningLockdown } from "../../cli/kconfig.ts";
import { missingInKernel } from "../../cli/missing.ts";
import { openBtf } from "../../ir/btf/read.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import { MalformedError, UnsupportedError } from "../../ir/diagnostic.ts";
import type { Program } from "../../ir/program.ts";
import { MAP_TYPE } from "../../ir/map_types.ts";
import type { MapDef, Unit } from "../../ir/unit.ts";
import {
  EAGAIN,
  KernelError,
  KernelUnit,
  type KernelVerdict,
  runningProcessors,
  vmlinuxBtf,
} from "../../kernel/mod.ts";
import { parseObject, type ParseOptions } from "../../passes/parse/parse.ts";
import { verifyProgram } from "../../passes/verify/verify.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import type { KernelLine } from "./corpus.ts";
import { Tally } from "./tally.ts";
import { type Judged, Verdicts } from "./verdicts.ts";

/** How objects are compared. */
export interface RunningOptions {
  /** Only programs whose `object section/program` contains this. */
  readonly only: string | undefined;
  /** The type of programs whose section says none. */
  readonly type: string | undefined;
  /** Take every object for one under this licence. */
  readonly license: string | undefined;
  /** Milliseconds after which to give up on a program. */
  readonly limit: number;
  /** Compare logs of level 2 where at most so many instructions are processed; none if 0. */
  readonly logs: number;
}

/** What came of it. */
export class Running {
  readonly verdicts: Verdicts = new Verdicts();
  /** Refused by both, with other words. */
  readonly messages: string[] = [];
  /** First differences of logs. */
  readonly logs: string[] = [];
  /** Objects and programs that cannot be read, by object. */
  readonly unreadable: string[] = [];
  /** By kind: programs that this kernel cannot judge. */
  readonly unjudged: Tally = new Tally();
  /** Refused by both. */
  refused = 0;
  /** Logs compared. */
  logged = 0;

  /** The summary, a line each. */
  summary(): string[] {
    const same = (all: number, different: readonly string[]) => `${all - different.length} of ${all}`;
    return [
      ...this.verdicts.summary(),
      `refused by both in the same words ${same(this.refused, this.messages)}; logs equal ${
        same(this.logged, this.logs)
      }; not for this kernel ${this.unjudged.count}, unreadable ${this.unreadable.length}`,
    ];
  }
}

/** Compares all objects (`*.o`, `*.elf`) in folders, or files. */
export function compareRunning(paths: readonly string[], options: RunningOptions): Running {
  const running = new Running();
  const bytes = vmlinuxBtf();
  const targetBtf = bytes === undefined ? undefined : openBtf(bytes, { what: "the running kernel's BTF" });
  const processors = runningProcessors();
  for (const path of paths.flatMap((path) => objectsIn(path))) {
    let unit: Unit;
    try {
      unit = readUnit(path, { targetBtf, ...options });
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      running.unreadable.push(`${path}: ${error.message}`);
      continue;
    }
    for (const { name, message } of unit.unreadable ?? []) {
      running.unreadable.push(`${path} ${name}: ${message}`);
    }
    using inKernel = new KernelUnit(unit);
    for (const program of unit.programs) {
      const { section, name } = program.attrs;
      if (options.only !== undefined && !`${path} ${section}/${name}`.includes(options.only)) continue;
      compareProgram(running, program, { path, inKernel, targetBtf, processors, options });
    }
  }
  return running;
}

function readUnit(
  path: string,
  how: { targetBtf: Btf | undefined; type: string | undefined; license: string | undefined },
): Unit {
  const { targetBtf, type, license } = how;
  const bytes = Deno.readFileSync(path);
  const options: ParseOptions = {
    name: path.slice(path.lastIndexOf("/") + 1),
    profile: LINUX_6_18,
    ...(targetBtf === undefined ? {} : { targetBtf }),
    ...(type === undefined ? {} : { type }),
  };
  const first = parseObject(bytes, options);
  const kconfig = dependsOnConfig(first) ? runningConfig() : undefined;
  const unit = resolved(first, { bytes, how: options, kconfig });
  // Programs refer to their unit: it is this one that has to say so.
  Object.assign(unit, { maps: unit.maps.map(filled) });
  return license === undefined ? unit : Object.assign(unit, { license });
}

/** Types whose maps have no entries of their own, or as many as the kernel wants. */
const WITHOUT_ENTRIES: ReadonlySet<number> = new Set([
  MAP_TYPE.PERF_EVENT_ARRAY,
  MAP_TYPE.CGROUP_STORAGE,
  MAP_TYPE.PERCPU_CGROUP_STORAGE,
  MAP_TYPE.SK_STORAGE,
  MAP_TYPE.INODE_STORAGE,
  MAP_TYPE.TASK_STORAGE,
  MAP_TYPE.CGRP_STORAGE,
  MAP_TYPE.STRUCT_OPS,
]);

/** What an object leaves to the program that loads it, filled in with the least that the kernel takes. */
function filled(def: MapDef): MapDef {
  const stack = def.type === MAP_TYPE.STACK_TRACE;
  const entries = def.type === MAP_TYPE.RINGBUF || def.type === MAP_TYPE.USER_RINGBUF ? 4096 : 1;
  return {
    ...def,
    ...(def.maxEntries === 0 && !WITHOUT_ENTRIES.has(def.type) ? { maxEntries: entries } : {}),
    ...(stack && def.keySize === 0 ? { keySize: 4 } : {}),
    ...(stack && def.valueSize === 0 ? { valueSize: 8 * 16 } : {}),
  };
}

interface Where {
  readonly path: string;
  readonly inKernel: KernelUnit;
  readonly targetBtf: Btf | undefined;
  readonly processors: number | undefined;
  readonly options: RunningOptions;
}

function compareProgram(running: Running, program: Program, where: Where): void {
  const { path, inKernel, options } = where;
  const { section, name, type, attachType, flags } = program.attrs;
  const full = `${path} ${section}/${name}`;
  if (type === "unspec") return running.unjudged.add("a type that nothing tells", full);
  const missing = missingInKernel(program);
  if (missing !== undefined) {
    return running.unjudged.add(`refused by loaders: ${missing.message.replace(/'.*'/, "…")}`, full);
  }
  let line: KernelLine;
  try {
    using plain = inKernel.load(program, { logLevel: 4 });
    using logged = plain.accepted ? undefined : inKernel.load(program, { logLevel: 1 });
    if ([plain.errno, logged?.errno].includes(EAGAIN)) {
      return running.unjudged.add("interrupted verifications", full);
    }
    if (plain.errno === 1 && logged?.log === "") {
      return running.unjudged.add(`EPERM for ${type} programs`, full);
    }
    line = {
      obj: path,
      sec: section,
      prog: `${section}/${name}`,
      type,
      attach_type: attachType,
      prog_flags: flags,
      ...judgedBy(plain),
      last: logged?.message ?? "",
      kernel_holds: null,
      ground_truth: true,
    };
  } catch (error) {
    if (!(error instanceof KernelError || error instanceof UnsupportedError)) throw error;
    return running.unjudged.add(error.message, full);
  }
  const judged = judge(program, where);
  running.verdicts.add(line, judged);
  if (judged.kind !== "decided" || judged.result.verdict !== line.verdict) return;
  const { result } = judged;
  if (result.verdict === "reject") {
    running.refused++;
    if (result.message !== line.last || result.errno !== line.errno) {
      running.messages.push(
        `${full}: ${result.errno} ${result.message}\n    kernel ${line.errno} ${line.last}`,
      );
    }
  }
  if (options.logs > 0 && result.processed <= options.logs) compareLogs(running, program, { ...where, full });
}

function judgedBy(
  verdict: KernelVerdict,
): Pick<
  KernelLine,
  "verdict" | "errno" | "processed" | "total_states" | "peak_states" | "stack_depth" | "verif_usec"
> {
  const { stats } = verdict;
  return {
    verdict: verdict.accepted ? "accept" : "reject",
    errno: verdict.errno,
    processed: stats.processed ?? 0,
    total_states: stats.totalStates ?? 0,
    peak_states: stats.peakStates ?? 0,
    stack_depth: (stats.stackDepth ?? []).join("+"),
    verif_usec: stats.usec ?? 0,
  };
}

function judge(program: Program, where: Where, logLevel: number = 0): Judged {
  try {
    const kernelVariables = knowsVariables(program);
    const lockdown = runningLockdown(program);
    const result = verifyProgram(program, {
      profile: LINUX_6_18,
      ...(lockdown === undefined ? {} : { lockdown }),
      ...(kernelVariables === undefined ? {} : { kernelVariables }),
      timeLimit: where.options.limit,
      logLevel,
      ...(where.targetBtf === undefined ? {} : { targetBtf: where.targetBtf }),
      ...(where.processors === undefined ? {} : { processors: where.processors }),
    });
    return { kind: "decided", result };
  } catch (error) {
    if (error instanceof UnsupportedError) return { kind: "unsupported", what: error.what };
    return { kind: "crash", what: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

function compareLogs(running: Running, program: Program, where: Where & { full: string }): void {
  const ours = judge(program, where, 2);
  using kernel = where.inKernel.load(program, { logLevel: 2 });
  if (ours.kind !== "decided") return;
  running.logged++;
  const [a, b] = [ours.result.log, kernel.log].map(comparable);
  const at = a.findIndex((text, i) => text !== b[i]);
  if (at < 0 && a.length === b.length) return;
  const i = at < 0 ? a.length : at;
  running.logs.push(
    `${where.full} line ${i + 1}\n    behind ${a[i - 1] ?? ""}\n    ours   ${
      a[i] ?? "(the end)"
    }\n    kernel ${b[i] ?? "(the end)"}`,
  );
}

/** The lines of a log without what differs from load to load: addresses and descriptors. */
function comparable(log: string): readonly string[] {
  return log
    .replaceAll(/\(18\) r(\d+) = 0x[0-9a-f]+ */g, "(18) r$1 = … ")
    .replaceAll(/,?map_uid=\d+/g, "")
    .split("\n")
    .filter((text) => !/^(verification time|stack depth) /.test(text));
}
