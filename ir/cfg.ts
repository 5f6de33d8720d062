/**
 * Where control goes: per slot for the analyses that work on instructions, and as basic blocks.
 *
 * Calls return: a bpf2bpf call, a callback's address and a helper all lead to the next instruction only, so every
 * subprogram has a graph of its own. Falling off a subprogram's end is no edge. Raw slots flow by their opcode, as the
 * kernel's first checks see them before it refuses their fields.
 *
 * @module
 */
import { words } from "./words.ts";
import type { Columns } from "./columns.ts";
import { CLASS, JUMP, OPCODE } from "./opcodes.ts";

const FALLS = 1, JUMPS = 2;

/** By opcode byte: whether control can go on to the next instruction, and whether it can go to the target. */
const FLOW: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const kind = code & 7, op = code & 0xf0;
  if (kind !== CLASS.JMP && kind !== CLASS.JMP32) return FALLS;
  if (op === JUMP.CALL) return FALLS;
  if (op === JUMP.EXIT) return 0;
  return op === JUMP.JA ? JUMPS : FALLS | JUMPS;
});

/**
 * The slot that follows the instruction at a slot if control falls through, or -1 if it cannot or would leave the
 * subprogram.
 */
export function fallSlot(columns: Columns, slot: number): number {
  if ((FLOW[columns.code[slot]] & FALLS) === 0) return -1;
  const next = slot + slotsAt(columns, slot);
  return next < columns.subprogStart[columns.subprogOf[slot] + 1] ? next : -1;
}

/** The slot that the jump, branch or may_goto at a slot can lead to, or -1. */
export function jumpSlot(columns: Columns, slot: number): number {
  return (FLOW[columns.code[slot]] & JUMPS) === 0 ? -1 : columns.target[slot];
}

/** How many slots the instruction that begins at a slot takes. */
export function slotsAt(columns: Columns, slot: number): 1 | 2 {
  return columns.code[slot] === OPCODE.LD_IMM64 && columns.position[slot + 1] === columns.position[slot]
    ? 2
    : 1;
}

/** Basic blocks of all subprograms, in layout order. Blocks and slots are numbers; -1 is none. */
export interface Cfg {
  /** What it was computed from. */
  readonly columns: Columns;
  /** By block: its first slot, with the count of slots behind the last. */
  readonly start: Int32Array;
  /** By block: the slot where its last instruction begins. */
  readonly last: Int32Array;
  /** By slot: its block. */
  readonly blockOf: Int32Array;
  /** By block: the block it falls through to. */
  readonly fall: Int32Array;
  /** By block: the block it jumps to. */
  readonly jump: Int32Array;
  /** By block: where its predecessors begin in `preds`, with their number behind the last. */
  readonly predStart: Int32Array;
  /** Predecessors of all blocks. A block that falls and jumps to the same block is there twice. */
  readonly preds: Int32Array;
  /** By subprogram in layout order: its first block, with the count of blocks behind the last. */
  readonly subprogBlock: Int32Array;
  /**
   * The blocks that their subprogram's entry reaches, each after its successors but for back edges; subprogram by
   * subprogram.
   */
  readonly postorder: Int32Array;
  /** By block: 1 if its subprogram's entry reaches it. */
  readonly reachable: Int32Array;
}

const memo = new WeakMap<Columns, Cfg>();

/**
 * The control flow graph. Computed once per columns.
 *
 * @example
 * ```ts
 * import { cfgOf } from "./cfg.ts";
 * import { columnsOf } from "./columns.ts";
 * import { parseText } from "./parse_text.ts";
 * const [program] = parseText("func main:\n  if r1 == 0 goto L\n  r1 = 0\nL:\n  exit\n").programs;
 * cfgOf(columnsOf(program)).start; // 0, 1, 2 and 3
 * ```
 */
export function cfgOf(columns: Columns): Cfg {
  let cfg = memo.get(columns);
  if (cfg === undefined) {
    cfg = buildCfg(columns);
    memo.set(columns, cfg);
  }
  return cfg;
}

function buildCfg(columns: Columns): Cfg {
  const { count, subprogStart } = columns;
  const leads = words(count + 1);
  for (let i = 0; i < subprogStart.length; i++) leads[subprogStart[i]] = 1;
  for (let slot = 0; slot < count; slot += slotsAt(columns, slot)) {
    if (FLOW[columns.code[slot]] === FALLS) continue;
    const target = jumpSlot(columns, slot);
    if (target >= 0) leads[target] = 1;
    leads[slot + 1] = 1;
  }
  let blocks = 0;
  for (let slot = 0; slot < count; slot++) blocks += leads[slot];
  const start = words(blocks + 1);
  const last = words(blocks);
  const blockOf = words(count);
  for (let slot = 0, block = -1; slot < count; slot++) {
    if (leads[slot]) start[++block] = slot;
    blockOf[slot] = block;
  }
  start[blocks] = count;
  for (let slot = 0; slot < count; slot += slotsAt(columns, slot)) last[blockOf[slot]] = slot;

  const fall = words(blocks).fill(-1);
  const jump = words(blocks).fill(-1);
  const predStart = words(blocks + 1);
  for (let block = 0; block < blocks; block++) {
    const next = fallSlot(columns, last[block]), target = jumpSlot(columns, last[block]);
    if (next >= 0) predStart[(fall[block] = blockOf[next]) + 1]++;
    if (target >= 0) predStart[(jump[block] = blockOf[target]) + 1]++;
  }
  for (let block = 0; block < blocks; block++) predStart[block + 1] += predStart[block];
  const preds = words(predStart[blocks]);
  const used = words(predStart.length);
  used.set(predStart);
  for (let block = 0; block < blocks; block++) {
    if (fall[block] >= 0) preds[used[fall[block]]++] = block;
    if (jump[block] >= 0) preds[used[jump[block]]++] = block;
  }

  const subprogBlock = words(subprogStart.length);
  for (let i = 0; i < subprogStart.length; i++) {
    subprogBlock[i] = subprogStart[i] < count ? blockOf[subprogStart[i]] : blocks;
  }
  const reachable = words(blocks);
  const postorder = visit({ fall, jump, subprogBlock, reachable });
  return { columns, start, last, blockOf, fall, jump, predStart, preds, subprogBlock, postorder, reachable };
}

/** Depth first from every entry; fills `reachable` and returns the postorder. */
function visit(graph: Pick<Cfg, "fall" | "jump" | "subprogBlock" | "reachable">): Int32Array {
  const { fall, jump, subprogBlock, reachable } = graph;
  const order = words(fall.length);
  const stack = words(fall.length);
  /** By block: how many of its two edges were followed. */
  const followed = words(fall.length);
  let visited = 0;
  for (let i = 0; i + 1 < subprogBlock.length; i++) {
    if (reachable[subprogBlock[i]]) continue;
    let depth = 0;
    stack[depth++] = subprogBlock[i];
    reachable[subprogBlock[i]] = 1;
    while (depth > 0) {
      const block = stack[depth - 1];
      const edge = followed[block]++;
      if (edge === 2) {
        order[visited++] = block;
        depth--;
        continue;
      }
      const next = edge === 0 ? fall[block] : jump[block];
      if (next >= 0 && !reachable[next]) {
        reachable[next] = 1;
        stack[depth++] = next;
      }
    }
  }
  return order.subarray(0, visited);
}
