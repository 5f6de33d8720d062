/**
 * Lists and trees of allocated objects: their roots, whose lock must be held; their nodes, which change from owned to borrowed when
 * they are put in; and what is taken out or looked at.
 *
 * Mirrors `__process_kf_arg_ptr_to_graph_root`, `__process_kf_arg_ptr_to_graph_node`, `ref_convert_owning_non_owning` and
 * `invalidate_non_owning_refs` of Linux 6.18.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { kfuncName } from "../flow/call_traits.ts";
import { checkArgOffset } from "../calls/call_args.ts";
import { collectRegs, EFAULT, EINVAL, type Env, frameAt } from "../env.ts";
import {
  AUX1,
  F_CALLSITE,
  F_FLAGS,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  IN_CALLBACK,
  MAX_FRAMES,
  MEM_ALLOC,
  MEM_RCU,
  NON_OWN_REF,
  OFF,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  REF_ID,
  REG_WORDS,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { setObject } from "./objects.ts";
import { fieldsOf, graphAt } from "../memory/map_pointer.ts";
import { type Graph, isBorrowed, structFields } from "../types/records.ts";
import { dropReference } from "./references.ts";
import { isConst } from "../numbers/scalar.ts";
import { holdsLock } from "./spin_lock.ts";

/** The functions that put an object into a list or tree. */
const INSERTS: ReadonlySet<string> = new Set([
  "bpf_list_push_front_impl",
  "bpf_list_push_back_impl",
  "bpf_rbtree_add_impl",
]);
/** The structures that make a parameter a root or a node. */
const ROOTS: ReadonlySet<string> = new Set(["bpf_list_head", "bpf_rb_root"]);
const NODES: ReadonlySet<string> = new Set(["bpf_list_node", "bpf_rb_node"]);

const PSEUDO_KFUNC = 2;
const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/** Whether a function puts an object into a list or tree. */
export function isInsertion(func: string): boolean {
  return INSERTS.has(func);
}

/** Whether a structure is a list's or tree's root or node. */
export function isGraphPart(struct: string): boolean {
  return ROOTS.has(struct) || NODES.has(struct);
}

/** Whether a structure is a list's or tree's node. */
export function isNode(struct: string): boolean {
  return NODES.has(struct);
}

/** Whether a function works on trees. */
function isTreeFunction(func: string): boolean {
  return func.startsWith("bpf_rbtree_");
}

/** Whether the path is in a callback of a function that works on trees, whose lock it cannot give back. */
export function inTreeCallback(env: Env): boolean {
  for (let f = env.curframe; f > 0; f--) {
    const frame = frameAt(f), callsite = W[frame + F_CALLSITE];
    if ((W[frame + F_FLAGS] & IN_CALLBACK) === 0 || env.src[callsite] !== PSEUDO_KFUNC) continue;
    if (isTreeFunction(kfuncName(env, callsite))) return true;
  }
  return false;
}

/** A parameter of a list's or tree's function. */
export interface GraphParam {
  /** Position, from 0. */
  readonly i: number;
  readonly func: string;
  /** The parameter's structure. */
  readonly struct: string;
  /** What the root among the parameters before holds, if there was one. */
  readonly root: Graph | undefined;
}

/** Verifies such a parameter: what the root holds, or `-errno`. */
export function checkGraphArg(env: Env, param: GraphParam): Graph | number {
  const { i, struct } = param;
  const err = checkArgOffset(env, i + 1, {});
  if (err < 0) return err;
  return ROOTS.has(struct) ? checkRoot(env, i, struct) : checkNode(env, param);
}

function mustBeReferenced(env: Env): number {
  return env.fail(EINVAL, "unacquired-reference", "allocated object must be referenced");
}

function checkRoot(env: Env, i: number, kind: string): Graph | number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  const object = type === (PTR_TO_BTF_ID | MEM_ALLOC);
  if (!object && type !== PTR_TO_MAP_VALUE) {
    return env.fail(EINVAL, "graph-object", `arg#${i} expected pointer to map value or allocated object`);
  }
  if (object && W[o + REF_ID] === 0) return mustBeReferenced(env);
  if (!isConst(o)) {
    const what = `R${regno} doesn't have constant offset. ${kind} has to be at the constant offset`;
    return env.fail(EINVAL, "constant-argument", what);
  }
  const off = W[o + OFF] + W[o + TVAL], fields = fieldsOf(env, o);
  const found = fields.some((field) => field.kind === kind && field.offset === off);
  if (!found) return notFound(env, kind, off);
  if (!holdsLock(env, o)) {
    if (env.activeLocks !== 0) {
      env.verbose("held lock and object are not in the same allocation\n");
    }
    // Locks of the other kind have another place in the kernel's record, which the message does not look at.
    const lock = fields.find((field) => field.kind === "bpf_spin_lock")?.offset ?? -EINVAL;
    return env.fail(EINVAL, "lock-not-held", `bpf_spin_lock at off=${lock} must be held for ${kind}`);
  }
  return graphAt(env, o, off) ?? env.unsupported(`what the ${kind} at offset ${off} holds`);
}

function notFound(env: Env, kind: string, off: number): number {
  return env.fail(EINVAL, "graph-object", `${kind} not found at offset=${off >>> 0}`);
}

function checkNode(env: Env, param: GraphParam): Graph | number {
  const { i, func, struct, root } = param, o = env.regs + (i + 1) * REG_WORDS, type = W[o + TYPE];
  if (isInsertion(func)) {
    if (type !== (PTR_TO_BTF_ID | MEM_ALLOC)) {
      return env.fail(EINVAL, "graph-object", `arg#${i} expected pointer to allocated object`);
    }
    if (W[o + REF_ID] === 0) return mustBeReferenced(env);
  } else {
    if (!isBorrowed(type) && W[o + REF_ID] === 0) {
      return env.fail(
        EINVAL,
        "graph-object",
        `${func} can only take non-owning or refcounted bpf_rb_node pointer`,
      );
    }
    if (inTreeCallback(env)) return env.fail(EINVAL, "graph-object", `${func} not allowed in rbtree cb`);
  }
  // Objects are moved by constants only.
  const off = W[o + OFF];
  if (!fieldsOf(env, o).some((field) => field.kind === struct && field.offset === off)) {
    return notFound(env, struct, off);
  }
  if (root === undefined) return env.fail(EFAULT, "kernel-bug", `${func}: no root before its node`);
  const btf = env.btf!, wanted = btf.name(root.typeId);
  if (W[o + AUX1] !== root.typeId) {
    const head = struct === "bpf_list_node" ? "bpf_list_head" : "bpf_rb_root";
    const expected = `operation on ${head} expects arg#1 ${struct} at offset=${root.nodeOffset}`;
    const actual = `arg is at offset=${off} in struct ${btf.name(W[o + AUX1])}`;
    return env.fail(EINVAL, "graph-object", `${expected} in struct ${wanted}, but ${actual}`);
  }
  if (off !== root.nodeOffset) {
    const expected = `expected ${struct} at offset=${root.nodeOffset} in struct ${wanted}`;
    return env.fail(EINVAL, "graph-object", `arg#1 offset=${off}, but ${expected}`);
  }
  return root;
}

/** Makes the object at `o` one that is borrowed: valid as long as the lock is held, or by its count. */
function borrow(env: Env, o: number): void {
  W[o + VID] = 0;
  W[o + TYPE] |= NON_OWN_REF;
  if (structFields(env.btf!, W[o + AUX1]).some((field) => field.kind === "bpf_refcount")) {
    W[o + TYPE] |= MEM_RCU;
  }
}

/** The reference `id` now belongs to the list or tree its object was put into; whoever has it may still look: 0 or `-errno`. */
export function handOver(env: Env, id: number): number {
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) {
    if (W[all[i] + REF_ID] !== id) continue;
    W[all[i] + REF_ID] = 0;
    borrow(env, all[i]);
  }
  return dropReference(env, id) ? 0 : -EINVAL;
}

/** Makes the register at `o` an element of a list or tree, at its node; borrowed, if so asked. */
export function setElement(env: Env, o: number, element: Graph & { readonly borrowed: boolean }): void {
  setObject(o, element.typeId, element.nodeOffset);
  if (element.borrowed) borrow(env, o);
}
