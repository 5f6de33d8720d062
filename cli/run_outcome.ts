/**
 * What a run gave, whichever back end it was.
 *
 * @module
 */

/** As `--json` prints it. */
export interface RunOutcome {
  /** The low 32 bits of r0, unsigned. */
  readonly retval: number;
  /** The packet afterwards, in hex. */
  readonly data_out: string;
  /** Nanoseconds a round. */
  readonly ns: number;
  readonly backend: string;
}

/** Bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** For people. */
export function describeRun(outcome: RunOutcome): string {
  return [
    `retval    ${outcome.retval}`,
    `data_out  ${outcome.data_out}`,
    `ns        ${outcome.ns.toFixed(1)}`,
    `backend   ${outcome.backend}`,
  ].join("\n");
}
