/**
 * The running kernel over bpf(2): loading, the verifier's log, what the kernel made of a program, test runs. Never attaches or pins.
 *
 * @module
 */
export { kernelUnavailable } from "./available.ts";
export { errnoName, KernelError } from "./bpf.ts";
export {
  comparableDump,
  comparableLines,
  diffLines,
  diffVerdict,
  type LineDiff,
  type OwnVerdict,
  type VerdictDiff,
} from "./diff.ts";
export { type KernelLoadOptions, KernelUnit } from "./load.ts";
export { lastMessage, type LogStats, logStats } from "./log.ts";
export { EAGAIN, type KernelVerdict, loadRaw, programTypeNumber, type RawProgram } from "./prog_load.ts";
export { runningProcessors } from "./processors.ts";
export { type KernelRun, type KernelRunOptions, kernelTestRun } from "./test_run.ts";
export { vmlinuxBtf } from "./vmlinux.ts";
export { type ProgInfo, progInfo } from "./xlated.ts";
