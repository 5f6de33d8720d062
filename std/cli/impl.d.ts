// deno-lint-ignore-file no-explicit-any
export function parseArgs(args: readonly string[], options: unknown): any;
