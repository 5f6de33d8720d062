/**
 * Types of a program that allocates objects, and the kernel functions it does so with, for tests.
 *
 * @module
 */
import type { BtfBuilder } from "../../../ir/btf/write.ts";

type Member = readonly [name: string, type: number, offset: number];

function struct(builder: BtfBuilder, name: string, size: number, members: readonly Member[]): number {
  return builder.struct(
    name,
    size,
    members.map(([name, type, offset]) => ({ name, type, bitOffset: offset * 8, bitSize: 0 })),
  );
}

/** The first ids of the types that {@linkcode addObjectTypes} adds behind the nine of `valueTypes`. */
export const OBJECT_IDS = {
  plain: 11,
  node: 17,
  shared: 18,
  holder: 19,
  stash: 24,
  each: 36,
  guarded: 38,
} as const;

/**
 * Adds structures that no kernel has, all named `own_…`: `plain` (two numbers), `node` (a number, at offset 8 a list's node), `shared` (a number, at 8 a list's node, at 32 a tree's, at
 * 64 a count), `holder` (a lock, at 8 a list of nodes, at 24 a tree of shared ones) and `stash` (a kept plain object, at 8 a kept node);
 * the functions `main` and `less`, `each` (a kept plain object of each CPU) and
 * `guarded` (a number, at offset 4 a resilient lock, at 8 a list of nodes, at 24 two words); `counted` (a number and a count), and
 * `keeper` (a kept one of these).
 */
export function addObjectTypes(builder: BtfBuilder, lock: number): void {
  const u64 = builder.int("unsigned long", 8);
  const opaque = (name: string, words: number): number =>
    struct(builder, name, words * 8, Array.from({ length: words }, (_, i): Member => [`w${i}`, u64, i * 8]));
  const plain = opaque("own_plain", 2);
  const head = opaque("bpf_list_head", 2), listNode = opaque("bpf_list_node", 3);
  const root = opaque("bpf_rb_root", 2), treeNode = opaque("bpf_rb_node", 4);
  const refcount = struct(builder, "bpf_refcount", 4, [["w", 1, 0]]);
  const node = struct(builder, "own_node", 32, [["n", u64, 0], ["l", listNode, 8]]);
  struct(builder, "own_shared", 72, [["n", u64, 0], ["l", listNode, 8], ["r", treeNode, 32], [
    "c",
    refcount,
    64,
  ]]);
  const holder = struct(builder, "own_holder", 40, [["lock", lock, 0], ["head", head, 8], [
    "root",
    root,
    24,
  ]]);
  builder.add({ kind: "decl_tag", name: "contains:own_node:l", type: holder, component: 1 });
  builder.add({ kind: "decl_tag", name: "contains:own_shared:r", type: holder, component: 2 });
  const kept = (type: number): number => builder.ptr(builder.add({ kind: "type_tag", name: "kptr", type }));
  const keptPlain = kept(plain);
  struct(builder, "own_stash", 16, [["plain", keptPlain, 0], ["node", keptPlain + 3, 8]]);
  kept(node);
  const int = builder.int("int", 4, { signed: true }), context = builder.ptr(0), part = builder.ptr(treeNode);
  const main = builder.funcProto(int, [{ name: "ctx", type: context }]);
  builder.func("main", main, { linkage: "static" });
  const less = builder.funcProto(int, [{ name: "a", type: part }, { name: "b", type: part }]);
  builder.func("less", less, { linkage: "static" });
  const each = builder.ptr(builder.add({ kind: "type_tag", name: "percpu_kptr", type: plain }));
  struct(builder, "own_each", 8, [["each", each, 0]]);
  const resilient = struct(builder, "bpf_res_spin_lock", 4, [["val", 1, 0]]);
  const guarded = struct(builder, "own_guarded", 40, [
    ["n", 1, 0],
    ["lock", resilient, 4],
    ["head", head, 8],
    [
      "plain",
      plain,
      24,
    ],
  ]);
  builder.add({ kind: "decl_tag", name: "contains:own_node:l", type: guarded, component: 2 });
  const counted = struct(builder, "own_counted", 16, [["n", u64, 0], ["c", refcount, 8]]);
  struct(builder, "own_keeper", 8, [["counted", kept(counted), 0]]);
}

/**
 * Adds behind all others: `own_large` (more than each CPU can have of its own), `own_pair` (a number, at offset 8 and at 32 nodes of
 * lists), `own_pairs` (a lock, at 8 a list of pairs by their first node), `own_within4` and `own_within5` (a number in so many structures,
 * one within the other), `own_none` (an array of no numbers).
 */
export function addFurtherObjectTypes(builder: BtfBuilder): void {
  const known = builder.build(), of = (name: string): number => known.find(name, "struct");
  const u64 = known.find("unsigned long", "int"), node = of("bpf_list_node");
  struct(builder, "own_large", 520, [["words", builder.array(u64, 65, { index: u64 }), 0]]);
  struct(builder, "own_pair", 56, [["n", u64, 0], ["a", node, 8], ["b", node, 32]]);
  const pairs = struct(builder, "own_pairs", 24, [
    ["lock", of("bpf_spin_lock"), 0],
    ["head", of("bpf_list_head"), 8],
  ]);
  builder.add({ kind: "decl_tag", name: "contains:own_pair:a", type: pairs, component: 1 });
  let inner = u64;
  for (const name of ["own_flat", "own_within2", "own_within3", "own_within4", "own_within5"]) {
    inner = struct(builder, name, 8, [["inner", inner, 0]]);
  }
  struct(builder, "own_none", 8, [["n", u64, 0], ["none", builder.array(u64, 0, { index: u64 }), 8]]);
}

/** Adds the kernel's functions for allocated objects, lists and trees. */
export function addObjectFunctions(
  builder: BtfBuilder,
  types: {
    readonly int: number;
    readonly u64: number;
    readonly func: (name: string, ret: number, params: readonly (readonly [string, number])[]) => void;
  },
): void {
  const { int, u64, func } = types, memory = builder.ptr(0);
  const pointerTo = (name: string, size: number): number => builder.ptr(builder.struct(name, size, []));
  const head = pointerTo("bpf_list_head", 16), listNode = pointerTo("bpf_list_node", 24);
  const root = pointerTo("bpf_rb_root", 16), treeNode = pointerTo("bpf_rb_node", 32);
  func("bpf_obj_new_impl", memory, [["local_type_id__k", u64], ["meta__ign", memory]]);
  func("bpf_obj_drop_impl", 0, [["p__alloc", memory], ["meta__ign", memory]]);
  func("bpf_percpu_obj_new_impl", memory, [["local_type_id__k", u64], ["meta__ign", memory]]);
  func("bpf_percpu_obj_drop_impl", 0, [["p__alloc", memory], ["meta__ign", memory]]);
  func("bpf_refcount_acquire_impl", memory, [["p__refcounted_kptr", memory], ["meta__ign", memory]]);
  for (const name of ["bpf_list_push_front_impl", "bpf_list_push_back_impl"]) {
    func(name, int, [["head", head], ["node", listNode], ["meta__ign", memory], ["off", u64]]);
  }
  for (const name of ["bpf_list_pop_front", "bpf_list_pop_back", "bpf_list_front", "bpf_list_back"]) {
    func(name, listNode, [["head", head]]);
  }
  for (const name of ["bpf_rbtree_first", "bpf_rbtree_root"]) func(name, treeNode, [["root", root]]);
  const less = builder.ptr(
    builder.funcProto(int, [{ name: "a", type: treeNode }, { name: "b", type: treeNode }]),
  );
  func("bpf_rbtree_add_impl", int, [
    ["root", root],
    ["node", treeNode],
    ["less", less],
    ["meta__ign", memory],
    ["off", u64],
  ]);
  for (const name of ["bpf_rbtree_remove", "bpf_rbtree_left", "bpf_rbtree_right"]) {
    func(name, treeNode, [["root", root], ["node", treeNode]]);
  }
}
