/**
 * The verifier's limits in Linux 6.18 (`include/linux/bpf_verifier.h`, `include/linux/bpf.h`, `include/linux/filter.h`).
 *
 * @module
 */
import type { Limits } from "../profile.ts";

/** Limits for programs loaded with every capability. */
export const LIMITS: Limits = {
  /** `BPF_COMPLEXITY_LIMIT_INSNS`: instructions processed, over all paths. */
  processed: 1_000_000,
  /** `BPF_COMPLEXITY_LIMIT_JMP_SEQ`: pending branches. */
  jumpSequence: 8192,
  /** `MAX_BPF_STACK`: a call chain's stack. */
  stackBytes: 512,
  /** `MAX_CALL_FRAMES`. */
  frames: 8,
  /** `BPF_MAX_SUBPROGS`. */
  subprogs: 256,
  /** Instructions of one program, for privileged users (`BPF_COMPLEXITY_LIMIT_INSNS` again). */
  insns: 1_000_000,
  /** `BPF_MAX_VAR_OFF`: bytes a pointer may be moved from its object. */
  maxVarOff: 1 << 29,
  /** `BPF_MAX_VAR_SIZ`: bytes a helper may be told to touch. */
  maxVarSize: 1 << 29,
};
