import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { kernelUnavailable } from "../../kernel/mod.ts";
import { code, text, words, writeElf } from "../../passes/parse/testing/write_elf.ts";
import { run } from "./main.ts";
import { objectsIn } from "./objects_in.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: objects against the running kernel: ${unavailable}`);

/** Calls `visit` with a folder of two objects, one below the other, and something that is none. */
function withObjects<T>(visit: (folder: string) => T): T {
  const folder = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(join(folder, "below"));
    const tail = code("r2 = 0 ll\nr3 = 1\ncall bpf_tail_call#12\nr0 = 0\nexit\n");
    const sections = [
      { name: "xdp_a", bytes: tail, code: true, symbols: [{ name: "jumps" }], relocations: { 0: "calls" } },
      { name: "socket1", bytes: tail, code: true, symbols: [{ name: "same" }], relocations: { 0: "calls" } },
      { name: "tc1", bytes: code("r0 = r3\nexit\n"), code: true, symbols: [{ name: "refused" }] },
      { name: "mine", bytes: code("r0 = 0\nexit\n"), code: true, symbols: [{ name: "open" }] },
      { name: "maps", bytes: words(3, 4, 4, 8, 0), symbols: [{ name: "calls" }] },
      text("license", "GPL"),
    ];
    Deno.writeFileSync(join(folder, "below", "old.o"), writeElf(sections));
    Deno.writeTextFileSync(join(folder, "broken.elf"), "nothing");
    Deno.writeTextFileSync(join(folder, "notes.txt"), "nothing");
    return visit(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("objects are found in folders below, and a file is itself", () => {
  withObjects((folder) => {
    const names = objectsIn(folder).map((path) => path.slice(folder.length + 1));
    assertEquals(names, ["below/old.o", "broken.elf"]);
    assertEquals(objectsIn(join(folder, "notes.txt")), [join(folder, "notes.txt")]);
  });
});

Deno.test({
  name:
    "objects against the running kernel: verdicts, words and logs are compared, what cannot be is counted",
  ignore: unavailable !== undefined,
  fn: () => {
    const printed: string[] = [];
    const { log } = console;
    let status: number;
    try {
      console.log = (...args: unknown[]) => printed.push(args.join(" "));
      status = withObjects((folder) => run(["--running", "--logs", "100", "--unsupported", folder]));
    } finally {
      console.log = log;
    }
    const all = printed.join("\n");
    assertEquals(status, 0, all);
    assert(all.includes("3 programs, decided 3 (100.0 %), agree 3 (100.0 %), wrong accepts 0"), all);
    assert(
      all.includes(
        "refused by both in the same words 1 of 1; logs equal 3 of 3; not for this kernel 1, unreadable 1",
      ),
      all,
    );
    assert(/1 a type that nothing tells\n {6}\S+old\.o mine\/open/.test(all), all);
    assert(/broken\.elf: The file is not an ELF object/.test(all), all);
  },
});
