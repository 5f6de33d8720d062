/**
 * Lists and trees of the program's own objects, objects kept in a map, and the lock that one may fail to get.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import { arithmetic } from "./numbers.ts";

/** Offsets of the nodes in a shared object, and of list and tree in the map's value. */
const LIST_NODE = 8, TREE_NODE = 32, LIST = 8, TREE = 24;
const LOCK = ["r1 = map_value g+0 ll", "call bpf_spin_lock#93"];
const UNLOCK = ["r1 = map_value g+0 ll", "call bpf_spin_unlock#94"];

/** Whether a lock may be taken here. */
function free(g: Builder): boolean {
  return g.callable() && g.traits.objects === true && (g.frame.held === 0 || g.fault());
}

/** The body runs with the lock of lists and trees; nothing is called in it but what it says itself. */
function underLock(g: Builder, body: () => void): void {
  const { quiet } = g.frame;
  g.put(...LOCK);
  g.clobber("none");
  g.frame.held++;
  g.frame.quiet = true;
  body();
  g.frame.quiet = quiet;
  g.frame.held--;
  if (!(g.fault() && g.fault())) g.put(...UNLOCK);
  g.clobber("none");
}

/** The function by which a tree is ordered. */
function less(g: Builder): string {
  const name = g.functionName();
  g.function(name, ["none"], () => {
    g.put(`r3 = *(u64 *)(r1 -${TREE_NODE})`, `r4 = *(u64 *)(r2 -${TREE_NODE})`);
    const on = g.label();
    g.put("r0 = 1", `if r3 ${g.of(["<", "s<", ">"])} r4 goto ${on}`, "r0 = 0", `${on}:`);
    if (g.fault()) g.put("r0 = *(u64 *)(r1 +0)");
    g.put("exit");
  });
  return name;
}

/** A new object into a list or tree; or it is given back. */
export function insert(g: Builder, type: number): void {
  const keep = g.saved();
  if (!free(g) || keep === undefined) return arithmetic(g);
  const end = g.label(), tree = g.random(2) === 0, order = tree ? less(g) : "";
  g.put(`r1 = ${type}`, "r2 = 0", "call kfunc bpf_obj_new_impl");
  g.clobber("none");
  g.put(`r${keep} = r0`);
  g.set(keep, "none");
  if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
  g.maybe(() => {
    g.put(`*(u64 *)(r${keep} +0) = ${g.random(5)}`);
    if (g.random(3) === 0) {
      // A second reference, which is given back at once.
      const none = g.label();
      g.put(`r1 = r${keep}`, "r2 = 0", "call kfunc bpf_refcount_acquire_impl");
      g.put(`if r0 == 0 goto ${none}`, "r1 = r0", "r2 = 0");
      if (!g.fault()) g.put("call kfunc bpf_obj_drop_impl");
      g.put(`${none}:`);
      g.clobber("none");
    }
    underLock(g, () => {
      if (tree) {
        g.put(`r1 = map_value g+${TREE} ll`, `r2 = r${keep}`, `r2 += ${g.fault() ? LIST_NODE : TREE_NODE}`);
        g.put(`r3 = func ${order} ll`, "r4 = 0", "r5 = 0", "call kfunc bpf_rbtree_add_impl");
      } else {
        g.put(`r1 = map_value g+${LIST} ll`, `r2 = r${keep}`, `r2 += ${g.fault() ? TREE_NODE : LIST_NODE}`);
        g.put("r3 = 0", "r4 = 0", `call kfunc bpf_list_push_${g.of(["front", "back"])}_impl`);
      }
      g.clobber("none");
      // It may be looked at as long as the lock is held.
      if (g.random(2) === 0) {
        g.set(keep, "node");
        g.locking([keep], () => g.statements(1 + g.random(2)));
      }
    });
    if (!g.fault()) g.set(keep, "none");
    else g.set(keep, "node");
  });
  g.put(`${end}:`);
  g.set(keep, "none");
  g.clobber("none");
}

/** What is in a list or tree is taken out and given back, or only looked at. */
export function takeOut(g: Builder): void {
  const keep = g.saved();
  if (!free(g) || keep === undefined) return arithmetic(g);
  const end = g.label(), tree = g.random(2) === 0, looks = g.random(3) === 0;
  const offset = tree ? TREE_NODE : LIST_NODE, out = g.label();
  g.set(keep, "none");
  underLock(g, () => {
    g.put(`r${keep} = 0`);
    g.put(`r1 = map_value g+${tree ? TREE : LIST} ll`);
    if (!tree && !looks) g.put(`call kfunc bpf_list_pop_${g.of(["front", "back"])}`, `r${keep} = r0`);
    else {
      g.put(
        `call kfunc bpf_${tree ? g.of(["rbtree_first", "rbtree_root"]) : g.of(["list_front", "list_back"])}`,
      );
      if (!g.fault()) g.put(`if r0 == 0 goto ${out}`);
      if (looks) {
        const r = g.freeBut(0);
        if (r !== undefined) {
          g.put(`r${r} = *(u64 *)(r0 -${offset})`);
          g.set(r, "num");
        }
        if (r === keep) g.put(`r${keep} = 0`);
        if (tree && g.random(2) === 0) {
          g.put("r2 = r0", `r1 = map_value g+${TREE} ll`, `call kfunc bpf_rbtree_${g.of(["left", "right"])}`);
        }
      } else {
        g.put("r2 = r0", `r1 = map_value g+${TREE} ll`, "call kfunc bpf_rbtree_remove", `r${keep} = r0`);
      }
      g.clobber("none");
    }
    g.put(`${out}:`);
  });
  g.set(keep, "none");
  g.put(`if r${keep} == 0 goto ${end}`);
  if (!looks) {
    g.maybe(() => {
      g.put(`r${keep} += -${g.fault() ? 16 : offset}`);
      g.set(keep, "node");
      g.frame.held++;
      g.locking([keep], () => g.statements(1 + g.random(2)));
      g.frame.held--;
      g.put(`r1 = r${keep}`, "r2 = 0");
      if (!(g.fault() && g.fault())) g.put("call kfunc bpf_obj_drop_impl");
      g.clobber("none");
      g.set(keep, "none");
    });
  }
  g.put(`${end}:`);
  g.put(`r${keep} = ${g.constant()}`);
  g.set(keep, "num");
  g.clobber("none");
}

/** An object, or none, is put where one is kept; who was there is given back. */
export function exchange(g: Builder, type: number): void {
  if (!g.callable() || g.traits.objects !== true) return arithmetic(g);
  const end = g.label(), none = g.random(3) === 0;
  if (none) g.put("r2 = 0");
  else {
    g.put(`r1 = ${type}`, "r2 = 0", "call kfunc bpf_obj_new_impl", "r2 = r0");
    if (!(g.fault() && g.fault())) g.put(`if r2 == 0 goto ${end}`);
    if (g.random(3) === 0) g.put(`*(u64 *)(r2 +0) = ${g.constant()}`);
  }
  g.put(`r1 = map_value s+${g.fault() && g.fault() ? 4 : 0} ll`, "call bpf_kptr_xchg#194");
  if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
  if (g.random(3) === 0) g.put(`r1 = *(u64 *)(r0 +${g.fault() ? 16 : 8})`);
  if (!(g.fault() && g.fault())) g.put("r1 = r0", "r2 = 0", "call kfunc bpf_obj_drop_impl");
  g.put(`${end}:`);
  g.clobber("none");
}

/** The lock that says whether one has got it. */
export function resilient(g: Builder): void {
  const kept = g.saved();
  if (!free(g) || kept === undefined) return arithmetic(g);
  const end = g.label(), { quiet } = g.frame;
  g.put(`r${kept} = map_value v+0 ll`, `r1 = r${kept}`, "call kfunc bpf_res_spin_lock");
  g.clobber("none");
  g.set(kept, "none");
  if (!(g.fault() && g.fault())) g.put(`if r0 != 0 goto ${end}`);
  g.maybe(() => {
    g.frame.held++;
    g.frame.quiet = true;
    g.put(`r${kept} += 8`);
    g.set(kept, "v8");
    g.locking([kept], () => g.statements(1 + g.random(3)));
    g.frame.quiet = quiet;
    g.frame.held--;
    g.put(`r1 = r${kept}`, "r1 += -8");
    if (!(g.fault() && g.fault())) g.put("call kfunc bpf_res_spin_unlock");
    g.clobber("none");
    g.set(kept, "none");
  });
  g.put(`${end}:`);
  g.set(kept, "none");
  g.clobber("none");
}
