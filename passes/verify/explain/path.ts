/**
 * The path that failed, as explanations read it: its instructions, what registers held before each, and where each stands in the
 * source.
 *
 * @module
 */
import type { SourcePosition } from "../../../ir/diagnostic.ts";
import type { Insn } from "../../../ir/insn.ts";
import type { Env } from "../env.ts";
import { SCRATCH } from "../states/layout.ts";
import { insnText } from "../log/log.ts";
import type { Recorder } from "./recorder.ts";
import { type Value, valueAt } from "./value.ts";

/** An instruction's place. */
export interface Place {
  /** The slot, as the log counts. */
  readonly insn: number;
  /** The instruction, as the log prints it without its opcode. */
  readonly text: string;
  /** Where it is in the source; absent without line information. */
  readonly source?: SourcePosition;
}

/** See the module's header. Steps are numbered from 0, the entry. */
export class Path {
  readonly env: Env;
  readonly recorder: Recorder;
  readonly #steps: readonly number[];

  constructor(env: Env, recorder: Recorder) {
    this.env = env;
    this.recorder = recorder;
    this.#steps = recorder.steps();
  }

  /** Steps, the one that failed included. */
  get length(): number {
    return this.#steps.length;
  }

  /** The slot of a step. */
  slot(step: number): number {
    return this.recorder.slotAt(this.#steps[step]);
  }

  /** The frame a step runs in. */
  frame(step: number): number {
    return this.recorder.frameAt(this.#steps[step]);
  }

  /** The instruction at a slot. */
  insnAt(slot: number): Insn {
    return this.env.program.code.insns[this.env.cols.position[slot]];
  }

  /** The instruction of a step. */
  insn(step: number): Insn {
    return this.insnAt(this.slot(step));
  }

  /** What a register of a step's frame (or of another) held before the step; undefined if it is not known. */
  value(step: number, reg: number, frame: number = this.frame(step)): Value | undefined {
    if (step < 0 || step >= this.length) return undefined;
    const found = this.recorder.copyReg(this.#steps[step], { frame, reg }, SCRATCH);
    return found ? valueAt(this.env, SCRATCH, frame) : undefined;
  }

  /** Where a slot is. */
  place(slot: number): Place {
    const { env } = this, source = env.program.code.origins[env.cols.position[slot]]?.position;
    const text = this.#named(slot) ?? insnText(env, slot).replace(/^\([0-9a-f]{2}\) /, "");
    return { insn: slot, text, ...(source === undefined ? {} : { source }) };
  }

  /** A load of an address by what is there; undefined for other instructions. */
  #named(slot: number): string | undefined {
    const insn = this.insnAt(slot), { maps, program } = this.env;
    if (insn.kind !== "imm64") return undefined;
    switch (insn.value.kind) {
      case "const":
        return undefined;
      case "map":
        return `r${insn.dst} = map ${maps[insn.value.map]?.name ?? "?"}`;
      case "map_value":
        return `r${insn.dst} = &${maps[insn.value.map]?.name ?? "?"}[0] + ${insn.value.offset}`;
      case "kernel_var":
        return `r${insn.dst} = &${insn.value.name}`;
      case "func": {
        const { subprog } = insn.value;
        return `r${insn.dst} = &${program.subprogs.find((s) => s.id === subprog)?.name ?? "?"}()`;
      }
    }
  }

  /** Which way the branch at a step went; undefined at the path's end. */
  jumped(step: number): boolean | undefined {
    if (step + 1 >= this.length) return undefined;
    const slot = this.slot(step), next = this.slot(step + 1);
    return next === slot + 1 ? (this.env.target[slot] === next ? undefined : false) : true;
  }
}
