/**
 * Text of a generated program to a program with the types that global functions, callbacks, locks and objects need, and with the ids of
 * kernel functions.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import { openBtf } from "../../ir/btf/read.ts";
import { BtfBuilder } from "../../ir/btf/write.ts";
import { parseText } from "../../ir/parse_text.ts";
import { Program } from "../../ir/program.ts";
import { vmlinuxBtf } from "../../kernel/vmlinux.ts";
import { kernelTypes } from "../../passes/verify/testing/kernel_types.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";

/** `BPF_F_TEST_STATE_FREQ`: a state is saved wherever states are compared. */
export const STATE_FREQ = 8;

/**
 * Ids of types that texts name: a map value with a lock at offset 0 and two numbers at 8 (`locked`); an object of the program's own (`own`),
 * one that lists can hold by what is at 8 and trees by what is at 32, with a count (`shared`); map values with a lock, at 8 a list and at
 * 24 a tree of those (`holder`), with a resilient lock and at 8 a number (`guarded`), and with an object that is kept (`stash`).
 */
export const TYPE_IDS = {
  locked: 4,
  own: 5,
  shared: 11,
  holder: 12,
  guarded: 16,
  stash: 19,
  timed: 21,
} as const;

let running: Btf | undefined;

/** The running kernel's types where there are any, else those of a small kernel. */
function targetTypes(): Btf {
  if (running === undefined) {
    const bytes = vmlinuxBtf();
    running = bytes === undefined ? kernelTypes() : openBtf(bytes);
  }
  return running;
}

/** Where a member lies in a structure of the kernel; 0 if the kernel has none. */
function offsetOf(struct: string, member: string): number {
  const types = targetTypes(),
    id = types.find(struct, "struct"),
    type = id === 0 ? undefined : types.type(id);
  if (type?.kind !== "struct") return 0;
  return (type.members.find(({ name }) => name === member)?.bitOffset ?? 0) / 8;
}

/**
 * Reads a generated program. What a global function takes its name says behind `_`: `n` a number, `c` the context, `x` the same by a tag, `m` 16
 * bytes or null, `M` 16 bytes, `d` a dynptr. @throws {MalformedError} If the text is no program.
 */
export function readProgram(text: string, flags = 0): Program {
  const usesKernel = text.includes("call kfunc ") || text.includes("_btf#");
  const named = usesKernel
    ? text.replaceAll(/@(\w+)\.(\w+)/g, (_, struct, member) => `${offsetOf(struct, member)}`).replace(
      /call kfunc (\w+)/g,
      (_, name) => `call kfunc ${name}#${targetTypes().find(name, "func")}`,
    )
    : text;
  const unit = parseText(named, { name: "generated", helpers: LINUX_6_18 });
  const [program] = unit.programs;
  const { attrs, code, nextInsnId, nextSubprogId } = program;
  let { subprogs } = program, btf: Btf | undefined;
  if (subprogs.length > 1 || text.includes("value_type=") || usesKernel) {
    const builder = new BtfBuilder(), types = addTypes(builder, attrs.type);
    subprogs = subprogs.map((subprog, i) => ({
      ...subprog,
      btfId: types.func(subprog.name, i > 0 && subprog.linkage === "global"),
    }));
    btf = builder.build();
  }
  // Positions in the text would become source lines of the log, and the kernel knows none.
  const origins = code.origins.map(() => ({}));
  const programs: Program[] = [];
  const whole = {
    ...unit,
    programs,
    ...(btf === undefined ? {} : { btf }),
    ...(usesKernel ? { targetBtf: targetTypes() } : {}),
  };
  programs.push(
    new Program({
      unit: whole,
      attrs: { ...attrs, flags: attrs.flags | flags },
      code: { ...code, origins },
      subprogs,
      nextInsnId,
      nextSubprogId,
    }),
  );
  return programs[0];
}

/** Adds the types of {@linkcode TYPE_IDS}; what gives functions theirs. */
function addTypes(
  builder: BtfBuilder,
  programType: string,
): { readonly func: (name: string, global: boolean) => number } {
  const int = builder.int("int", 4, { signed: true });
  const u64 = builder.int("unsigned long", 8);
  const member = (name: string, type: number, at: number) => ({ name, type, bitOffset: 8 * at, bitSize: 0 });
  const lock = builder.struct("bpf_spin_lock", 4, [member("val", int, 0)]);
  builder.struct("locked", 24, [member("lock", lock, 0), member("a", u64, 8), member("b", u64, 16)]);
  const own = builder.struct("own_plain", 16, [member("a", u64, 0), member("b", u64, 8)]);
  const opaque = (name: string, words: number): number =>
    builder.struct(name, 8 * words, Array.from({ length: words }, (_, i) => member(`w${i}`, u64, 8 * i)));
  const head = opaque("bpf_list_head", 2), listNode = opaque("bpf_list_node", 3);
  const root = opaque("bpf_rb_root", 2), treeNode = opaque("bpf_rb_node", 4);
  const refs = builder.struct("bpf_refcount", 4, [member("w", int, 0)]);
  const places = [
    member("n", u64, 0),
    member("l", listNode, 8),
    member("r", treeNode, 32),
    member("c", refs, 64),
  ];
  builder.struct("own_shared", 72, places);
  const holder = builder.struct("own_holder", 40, [
    member("lock", lock, 0),
    member("head", head, 8),
    member("root", root, 24),
  ]);
  builder.add({ kind: "decl_tag", name: "contains:own_shared:l", type: holder, component: 1 });
  builder.add({ kind: "decl_tag", name: "contains:own_shared:r", type: holder, component: 2 });
  const resilient = builder.struct("bpf_res_spin_lock", 4, [member("val", int, 0)]);
  builder.struct("own_guarded", 16, [member("lock", resilient, 0), member("a", u64, 8)]);
  const kept = builder.ptr(builder.add({ kind: "type_tag", name: "kptr", type: own }));
  builder.struct("own_stash", 8, [member("plain", kept, 0)]);
  const timer = opaque("bpf_timer", 2);
  builder.struct("own_timed", 24, [member("timer", timer, 0), member("a", u64, 16)]);
  const context = builder.ptr(builder.struct(programType === "xdp" ? "xdp_md" : "__sk_buff", 0, []));
  const pointer = builder.ptr(0), memory = builder.ptr(own);
  const dynptr = builder.ptr(builder.struct("bpf_dynptr", 16, [member("a", u64, 0), member("b", u64, 8)]));
  const taken: Readonly<Record<string, number>> = { n: int, c: context, x: pointer, d: dynptr };
  const local = builder.funcProto(int, [{ name: "ctx", type: pointer }]);
  const protos = new Map<string, number>();
  const func = (name: string, global: boolean): number => {
    const takes = /_([ncxmMd]+)$/.exec(name)?.[1];
    if (!global || takes === undefined) {
      return builder.func(name, local, { linkage: global ? "global" : "static" });
    }
    let proto = protos.get(takes);
    if (proto === undefined) {
      const params = [...takes].map((letter, i) => ({
        name: `a${i}`,
        type: taken[letter] ?? memory,
      }));
      protos.set(takes, proto = builder.funcProto(int, params));
    }
    const id = builder.func(name, proto, { linkage: "global" });
    [...takes].forEach((letter, i) => {
      if (letter === "x") builder.add({ kind: "decl_tag", name: "arg:ctx", type: id, component: i });
      if (letter === "M") builder.add({ kind: "decl_tag", name: "arg:nonnull", type: id, component: i });
    });
    return id;
  };
  return { func };
}
