/**
 * Runs some tests of one file without the test runner, which takes longer than they do: file, then names. Prints those that fail.
 *
 * @module
 */
const [file, ...names] = Deno.args;
const tests = new Map<string, () => unknown>();

interface Registered {
  readonly name: string;
  readonly fn: () => unknown;
}

function register(test: string | Registered, fn?: () => unknown): void {
  if (typeof test === "string") tests.set(test, fn!);
  else tests.set(test.name, test.fn);
}

Object.defineProperty(Deno, "test", { value: register, configurable: true });
await import(new URL(`../../${file}`, import.meta.url).href);
const failing: string[] = [];
for (const name of names) {
  const fn = tests.get(name);
  if (fn === undefined) throw new TypeError(`Cannot run "${name}": ${file} has no such test`);
  try {
    await fn();
  } catch {
    failing.push(name);
  }
}
console.log(`failing: ${JSON.stringify(failing)}`);
