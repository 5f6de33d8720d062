/**
 * Programs attached to functions of other programs: what may replace them, what such programs begin with, and what tracing programs
 * see. That kernels here refuse such programs before they look at them leaves the sources and the kernel's own tests to go by.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { emptyMap } from "../../../ir/unit.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { attachToProgram } from "../../parse/attach.ts";
import { kernelTypes } from "../testing/kernel_types.ts";
import { verifyProgram, type VerifyResult } from "../verify.ts";

/** Parameters' types by C name. */
type Prototype = readonly (keyof ReturnType<typeof typesOf>)[];

// deno-lint-ignore explicit-function-return-type
function typesOf(builder: BtfBuilder) {
  const int = builder.int("int", 4, { signed: true }), long = builder.int("long", 8, { signed: true });
  const struct = (name: string): number => builder.ptr(builder.struct(name, 8, []));
  const five = builder.add({ kind: "enum", name: "five", size: 4, signed: false, values: [] });
  return {
    int,
    long,
    five,
    "int *": builder.ptr(int),
    "xdp_md *": struct("xdp_md"),
    "__sk_buff *": struct("__sk_buff"),
    "bpf_raw_tracepoint_args *": struct("bpf_raw_tracepoint_args"),
    "pair *": struct("pair"),
    "pt_regs *": struct("pt_regs"),
    "void *": builder.ptr(0),
  };
}

/** A program whose functions have these prototypes: what is returned, then what is taken. */
function programOf(
  text: string,
  prototypes: Readonly<Record<string, Prototype>>,
  head = "type xdp",
): Program {
  const [program] = parseText(`${head}\n${text}`, { name: "test", helpers: LINUX_6_18 }).programs;
  const builder = new BtfBuilder(),
    types = typesOf(builder),
    { attrs, code, nextInsnId, nextSubprogId } = program;
  const ids = program.subprogs.map(({ name, linkage }) => {
    const [ret, ...params] = prototypes[name] ?? ["int", "xdp_md *"];
    const proto = builder.funcProto(types[ret], params.map((p, i) => ({ name: `a${i}`, type: types[p] })));
    return builder.func(name, proto, { linkage });
  });
  return new Program({
    unit: { ...program.unit, btf: builder.build(), targetBtf: kernelTypes() },
    attrs,
    code,
    subprogs: program.subprogs.map((subprog, i) => ({ ...subprog, btfId: ids[i] })),
    nextInsnId,
    nextSubprogId,
  });
}

/** What is replaced: a program and its functions, one of which is never called. */
const TARGET = `
func main:
  r6 = r1
  r1 = 5
  call plain
  r1 = r6
  call moves
  r1 = r6
  r2 = 1
  call own
  r1 = r10
  r2 = 2
  call odd
  r0 = 2
  if r0 == 2 goto done
  r1 = r6
  call idle
done:
  exit
func plain global:
  r0 = 1
  exit
func moves global:
  r2 = 0
  call bpf_xdp_adjust_head#44
  r0 = 0
  exit
func own static:
  r0 = 1
  exit
func odd static:
  r0 = 1
  exit
func idle global:
  r0 = 1
  exit`;
const TARGET_TYPES: Record<string, Prototype> = {
  plain: ["int", "long"],
  moves: ["int", "xdp_md *"],
  own: ["int", "xdp_md *", "int"],
  // It is not called with that: nobody goes by the prototype.
  odd: ["int", "pair *", "pair *"],
  idle: ["int", "xdp_md *"],
};

/** The verdict on a program that is attached to a function of {@linkcode TARGET}, or of another program. */
function verdict(own: Program, name: string, target = programOf(TARGET, TARGET_TYPES)): VerifyResult {
  return verifyProgram(attachToProgram(own, target, name), { profile: LINUX_6_18, logLevel: 2 });
}

function messageOf(own: Program, name: string, target?: Program): string {
  return verdict(own, name, target).message;
}

/** A program that replaces a function, with this prototype. */
function replacement(text: string, prototype: Prototype, functions = ""): Program {
  return programOf(
    `func mine:\n${text}\n${functions}`,
    { mine: prototype, helper: ["int", "long"] },
    text.includes("map m") ? "type ext\nmap m type=hash key=4 value=4 max=1" : "type ext",
  );
}

const ZERO = "  r0 = 0\n  exit";

Deno.test("what replaces a function begins with that function's arguments", () => {
  const taken = "  r0 = r1\n  r0 += r2\n  exit";
  assertEquals(
    messageOf(replacement("  r0 = r1\n  exit", ["int", "long"]), "plain"),
    "",
  );
  assertEquals(messageOf(replacement(taken, ["int", "long"]), "plain"), "R2 !read_ok");
  const result = verdict(replacement("  r0 = *(u64 *)(r1 +0)\n  exit", ["int", "long"]), "plain");
  assertEquals(result.message, "R1 invalid mem access 'scalar'");
  assertEquals(/Validating mine\(\) func#0\.\.\.\n0: R1=scalar\(\) R10=fp0\n/.test(result.log), true);
});

Deno.test("what replaces a program has its context, and moves packets only if it did", () => {
  const reads = "  r2 = *(u32 *)(r1 +0)\n  r3 = *(u32 *)(r1 +4)\n  r0 = 2\n  exit";
  assertEquals(messageOf(replacement(reads, ["int", "xdp_md *"]), "main"), "");
  assertEquals(
    messageOf(replacement("  r0 = *(u32 *)(r1 +400)\n  exit", ["int", "xdp_md *"]), "main"),
    "invalid bpf_context access off=400 size=4",
  );
  const moves = "  r2 = 0\n  call bpf_xdp_adjust_head#44\n  r0 = 0\n  exit";
  assertEquals(messageOf(replacement(moves, ["int", "xdp_md *"]), "main"), "");
  assertEquals(messageOf(replacement(moves, ["int", "xdp_md *"]), "moves"), "");
  const still = programOf(`func main:\n${ZERO}`, {});
  assertEquals(
    messageOf(replacement(moves, ["int", "xdp_md *"]), "main", still),
    "Extension program changes packet data, while original does not",
  );
});

Deno.test("what replaces a function calls what programs of the target's type call", () => {
  const redirects = "  r1 = 1\n  r2 = 0\n  call bpf_redirect#23\n  r0 = 2\n  exit";
  assertEquals(messageOf(replacement(redirects, ["int", "long"]), "plain"), "");
  const probes =
    "  call bpf_get_current_task_btf#158\n  r1 = 0\n  r2 = 0\n  call bpf_override_return#58\n  exit";
  assertEquals(
    messageOf(replacement(probes, ["int", "long"]), "plain"),
    "program of this type cannot use helper bpf_override_return#58",
  );
});

Deno.test("what replaces a function that moves no packets does not know of those of its own functions", () => {
  const calls = "  call helper\n  r0 = 0\n  exit";
  const inner = "func helper global:\n  r0 = 1\n  exit";
  assertEquals(messageOf(replacement(calls, ["int", "long"], inner), "plain"), "");
  const moves =
    "  r0 = 0\n  exit\nfunc helper static:\n  r2 = 0\n  call bpf_xdp_adjust_head#44\n  r0 = 0\n  exit";
  const moving = replacement(`  r1 = r1\n  call helper\n${moves}`, ["int", "long"]);
  assertEquals(
    messageOf(moving, "plain"),
    "Extension program changes packet data, while original does not",
  );
});

Deno.test("functions are replaced by their like alone", () => {
  const like = (prototype: Prototype, name: string) => messageOf(replacement(ZERO, prototype), name);
  assertEquals(like(["int", "long", "long"], "plain"), "mine() has 2 args while plain() has 1 args");
  assertEquals(
    like(["five", "long"], "plain"),
    "Return type ENUM of mine() doesn't match type INT of plain()",
  );
  assertEquals(like(["int", "pair *"], "plain"), "arg0 in mine() is PTR while plain() has INT");
  assertEquals(like(["int", "int"], "plain"), "arg0 in mine() has size 4 while plain() has 8");
  assertEquals(like(["int", "int *"], "moves"), "arg0 in mine() is not a pointer to context");
  assertEquals(
    like(["int", "__sk_buff *"], "moves"),
    "arg0 mine(struct __sk_buff *) doesn't match moves(struct xdp_md *)",
  );
  assertEquals(like(["long", "long"], "plain"), "");
});

Deno.test("only functions that are verified by their prototype are replaced", () => {
  assertEquals(
    messageOf(replacement(ZERO, ["int", "xdp_md *", "int"]), "own"),
    "own() is not a global function",
  );
  assertEquals(
    messageOf(replacement(ZERO, ["int", "pair *", "pair *"]), "odd"),
    "Cannot replace static functions",
  );
  const strange = programOf(`func main:\n${ZERO}`, { main: ["int", "pair *"] });
  assertEquals(
    messageOf(replacement(ZERO, ["int", "pair *"]), "main", strange),
    "Cannot replace static functions",
  );
});

Deno.test("functions that are never called are not there", () => {
  assertEquals(messageOf(replacement(ZERO, ["int", "xdp_md *"]), "idle"), "Subprog idle doesn't exist");
});

Deno.test("programs that replace functions are not replaced, nor are those that trace", () => {
  const first = attachToProgram(
    replacement(ZERO, ["int", "long"]),
    programOf(TARGET, TARGET_TYPES),
    "plain",
  );
  assertEquals(messageOf(replacement(ZERO, ["int", "long"]), "mine", first), "Cannot recursively attach");
  const traces = attachToProgram(
    programOf(`func main:\n${ZERO}`, { main: ["int", "void *"] }, "type tracing\nattach 24"),
    programOf(TARGET, TARGET_TYPES),
    "plain",
  );
  // What it is given is no context that a global function could take.
  assertEquals(
    messageOf(replacement(ZERO, ["int", "void *"]), "main", traces),
    "Cannot replace static functions",
  );
  const calls = "func main:\n  r1 = 1\n  call inner\n  r0 = 0\n  exit\nfunc inner global:\n  r0 = 0\n  exit";
  const caller = programOf(
    calls,
    { main: ["int", "void *"], inner: ["int", "long"] },
    "type tracing\nattach 25",
  );
  const tracing = attachToProgram(caller, programOf(TARGET, TARGET_TYPES), "plain");
  assertEquals(messageOf(replacement(ZERO, ["int", "long"]), "inner", tracing), "Cannot extend fentry/fexit");
});

Deno.test("a program that replaces another returns what that may", () => {
  const returns = (head: string, prototype: Prototype, value: number) => {
    const target = programOf(`func main:\n  r0 = 1\n  exit`, { main: prototype }, head);
    return messageOf(replacement(`  r0 = ${value}\n  exit`, prototype), "main", target);
  };
  const range = (value: number, to: number) =>
    `At program exit the register R0 has smin=${value} smax=${value} should have been in [0, ${to}]`;
  assertEquals(returns("type cgroup_skb", ["int", "__sk_buff *"], 1), "");
  assertEquals(returns("type cgroup_skb", ["int", "__sk_buff *"], 2), range(2, 1));
  // The attach type is the target's, too.
  assertEquals(returns("type cgroup_skb\nattach 1", ["int", "__sk_buff *"], 3), "");
  assertEquals(returns("type raw_tracepoint", ["int", "bpf_raw_tracepoint_args *"], 0), "");
  assertEquals(returns("type raw_tracepoint", ["int", "bpf_raw_tracepoint_args *"], 1), range(1, 0));
});

Deno.test("maps are for programs of the target's type, and packets are moved by whatever moves them", () => {
  // The kernel takes the program for one of no such type there: see docs/kernel_divergences.md.
  const regs: Prototype = ["int", "pt_regs *"];
  const target = programOf(`func main:\n${ZERO}`, { main: regs }, "type kprobe");
  const plain = replacement("  r1 = map m ll\n  r0 = 0\n  exit", regs);
  const builder = new BtfBuilder(), int = builder.int("int", 4, { signed: true });
  const lock = builder.struct("bpf_spin_lock", 4, [{ name: "val", type: int, bitOffset: 0, bitSize: 0 }]);
  const value = builder.struct("value", 4, [{ name: "lock", type: lock, bitOffset: 0, bitSize: 0 }]);
  const pointer = builder.ptr(builder.struct("pt_regs", 8, []));
  const mine = builder.func("mine", builder.funcProto(int, [{ name: "regs", type: pointer }]), {
    linkage: "global",
  });
  const map = {
    ...emptyMap("m"),
    type: 1,
    keySize: 4,
    valueSize: 4,
    maxEntries: 1,
    keyTypeId: int,
    valueTypeId: value,
  };
  const locked = new Program({
    ...plain,
    unit: { ...plain.unit, btf: builder.build(), maps: [map] },
    subprogs: plain.subprogs.map((subprog) => ({ ...subprog, btfId: mine })),
    nextInsnId: plain.nextInsnId,
  });
  assertEquals(messageOf(locked, "main", target), "tracing progs cannot use bpf_spin_lock yet");
  assertEquals(messageOf(plain, "main", target), "");
  const moves = kernelTypes().find("bpf_xdp_pull_data", "func");
  const pulls = `  r2 = 0\n  call kfunc bpf_xdp_pull_data#${moves}\n  r0 = 0\n  exit`;
  const still = programOf(`func main:\n${ZERO}`, {});
  assertEquals(
    messageOf(replacement(pulls, ["int", "xdp_md *"]), "main", still),
    "Extension program changes packet data, while original does not",
  );
});

Deno.test("a program that replaces a function does not sleep, and has no attach type", () => {
  const sleeps = programOf(`func mine:\n${ZERO}`, { mine: ["int", "long"] }, "type ext\nflags 16");
  assertEquals(
    messageOf(sleeps, "plain"),
    "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
  );
  const attached = programOf(`func mine:\n${ZERO}`, { mine: ["int", "long"] }, "type ext\nattach 37");
  const { verdict: word, errno } = verdict(attached, "plain");
  assertEquals([word, errno], ["reject", 22]);
});

Deno.test("what replaces a function has types", () => {
  const own = replacement(ZERO, ["int", "long"]);
  const { btf: _, ...unit } = own.unit;
  const untyped = new Program({ ...own, unit, nextInsnId: own.nextInsnId });
  assertEquals(messageOf(untyped, "plain"), "Program extension requires BTF");
});

/** A program that runs before (24) or after (25) a function, or that changes what it returns (26). */
function tracer(text: string, attach: number, flags = 0): Program {
  return programOf(
    `func main:\n${text}`,
    { main: ["int", "void *"] },
    `type tracing\nattach ${attach}\nflags ${flags}`,
  );
}

Deno.test("a tracing program reads a function's arguments, and its result afterwards", () => {
  const reads = (off: number) => `  r2 = *(u64 *)(r1 +${off})\n  r0 = 0\n  exit`;
  const far = (off: number) => `invalid bpf_context access off=${off} size=8`;
  assertEquals(messageOf(tracer(reads(0), 24), "plain"), "");
  assertEquals(messageOf(tracer(reads(8), 24), "plain"), far(8));
  assertEquals(messageOf(tracer(reads(8), 25), "plain"), "");
  assertEquals(messageOf(tracer(reads(16), 25), "plain"), far(16));
  // Of a function that is not what it says there may be five.
  assertEquals(messageOf(tracer(reads(32), 24), "odd"), "");
  assertEquals(messageOf(tracer(reads(40), 24), "odd"), far(40));
  assertEquals(messageOf(tracer(reads(40), 25), "odd"), "");
  assertEquals(messageOf(tracer(reads(48), 25), "odd"), far(48));
});

Deno.test("a tracing program sees the kernel's structure behind a context", () => {
  const deref = "  r2 = *(u64 *)(r1 +0)\n  r3 = *(u64 *)(r2 +0)\n  r0 = 0\n  exit";
  assertEquals(messageOf(tracer(deref, 24), "moves"), "");
  const far = "  r2 = *(u64 *)(r1 +0)\n  r3 = *(u64 *)(r2 +64)\n  r0 = 0\n  exit";
  assertEquals(messageOf(tracer(far, 24), "moves"), "access beyond struct xdp_buff at off 64 size 8");
  // The kernel has no structure for any other.
  const pairs = programOf(
    `func main:\n  r1 = 0\n  call takes\n  r0 = 0\n  exit\nfunc takes global:\n  r0 = 0\n  exit`,
    { takes: ["int", "pair *"] },
  );
  assertEquals(messageOf(tracer(deref, 24), "takes", pairs), "invalid bpf_context access off=0 size=8");
});

Deno.test("what tracing programs may not do to other programs", () => {
  assertEquals(messageOf(tracer(ZERO, 26), "plain"), "can't modify return codes of BPF programs");
  assertEquals(messageOf(tracer(ZERO, 24, 16), "plain"), "plain is not sleepable");
  assertEquals(
    messageOf(tracer(ZERO, 23), "plain"),
    "Only FENTRY/FEXIT progs are attachable to another BPF prog",
  );
  assertEquals(
    messageOf(tracer("  r0 = 1\n  exit", 24), "plain"),
    "At program exit the register R0 has smin=1 smax=1 should have been in [0, 0]",
  );
  const once = attachToProgram(tracer(ZERO, 24), programOf(TARGET, TARGET_TYPES), "plain");
  assertEquals(messageOf(tracer(ZERO, 24), "main", once), "");
  const twice = attachToProgram(tracer(ZERO, 24), once, "main");
  assertEquals(
    messageOf(tracer(ZERO, 24), "main", twice),
    "Cannot nest tracing program attach more than once",
  );
});

Deno.test("nothing is said of programs without their target, nor where that is refused itself", () => {
  const own = replacement(ZERO, ["int", "long"]);
  assertThrows(
    () => verifyProgram(own, { profile: LINUX_6_18 }),
    UnsupportedError,
    "without the program that has it",
  );
  const refused = programOf("func main:\n  r0 = r5\n  exit", {});
  assertThrows(() => verdict(own, "main", refused), UnsupportedError, "refused itself: R5 !read_ok");
  assertThrows(() => attachToProgram(own, refused, "missing"), RangeError, "main has no such function");
});
