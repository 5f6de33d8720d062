import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { BtfBuilder } from "../ir/btf/write.ts";
import { kernelUnavailable } from "../kernel/mod.ts";
import { code as bytecode, writeElf } from "../passes/parse/testing/write_elf.ts";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const DECODER = new TextDecoder();

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `inlay` with permission to read and no other, unless told otherwise. */
async function inlay(args: readonly string[], permissions: readonly string[] = ["-R"]): Promise<Answer> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, "cli/main.ts", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: DECODER.decode(stdout), err: DECODER.decode(stderr) };
}

const LOOP = "examples/bpf_loop/bpf_loop.bpf.o";

Deno.test("inlay verify needs permission to read and no other, and exits with 0 if all is accepted", async () => {
  const { code, out } = await inlay(["verify", "--json", LOOP]);
  assertEquals(code, 0);
  const verdicts = out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(verdicts.map((v) => v.verdict), Array(6).fill("accept"));
  assertEquals(Object.keys(verdicts[0]), [
    "object",
    "section",
    "program",
    "type",
    "verdict",
    "errno",
    "code",
    "message",
    "processed",
    "total_states",
    "peak_states",
    "stack_depth",
    "usec",
  ]);
});

Deno.test("inlay verify exits with 1 for a rejection and shows what led to it", async () => {
  const { code, out } = await inlay(["verify", "--program", "by_hand", "tests/objects/raw_descriptor.bpf.o"]);
  assertEquals(code, 1);
  assertStringIncludes(out, "fd 0 is not pointing to valid bpf_map");
});

Deno.test("inlay verify --explain says where the value came from and what would do, as text and as data", async () => {
  const args = ["verify", "--explain", "--program", "short_packet", "docs/rejections/rejections.bpf.o"];
  const text = await inlay(args);
  assertEquals(text.code, 1);
  assertStringIncludes(text.out, "verify/packet-bounds: accesses 1 byte at offset 23 of the packet");
  assertStringIncludes(text.out, "if (data + 24 > data_end)");
  const { out } = await inlay([...args, "--json"]), verdict = JSON.parse(out);
  assertEquals(verdict.code, "verify/packet-bounds");
  assertEquals(verdict.explanation.at.source.line, 43);
  assertEquals(verdict.explanation.branches.length, 1);
});

Deno.test("inlay verify --explain is brief about accepted programs, and costs data nothing without it", async () => {
  const accepted = await inlay(["verify", "--explain", "--program", "sum", LOOP]);
  assertEquals([accepted.code, accepted.out.trim().split("\n").length], [0, 1]);
  const args = ["verify", "--json", "--program", "short_packet", "docs/rejections/rejections.bpf.o"];
  assertEquals(JSON.parse((await inlay(args)).out).explanation, undefined);
});

Deno.test("inlay exits with 2 for what it cannot read or does not understand", async () => {
  for (
    const args of [["verify", "README.md"], ["verify", "absent.o"], ["verify"], ["verify", "--bogus", LOOP], [
      "bogus",
    ]]
  ) {
    const { code, out, err } = await inlay(args);
    assertEquals([args, code, out], [args, 2, ""]);
    assertStringIncludes(err, "inlay");
  }
});

Deno.test("inlay verify exits with 2 for a kernel's BTF that is none, at the latest where a program asks for it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const text = join(folder, "text"), cut = join(folder, "cut");
    await Deno.writeFile(text, new Uint8Array(100));
    await Deno.writeFile(cut, new Uint8Array([0x9f, 0xeb, 1, 0]));
    const kfuncs = "examples/xdp_metadata/xdp_metadata.bpf.o";
    for (const args of [["--btf", text, LOOP], ["--btf", cut, kfuncs], ["--btf", join(folder, "no"), LOOP]]) {
      const { code, out, err } = await inlay(["verify", ...args]);
      assertEquals([args, code, out], [args, 2, ""]);
      assertStringIncludes(err, `cannot read ${args[1]}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "inlay verify takes a kernel's BTF from a pipe, whose bytes come once",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "-A", "cli/main.ts", "verify", "--btf", "/dev/stdin"],
        "examples/third_party/steer.bpf.o",
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const input = child.stdin.getWriter();
    await input.write(new BtfBuilder().bytes());
    await input.close();
    const { stdout, stderr } = await child.output();
    assertStringIncludes(DECODER.decode(stdout), "'flow_mix': not found in kernel or module BTFs");
    assertEquals(DECODER.decode(stderr), "");
  },
});

Deno.test("inlay verify --processors decides what another machine's number of them decides", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "indexed.bpf"), types = join(folder, "types");
    await Deno.writeTextFile(
      path,
      `type xdp
map m type=array key=4 value=64 max=1
func main:
  call bpf_get_smp_processor_id#8
  r1 = map_value m+0 ll
  r1 += r0
  r0 = *(u8 *)(r1 +0)
  r0 = 2
  exit
`,
    );
    await Deno.writeFile(types, new BtfBuilder().bytes());
    const verdict = async (...args: string[]): Promise<string> =>
      JSON.parse((await inlay(["verify", "--json", "--btf", types, path, ...args])).out).verdict;
    assertEquals(
      [await verdict(), await verdict("--processors", "64"), await verdict("--processors", "65")],
      ["unsupported", "accept", "reject"],
    );
    assertEquals((await inlay(["verify", path, "--processors", "0"])).code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a command other than verify says that it needs to read its own file", async () => {
  const { code, err } = await inlay(["passes"], []);
  assertEquals(code, 2);
  assertStringIncludes(err, "inlay passes: Requires read access");
});

/** Runs `visit` with an object of which one program says its type, one does not, and one cannot be linked. */
async function withOldObject(visit: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "old.o");
    const bytes = bytecode("r0 = 0\nexit\n");
    await Deno.writeFile(
      path,
      writeElf([
        { name: "xdp_prog1", bytes, code: true, symbols: [{ name: "first" }] },
        { name: "somewhere", bytes, code: true, symbols: [{ name: "second" }] },
        {
          name: "xdp_prog2",
          bytes: bytecode("r1 = 0 ll\nr0 = 0\nexit\n"),
          code: true,
          symbols: [{ name: "third" }],
          relocations: { 0: "nowhere" },
        },
      ]),
    );
    await visit(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** `program type verdict` of each line. */
function verdictsIn(out: string): readonly string[] {
  return out.trim().split("\n").map((line) => JSON.parse(line)).map((v) =>
    `${v.program} ${v.type} ${v.verdict}`
  );
}

Deno.test("inlay verify --target is the program whose functions are replaced and traced", async () => {
  const object = "tests/objects/freplace.bpf.o", target = "tests/objects/xdp_subprogs.bpf.o";
  const verify = (...args: string[]) => inlay(["verify", "--json", object, ...args]);
  const open = await verify("--program", "lenient");
  assertEquals([open.code, verdictsIn(open.out)], [1, ["lenient ext unsupported"]]);
  assertStringIncludes(open.out, "--target FILE[:PROGRAM[:FUNCTION]] names that");
  const all = await verify("--target", `${target}:count_packet`);
  assertEquals([all.code, verdictsIn(all.out)], [1, [
    "lenient ext accept",
    "wide ext reject",
    "drop_packet ext accept",
    "revealed ext reject",
    "after_check tracing accept",
  ]]);
  assertStringIncludes(all.out, "wide() has 2 args while checked() has 1 args");
  assertStringIncludes(all.out, "concealed() is not a global function");
  const other = await verify("--program", "drop_packet", "--target", `${target}:count_packet:checked`);
  assertStringIncludes(other.out, "arg0 in drop_packet() is PTR while checked() has INT");
  const several = await verify("--program", "lenient", "--target", target);
  assertEquals(several.code, 2);
  assertStringIncludes(several.err, "that may be count_packet, loop_packet");
  const missing = await verify("--program", "lenient", "--target", `${target}:count_packet:nothing`);
  assertEquals(missing.code, 2);
  assertStringIncludes(missing.err, "has no such function");
});

Deno.test("inlay verify --type is what programs are whose section does not say, and what cannot be linked is said", async () => {
  await withOldObject(async (path) => {
    const open = await inlay(["verify", "--json", path]);
    assertEquals([open.code, verdictsIn(open.out)], [2, [
      "third unspec unsupported",
      "first xdp accept",
      "second unspec unsupported",
    ]]);
    assertStringIncludes(open.out, "--type TYPE does");
    assertStringIncludes(open.out, "cannot be linked: Extern");
    const asked = await inlay(["verify", "--json", "--type", "sched_cls", "--program", "second", path]);
    assertEquals([asked.code, verdictsIn(asked.out)], [0, ["second sched_cls accept"]]);
    const wrong = await inlay(["verify", "--type", "bogus", path]);
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.err, 'there is no program type "bogus"');
  });
});

Deno.test({
  name: "inlay kernel verify goes on behind what it cannot read, and loads the same programs",
  ignore: kernelUnavailable() !== undefined,
  fn: async () => {
    await withOldObject(async (path) => {
      const { code, out, err } = await inlay(["kernel", "verify", "--json", "README.md", path, LOOP], ["-A"]);
      assertEquals(code, 2);
      assertStringIncludes(err, "cannot read README.md");
      assertEquals(verdictsIn(out).slice(0, 3), [
        "third unspec unsupported",
        "first xdp accept",
        "second unspec unsupported",
      ]);
      assertEquals(verdictsIn(out).length, 9);
    });
  },
});

Deno.test("inlay run interprets without any permission but to read", async () => {
  const { code, out } = await inlay(["run", LOOP, "--program", "sum", "--backend", "interpret", "--json"]);
  assertEquals(code, 0);
  assertEquals(JSON.parse(out).retval, 499500);
});

Deno.test("inlay run refuses what an untrusted pass changed", async () => {
  const args = ["run", "examples/third_party/steer.bpf.o", "--module", "examples/third_party/plugin.ts"];
  const { code, err } = await inlay([...args, "--backend", "interpret"]);
  assertEquals(code, 2);
  assertStringIncludes(err, "--trust");
  const trusted = await inlay([...args, "--backend", "interpret", "--trust", "flow-hash", "--json"]);
  assertEquals(JSON.parse(trusted.out).retval, 2);
});

Deno.test("inlay disasm shows the loop that bpf-loop-inline makes", async () => {
  const { code, out } = await inlay(["disasm", LOOP, "--program", "sum", "--after", "bpf-loop-inline"]);
  assertEquals(code, 0);
  assertStringIncludes(out, "if r1 <= 0x800000 goto");
});

Deno.test("every command has help", async () => {
  const { out } = await inlay(["--help"]);
  const names = [...out.matchAll(/^ {2}(\w+) +\w/gm)].map((match) => match[1]).filter((name) =>
    name !== "inlay"
  );
  for (const name of names) {
    const { code, out } = await inlay([name, "--help"]);
    assertEquals([name, code], [name, 0]);
    assertStringIncludes(out, `inlay ${name}`);
  }
  assertEquals(names.length >= 8, true);
});

Deno.test("inlay selftest gives a line for each part, and exits with 1 if one is not as expected", async () => {
  const object = "tests/objects/annotated.bpf.o";
  const { code, out, err } = await inlay(["selftest", "--json", object]);
  assertEquals(code, 1);
  const parts = out.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(Object.keys(parts[0]), ["object", "program", "test", "part", "ok", "want", "got"]);
  assertEquals(
    parts.filter((part) => part.program === "wrong_result").map(({ part, ok }) => [part, ok]),
    [["verdict", true], ["retval", false]],
  );
  assertStringIncludes(err, "unsupported: the kernel's machine code");
  assertStringIncludes(err, "skipped: unprivileged");
  const one = await inlay(["selftest", "--program", "packet_length", object]);
  assertEquals(one.code, 0);
  assertStringIncludes(one.out, "skipped: runs on x86_64: ");
  assertStringIncludes(one.out, "\n3 parts as expected, 0 not, 0 unsupported\n");
});

Deno.test("inlay selftest exits with 1 if nothing is tested, and with 2 for what it cannot read", async () => {
  const none = await inlay(["selftest", LOOP]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.out, "0 parts as expected, 0 not, 0 unsupported\n");
  for (const args of [["selftest"], ["selftest", "README.md"], ["selftest", "--legacy", "README.md"]]) {
    assertEquals([args, (await inlay(args)).code], [args, 2]);
  }
});
