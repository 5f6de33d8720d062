/**
 * Reads the figures at the end of a kernel's verifier log.
 *
 * @module
 */

/** What the verifier says about its work. Fields it did not print are absent. */
export interface LogStats {
  /** Instructions walked, over all paths. */
  readonly processed?: number;
  /** Most states stored at one instruction. */
  readonly maxStatesPerInsn?: number;
  /** States stored. */
  readonly totalStates?: number;
  /** States held at one time. */
  readonly peakStates?: number;
  /** Bytes of stack, per subprogram in layout order. */
  readonly stackDepth?: readonly number[];
  /** The verification time in microseconds. */
  readonly usec?: number;
}

/** The figures of a log; empty for a log without them. */
export function logStats(log: string): LogStats {
  const processed =
    /processed (\d+) insns \(limit \d+\) max_states_per_insn (\d+) total_states (\d+) peak_states (\d+)/m
      .exec(log);
  const usec = /^verification time (\d+) usec/m.exec(log);
  const depth = /^stack depth ([\d+]+)/m.exec(log);
  return {
    ...(processed && {
      processed: Number(processed[1]),
      maxStatesPerInsn: Number(processed[2]),
      totalStates: Number(processed[3]),
      peakStates: Number(processed[4]),
    }),
    ...(usec && { usec: Number(usec[1]) }),
    ...(depth && { stackDepth: depth[1].split("+").map(Number) }),
  };
}

/** The line that says why a program was refused: the last one that is neither a figure nor empty. */
export function lastMessage(log: string): string {
  const lines = log.split("\n").filter((line) =>
    line !== "" &&
    !/^(processed \d+ insns|verification time|stack depth|mark_precise|(cur|old) state:)/.test(line)
  );
  // Some messages end without a newline, and the figures follow at once.
  return (lines.at(-1) ?? "").replace(/processed \d+ insns \(limit \d+\).*$/, "");
}
