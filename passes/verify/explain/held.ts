/**
 * Explains what is held too long, or not: references, locks and sections.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { collectRegs, type Env } from "../env.ts";
import { FRAME_REG_COUNT, FRAME_SLOTS, MAX_FRAMES, REF_ID } from "../states/layout.ts";
import { REF_TYPE_PTR, REF_WORDS } from "../objects/references.ts";
import { generic } from "./bounds.ts";
import { calleeName, callName, originOf } from "./origin.ts";
import { type Case, placeWords, type Reason } from "./reason.ts";

/** What gives back what a function acquired. */
const RELEASES: Readonly<Record<string, string>> = {
  bpf_sk_lookup_tcp: "bpf_sk_release",
  bpf_sk_lookup_udp: "bpf_sk_release",
  bpf_skc_lookup_tcp: "bpf_sk_release",
  bpf_map_lookup_elem: "bpf_sk_release",
  bpf_ringbuf_reserve: "bpf_ringbuf_submit or bpf_ringbuf_discard",
  bpf_ringbuf_reserve_dynptr: "bpf_ringbuf_submit_dynptr or bpf_ringbuf_discard_dynptr",
  bpf_obj_new_impl: "bpf_obj_drop, or keep it in a list, tree or map",
  bpf_percpu_obj_new_impl: "bpf_percpu_obj_drop, or keep it in a map",
  bpf_refcount_acquire_impl: "bpf_obj_drop",
  bpf_list_pop_front: "bpf_obj_drop",
  bpf_list_pop_back: "bpf_obj_drop",
  bpf_rbtree_remove: "bpf_obj_drop",
  bpf_kptr_xchg: "the type's release function, or put it back with bpf_kptr_xchg",
};

function releaseOf(name: string): string {
  const known = RELEASES[name];
  if (known !== undefined) return known;
  if (name.endsWith("_new")) return name.replace(/_new$/, "_destroy");
  return /acquire|create|from_pid|from_id|lookup/.test(name)
    ? `the function that releases what ${name} gives`
    : `what releases what ${name} gives`;
}

/** A path that ends with references. */
export function explainLeak(c: Case): Reason {
  const { env, path } = c, slots: number[] = [];
  for (let i = 0; i < env.refCount; i++) {
    if (env.refs[i * REF_WORDS] === REF_TYPE_PTR) slots.push(env.refs[i * REF_WORDS + 2]);
  }
  if (slots.length === 0) return generic(c);
  const slot = slots[slots.length - 1], name = calleeName(path, path.insnAt(slot));
  let step = -1;
  for (let i = 0; i < path.length; i++) if (path.slot(i) === slot) step = i;
  const place = path.place(slot),
    where = place.source === undefined ? `insn ${slot}` : `line ${place.source.line} (insn ${slot})`;
  const notes: string[] = [], id = env.refs[(env.refCount - 1) * REF_WORDS + 1];
  if (slots.length > 1) notes.push(`${slots.length} references are held: from insns ${slots.join(", ")}`);
  const gives = step >= 0 && (path.value(step + 1, 0, path.frame(step))?.refId ?? 0) !== 0;
  if (gives && !isReachable(env, id)) {
    notes.push("no register or stack slot has the pointer any more when the path ends: it was overwritten");
  }
  return {
    summary: `the path ends, but what ${
      name === "" ? "was acquired" : `${name} gave`
    } at ${where} was not released`,
    reg: -1,
    events: step < 0 ? [] : [{ step, kind: "source", says: `acquired by ${name === "" ? "this" : name}` }],
    notes,
    remedy: `call ${releaseOf(name)} on this path before ${
      c.step < 0 ? "it ends" : placeWords(path, c.step)
    }`,
  };
}

const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/** Whether the path's end still has a pointer to what a reference is to. */
function isReachable(env: Env, id: number): boolean {
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) if (W[all[i] + REF_ID] === id) return true;
  return false;
}

/** Pairs of functions that begin and end a section. */
const SECTIONS: readonly (readonly [what: RegExp, begin: RegExp, name: string, end: string])[] = [
  [/rcu/, /^bpf_rcu_read_lock$/, "an RCU section", "bpf_rcu_read_unlock()"],
  [/preempt/, /^bpf_preempt_disable$/, "a section with preemption off", "bpf_preempt_enable()"],
  [/irq/i, /^bpf_local_irq_save$|irqsave$/, "a section with interrupts off", "bpf_local_irq_restore()"],
  [/lock|held|deadlock/i, /^bpf_(res_)?spin_lock(_irqsave)?$/, "a lock", "the unlock function"],
];

/** Something done within a locked, RCU, preemption or interrupt section, or left open. */
export function explainSection(c: Case): Reason {
  const { path } = c;
  for (const [what, begin, name, end] of SECTIONS) {
    if (!what.test(c.message)) continue;
    for (let step = c.step - 1; step >= 0; step--) {
      const called = path.insn(step).kind === "call" ? callName(path, step) : "";
      if (!begin.test(called)) continue;
      const insn = c.step < 0 ? undefined : path.insn(c.step);
      const doing = insn?.kind === "exit"
        ? "the path ends"
        : insn?.kind === "call"
        ? `${callName(path, c.step)} is called`
        : "this happens";
      return {
        summary: `${doing} within ${name} that ${called} began at ${placeWords(path, step)}`,
        reg: -1,
        events: [{ step, kind: "source", says: `${name} begins` }],
        remedy: `call ${end} before ${placeWords(path, c.step)} on this path`,
      };
    }
  }
  return generic(c);
}

/** Something released or handed over that is not held. */
export function explainUnacquired(c: Case): Reason {
  const { path } = c;
  if (c.step < 0) return generic(c);
  // A release function that was given nothing to release takes it first.
  const reg = Math.max(1, c.reg), value = path.value(c.step, reg);
  const origin = originOf(path, { step: c.step, reg }), name = callName(path, c.step);
  const lost = origin.events.find((event) => event.kind === "lost");
  return {
    summary: lost === undefined
      ? `r${reg} is given to ${name}, which takes a reference, but the program holds none to it${
        value === undefined ? "" : `: it is ${value.words}`
      }`
      : `r${reg} is given to ${name}, but was given away at ${placeWords(path, lost.step)} already`,
    reg,
    events: origin.events,
  };
}
