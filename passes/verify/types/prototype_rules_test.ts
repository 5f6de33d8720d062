/**
 * A table: which prototypes functions of a program may have to be verified by them, and which tags their parameters: the rules of Linux 6.18, each
 * by a program whose main function calls one of that prototype.
 */
import { assert, assertEquals } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { openBtf } from "../../../ir/btf/read.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { kernelUnavailable, KernelUnit, vmlinuxBtf } from "../../../kernel/mod.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { comparable, withoutLines } from "../testing/same_log.ts";
import { verifyProgram } from "../verify.ts";

const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its messages are those of ${Deno.osRelease()}`);
if (unavailable !== undefined) console.log(`skipped: prototypes in the running kernel: ${unavailable}`);

/** The program's types: what a prototype is made of. */
class Types {
  readonly builder: BtfBuilder = new BtfBuilder();
  readonly int: number = this.builder.int("int", 4, { signed: true });
  readonly u64: number = this.builder.int("unsigned long", 8);
  readonly context: number = this.pointer("__sk_buff");
  readonly dynptr: number = this.pointer("bpf_dynptr");
  readonly task: number = this.pointer("task_struct");
  readonly memory: number = this.builder.ptr(0);

  /** A pointer to a structure of 16 bytes. */
  pointer(name: string): number {
    return this.builder.ptr(this.struct(name));
  }

  /** A structure of 16 bytes. */
  struct(name: string): number {
    return this.builder.struct(name, 16, [
      { name: "a", type: this.u64, bitOffset: 0, bitSize: 0 },
      { name: "b", type: this.u64, bitOffset: 64, bitSize: 0 },
    ]);
  }
}

interface Prototype {
  readonly params: readonly number[];
  /** `int` if left out. */
  readonly ret?: number;
}

interface Case {
  readonly name: string;
  /** `sched_cls` if left out. */
  readonly type?: string;
  readonly sub: (types: Types) => Prototype;
  /** Of the first parameter, without `arg:`. */
  readonly tags?: readonly string[];
  /** Not a global one. */
  readonly local?: true;
  /** What the main function does before the call; nothing if left out. */
  readonly main?: string;
  /** A line of the log. */
  readonly says: string;
  /** What it is refused with in the end; `says` if left out, accepted if empty. */
  readonly message?: string;
}

const INVALID = "Caller passes invalid args into func#1 ('sub')";

/** A small kernel. */
function smallKernel(): Btf {
  const builder = new BtfBuilder();
  const context = builder.struct("__sk_buff", 192, []), table: { name: string; type: number }[] = [];
  table.push({ name: "BPF_PROG_TYPE_SCHED_CLS_prog", type: context });
  const long = builder.int("unsigned long", 8);
  table.push({ name: "BPF_PROG_TYPE_STRUCT_OPS_prog", type: builder.ptr(0) });
  table.push({ name: "BPF_PROG_TYPE_KPROBE_prog", type: builder.struct("user_pt_regs", 168, []) });
  table.push({ name: "BPF_PROG_TYPE_RAW_TRACEPOINT_prog", type: builder.ptr(long) });
  builder.struct(
    "bpf_ctx_convert",
    192,
    table.map(({ name, type }) => ({ name, type, bitOffset: 0, bitSize: 0 })),
  );
  builder.struct("task_struct", 64, []);
  builder.add({ kind: "fwd", name: "assoc_array_ptr", union: false });
  return builder.build();
}

function programOf(rule: Case, targetBtf: Btf): Program {
  const text =
    `type ${rule.type ?? "sched_cls"}\nfunc main:\n${rule.main ?? ""}\n  call sub\n  r0 = 0\n  exit\n` +
    `func sub${rule.local ? "" : " global"}:\n  r0 = 0\n  exit\n`;
  const unit = parseText(text, { name: "test", helpers: LINUX_6_18 }), [program] = unit.programs;
  const types = new Types(), { builder } = types, { params, ret } = rule.sub(types);
  const named = (list: readonly number[]) => list.map((type, i) => ({ name: `a${i}`, type }));
  const main = builder.func("main", builder.funcProto(types.int, named([types.context])), {
    linkage: "global",
  });
  const linkage = rule.local ? "static" : "global";
  const sub = builder.func("sub", builder.funcProto(ret ?? types.int, named(params)), { linkage });
  for (const tag of rule.tags ?? []) {
    builder.add({ kind: "decl_tag", name: `arg:${tag}`, type: sub, component: 0 });
  }
  return withoutLines(
    new Program({
      unit: { ...unit, btf: builder.build(), targetBtf },
      attrs: program.attrs,
      code: program.code,
      subprogs: program.subprogs.map((subprog, i) => ({ ...subprog, btfId: i === 0 ? main : sub })),
      nextInsnId: program.nextInsnId,
      nextSubprogId: program.nextSubprogId,
    }),
  );
}

const POINTERS = (types: Types): Prototype => ({ params: [types.pointer("own")] });
const TASK = (types: Types): Prototype => ({ params: [types.task] });

const CASES: readonly Case[] = [
  {
    name: "a global function takes five arguments at most",
    sub: (t) => ({ params: Array<number>(6).fill(t.int) }),
    says: "Global function sub() with 6 > 5 args. Buggy compiler.",
    message: INVALID,
  },
  {
    name: "a static function may take any number of arguments",
    local: true,
    sub: (t) => ({ params: Array<number>(6).fill(t.int) }),
    says: "callee:",
    message: "",
  },
  {
    name: "a global function returns a number",
    sub: (t) => ({ params: [], ret: t.memory }),
    says: "Global function sub() doesn't return scalar. Only those are supported.",
    message: INVALID,
  },
  {
    name: "a global function returns something",
    sub: () => ({ params: [], ret: 0 }),
    says: "Global function sub() doesn't return scalar. Only those are supported.",
    message: INVALID,
  },
  {
    name: "a static function may return anything",
    local: true,
    sub: (t) => ({ params: [], ret: t.memory }),
    says: "callee:",
    message: "",
  },
  {
    name: "parameters of static functions are not tagged",
    local: true,
    sub: POINTERS,
    tags: ["nonnull"],
    says: "arg#0 type tag is not supported in static functions",
    message: "",
  },
  {
    name: "parameters are tagged with what there is",
    sub: POINTERS,
    tags: ["strange"],
    says: "arg#0 has unsupported set of tags",
    message: INVALID,
  },
  {
    name: "numbers are not tagged",
    sub: (t) => ({ params: [t.int] }),
    tags: ["nonnull"],
    says: "arg#0 has pointer tag, but is not a pointer type",
    message: INVALID,
  },
  {
    name: "structures are not passed by value",
    sub: (t) => ({ params: [t.struct("own")] }),
    says: "Arg#0 type STRUCT in sub() is not supported yet.",
    message: INVALID,
  },
  {
    name: "a static function may take structures by value",
    local: true,
    sub: (t) => ({ params: [t.struct("own")] }),
    says: "callee:",
    message: "",
  },
  {
    name: "a context has no other tags",
    sub: (t) => ({ params: [t.context] }),
    tags: ["ctx", "nonnull"],
    says: "arg#0 has invalid combination of tags",
    message: INVALID,
  },
  {
    name: "a context by its type has no tags but its own",
    sub: (t) => ({ params: [t.context] }),
    tags: ["nullable"],
    says: "arg#0 has invalid combination of tags",
    message: INVALID,
  },
  {
    name: "a context by its type may be tagged as one",
    sub: (t) => ({ params: [t.context] }),
    tags: ["ctx"],
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a dynptr has no tags",
    sub: (t) => ({ params: [t.dynptr] }),
    tags: ["nonnull"],
    says: "arg#0 has invalid combination of tags",
    message: INVALID,
  },
  {
    name: "a kernel structure that can be relied on is there anyway",
    sub: TASK,
    tags: ["trusted", "nonnull"],
    says: "arg#0 has invalid combination of tags",
    message: INVALID,
  },
  {
    name: "what cannot be relied on is only that",
    sub: TASK,
    tags: ["untrusted", "nullable"],
    says: "arg#0 untrusted cannot be combined with any other tags",
    message: INVALID,
  },
  {
    name: "what lies in an arena is only that",
    sub: POINTERS,
    tags: ["arena", "nullable"],
    says: "arg#0 arena cannot be combined with any other tags",
    message: INVALID,
  },
  {
    name: "memory may be missing without a tag",
    sub: POINTERS,
    tags: ["nullable"],
    says: "arg#0 has invalid combination of tags",
    message: INVALID,
  },
  {
    name: "memory has a size",
    sub: (t) => ({ params: [t.memory] }),
    says: "arg#0 reference type('UNKNOWN ') size cannot be determined: -22",
    message: INVALID,
  },
  {
    name: "memory of a structure that is only declared has no size",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.add({ kind: "fwd", name: "own", union: false }))] }),
    says: "arg#0 reference type('FWD own') size cannot be determined: -22",
    message: INVALID,
  },
  {
    name: "what cannot be relied on is a number or a structure",
    sub: (t) => ({ params: [t.builder.ptr(t.memory)] }),
    tags: ["untrusted"],
    says: "arg#0 reference type('PTR (anon)') candidate matching error: -22",
    message: INVALID,
  },
  {
    name: "a tagged kernel structure has a name",
    sub: (t) => ({ params: [t.builder.ptr(t.struct(""))] }),
    tags: ["trusted"],
    says: "arg#0 reference type('STRUCT (anon)') candidate matching error: -22",
    message: INVALID,
  },
  {
    name: "a tagged kernel structure is one of the kernel's",
    sub: (t) => ({ params: [t.pointer("own_and_only")] }),
    tags: ["trusted"],
    says: "arg#0 reference type('STRUCT own_and_only') has no matches",
    message: INVALID,
  },
  {
    name: "what cannot be relied on is a structure that the kernel knows more of than its name",
    sub: (t) => ({
      params: [t.builder.ptr(t.builder.add({ kind: "fwd", name: "assoc_array_ptr", union: false }))],
    }),
    tags: ["untrusted"],
    says: "arg#0 has type FWD '(anon)', but only struct or primitive types are allowed",
    message: INVALID,
  },
  {
    name: "a context is handed over as it was",
    sub: (t) => ({ params: [t.context] }),
    main: "r1 += 8",
    says: "dereference of modified ctx ptr R1 off=8 disallowed",
    message: INVALID,
  },
  {
    name: "a context that was moved is no memory either",
    sub: POINTERS,
    main: "r1 += 8",
    says: "dereference of modified ctx ptr R1 off=8 disallowed",
    message: INVALID,
  },
  {
    name: "a dynptr that is only declared is one",
    sub: (t) => ({
      params: [t.builder.ptr(t.builder.add({ kind: "fwd", name: "bpf_dynptr", union: false }))],
    }),
    main: "r1 = r10\n  r1 += -16",
    says: "Expected an initialized dynptr as arg #0",
    message: INVALID,
  },
  {
    name: "a union of the name is a dynptr, too",
    sub: (t) => ({
      params: [
        t.builder.ptr(
          t.builder.union("bpf_dynptr", 16, [{ name: "a", type: t.u64, bitOffset: 0, bitSize: 0 }]),
        ),
      ],
    }),
    main: "r1 = r10\n  r1 += -16",
    says: "Expected an initialized dynptr as arg #0",
    message: INVALID,
  },
  {
    name: "a union that is only declared is no dynptr",
    sub: (t) => ({
      params: [t.builder.ptr(t.builder.add({ kind: "fwd", name: "bpf_dynptr", union: true }))],
    }),
    main: "r1 = r10\n  r1 += -16",
    says: "arg#0 reference type('FWD bpf_dynptr') size cannot be determined: -22",
    message: INVALID,
  },
  {
    name: "a dynptr is one",
    sub: (t) => ({ params: [t.dynptr] }),
    main: "r1 = r10\n  r1 += -16",
    says: "Expected an initialized dynptr as arg #0",
    message: INVALID,
  },
  {
    name: "no number is a kernel structure that can be relied on",
    sub: TASK,
    tags: ["trusted"],
    main: "r1 = 0",
    says: "R1 type=scalar expected=ptr_, trusted_ptr_, rcu_ptr_",
    message: INVALID,
  },
  {
    name: "a kernel structure that can be relied on may be missing if it says so",
    sub: TASK,
    tags: ["trusted", "nullable"],
    main: "r1 = 0",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "anything is what cannot be relied on",
    sub: TASK,
    tags: ["untrusted"],
    main: "r1 = 77",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a number may lie in an arena",
    sub: POINTERS,
    tags: ["arena"],
    main: "r1 = 77",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a context does not lie in an arena",
    sub: POINTERS,
    tags: ["arena"],
    says: "R1 is not a pointer to arena or scalar.",
    message: INVALID,
  },
  {
    name: "nothing stands for a context of a packet but that",
    sub: POINTERS,
    tags: ["ctx"],
    says: "arg#0 should be `struct __sk_buff *`",
    message: INVALID,
  },
  {
    name: "a number does not stand for a context of a packet",
    sub: (t) => ({ params: [t.builder.ptr(t.int)] }),
    tags: ["ctx"],
    says: "arg#0 should be `struct __sk_buff *`",
    message: INVALID,
  },
  {
    name: "anything may stand for a context if it does not say what it is",
    sub: (t) => ({ params: [t.memory] }),
    tags: ["ctx"],
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "what stands for a context has a name",
    sub: (t) => ({ params: [t.builder.ptr(t.memory)] }),
    tags: ["ctx"],
    says: "arg#0 type doesn't have a name",
    message: INVALID,
  },
  {
    name: "a packet by the name that the kernel has for it is the context",
    sub: (t) => ({ params: [t.pointer("sk_buff")] }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "another type's context is memory",
    sub: (t) => ({ params: [t.pointer("xdp_md")] }),
    says: "R1 type=ctx expected=fp",
    message: INVALID,
  },
  {
    name: "a union of the name is a context, too",
    sub: (t) => ({
      params: [
        t.builder.ptr(
          t.builder.union("__sk_buff", 8, [{ name: "a", type: t.u64, bitOffset: 0, bitSize: 0 }]),
        ),
      ],
    }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a structure without a name is no context",
    sub: (t) => ({ params: [t.builder.ptr(t.struct(""))] }),
    says: "R1 type=ctx expected=fp",
    message: INVALID,
  },
  {
    name: "a context by another name for its type is one",
    sub: (t) => ({
      params: [
        t.builder.ptr(t.builder.add({ kind: "typedef", name: "packet_t", type: t.struct("__sk_buff") })),
      ],
    }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "registers by the name that users have for them are a probe's context without a tag",
    type: "kprobe",
    sub: (t) => ({
      params: [
        t.builder.ptr(
          t.builder.add({ kind: "typedef", name: "bpf_user_pt_regs_t", type: t.struct("any") }),
        ),
      ],
    }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a structure of the name that users have for registers is a probe's context",
    type: "kprobe",
    sub: (t) => ({ params: [t.pointer("bpf_user_pt_regs_t")] }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "registers by the name that users have for them are no packet",
    sub: (t) => ({ params: [t.pointer("bpf_user_pt_regs_t")] }),
    says: "R1 type=ctx expected=fp",
    message: INVALID,
  },
  {
    name: "a pointer to a pointer is memory",
    sub: (t) => ({ params: [t.builder.ptr(t.memory)] }),
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a pointer to numbers is memory of all of them",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.array(t.u64, 2, { index: t.int }))] }),
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a pointer to more numbers than there are",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.array(t.u64, 3, { index: t.int }))] }),
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "invalid read from stack R1 off=-16 size=24",
    message: INVALID,
  },
  {
    name: "a pointer to no numbers is memory",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.array(t.u64, 0, { index: t.int }))] }),
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a pointer to a function is no memory",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.funcProto(t.int, []))] }),
    says: "arg#0 reference type('FUNC_PROTO ') size cannot be determined: -22",
    message: INVALID,
  },
  {
    name: "numbers with a point are not taken",
    sub: (t) => ({ params: [t.builder.add({ kind: "float", name: "float", size: 4 })] }),
    says: "Arg#0 type FLOAT in sub() is not supported yet.",
    message: INVALID,
  },
  {
    name: "numbers with a point are memory",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.add({ kind: "float", name: "double", size: 8 }))] }),
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a long number is a number",
    sub: (t) => ({ params: [t.builder.int("__int128", 16)] }),
    main: "r1 = 7",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a number by another name is a number",
    sub: (t) => ({
      params: [
        t.builder.add({
          kind: "typedef",
          name: "count_t",
          type: t.builder.add({ kind: "const", type: t.u64 }),
        }),
      ],
    }),
    main: "r1 = 7",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a pointer by another name is a pointer",
    sub: (t) => ({ params: [t.builder.add({ kind: "typedef", name: "own_t", type: t.pointer("own") })] }),
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a long number is returned",
    sub: (t) => ({ params: [], ret: t.builder.int("__int128", 16) }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a number by another name is returned",
    sub: (t) => ({ params: [], ret: t.builder.add({ kind: "typedef", name: "count_t", type: t.u64 }) }),
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "no structure is returned",
    sub: (t) => ({ params: [], ret: t.struct("own") }),
    says: "Global function sub() doesn't return scalar. Only those are supported.",
    message: INVALID,
  },
  {
    name: "what cannot be relied on may be a number",
    sub: (t) => ({ params: [t.builder.ptr(t.int)] }),
    tags: ["untrusted"],
    main: "r1 = 7",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "what cannot be relied on may be anything",
    sub: (t) => ({ params: [t.memory] }),
    tags: ["untrusted"],
    main: "r1 = 7",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "what cannot be relied on may be a number with a point",
    sub: (t) => ({ params: [t.builder.ptr(t.builder.add({ kind: "float", name: "double", size: 8 }))] }),
    tags: ["untrusted"],
    main: "r1 = 7",
    says: "arg#0 reference type('FLOAT double') has no matches",
    message: INVALID,
  },
  {
    name: "what can be relied on is no number",
    sub: (t) => ({ params: [t.builder.ptr(t.int)] }),
    tags: ["trusted"],
    main: "r1 = 7",
    says: "arg#0 reference type('INT int') has no matches",
    message: INVALID,
  },
  {
    name: "a tag may be there twice",
    sub: (t) => ({ params: [t.pointer("own")] }),
    tags: ["nonnull", "nonnull"],
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "other tags are not for the verifier",
    sub: (t) => ({ params: [t.pointer("own")] }),
    tags: ["nonnull", ""],
    main: "*(u64 *)(r10 -16) = 0\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -16",
    says: "arg#0 has unsupported set of tags",
    message: INVALID,
  },
  {
    name: "a probe's registers are a context",
    type: "kprobe",
    sub: (t) => ({ params: [t.pointer("pt_regs")] }),
    tags: ["ctx"],
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a probe's registers are a context by the name that users have for them",
    type: "kprobe",
    sub: (t) => ({
      params: [
        t.builder.ptr(t.builder.add({
          kind: "const",
          type: t.builder.add({ kind: "typedef", name: "bpf_user_pt_regs_t", type: t.struct("any") }),
        })),
      ],
    }),
    tags: ["ctx"],
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "other registers are no probe's context",
    type: "kprobe",
    sub: POINTERS,
    tags: ["ctx"],
    says: "arg#0 should be `struct user_pt_regs *`",
    message: INVALID,
  },
  {
    name: "a raw tracepoint's context is its words",
    type: "raw_tracepoint",
    sub: (t) => ({ params: [t.builder.ptr(t.u64)] }),
    tags: ["ctx"],
    says: "Func#1 ('sub') is global and assumed valid.",
    message: "",
  },
  {
    name: "a raw tracepoint's context is no structure of one's own",
    type: "raw_tracepoint",
    sub: POINTERS,
    tags: ["ctx"],
    says: "arg#0 should be void pointer",
    message: INVALID,
  },
];

let running: Btf | undefined;

for (const rule of CASES) {
  const expected = rule.message ?? rule.says;
  Deno.test(rule.name, () => {
    const result = verifyProgram(programOf(rule, smallKernel()), { profile: LINUX_6_18, logLevel: 2 });
    assert(result.log.split("\n").includes(rule.says), result.log);
    assertEquals(result.message, expected);
  });
  Deno.test({
    name: `in the running kernel: ${rule.name}`,
    ignore: unavailable !== undefined,
    fn() {
      running ??= openBtf(vmlinuxBtf()!);
      const program = programOf(rule, running);
      using unit = new KernelUnit(program.unit);
      using verdict = unit.load(program, { logLevel: 2 });
      const ours = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
      assertEquals(comparable(ours.log), comparable(verdict.log));
      assertEquals([ours.verdict === "accept", ours.errno], [verdict.accepted, verdict.errno]);
    },
  });
}
