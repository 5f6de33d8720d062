/**
 * What is shown on a terminal only: colours and progress. Elsewhere (pipes, files, `NO_COLOR`) the same words come plain.
 *
 * @module
 */

/** Reading the environment needs a permission nobody should have to give for colours. */
function environment(name: string): string | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  return Deno.env.get(name);
}

const colours = Deno.stdout.isTerminal() && (environment("NO_COLOR") ?? "") === "";

function paint(code: number): (text: string) => string {
  return (text) => colours ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** For what is well. */
export const green: (text: string) => string = paint(32);
/** For what is refused. */
export const red: (text: string) => string = paint(31);
/** For what is undecided. */
export const yellow: (text: string) => string = paint(33);
/** For what matters less. */
export const dim: (text: string) => string = paint(2);
/** For headings. */
export const bold: (text: string) => string = paint(1);

/** A line on stderr that is overwritten as work goes on; silent where stderr is no terminal. */
export class Progress {
  readonly #total: number;
  readonly #shown: boolean;
  #last = 0;

  constructor(total: number) {
    this.#total = total;
    this.#shown = total > 1 && Deno.stderr.isTerminal();
  }

  /** Says what is being done now; at most ten times a second. */
  at(done: number, what: string): void {
    const now = performance.now();
    if (!this.#shown || now - this.#last < 100) return;
    this.#last = now;
    Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${done}/${this.#total} ${what.slice(0, 60)}`));
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
  }
}

/** Rows as a table with aligned columns; numbers to the right. The first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  return rows.map((row) =>
    row.map((cell, i) =>
      /^[-+×]?[\d.,]+ ?(%|ns)?$|^–$/.test(cell) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])
    ).join("  ").trimEnd()
  ).join("\n");
}
