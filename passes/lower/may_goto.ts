/**
 * lower-may-goto: `may_goto` becomes a counter in the frame that falls through a limited number of times.
 *
 * `may_goto` lets a loop run as long as the system thinks fit. Linux 6.18 looks at the clock on x86-64 (a quarter of a second,
 * asked every 65535 rounds), older kernels and other machines count: each frame has one counter for all its may_gotos,
 * `BPF_MAX_LOOPS` at entry, and a may_goto that finds it 0 jumps. This is the counting form: it depends on nothing but the program, so
 * two runs agree. A program that is correct cannot tell the difference, since verify takes both ways of every may_goto.
 *
 * The kernel counts in its hidden register `ax`, which programs cannot name. Here the count passes through a register that is dead
 * at that point; where none is, r0 goes to the stack and back.
 *
 * @module
 */
import { columnsOf } from "../../ir/columns.ts";
import { Edit } from "../../ir/edit.ts";
import { bpf, type Fragment } from "../../ir/fragment.ts";
import type { InsnId, Reg } from "../../ir/insn.ts";
import { liveRegisters } from "../../ir/liveness.ts";
import type { Program } from "../../ir/program.ts";
import { STACK_SLOT, stackDepth } from "../../ir/stack_depth.ts";
import type { Analysis, Pass, PassContext } from "../pass.ts";

/** `BPF_MAX_LOOPS`, 8 * 1024 * 1024 (include/linux/bpf_verifier.h). */
const MAX_LOOPS = 8 * 1024 * 1024;

/** How lower-may-goto counts. */
export interface LowerMayGotoOptions {
  /** How often the may_gotos of one frame fall through together, 1 to 2^31 - 1; 8388608 if left out. */
  readonly budget?: number;
}

/** By slot: the registers that are live before it, one bit each. */
const live: Analysis<Int32Array> = {
  name: "live-registers",
  run: (program) => liveRegisters(columnsOf(program)),
};

/** The pass. */
export function lowerMayGoto(options: LowerMayGotoOptions = {}): Pass {
  const budget = options.budget ?? MAX_LOOPS;
  return {
    name: "lower-may-goto",
    summary: "Turns may_goto into a counter in the frame",
    after: {
      verify: "verify knows may_goto as a jump that can go both ways at any time",
      "stack-check": "the kernel measures before it adds slots",
      "nop-remove": "`may_goto +0` is deleted there, at no cost",
    },
    needs: [stackDepth],
    run: (program, context) => lower(program, { budget, context }),
  };
}

function lower(
  program: Program,
  options: { readonly budget: number; readonly context: PassContext },
): Program {
  const { insns, ids } = program.code;
  if (!insns.some((insn) => insn.kind === "may_goto")) return program;
  const registers = options.context.get(live, program);
  const { slot: slots } = columnsOf(program);
  const edit = new Edit(program, { by: "lower-may-goto" });
  for (let s = 0; s < program.subprogs.length; s++) {
    const subprog = program.subprogs[s];
    let counter = 0;
    for (let i = program.starts[s]; i < program.starts[s + 1]; i++) {
      const insn = insns[i];
      if (insn.kind !== "may_goto") continue;
      if (counter === 0) {
        counter = edit.reserveStack(subprog.id, STACK_SLOT);
        edit.insertBefore(subprog.entry, bpf`*(u64 *)(r10 ${counter}) = ${options.budget}`, {
          jumps: "stay",
        });
      }
      const free = freeRegister(registers[slots[i]]);
      const { target } = insn;
      if (free >= 0) edit.replace(ids[i], countIn(free, { counter, target }));
      else {
        const save = edit.scratch(subprog.id, STACK_SLOT) - STACK_SLOT;
        edit.replace(ids[i], countWithSave(save, { counter, target }));
      }
    }
  }
  return edit.commit();
}

/**
 * A register that is not live, or -1. r1 to r5 are left out: a call counts as overwriting them, but those whose spills
 * fastcall-remove took away do not, so what is not live by that count may still be needed.
 */
function freeRegister(mask: number): Reg {
  for (const r of [0, 9, 8, 7, 6]) if ((mask >> r & 1) === 0) return r;
  return -1;
}

interface Count {
  /** Offset of the counter from r10. */
  readonly counter: number;
  readonly target: InsnId;
}

function countIn(r: Reg, { counter, target }: Count): Fragment {
  return bpf`
    r${r} = *(u64 *)(r10 ${counter})
    if r${r} == 0 goto ${target}
    r${r} += -1
    *(u64 *)(r10 ${counter}) = r${r}
  `;
}

function countWithSave(save: number, { counter, target }: Count): Fragment {
  return bpf`
      *(u64 *)(r10 ${save}) = r0
      r0 = *(u64 *)(r10 ${counter})
      if r0 == 0 goto out
      r0 += -1
      *(u64 *)(r10 ${counter}) = r0
      r0 = *(u64 *)(r10 ${save})
      goto end
    out:
      r0 = *(u64 *)(r10 ${save})
      goto ${target}
    end:
  `;
}
