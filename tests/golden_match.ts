/**
 * How a section of a golden file is compared with what a pass printed.
 *
 * A section is exact unless it holds a line `...`. Then its runs of lines must be found in this order, each run whole and without a
 * gap, each search starting behind the previous match: the rule of the kernel's `__xlated` annotations and of `SKIP_INSNS` in its
 * older test_verifier. The first run is tied to the beginning and the last to the end unless `...` stands there. In such
 * sections a word `_` stands for any one word, and a line `! text` must match nowhere.
 *
 * @module
 */

/** Whether a section asks for parts only; the others can be rewritten by `deno task bless`. */
export function isPartial(expected: readonly string[]): boolean {
  return expected.some((line) => line.trim() === "..." || line.trim().startsWith("! "));
}

/** Why the lines do not match, in one sentence; undefined if they do. Blank lines and the amount of white space do not count. */
export function mismatch(expected: readonly string[], actual: readonly string[]): string | undefined {
  const want = expected.map(squeeze).filter((line) => line !== "");
  const have = actual.map(squeeze).filter((line) => line !== "");
  return isPartial(want) ? partMismatch(want, have) : wholeMismatch(want, have);
}

function squeeze(line: string): string {
  return line.trim().replace(/\s+/g, " ");
}

function wholeMismatch(want: readonly string[], have: readonly string[]): string | undefined {
  for (let i = 0; i < Math.max(want.length, have.length); i++) {
    if (want[i] === have[i]) continue;
    if (i >= have.length) return `line ${i + 1}: expected "${want[i]}", found the end`;
    if (i >= want.length) return `line ${i + 1}: expected the end, found "${have[i]}"`;
    return `line ${i + 1}: expected "${want[i]}", found "${have[i]}"`;
  }
  return undefined;
}

function partMismatch(want: readonly string[], have: readonly string[]): string | undefined {
  for (const line of want) {
    if (!line.startsWith("! ")) continue;
    const found = have.find((each) => lineMatches(line.slice(2), each));
    if (found !== undefined) return `"${found}" must not be there`;
  }
  const lines = want.filter((line) => !line.startsWith("! "));
  if (lines.length === 0) return undefined;
  let from = 0;
  for (const { run, first, last } of runsOf(lines)) {
    const end = last ? have.length - run.length : from;
    const at = last && !first ? findRun(run, have, Math.max(from, end)) : findRun(run, have, from);
    if (at < 0) return `not found after line ${from}: "${run.join("; ")}"`;
    if (first && at !== 0) return `line 1: expected "${run[0]}", found "${have[0]}"`;
    if (last && at + run.length !== have.length) return `line ${at + run.length + 1}: expected the end`;
    from = at + run.length;
  }
  return undefined;
}

interface Run {
  readonly run: readonly string[];
  /** No `...` stands before it, or behind it. */
  readonly first: boolean;
  readonly last: boolean;
}

function runsOf(lines: readonly string[]): Run[] {
  const runs: Run[] = [];
  let run: string[] = [];
  let first = true;
  for (const line of lines) {
    if (line !== "...") run.push(line);
    else {
      if (run.length > 0) runs.push({ run, first, last: false });
      run = [];
      first = false;
    }
  }
  if (run.length > 0) runs.push({ run, first, last: true });
  return runs;
}

function findRun(run: readonly string[], have: readonly string[], from: number): number {
  for (let at = from; at + run.length <= have.length; at++) {
    if (run.every((line, i) => lineMatches(line, have[at + i]))) return at;
  }
  return -1;
}

/** Word by word; `_` matches any one word. */
function lineMatches(pattern: string, line: string): boolean {
  if (!pattern.includes("_")) return pattern === line;
  const want = pattern.split(" "), have = line.split(" ");
  return want.length === have.length && want.every((word, i) => word === "_" || word === have[i]);
}
