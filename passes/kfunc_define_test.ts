import { assertEquals } from "@std/assert";
import { parseText } from "../ir/parse_text.ts";
import { printProgram } from "../ir/print_text.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { kfuncDefine } from "./kfunc_define.ts";
import type { KfuncResolver, KfuncSignature } from "./kfuncs.ts";
import { Pipeline } from "./pipeline.ts";

const U32 = { kind: "scalar", type: "__u32", size: 4 } as const;
const SUM: KfuncSignature = { args: [{ name: "a", ...U32 }, { name: "b", ...U32 }], returns: "scalar" };

/** `sum` returns r1 + r2, `note` returns nothing. */
const KFUNCS: KfuncResolver = {
  resolve: ({ name }) => {
    if (name !== "sum" && name !== "note") return { kind: "none" };
    const text = name === "sum" ? "func sum:\nr0 = r1\nr0 += r2\nexit" : "func note:\nr2 = r1\nexit";
    const signature: KfuncSignature = name === "sum" ? SUM : { args: SUM.args.slice(0, 1), returns: "void" };
    return {
      kind: "body",
      body: {
        name,
        module: "test",
        trust: "verified",
        code: parseText(text).programs[0],
        signature,
        flags: new Set(),
      },
    };
  },
};

function define(text: string): string[] {
  const [before] = parseText(`type socket_filter\n\nfunc main:\n${text}`).programs;
  const { program } = new Pipeline({ passes: [kfuncDefine()] }).run(before, {
    target: { profile: LINUX_6_18, jit: true },
    kfuncs: KFUNCS,
  });
  return printProgram(program, { header: false }).split("\n").map((line) => line.trim())
    .filter((line) => line !== "").slice(1);
}

Deno.test("a verified body takes the place of its call, at every call", () => {
  assertEquals(define("r1 = 1\nr2 = 2\ncall kfunc sum\nr1 = r0\nr2 = 3\ncall kfunc sum\nexit"), [
    "r1 = 1",
    "r2 = 2",
    "r0 = r1",
    "r0 += r2",
    "goto L1",
    "L1:",
    "r1 = r0",
    "r2 = 3",
    "r0 = r1",
    "r0 += r2",
    "goto L2",
    "L2:",
    "exit",
  ]);
});

Deno.test("what a call destroys stays unreadable: the call is left for verify to refuse", () => {
  for (
    const after of ["r0 += r1", "r0 += r5", "*(u64 *)(r10 -8) = r2", "if r3 == 0 goto out\nout:\nr0 = 0"]
  ) {
    const lines = define(`r1 = 1\nr2 = 2\nr3 = 3\nr5 = 5\ncall kfunc sum\n${after}\nexit`);
    assertEquals(lines.includes("call kfunc sum"), true, after);
  }
});

Deno.test("a call behind it reads only the arguments its function has", () => {
  const lines = define(
    "r1 = 1\nr2 = 2\ncall kfunc sum\nr1 = r0\nr2 = 0\ncall kfunc sum\ncall helper#7\nexit",
  );
  assertEquals(lines.filter((line) => line.startsWith("call")), ["call helper#7"]);
});

Deno.test("a bpf2bpf call behind it reads what its function reads", () => {
  const lines = (callee: string) =>
    define(`r1 = 1\nr2 = 2\ncall kfunc sum\nr1 = r0\ncall inner\nexit\nfunc inner:\n${callee}\nexit`);
  assertEquals(lines("r0 = r1").includes("call kfunc sum"), false);
  assertEquals(lines("r0 = r2").includes("call kfunc sum"), true);
  assertEquals(lines("r0 = r1\ncall deeper\nexit\nfunc deeper:\nr0 = 0").includes("call kfunc sum"), true);
});

Deno.test("after a function that returns nothing r0 must not be read", () => {
  assertEquals(define("r0 = 0\nr1 = 1\ncall kfunc note\nexit").includes("call kfunc note"), true);
  assertEquals(define("r1 = 1\ncall kfunc note\nr0 = 0\nexit").includes("call kfunc note"), false);
});

Deno.test("a function without a body stays a call", () => {
  assertEquals(define("call kfunc other\nexit"), ["call kfunc other", "exit"]);
});
