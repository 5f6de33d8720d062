/**
 * From what the walk found to facts of the program, for the passes behind verify.
 *
 * @module
 */
import { Edit } from "../../ir/edit.ts";
import type { AnyFact } from "../../ir/fact.ts";
import type { Program } from "../../ir/program.ts";
import {
  type BranchTaken,
  branchTaken,
  callbackKind,
  callMap,
  dead,
  fastcallDepth,
  fastcallSpills,
  kfuncContexts,
  loopCallback,
  type PointerKind,
  pointerKind,
  stackDepth,
  verified,
} from "../facts.ts";
import {
  AUX_FELL,
  AUX_JUMPED,
  AUX_SEEN,
  type Env,
  SUB_ASYNC_CALLBACK,
  SUB_CALLBACK,
  SUB_EXCEPTION_CALLBACK,
} from "./env.ts";
import { OBJECT_POINTER, UNTRUSTED_POINTER } from "./findings.ts";
import { PTR_TO_BTF_ID } from "./states/layout.ts";

/** The facts verify gives. */
export const GIVEN_FACTS: readonly AnyFact[] = [
  dead,
  branchTaken,
  loopCallback,
  fastcallSpills,
  fastcallDepth,
  callbackKind,
  pointerKind,
  callMap,
  kfuncContexts,
  stackDepth,
  verified,
];

/** By base type: what an access through it is. */
const KINDS: readonly PointerKind[] = [
  "unknown",
  "unknown",
  "ctx",
  "btf",
  "map_value",
  "map_value",
  "stack",
  "packet",
  "packet",
  "packet",
  "mem",
  "sock",
  "sock",
  "tcp_sock",
  "mem",
  "xdp_sock",
  "btf",
  "mem",
  "arena",
  "mem",
  "unknown",
  "unknown",
  "unknown",
];

function kindOf(types: number): PointerKind {
  if ((types & UNTRUSTED_POINTER) !== 0) return "untrusted";
  if (types === OBJECT_POINTER) return "object";
  // Beside a structure of the kernel an object is treated as one.
  if ((types & OBJECT_POINTER) !== 0) {
    return (types & ~OBJECT_POINTER) === 1 << PTR_TO_BTF_ID ? "btf" : "mixed";
  }
  let kind: PointerKind | undefined;
  for (let base = 0; base < KINDS.length; base++) {
    if ((types & (1 << base)) === 0) continue;
    if (kind !== undefined && kind !== KINDS[base]) return "mixed";
    kind = KINDS[base];
  }
  return kind ?? "unknown";
}

function takenOf(flags: number): BranchTaken {
  const jumped = (flags & AUX_JUMPED) !== 0, fell = (flags & AUX_FELL) !== 0;
  return jumped ? fell ? "both" : "jumped" : fell ? "fell" : "neither";
}

/** The program with everything the walk found out about it. */
export function programWithFacts(env: Env): Program {
  const { program, findings, cols } = env, { insns, ids } = program.code;
  const edit = new Edit(program, { by: "verify" });
  for (let i = 0; i < insns.length; i++) {
    const slot = cols.slot[i], flags = env.aux[slot], id = ids[i], insn = insns[i];
    edit.set(dead, id, (flags & AUX_SEEN) === 0);
    if (insn.kind === "branch") edit.set(branchTaken, id, takenOf(flags));
    if (findings.pointers[slot] !== 0) edit.set(pointerKind, id, kindOf(findings.pointers[slot]));
    if (insn.kind !== "call") continue;
    if (findings.maps[slot] > 0) edit.set(callMap, id, findings.maps[slot] - 1);
    if (findings.loops[slot] > 0) edit.set(loopCallback, id, program.subprogs[findings.loops[slot] - 1].id);
    const spills = env.fastcall?.spills[slot] ?? 0;
    if (spills > 0) edit.set(fastcallSpills, id, spills);
    const contexts = findings.kfuncs.get(slot);
    if (contexts !== undefined) edit.set(kfuncContexts, id, contexts);
  }
  for (let s = 0; s < program.subprogs.length; s++) {
    const { id } = program.subprogs[s];
    edit.set(stackDepth, id, env.stackDepth[s]);
    const depth = env.fastcall?.depthWithout(s) ?? -1;
    if (depth >= 0) edit.set(fastcallDepth, id, { from: env.stackDepth[s], to: depth });
    setCallbackKind(env, edit, s);
  }
  edit.set(verified, 0, true);
  return edit.commit();
}

function setCallbackKind(env: Env, edit: Edit, s: number): void {
  const { id } = env.program.subprogs[s], flags = env.subprogFlags[s];
  if ((flags & SUB_EXCEPTION_CALLBACK) !== 0) edit.set(callbackKind, id, "exception");
  else if ((flags & SUB_ASYNC_CALLBACK) !== 0) edit.set(callbackKind, id, "async");
  else if ((flags & SUB_CALLBACK) !== 0) edit.set(callbackKind, id, "sync");
}

/** The program with no more than what the depth of its stack depends on, as it is without fastcall spills. */
export function programWithDepths(env: Env): Program {
  const { program } = env, edit = new Edit(program, { by: "verify" });
  for (let s = 0; s < program.subprogs.length; s++) {
    const depth = env.fastcall?.depthWithout(s) ?? -1;
    edit.set(stackDepth, program.subprogs[s].id, depth >= 0 ? depth : env.stackDepth[s]);
    setCallbackKind(env, edit, s);
  }
  return edit.commit();
}
