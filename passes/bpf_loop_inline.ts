/**
 * bpf-loop-inline: a call of `bpf_loop` whose callback is known becomes a loop that calls the callback directly.
 *
 * The calls are those that verify marked: flags constant 0 and the same callback on every path (see `loopCallback`). The sequence is
 * Linux's, 19 instructions, to the letter (`inline_bpf_loop` and `optimize_bpf_loop`). It keeps limit, counter and context in
 * r6–r8, which it saves in three slots that all calls of a subprogram share, below everything the subprogram uses.
 *
 * In two points the kernel's sequence is not the helper:
 * - the helper takes 32 bits of r1, the sequence compares all 64: with `r1 = 0x100000001` the helper loops once, the sequence
 *   returns -E2BIG;
 * - the helper returns -E2BIG in 64 bits, the sequence zero-extends the 32 bits: `if r0 s< 0` tells them apart.
 *
 * A correct program sees neither (clang's code passes a u32 and looks at an int), and Linux has run it since 2022, so the default keeps
 * the kernel's letters. `semantics: "helper"` adds the one instruction and the one bit that make both points exact.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import { bpf, type Fragment } from "../ir/fragment.ts";
import type { SubprogId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { loopCallback, NO_CALLBACK, stackDepth } from "./facts.ts";
import type { Pass } from "./pass.ts";

/** `BPF_FUNC_loop`. */
const FUNC_LOOP = 181;
/** `BPF_MAX_LOOPS`, 8 * 1024 * 1024 (include/linux/bpf_verifier.h): more iterations are refused with -E2BIG. */
export const MAX_LOOPS = 8 * 1024 * 1024;
/** `E2BIG`. */
const E2BIG = 7;
/** Bytes of the slots for r6, r7 and r8. */
const SAVE_BYTES = 24;

/** How bpf-loop-inline rewrites; see the module's header. */
export interface BpfLoopInlineOptions {
  /** `kernel` if left out. */
  readonly semantics?: "kernel" | "helper";
}

/**
 * The pass. It does nothing for a target without a JIT, as the kernel.
 *
 * @example
 * ```ts
 * import { bpfLoopInline } from "./bpf_loop_inline.ts";
 * const exact = bpfLoopInline({ semantics: "helper" });
 * console.log(exact.summary);
 * ```
 */
export function bpfLoopInline(options: BpfLoopInlineOptions = {}): Pass {
  const semantics = options.semantics ?? "kernel";
  return {
    name: "bpf-loop-inline",
    summary: "Turns bpf_loop calls with one known callback into loops",
    after: {
      verify: "verify finds out whether the flags are 0 and the callback is always the same",
      "fastcall-remove": "it lowers the stack depth, below which the saved registers go",
      "stack-check": "the kernel measures before it adds slots; programs at the limit would be refused",
    },
    before: {
      dce: "a callback that only the inlined loop calls must be seen as called",
      "lower-calls": "a lowered helper call is not recognised any more",
    },
    needs: [loopCallback, stackDepth],
    ends: [loopCallback],
    run: (program, context) => context.target.jit ? inlineLoops(program, semantics) : program,
  };
}

function inlineLoops(program: Program, semantics: "kernel" | "helper"): Program {
  const { insns, ids } = program.code;
  const edit = new Edit(program, { by: "bpf-loop-inline" });
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    if (insn.kind !== "call" || insn.callee.kind !== "helper" || insn.callee.id !== FUNC_LOOP) continue;
    const callback = program.get(loopCallback, ids[i]);
    if (callback === NO_CALLBACK) continue;
    const slots = edit.scratch(program.subprogAt(i).id, SAVE_BYTES) - SAVE_BYTES;
    edit.replace(ids[i], loop({ callback: callback as SubprogId, slots, semantics }));
  }
  return edit.commit();
}

/** `slots`: offset from r10 of the first of the three slots. */
function loop(
  what: { readonly callback: SubprogId; readonly slots: number; readonly semantics: "kernel" | "helper" },
): Fragment {
  const { callback, slots, semantics } = what;
  const counted = bpf`
      if r1 <= ${MAX_LOOPS} goto start
      ${semantics === "kernel" ? bpf`w0 = ${-E2BIG}` : bpf`r0 = ${-E2BIG}`}
      goto end
    start:
      *(u64 *)(r10 ${slots}) = r6
      *(u64 *)(r10 ${slots + 8}) = r7
      *(u64 *)(r10 ${slots + 16}) = r8
      r6 = r1                               ; the limit
      w7 = 0                                ; iterations done
      r8 = r3                               ; the callback's context
    head:
      if r7 >= r6 goto done
      r1 = r7
      r2 = r8
      call ${callback}
      r7 += 1
      if r0 == 0 goto head
    done:
      r0 = r7
      r6 = *(u64 *)(r10 ${slots})
      r7 = *(u64 *)(r10 ${slots + 8})
      r8 = *(u64 *)(r10 ${slots + 16})
    end:
  `;
  return semantics === "kernel" ? counted : bpf`
    w1 = w1                                 ; the helper takes 32 bits
    ${counted}
  `;
}
