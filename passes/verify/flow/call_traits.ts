/**
 * What is known of the function called at a slot before anything is verified: how many arguments it takes, whether it returns
 * something, whether a call of it will be inlined without clobbering registers. Mirrors `get_call_summary` of Linux 6.18.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import type { HelperProto } from "../../../profile/profile.ts";
import { lockedOut } from "../calls/helper_allowed.ts";
import { helperTarget } from "../context/target.ts";
import type { Env } from "../env.ts";
import type { CallTraits } from "./fastcall.ts";
import { kfuncProtoAt } from "../kfuncs/kfunc_proto.ts";

/** The prototype of a helper as this program sees it, or undefined if it may not call it. */
export function helperProto(env: Env, id: number): HelperProto | undefined {
  const { attrs } = env.program, { attachType } = env;
  if (!env.rules.helpers(attachType, helperTarget(env)).has(id) || lockedOut(env, id)) return undefined;
  return env.profile.helper(id, {
    type: env.rules.name,
    attachType,
    sleepable: (attrs.flags & 16) !== 0,
  });
}

/** The name of the kfunc called at a slot; empty if it is not known. */
export function kfuncName(env: Env, slot: number): string {
  const insn = env.program.code.insns[env.cols.position[slot]];
  if (insn.kind !== "call" || insn.callee.kind !== "kfunc") return "";
  const { func } = insn.callee;
  if (func.name !== "") return func.name;
  const btf = env.btfAt(func.module);
  return btf !== undefined && func.btfId > 0 && func.btfId < btf.count ? btf.name(func.btfId) : "";
}

function protoOf(btf: Btf | undefined, func: number): BtfType & { kind: "func_proto" } | undefined {
  if (btf === undefined || func <= 0 || func >= btf.count) return undefined;
  const type = btf.type(func);
  if (type.kind !== "func") return undefined;
  const proto = btf.type(type.type);
  return proto.kind === "func_proto" ? proto : undefined;
}

/** See the module's header. */
export function callTraits(env: Env): CallTraits {
  const kfunc = (slot: number): BtfType & { kind: "func_proto" } | undefined =>
    kfuncProtoAt(env, slot)?.allowed === false ? undefined : protoOf(env.btfAt(env.off[slot]), env.imm[slot]);
  return {
    arity(slot) {
      if (env.src[slot] === 0) return helperProto(env, env.imm[slot])?.args.length;
      return kfunc(slot)?.params.length;
    },
    isVoid(slot) {
      if (env.src[slot] === 0) return helperProto(env, env.imm[slot])?.ret.base === "RET_VOID";
      return kfunc(slot)?.ret === 0;
    },
    isFast(slot) {
      if (env.src[slot] === 0) return helperProto(env, env.imm[slot])?.allowFastcall === true;
      return env.profile.kfunc(kfuncName(env, slot))?.flags.has("fastcall") === true;
    },
  };
}
