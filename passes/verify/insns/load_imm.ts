/**
 * Loads that are no memory accesses: 16-byte immediates (numbers, maps, addresses of subprograms) and legacy packet loads.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { EINVAL, type Env } from "../env.ts";
import { checkResourceLeak, returnToCaller } from "../exits.ts";
import { clearCallerSaved } from "../states/frames.ts";
import { setKernelSymbol } from "../types/kernel_symbol.ts";
import {
  AUX1,
  CONST_PTR_TO_MAP,
  FRAMENO,
  OFF,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_VALUE,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { checkRead, checkWrite } from "./reg_arg.ts";
import { checkUnmoved } from "../memory/region.ts";
import { markConst, markKnown, markUnknown } from "../numbers/scalar.ts";

const MAP_TYPE_ARENA = 33;

/** Verifies the 16-byte load at `slot`: 0 or `-errno`. */
export function checkLoadImm64(env: Env, slot: number): number {
  if (env.off[slot] !== 0) {
    return env.fail(EINVAL, "invalid-instruction", "BPF_LD_IMM64 uses reserved fields");
  }
  const dst = env.dst[slot], o = env.regs + dst * REG_WORDS, pseudo = env.src[slot], imm = env.imm[slot];
  const failed = checkWrite(env, dst);
  if (failed < 0) return failed;
  if (pseudo === 0) {
    markConst(o, imm, env.imm[slot + 1]);
    return 0;
  }
  markKnown(o, 0, 0);
  W[o + FRAMENO] = 0;
  switch (pseudo) {
    case 3:
      return setKernelSymbol(env, o, slot);
    case 4: {
      const subprog = env.cols.subprogOf[env.target[slot]];
      const info = env.program.subprogs[subprog];
      if (env.btf === undefined) return env.fail(EINVAL, "callback", "missing btf func_info");
      if (info.linkage !== "static") return env.fail(EINVAL, "callback", "callback function not static");
      W[o + TYPE] = PTR_TO_FUNC;
      W[o + AUX1] = subprog;
      return 0;
    }
    default: {
      const map = env.maps[imm];
      if (pseudo === 2 || pseudo === 6) {
        if (map.type === MAP_TYPE_ARENA) {
          // The user's address of the arena: a number until it is cast.
          markUnknown(o);
          return 0;
        }
        W[o + TYPE] = PTR_TO_MAP_VALUE;
        W[o + OFF] = env.imm[slot + 1];
      } else W[o + TYPE] = CONST_PTR_TO_MAP;
      W[o + AUX1] = imm;
      return 0;
    }
  }
}

const ACCESS_SKB: ReadonlySet<string> = new Set(["socket_filter", "sched_cls", "sched_act"]);

/** Verifies the legacy packet load at `slot`: 0 or `-errno`. */
export function checkLoadAbs(env: Env, slot: number): number {
  const code = env.code[slot], indirect = (code & 0xe0) === 0x40;
  if (!ACCESS_SKB.has(env.rules.name)) {
    return env.fail(EINVAL, "legacy-load", "BPF_LD_[ABS|IND] instructions not allowed for this program type");
  }
  if (
    env.dst[slot] !== 0 || env.off[slot] !== 0 || (!indirect && env.src[slot] !== 0)
  ) {
    return env.fail(EINVAL, "invalid-instruction", "BPF_LD_[ABS|IND] uses reserved fields");
  }
  let failed = checkRead(env, 6);
  if (failed < 0) return failed;
  failed = checkResourceLeak(env, { locks: true, prefix: "BPF_LD_[ABS|IND]" });
  if (failed < 0) return failed;
  if (W[env.regs + 6 * REG_WORDS + TYPE] !== PTR_TO_CTX) {
    return env.fail(EINVAL, "legacy-load", "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
  }
  if (indirect) {
    failed = checkRead(env, env.src[slot]);
    if (failed < 0) return failed;
  }
  failed = checkUnmoved(env, 6, false);
  if (failed < 0) return failed;
  clearCallerSaved(env);
  markUnknown(env.regs);
  return env.curframe > 0 ? leaveEarly(env, slot) : 0;
}

/**
 * Where the packet is too short, the machine code leaves the subprogram with r0 = 0: that path is followed now, the one that goes on
 * later. 0 or `-errno`.
 */
function leaveEarly(env: Env, slot: number): number {
  const pushed = env.pending.push(slot + 1, slot, -1);
  if (pushed < 0) return pushed;
  markConst(env.regs, 0, 0);
  env.stackLiveness.update();
  return returnToCaller(env);
}
