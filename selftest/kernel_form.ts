/**
 * A rewritten program in the form in which the kernel lists it: with what Linux 6.18 on x86-64 puts in the place of instructions
 * that its own JIT does not take as they are (`do_misc_fixups`, kernel/bpf/verifier.c).
 *
 * Only for looking at: Inlay's back ends take the instructions themselves, and the sequences use the kernel's hidden register r11 and
 * its per-CPU addresses. What the kernel would rewrite and this does not raises `UnsupportedError`: a listing is never half right.
 *
 * @module
 */
import type { Columns } from "../ir/columns.ts";
import { columnsOf } from "../ir/columns.ts";
import { disasmSlot } from "../ir/disasm.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { ADDR_SPACE_CAST, CALL_KIND, CLASS, MODE, OPCODE, SRC_REG } from "../ir/opcodes.ts";
import type { Program } from "../ir/program.ts";
import { pointerKind } from "../passes/facts.ts";
import { hasRawContext } from "../passes/verify/context/raw_context.ts";
import type { EncodedInsn } from "./insn_pattern.ts";

/** An instruction on its way; `target` is the slot of the old program that it refers to, -1 for distances that are final. */
interface Slot extends EncodedInsn {
  readonly target: number;
}

/** `BPF_REG_AX`. */
const AX = 11;
const ALU = { ADD: 0x00, DIV: 0x30, NEG: 0x80, MOD: 0x90, XOR: 0xa0, MOV: 0xb0 } as const;
const JEQ = 0x10, JGT = 0x20, JNE = 0x50;
const LDX_W = 0x61, LDX_DW = 0x79;
/** The offset that marks a move as one of a per-CPU address (`BPF_ADDR_PERCPU`). */
const PERCPU = -1;

/** Helpers that become code of their own, which holds addresses of a running kernel: any number stands for them. */
const HELPER = { map_lookup_elem: 1, get_smp_processor_id: 8, jiffies64: 118 } as const;
/** Helpers whose rewriting depends on maps, functions attached to, or callbacks. */
const REWRITTEN_HELPERS: ReadonlyMap<number, string> = new Map([
  [HELPER.map_lookup_elem, "bpf_map_lookup_elem"],
  [2, "bpf_map_update_elem"],
  [3, "bpf_map_delete_elem"],
  [51, "bpf_redirect_map"],
  [87, "bpf_map_push_elem"],
  [88, "bpf_map_pop_elem"],
  [89, "bpf_map_peek_elem"],
  [107, "bpf_sk_storage_get"],
  [156, "bpf_task_storage_get"],
  [164, "bpf_for_each_map_elem"],
  [170, "bpf_timer_set_callback"],
  [173, "bpf_get_func_ip"],
  [176, "bpf_get_branch_snapshot"],
  [183, "bpf_get_func_arg"],
  [184, "bpf_get_func_ret"],
  [185, "bpf_get_func_arg_cnt"],
  [194, "bpf_kptr_xchg"],
  [195, "bpf_map_lookup_percpu_elem"],
  [210, "bpf_cgrp_storage_get"],
]);
/** Kernel functions that are handed types, offsets or the program besides what the program passes; or that make it longer. */
const REWRITTEN_KFUNCS: ReadonlySet<string> = new Set([
  "bpf_list_push_back_impl",
  "bpf_list_push_front_impl",
  "bpf_obj_drop_impl",
  "bpf_obj_new_impl",
  "bpf_percpu_obj_drop_impl",
  "bpf_percpu_obj_new_impl",
  "bpf_rbtree_add_impl",
  "bpf_refcount_acquire_impl",
  "bpf_stream_vprintk",
  "bpf_task_work_schedule_resume",
  "bpf_task_work_schedule_signal",
  "bpf_throw",
  "bpf_wq_set_callback_impl",
]);
/** Kernel functions that the verifier turns into a move. */
const CASTS: ReadonlySet<string> = new Set(["bpf_cast_to_kern_ctx", "bpf_rdonly_cast"]);

/**
 * The kernel's form of a program that went through all passes up to `nop-remove`.
 *
 * @throws {UnsupportedError} If the kernel rewrites an instruction in a way that is not known here.
 */
export function kernelForm(program: Program): readonly EncodedInsn[] {
  const columns = columnsOf(program);
  const parts: (readonly Slot[])[] = [];
  for (let slot = 0; slot < columns.count; slot++) {
    parts.push(rewrite(program, columns, slot));
    // The second half of a 16-byte load is no instruction.
    if (columns.code[slot] === OPCODE.LD_IMM64) parts.push([slotAt(columns, ++slot)]);
  }
  const starts = new Int32Array(parts.length + 1);
  for (let i = 0; i < parts.length; i++) starts[i + 1] = starts[i] + parts[i].length;
  return parts.flatMap((part, i) =>
    part.map((insn, j): EncodedInsn => {
      const { target, ...rest } = insn;
      return target < 0 ? rest : pointed(rest, starts[target] - starts[i] - j - 1);
    })
  );
}

/** The listing of {@linkcode kernelForm}, a line each, as the kernel's tests print it: `3: r0 = *(u32 *)(r0 +0)`. */
export function listing(insns: readonly EncodedInsn[]): string {
  const columns = {
    count: insns.length,
    code: Int32Array.from(insns, (insn) => insn.code),
    dst: Int32Array.from(insns, (insn) => insn.dst),
    src: Int32Array.from(insns, (insn) => insn.src),
    off: Int32Array.from(insns, (insn) => insn.off),
    imm: Int32Array.from(insns, (insn) => insn.imm),
  } as Columns;
  let text = "";
  for (let slot = 0; slot < insns.length; slot++) {
    // Without the opcode, and calls without the number.
    const body = disasmSlot(columns, slot).slice("(ff) ".length).replace(/^(call .*)#.*$/, "$1");
    text += `${slot}: ${body}\n`;
    if (insns[slot].code === OPCODE.LD_IMM64) slot++;
  }
  return text;
}

function slotAt(columns: Columns, slot: number): Slot {
  return {
    code: columns.code[slot],
    dst: columns.dst[slot],
    src: columns.src[slot],
    off: columns.off[slot],
    imm: columns.imm[slot],
    target: columns.target[slot],
  };
}

/** With the distance of a jump, call or function address. */
function pointed(insn: EncodedInsn, distance: number): EncodedInsn {
  const far = insn.code === OPCODE.GOTOL || insn.code === OPCODE.LD_IMM64 || insn.code === OPCODE.CALL;
  return far ? { ...insn, imm: distance } : { ...insn, off: distance };
}

function insn(code: number, fields: Partial<EncodedInsn> = {}): Slot {
  return { code, dst: 0, src: 0, off: 0, imm: 0, ...fields, target: -1 };
}

function rewrite(program: Program, columns: Columns, slot: number): readonly Slot[] {
  const self = slotAt(columns, slot);
  const kind = self.code & 7;
  switch (kind) {
    case CLASS.ALU:
    case CLASS.ALU64:
      if (self.code === OPCODE.MOV64_REG && self.off === ADDR_SPACE_CAST) {
        throw new UnsupportedError("rewritten instructions: addr_space_cast");
      }
      return divided(self);
    case CLASS.LD:
      if (self.code !== OPCODE.LD_IMM64) throw new UnsupportedError("rewritten instructions: packet loads");
      return [self];
    case CLASS.JMP:
      if (self.code === OPCODE.MAY_GOTO) throw new UnsupportedError("rewritten instructions: may_goto");
      return self.code === OPCODE.CALL ? called(program, columns, slot) : [self];
    case CLASS.LDX:
    case CLASS.ST:
    case CLASS.STX:
      refuseConverted(program, columns, slot);
      return [self];
    default:
      return [self];
  }
}

/** Structures that programs see are not the kernel's: accesses to them become others. */
function refuseConverted(program: Program, columns: Columns, slot: number): void {
  const through = program.get(pointerKind, program.code.ids[columns.position[slot]]);
  if (through === "sock" || through === "tcp_sock" || through === "xdp_sock") {
    throw new UnsupportedError("rewritten instructions: accesses to sockets");
  }
  if (through === "ctx" && !hasRawContext(program.attrs.type)) {
    throw new UnsupportedError("rewritten instructions: accesses to the context");
  }
  const mode = columns.code[slot] & 0xe0;
  if (mode === MODE.ATOMIC && through === "arena") {
    throw new UnsupportedError("rewritten instructions: atomics in arenas");
  }
}

/** Divisions by zero give 0 (or leave the dividend), the smallest number by -1 itself: x86 knows neither. */
function divided(self: Slot): readonly Slot[] {
  const op = self.code & 0xf0;
  if (op !== ALU.DIV && op !== ALU.MOD) return [self];
  const wide = (self.code & 7) === CLASS.ALU64,
    signed = self.off === 1,
    byRegister = (self.code & SRC_REG) !== 0;
  const alu = wide ? CLASS.ALU64 : CLASS.ALU, jump = wide ? CLASS.JMP : CLASS.JMP32;
  const { dst, src } = self;
  const skip = insn(OPCODE.GOTO, { off: 1 });
  if (!byRegister) {
    if (!signed || self.imm !== -1) return [self];
    return [op === ALU.DIV ? insn(alu | ALU.NEG, { dst }) : insn(CLASS.ALU | ALU.MOV, { dst })];
  }
  const same = insn(CLASS.ALU | ALU.MOV | SRC_REG, { dst, src: dst });
  if (!signed) {
    if (op === ALU.DIV) {
      const zero = insn(CLASS.ALU | ALU.XOR | SRC_REG, { dst, src: dst });
      return [insn(jump | JNE, { dst: src, off: 2 }), zero, skip, self];
    }
    const guard = insn(jump | JEQ, { dst: src, off: wide ? 1 : 2 });
    return wide ? [guard, self] : [guard, self, skip, same];
  }
  const ax = [
    insn(OPCODE.MOV64_REG, { dst: AX, src }),
    insn(alu | ALU.ADD, { dst: AX, imm: 1 }),
  ];
  const clear = insn(CLASS.ALU | ALU.MOV, { dst });
  if (op === ALU.DIV) {
    return [
      ...ax,
      insn(jump | JGT, { dst: AX, off: 4, imm: 1 }),
      insn(jump | JEQ, { dst: AX, off: 1, imm: 0 }),
      insn(alu | ALU.MOV, { dst }),
      insn(alu | ALU.NEG, { dst }),
      skip,
      self,
    ];
  }
  return [
    ...ax,
    insn(jump | JGT, { dst: AX, off: 3, imm: 1 }),
    insn(jump | JEQ, { dst: AX, off: wide ? 3 : 4, imm: 1 }),
    clear,
    skip,
    self,
    ...wide ? [] : [skip, same],
  ];
}

function called(program: Program, columns: Columns, slot: number): readonly Slot[] {
  const self = slotAt(columns, slot);
  switch (self.src) {
    case CALL_KIND.SUBPROG:
      return [self];
    case CALL_KIND.KFUNC: {
      const called = program.code.insns[columns.position[slot]];
      const name = called.kind === "call" && called.callee.kind === "kfunc" ? called.callee.func.name : "";
      if (REWRITTEN_KFUNCS.has(name)) throw new UnsupportedError(`rewritten instructions: calls of ${name}`);
      return CASTS.has(name) ? [insn(OPCODE.MOV64_REG, { dst: 0, src: 1 })] : [self];
    }
  }
  switch (self.imm) {
    case HELPER.get_smp_processor_id:
      return [
        insn(CLASS.ALU64 | ALU.MOV),
        insn(OPCODE.MOV64_REG, { off: PERCPU }),
        insn(LDX_W),
      ];
    case HELPER.jiffies64:
      return [insn(OPCODE.LD_IMM64), insn(0), insn(LDX_DW)];
  }
  const name = REWRITTEN_HELPERS.get(self.imm);
  if (name !== undefined) throw new UnsupportedError(`rewritten instructions: calls of ${name}`);
  return [{ ...self, imm: HELPER_DISTANCE }];
}

/** The kernel puts a function's distance in memory there; like any of those it is no helper's number. */
const HELPER_DISTANCE = 0x10000;
