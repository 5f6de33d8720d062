/**
 * Makes a program shorter while it still shows something.
 *
 * @module
 */

/** Texts tried at most, and milliseconds after which no more are: some take a second each. */
const TRIES = 3000, TIME = 60_000;

/**
 * Deletes lines, many at a time and then one by one, as long as `shows` stays true; what cannot be read does not show anything, so
 * `shows` must answer false for it. Ends at a text of which no single line can be left out.
 */
export function minimise(text: string, shows: (text: string) => boolean): string {
  let lines = text.split("\n").filter((line) => line.trim() !== "");
  let tries = 0;
  const until = performance.now() + TIME;
  const without = (from: number, count: number): boolean => {
    const rest = [...lines.slice(0, from), ...lines.slice(from + count)];
    if (tries++ >= TRIES || performance.now() > until || !shows(rest.join("\n") + "\n")) return false;
    lines = rest;
    return true;
  };
  for (let again = true; again && tries < TRIES && performance.now() < until;) {
    again = false;
    for (let count = lines.length >> 1; count >= 1; count >>= 1) {
      for (let from = lines.length - count; from >= 0; from -= count) {
        if (without(from, count)) again = true;
        from = Math.min(from, lines.length);
      }
    }
    // A label is named twice: by itself and by a jump.
    for (let i = lines.length - 1; i >= 0; i--) {
      const goto = / goto (\w+)$|^goto (\w+)$/.exec(lines[i]);
      const label = goto && lines.indexOf(`${goto[1] ?? goto[2]}:`);
      if (label === null || label < 0) continue;
      const rest = lines.filter((_, at) => at !== i && at !== label);
      if (tries++ < TRIES && shows(rest.join("\n") + "\n")) {
        lines = rest;
        again = true;
      }
    }
  }
  return lines.join("\n") + "\n";
}
