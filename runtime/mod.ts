/**
 * The runtime: runs verified programs in this process, natively or interpreted.
 *
 * @module
 */
export { type MachineCode, type Relocation, type Symbol } from "../abi/machine_code.ts";
export { type Proof } from "../abi/proof.ts";
export { type Compile, type CompileOptions, type FunctionBodies } from "./engine.ts";
export { AbortedError } from "./engine.ts";
export { type DriverName, type RxMetadata } from "./device.ts";
export { nativeUnavailable } from "./exec/libc.ts";
export { callOnce } from "./exec/probe.ts";
export { type SentEvent } from "./host.ts";
export { MapError, type RuntimeMap } from "./maps.ts";
export { RunError } from "./run_error.ts";
export { LoadedProgram, type LoadOptions, Runtime, type RuntimeOptions } from "./runtime.ts";
export { testRun, type TestRunInput, type TestRunResult } from "./test_run.ts";
