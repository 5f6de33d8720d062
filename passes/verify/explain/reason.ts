/**
 * What the explainers of the single kinds of rejection are given, and what they give.
 *
 * @module
 */
import type { Env } from "../env.ts";
import type { Demand, RejectionCode } from "../rejection.ts";
import { type Bound, type Event, type Origin, originOf } from "./origin.ts";
import type { Path } from "./path.ts";
import { isPointer, numberText, type Value } from "./value.ts";

/** A rejection and the path that led to it. */
export interface Case {
  readonly env: Env;
  readonly path: Path;
  readonly code: RejectionCode;
  /** The kernel's words. */
  readonly message: string;
  readonly demand: Demand | undefined;
  /** The step that was refused: the path's last. -1 if it was not for what one instruction does. */
  readonly step: number;
  /** The slot that was refused, -1 if none was. */
  readonly slot: number;
  /** The register at fault, -1 if there is none. */
  readonly reg: number;
  /** What it held. */
  readonly value: Value | undefined;
}

/** What is said about a rejection beyond the instruction and the kernel's words. */
export interface Reason {
  /** One sentence, without a full stop. */
  readonly summary: string;
  /** The register to show; the one at fault if absent, none if -1. */
  readonly reg?: number;
  /** The slot to show, if the rejection is not for what one instruction does on a path. */
  readonly slot?: number;
  /** Where its value came from, newest first. */
  readonly events?: readonly Event[];
  /** A bound that would have sufficed, if the remedy names one. */
  readonly bound?: Bound;
  /** Further sentences. */
  readonly notes?: readonly string[];
  /** What would have sufficed; the kind's usual remedy if absent. */
  readonly remedy?: string;
}

/** `1 byte`, `4 bytes`. */
export function bytes(n: number): string {
  return `${n} byte${n === 1 ? "" : "s"}`;
}

/** Where a step is, in words: the source line, or the instruction. */
export function placeWords(path: Path, step: number): string {
  if (step < 0) return "the beginning";
  const { source, insn } = path.place(path.slot(step));
  return source === undefined ? `insn ${insn}` : `line ${source.line} (insn ${insn})`;
}

/** The bound that would have sufficed, if one can be named. */
export function boundOf(path: Path, origin: Origin): Bound | undefined {
  const { bound } = origin;
  if (bound === undefined || bound.max < 0n) return undefined;
  const value = path.value(bound.step, bound.reg);
  // What holds already was not what was missing.
  return value !== undefined && value.umax <= bound.max ? undefined : bound;
}

/** A bound in words. */
export function boundWords(path: Path, bound: Bound): string {
  const max = numberText(bound.max), at = placeWords(path, bound.step);
  return `r${bound.reg} <= ${max} before ${at} would do: e.g. \`if (x > ${max}) return 0;\` on an unsigned x, that value`;
}

/** Branches that looked at another copy of the value, or at another read of the same memory: they say nothing about this one. */
export function otherChecks(path: Path, query: { readonly step: number; readonly reg: number }): string[] {
  const mine = originOf(path, query);
  if (mine.root === undefined || mine.root < 0) return [];
  const seen = new Set(mine.events.map((event) => event.step)), notes: string[] = [];
  const branches: number[] = [];
  // A check of an earlier read of the same memory stands before the value began.
  for (let i = Math.max(0, mine.root - 100); i < query.step; i++) {
    if (path.insn(i).kind === "branch") branches.push(i);
  }
  for (const step of branches.slice(-40)) {
    const insn = path.insn(step);
    if (seen.has(step) || insn.kind !== "branch") continue;
    for (const reg of insn.right.kind === "reg" ? [insn.left, insn.right.reg] : [insn.left]) {
      const other = originOf(path, { step, reg });
      const how = other.root === mine.root ? difference(mine, other, step) : sameMemory(path, mine, other);
      if (how === undefined) continue;
      const { text } = path.place(path.slot(step));
      notes.push(`\`${text}\` at ${placeWords(path, step)} checks ${how}: it says nothing of r${query.reg}`);
    }
  }
  return notes.slice(-2);
}

/** How the value that was checked at a step differs from the one that was used; undefined if the check counted. */
function difference(mine: Origin, other: Origin, step: number): string | undefined {
  const of = (shape: Origin["shape"]): string =>
    shape.length === 0 ? "the value as it was read" : shape.map(({ how }) => how).reverse().join(", ");
  const extra = mine.shape.length - other.shape.length;
  const ancestor = extra >= 0 && other.shape.every((d, i) => d.step === mine.shape[extra + i].step);
  // A check of what the value was made from later is kept through what was done to it.
  if (ancestor && mine.shape.slice(0, extra).every((d) => d.step > step)) return undefined;
  return `another copy of the value (${of(other.shape)}; used: ${of(mine.shape)})`;
}

/** Whether two values were loaded from one place, one after the other. */
function sameMemory(path: Path, mine: Origin, other: Origin): string | undefined {
  if (mine.root === undefined || other.root === undefined || mine.root < 0 || other.root < 0) {
    return undefined;
  }
  const a = path.insn(mine.root), b = path.insn(other.root);
  if (a.kind !== "load" || b.kind !== "load" || a.offset !== b.offset || a.size !== b.size) return undefined;
  const x = path.value(mine.root, a.base), y = path.value(other.root, b.base);
  if (x === undefined || y === undefined || !isPointer(x) || x.text !== y.text) return undefined;
  return `what an earlier load (${
    placeWords(path, other.root)
  }) read from the same memory, which may have changed since`;
}
