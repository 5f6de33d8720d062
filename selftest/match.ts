/**
 * Expectations about text, as the kernel's test loader matches them: literal text with regular expressions between `{{` and `}}`,
 * found one behind the other, some on the very next line, some not at all.
 *
 * Mirrors `compile_regex` and `validate_msgs` of tools/testing/selftests/bpf/test_loader.c. The expressions are POSIX extended ones;
 * what JavaScript spells otherwise is translated. One difference remains: of alternatives POSIX takes the longest, this the first.
 *
 * @module
 */

/** One expectation. */
export interface Pattern {
  /** As the annotation has it. */
  readonly text: string;
  /** Must match in the line behind the one where the pattern before matched. */
  readonly nextLine: boolean;
  /** Must not match between its neighbours. */
  readonly absent: boolean;
}

/** Why text does not meet expectations. */
export interface Mismatch {
  /** Which expectation, from 0. */
  readonly index: number;
  /** `missing`: not found behind the one before; `wrong line`: found, but not in the next line; `present`: found where it must not be. */
  readonly kind: "missing" | "wrong line" | "present";
  /** What stands where it was looked for: the rest of the text, or the line that matched. */
  readonly found: string;
}

/** A pattern of plain text, or with expressions. */
export function pattern(text: string, options: { nextLine?: boolean; absent?: boolean } = {}): Pattern {
  return { text, nextLine: options.nextLine ?? false, absent: options.absent ?? false };
}

/** Where and how long a match is. */
interface Match {
  readonly start: number;
  readonly end: number;
}

/**
 * The first expectation that a text does not meet; undefined if it meets all.
 *
 * @throws {SyntaxError} If a pattern's expression is not closed or cannot be read.
 *
 * @example
 * ```ts
 * import { mismatch, pattern } from "./match.ts";
 * const log = "0: R1=ctx() R10=fp0\nR2 !read_ok\nprocessed 1 insns\n";
 * console.log(mismatch(log, [pattern("R{{[0-9]}} !read_ok"), pattern("processed")])); // undefined
 * ```
 */
export function mismatch(text: string, patterns: readonly Pattern[]): Mismatch | undefined {
  let from = 0, lastLine = -1;
  let absent: { index: number; pattern: Pattern }[] = [];
  const intruder = (end: number): Mismatch | undefined => {
    for (const { index, pattern } of absent) {
      const match = find(text.slice(0, end), pattern.text, from);
      if (match !== undefined) return { index, kind: "present", found: lineAt(text, match.start) };
    }
    return undefined;
  };
  for (const [index, pattern] of patterns.entries()) {
    if (pattern.absent) {
      absent.push({ index, pattern });
      continue;
    }
    const match = find(text, pattern.text, from);
    if (match === undefined) return { index, kind: "missing", found: text.slice(from) };
    const line = lineNumber(text, match.start);
    if (pattern.nextLine && lastLine >= 0 && line !== lastLine + 1) {
      return { index, kind: "wrong line", found: lineAt(text, match.start) };
    }
    const wrong = intruder(match.start);
    if (wrong !== undefined) return wrong;
    absent = [];
    from = match.end;
    lastLine = line;
  }
  return intruder(text.length);
}

function find(text: string, pattern: string, from: number): Match | undefined {
  if (!pattern.includes("{{")) {
    const start = text.indexOf(pattern, from);
    return start < 0 ? undefined : { start, end: start + pattern.length };
  }
  const expression = expressionOf(pattern);
  // The search begins a new text: `^` matches there.
  const match = expression.exec(text.slice(from));
  if (match === null) return undefined;
  return { start: from + match.index, end: from + match.index + match[0].length };
}

function lineNumber(text: string, at: number): number {
  let line = 0;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

function lineAt(text: string, at: number): string {
  const end = text.indexOf("\n", at);
  return text.slice(text.lastIndexOf("\n", at - 1) + 1, end < 0 ? text.length : end);
}

const compiled = new Map<string, RegExp>();

/** A pattern as one expression. @throws {SyntaxError} */
function expressionOf(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (expression !== undefined) return expression;
  let source = "";
  for (let at = 0;;) {
    const open = pattern.indexOf("{{", at);
    source += pattern.slice(at, open < 0 ? pattern.length : open).replace(/[.[\]\\()*+?{}|^$]/g, "\\$&");
    if (open < 0) break;
    const close = pattern.indexOf("}}", open + 2);
    if (close < 0) throw new SyntaxError(`Cannot read pattern "${pattern}": {{ is not closed`);
    // As in the kernel's loader, parts are not grouped: an alternative of two reaches over the text around it.
    source += fromPosix(pattern.slice(open + 2, close));
    at = close + 2;
  }
  expression = new RegExp(source, "m");
  compiled.set(pattern, expression);
  return expression;
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

/** A POSIX extended expression (compiled for lines) in JavaScript's spelling. */
function fromPosix(text: string): string {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "\\" && i + 1 < text.length) {
      out += char + text[++i];
      continue;
    }
    if (char !== "[") {
      out += char;
      continue;
    }
    let at = i + 1;
    const negated = text[at] === "^";
    if (negated) at++;
    // No bracket expression crosses a line: negated ones exclude its end.
    let set = negated ? "\\n" : "";
    for (let first = true; at < text.length && (first || text[at] !== "]"); first = false, at++) {
      const named = /^\[:([a-z]+):\]/.exec(text.slice(at));
      if (named !== null) {
        const members = CLASSES[named[1]];
        if (members === undefined) throw new SyntaxError(`Cannot read "${text}": no class ${named[1]}`);
        set += members;
        at += named[0].length - 1;
      } else set += /[\\[\]^]/.test(text[at]) ? `\\${text[at]}` : text[at];
    }
    if (at >= text.length) throw new SyntaxError(`Cannot read "${text}": [ is not closed`);
    out += `[${negated ? "^" : ""}${set}]`;
    i = at;
  }
  return out;
}
