/**
 * How a comparison turns out, where what was compared before on every path says so.
 *
 * A block with one way in, over an edge of a branch, knows how that branch turned out, and so do all blocks it dominates. Comparisons of the same
 * two values answer each other; unsigned comparisons with constants narrow an interval.
 *
 * @module
 */
import type { BranchOp } from "../../ir/insn.ts";
import { compare } from "../../ir/interpret.ts";
import type { Propagation } from "./propagate.ts";

/** A comparison of two values. */
export interface Comparison {
  readonly op: BranchOp;
  readonly width: 32 | 64;
  readonly left: number;
  readonly right: number;
}

/** An edge of the graph. */
export interface Edge {
  readonly from: number;
  /** By `jump` rather than by `next`. */
  readonly jumps: boolean;
}

/** Dominators to look at: facts far above are rarely what is asked for. */
const MAX_STEPS = 64;

/** By operator: its opposite. `set` has none. */
export const OPPOSITE: Readonly<Record<Exclude<BranchOp, "set">, Exclude<BranchOp, "set">>> = {
  eq: "ne",
  ne: "eq",
  gt: "le",
  le: "gt",
  ge: "lt",
  lt: "ge",
  sgt: "sle",
  sle: "sgt",
  sge: "slt",
  slt: "sge",
};

/** By operator: the one with the operands exchanged. */
export const MIRRORED: Readonly<Record<BranchOp, BranchOp>> = {
  eq: "eq",
  ne: "ne",
  gt: "lt",
  lt: "gt",
  ge: "le",
  le: "ge",
  sgt: "slt",
  slt: "sgt",
  sge: "sle",
  sle: "sge",
  set: "set",
};

/** Whether the comparison, made in a block or on an edge, is true; undefined if that is not known. */
export function decide(
  propagation: Propagation,
  comparison: Comparison,
  where: { readonly block: number } | Edge,
): boolean | undefined {
  const { values } = propagation;
  let { op, left, right } = comparison;
  const { width } = comparison;
  if (values.constantOf(left) !== undefined && values.constantOf(right) === undefined) {
    [left, right] = [right, left];
    op = MIRRORED[op];
  }
  const x = values.constantOf(left), y = values.constantOf(right);
  if (x !== undefined && y !== undefined) return compare(op, width, x, y);
  if (left === right && op !== "set") return compare(op, width, 0n, 0n);
  const whole = width === 64 || values.bitsOf(left) <= 32;
  const range = { low: 0n, high: (1n << BigInt(values.bitsOf(left))) - 1n };
  const bound = y === undefined ? undefined : BigInt.asUintN(width, y);

  const learn = (edge: Edge): boolean | undefined => {
    const known = comparisonOn(propagation, edge);
    if (known === undefined) return undefined;
    if (known.width === width) {
      if (known.left === left && known.right === right) {
        const answer = implied(known.op, op);
        if (answer !== undefined) return answer;
      }
      if (known.left === right && known.right === left) {
        const answer = implied(MIRRORED[known.op], op);
        if (answer !== undefined) return answer;
      }
    }
    if (bound === undefined || !whole || known.left !== left) return undefined;
    const limit = values.constantOf(known.right);
    if (limit === undefined || known.width === 32 && values.bitsOf(left) > 32) return undefined;
    tighten(range, known.op, BigInt.asUintN(known.width, limit));
    return inRange(range, op, bound);
  };

  let block: number;
  if ("block" in where) block = where.block;
  else {
    const answer = learn(where);
    if (answer !== undefined) return answer;
    block = where.from;
  }
  if (bound !== undefined && whole) {
    const answer = inRange(range, op, bound);
    if (answer !== undefined) return answer;
  }
  const { order, idom } = propagation;
  for (let steps = 0; block >= 0 && steps < MAX_STEPS; steps++) {
    if (order.predStart[block + 1] - order.predStart[block] === 1) {
      const from = order.preds[order.predStart[block]];
      const answer = learn({ from, jumps: propagation.graph.blocks[from].jump === block });
      if (answer !== undefined) return answer;
    }
    block = idom[block];
  }
  return undefined;
}

/** What is known to hold on an edge; undefined if nothing. */
function comparisonOn(propagation: Propagation, edge: Edge): Comparison | undefined {
  const { end, next, jump } = propagation.graph.blocks[edge.from];
  if (end?.insn.kind !== "branch" || next === jump) return undefined;
  const { left, right } = propagation.compared(edge.from);
  let { op } = end.insn;
  if (!edge.jumps) {
    if (op === "set") return undefined;
    op = OPPOSITE[op];
  }
  return { op, width: end.insn.width, left, right };
}

/** Whether what holds for two values (`known`) answers another comparison of the same two. */
function implied(known: BranchOp, asked: BranchOp): boolean | undefined {
  if (known === asked) return true;
  if (known !== "set" && OPPOSITE[known] === asked) return false;
  switch (known) {
    case "eq":
      return asked === "set" ? undefined : compare(asked, 64, 0n, 0n);
    case "gt":
    case "lt":
    case "sgt":
    case "slt":
      if (asked === "ne") return true;
      if (asked === "eq") return false;
      if (asked === (known === "gt" ? "ge" : known === "lt" ? "le" : known === "sgt" ? "sge" : "sle")) {
        return true;
      }
      return asked === MIRRORED[known] ? false : undefined;
    default:
      return undefined;
  }
}

interface Range {
  low: bigint;
  high: bigint;
}

function tighten(range: Range, op: BranchOp, limit: bigint): void {
  switch (op) {
    case "eq":
      range.low = range.high = limit;
      return;
    case "ne":
      if (range.low === limit) range.low++;
      else if (range.high === limit) range.high--;
      return;
    case "gt":
      if (limit + 1n > range.low) range.low = limit + 1n;
      return;
    case "ge":
      if (limit > range.low) range.low = limit;
      return;
    case "lt":
      if (limit - 1n < range.high) range.high = limit - 1n;
      return;
    case "le":
      if (limit < range.high) range.high = limit;
      return;
    case "sgt":
    case "sge":
    case "slt":
    case "sle":
    case "set":
      return;
  }
}

/** An empty range, on a path that is never taken, answers anything. */
function inRange(range: Range, op: BranchOp, bound: bigint): boolean | undefined {
  const { low, high } = range;
  switch (op) {
    case "eq":
      return low === bound && high === bound ? true : bound < low || bound > high ? false : undefined;
    case "ne":
      return low === bound && high === bound ? false : bound < low || bound > high ? true : undefined;
    case "gt":
      return low > bound ? true : high <= bound ? false : undefined;
    case "ge":
      return low >= bound ? true : high < bound ? false : undefined;
    case "lt":
      return high < bound ? true : low >= bound ? false : undefined;
    case "le":
      return high <= bound ? true : low > bound ? false : undefined;
    case "sgt":
    case "sge":
    case "slt":
    case "sle":
    case "set":
      return undefined;
  }
}
