import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { BtfBuilder } from "../../ir/btf/write.ts";
import { ROOT } from "../shared.ts";
import type { KernelLine } from "./corpus.ts";
import { run } from "./main.ts";

function line(prog: string, verdict: "accept" | "reject", more: Partial<KernelLine> = {}): KernelLine {
  return {
    obj: "annotated",
    sec: "socket",
    prog,
    type: "socket_filter",
    attach_type: 0,
    verdict,
    errno: verdict === "accept" ? 0 : 13,
    processed: 2,
    total_states: 0,
    peak_states: 0,
    stack_depth: "0",
    prog_flags: 0,
    verif_usec: 10,
    kernel_holds: null,
    ground_truth: true,
    ...more,
  };
}

/** The exit status over a corpus of these programs, and what was printed. */
function over(lines: readonly KernelLine[], legacy?: string): { status: number; text: string } {
  const folder = Deno.makeTempDirSync();
  const printed: string[] = [];
  const { log } = console;
  try {
    Deno.mkdirSync(join(folder, "selftests"));
    const object = "annotated.bpf.o";
    Deno.copyFileSync(join(ROOT, "tests/objects", object), join(folder, "selftests", object));
    Deno.writeTextFileSync(join(folder, "verdicts.jsonl"), lines.map((l) => JSON.stringify(l)).join("\n"));
    const btf = new BtfBuilder();
    btf.int("int", 4, { signed: true });
    Deno.writeFileSync(join(folder, "vmlinux-test.btf"), btf.build().bytes);
    if (legacy !== undefined) Deno.writeTextFileSync(join(folder, "legacy_tests.jsonl"), legacy);
    console.log = (...args: unknown[]) => printed.push(args.join(" "));
    return { status: run([folder]), text: printed.join("\n") };
  } finally {
    console.log = log;
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("agreement is success", () => {
  const { status, text } = over([line("wrong_verdict", "accept"), line("no_result", "reject")]);
  assertEquals(status, 0, text);
  assert(text.includes("2 programs, decided 2 (100.0 %), agree 2 (100.0 %)"), text);
  assert(text.includes("array-style tests: skipped"), text);
});

Deno.test("a wrong accept is named and fails", () => {
  const { status, text } = over([
    line("wrong_verdict", "reject", { last: "no" }),
    line("no_result", "reject"),
  ]);
  assertEquals(status, 1);
  assert(text.includes("wrong accepts (1)\n  annotated/wrong_verdict (socket_filter): kernel 13 no"), text);
});

Deno.test("a wrong reject is named", () => {
  const { status, text } = over([line("no_result", "accept")]);
  assertEquals(status, 0);
  assert(text.includes("wrong rejects (1)\n  annotated/no_result (socket_filter): 13 R0 !read_ok"), text);
});

Deno.test("nothing compared is no success", () => {
  const { status, text } = over([line("wrong_verdict", "accept", { ground_truth: false })]);
  assertEquals(status, 1, text);
  assertEquals(over([line("missing", "accept")]).status, 1);
});

Deno.test("tests that the kernel passes must pass to the letter", () => {
  const holds = { kernel_holds: true };
  const { text } = over([
    line("no_result", "reject", holds),
    line("wrong_result", "accept", holds),
    line("machine_code", "accept", holds),
    line("wrong_line", "accept"),
  ]);
  assert(
    text.includes(
      "annotated tests: 3 that the kernel passes, decided 3, to the letter 1 (33.3 %), failing 1, checked in part 1",
    ),
    text,
  );
  assert(text.includes("annotated/wrong_result retval\n    want 7"), text);
  assert(text.includes("1 jited: the kernel's machine code"), text);
});
