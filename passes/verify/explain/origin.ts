/**
 * Where a register's value came from: the path is walked backwards from where the value was refused, through copies, spills,
 * arithmetic and the branches that narrowed it, to the load, call or constant that it began as. It is the way that precision takes,
 * with words.
 *
 * On the way a bound that the value must keep is carried back through the arithmetic, to say what would have sufficed at the
 * beginning.
 *
 * @module
 */
import type { Insn } from "../../../ir/insn.ts";
import { PTR_TO_CTX, PTR_TO_STACK } from "../states/layout.ts";
import type { Path } from "./path.ts";
import { isPointer, isScalar, numberText, type Value } from "./value.ts";

/** A place on the way. */
export interface Event {
  /** The step on the path; -1 for the entry. */
  readonly step: number;
  /** `source`: where the value began; `change`: arithmetic or a copy that changed it; `check`: a branch that narrowed it; `lost`: what made it useless. */
  readonly kind: "source" | "change" | "check" | "lost";
  /** What happened, in words that follow the instruction's place. */
  readonly says: string;
}

/** A step that made the value differ from what it began as, e.g. `a 32-bit copy`, `+4`. */
export interface Difference {
  readonly step: number;
  readonly how: string;
}

/** What was found. */
export interface Origin {
  /** Newest first. */
  readonly events: readonly Event[];
  /** The step that made the value; -1 if it was there at the entry, undefined if that is not known. */
  readonly root: number | undefined;
  /** How the value differs from its root, newest first. */
  readonly shape: readonly Difference[];
  /** The number added to a pointer, if the value is a pointer to which one was: the step of the addition and the register. */
  readonly index: { readonly step: number; readonly reg: number; readonly known: boolean } | undefined;
  /** Where the bound that was asked for holds: before this step the register must be at most `max`. */
  readonly bound: Bound | undefined;
}

/** A bound on a register before a step. */
export interface Bound {
  readonly step: number;
  readonly reg: number;
  readonly max: bigint;
}

/** What to look for. */
export interface OriginQuery {
  /** Before this step. */
  readonly step: number;
  readonly reg: number;
  /** What the number must not exceed, to be carried back. */
  readonly max?: bigint;
}

/** Bytes of the stack. */
interface StackPlace {
  readonly frame: number;
  readonly off: number;
  readonly size: number;
}

class Search {
  readonly path: Path;
  readonly events: Event[] = [];
  readonly shape: Difference[] = [];
  index: Origin["index"];
  bound: Bound | undefined;
  root: number | undefined;
  done = false;
  frame: number;
  reg: number;
  place: StackPlace | undefined;
  /** The frame's next step on the path. */
  later: number;

  constructor(path: Path, query: OriginQuery) {
    this.path = path;
    this.later = query.step;
    this.frame = path.frame(query.step);
    this.reg = query.reg;
    if (query.max !== undefined) this.bound = { step: query.step, reg: query.reg, max: query.max };
  }

  /** The value is followed into a register of a frame that the step runs in. */
  follow(frame: number, reg: number, step: number): void {
    this.later = step;
    this.frame = frame;
    this.reg = reg;
    this.place = undefined;
  }

  event(step: number, kind: Event["kind"], says: string): void {
    this.events.push({ step, kind, says });
  }

  source(step: number, says: string): void {
    this.event(step, "source", says);
    this.root = step;
    this.done = true;
  }
}

/** Follows a value back. */
export function originOf(path: Path, query: OriginQuery): Origin {
  const search = new Search(path, query);
  for (let i = query.step - 1; i >= 0 && !search.done; i--) {
    if (search.place === undefined) registerStep(search, i);
    else slotStep(search, i, search.place);
  }
  if (!search.done) atEntry(search);
  const { events, root, shape, index, bound } = search;
  return { events, root, shape, index, bound };
}

function atEntry(search: Search): void {
  const { path } = search;
  if (path.recorder.truncated) return;
  search.root = -1;
  const value = path.value(0, search.reg, search.frame);
  // Everybody has a frame pointer.
  if (search.reg === 10 && search.place === undefined) return;
  if (search.place !== undefined) {
    search.event(-1, "source", "never written on this path");
  } else if (value === undefined || value.text === "nothing") {
    search.event(-1, "source", `r${search.reg} is never set on this path`);
  } else if (value !== undefined && isPointer(value)) {
    const first = path.length > 0 ? path.env.cols.subprogOf[path.slot(0)] : 0;
    const name = path.env.program.subprogs[first].name;
    search.event(
      -1,
      "source",
      first === 0 ? `given to the program: ${value.words}` : `argument of ${name}()`,
    );
  } else if (value !== undefined && isScalar(value)) {
    search.event(-1, "source", `argument r${search.reg} of the function: ${value.words}`);
  }
}

function registerStep(search: Search, i: number): void {
  const { path, frame, reg } = search, at = path.frame(i);
  const next = i + 1 < path.length ? path.frame(i + 1) : at;
  if (at === frame) {
    const { later } = search;
    search.later = i;
    ownStep(search, i, path.value(i, reg, frame), path.value(later, reg, frame));
    return;
  }
  if (at === frame - 1 && next === frame) return entersFrame(search, i);
  if (at === frame + 1 && next === frame && reg === 0 && path.insn(i).kind === "exit") {
    search.follow(at, 0, i);
  }
}

function entersFrame(search: Search, i: number): void {
  const { path, reg } = search, insn = path.insn(i);
  if (reg < 1 || reg > 5) {
    search.root = i;
    search.done = true;
    return;
  }
  if (insn.kind === "call" && insn.callee.kind === "subprog") {
    search.follow(search.frame - 1, reg, i);
    return;
  }
  search.source(i, `argument ${reg} of the callback that ${callName(path, i)} calls`);
}

/** The name of what a call calls. */
export function callName(path: Path, step: number): string {
  return calleeName(path, path.insn(step));
}

/** The name of what an instruction calls; empty if it calls nothing. */
export function calleeName(path: Path, insn: Insn): string {
  if (insn.kind !== "call") return "";
  const { callee } = insn, { env } = path;
  switch (callee.kind) {
    case "helper":
      return `bpf_${env.profile.helper(callee.id)?.name ?? `helper ${callee.id}`}`;
    case "kfunc":
      return callee.func.name;
    case "subprog":
      return env.program.subprogs.find((s) => s.id === callee.subprog)?.name ?? "a function";
  }
}

function ownStep(search: Search, i: number, before: Value | undefined, after: Value | undefined): void {
  const { path, reg } = search, insn = path.insn(i);
  switch (insn.kind) {
    case "alu":
      if (insn.dst === reg) return aluStep(search, i, insn);
      break;
    case "load":
      if (insn.dst === reg) return loadStep(search, i, insn, after);
      break;
    case "imm64":
      if (insn.dst === reg) return search.source(i, after === undefined ? "a constant" : after.words);
      break;
    case "addr_space_cast":
      if (insn.dst === reg) return search.follow(search.frame, insn.src, i);
      break;
    case "atomic":
      if (insn.fetch && (insn.op === "cmpxchg" ? reg === 0 : reg === insn.src)) {
        return search.source(i, "what the memory held before");
      }
      if (insn.op === "load_acq" && reg === insn.src) return search.source(i, "loaded from memory");
      break;
    case "ldabs":
      if (reg === 0) return search.source(i, `loaded from the packet: ${after?.words ?? "a number"}`);
      break;
    case "call":
      if (reg === 0) {
        // What a function of the program returned is its own r0, which the steps before this one have led to.
        return search.source(i, callResult(path, i, after));
      }
      if (reg <= 5 && (after === undefined || after.text === "nothing")) {
        search.event(
          i,
          "lost",
          `the call of ${callName(path, i)} takes r1 to r5: r${reg} holds nothing after it`,
        );
        search.root = i;
        search.done = true;
        return;
      }
      break;
    default:
  }
  noteChange(search, i, before, after);
}

function callResult(path: Path, step: number, after: Value | undefined): string {
  return `the result of ${callName(path, step)}${after === undefined ? "" : `: ${after.words}`}`;
}

/** What an instruction that does not write the register changed in what is known of it. */
function noteChange(search: Search, i: number, before: Value | undefined, after: Value | undefined): void {
  if (before === undefined || after === undefined || before.words === after.words) return;
  const { path, reg } = search, insn = path.insn(i);
  if (after.text === "nothing") {
    search.event(i, "lost", `this takes r${reg}, which holds nothing after it`);
    search.root = i;
    search.done = true;
    return;
  }
  if (insn.kind === "branch") {
    const way = path.jumped(i) === false ? "not taken" : "taken";
    const signed = /^s[gl]/.test(insn.op) && isScalar(after) && (after.smin < 0n || insn.width === 32);
    const narrow = insn.width === 32 && after.umax > 0xffff_ffffn;
    const hint = signed
      ? " (the comparison is signed: negative numbers pass it)"
      : narrow
      ? " (it compares the low 32 bits only)"
      : "";
    search.event(i, "check", `${way}: r${reg} is ${after.words}${hint}`);
  } else if (isScalar(before) && isScalar(after) && (insn.kind === "call" || insn.kind === "may_goto")) {
    search.event(
      i,
      "change",
      `from round to round it changes, so it is taken for ${after.words} (it was ${before.words})`,
    );
  } else if (isPointer(before) && !isPointer(after)) {
    const by = insn.kind === "call"
      ? `${callName(path, i)} made it void`
      : insn.kind === "store"
      ? "the object it was made from was overwritten"
      : "it became void";
    search.event(i, "lost", `${by}: r${reg} was ${before.words}, now it is ${after.words}`);
    search.root = i;
    search.done = true;
  }
}

const WIDTH: Readonly<Record<string, number>> = { movsx8: 8, movsx16: 16, movsx32: 32 };

function aluStep(search: Search, i: number, insn: Insn & { kind: "alu" }): void {
  const { path, frame } = search, { src, op, dst } = insn;
  const before = path.value(i, dst, frame), after = path.value(i + 1, dst, frame);
  const result = after === undefined ? "" : `: ${after.words}`;
  if (op === "mov") {
    if (src.kind === "imm") return search.source(i, `the number ${src.imm}`);
    const from = path.value(i, src.reg, frame);
    if (insn.width === 32) {
      search.shape.push({ step: i, how: "a 32-bit copy" });
      if (from !== undefined && from.words !== after?.words) {
        search.event(i, "change", `cut to 32 bits${result}`);
      }
    }
    return search.follow(frame, src.reg, i);
  }
  if (op in WIDTH && src.kind === "reg") {
    search.shape.push({ step: i, how: `sign-extended from ${WIDTH[op]} bits` });
    search.event(i, "change", `sign-extended from ${WIDTH[op]} bits${result}`);
    search.bound = undefined;
    return search.follow(frame, src.reg, i);
  }
  if (src.kind === "imm") {
    search.event(i, "change", `${changeWords(insn)}${result}`);
    search.shape.push({ step: i, how: changeWords(insn) });
    // Copies leave it where it is: as late as it can be, in case a loop changes what was copied.
    carryBound(search, op, BigInt(src.imm));
    if (search.bound !== undefined) search.bound = { ...search.bound, step: i, reg: dst };
    // `x & 0`, `x * 0` and `x ^ x` begin a value anew.
    if ((op === "and" || op === "mul") && src.imm === 0) {
      search.root = i;
      search.done = true;
      return;
    }
    return search.follow(frame, dst, i);
  }
  registerOperand(search, i, insn, { before, operand: path.value(i, src.reg, frame), result });
}

/** What arithmetic with a constant does, in words. */
function changeWords(insn: Insn & { kind: "alu" }): string {
  const { op, src } = insn, width = insn.width === 32 ? " in 32 bits" : "";
  if (src.kind !== "imm") return op;
  const n = numberText(BigInt(src.imm));
  switch (op) {
    case "add":
      return src.imm < 0 ? `${n}${width}` : `+${n}${width}`;
    case "sub":
      return `-${n}${width}`;
    case "mul":
      return `times ${n}${width}`;
    case "div":
    case "sdiv":
      return `divided by ${n}${width}`;
    case "mod":
    case "smod":
      return `remainder by ${n}${width}`;
    case "and":
      return `& 0x${(src.imm >>> 0).toString(16)}${width}`;
    case "or":
      return `| 0x${(src.imm >>> 0).toString(16)}${width}`;
    case "xor":
      return `^ 0x${(src.imm >>> 0).toString(16)}${width}`;
    case "lsh":
      return `<< ${n}${width}`;
    case "rsh":
      return `>> ${n}${width}`;
    case "arsh":
      return `>> ${n} (signed)${width}`;
    default:
      return `${op}${width}`;
  }
}

/** `max` after the operation means what before it? */
function carryBound(search: Search, op: string, n: bigint): void {
  const { bound } = search;
  if (bound === undefined) return;
  const max = (): bigint | undefined => {
    switch (op) {
      case "add":
        return bound.max - n;
      case "sub":
        return bound.max + n;
      case "mul":
        return n > 0n ? bound.max / n : undefined;
      case "div":
        return n > 0n ? bound.max * n + (n - 1n) : undefined;
      case "lsh":
        return bound.max >> n;
      case "rsh":
      case "arsh":
        return (bound.max << n) | ((1n << n) - 1n);
      default:
        // A mask or remainder is where a bound is made: it stays in terms of what comes out.
        return undefined;
    }
  };
  const carried = bound.max < 0n ? undefined : max();
  search.bound = carried === undefined || carried < 0n ? undefined : { ...bound, max: carried };
}

function registerOperand(
  search: Search,
  i: number,
  insn: Insn & { kind: "alu" },
  values: { before: Value | undefined; operand: Value | undefined; result: string },
): void {
  const { before, operand, result } = values, { frame } = search, { op, dst, src } = insn;
  if (src.kind !== "reg") return;
  const swapped = before !== undefined && operand !== undefined && isScalar(before) && isPointer(operand);
  const [pointer, number] = swapped ? [operand, before] : [before, operand];
  if (pointer !== undefined && number !== undefined && isPointer(pointer) && isScalar(number)) {
    const numberReg = swapped ? dst : src.reg, pointerReg = swapped ? src.reg : dst;
    const sign = op === "sub" ? "minus" : "plus";
    search.event(i, "change", `${sign} r${numberReg}, which is ${number.words}`);
    // What varies says more than a constant, and what was added last more than what was added first.
    if (search.index === undefined || (!number.known && search.index.known)) {
      search.index = { step: i, reg: numberReg, known: number.known };
    }
    search.bound = undefined;
    search.follow(frame, pointerReg, i);
    return;
  }
  if (op === "xor" && src.reg === dst) return search.source(i, "the number 0");
  const other = operand === undefined ? "" : ` with r${src.reg}, which is ${operand.words}`;
  search.event(i, "change", `${op}${other}${result}`);
  search.shape.push({ step: i, how: op });
  search.bound = undefined;
  // What is wider decides; a constant on the left means the right is what varies.
  const right = before !== undefined && before.known && operand !== undefined && !operand.known;
  search.follow(frame, right ? src.reg : dst, i);
}

/** What memory a load reads, in words. */
export function memoryWords(path: Path, step: number, insn: Insn & { kind: "load" }): string {
  const base = path.value(step, insn.base);
  if (base === undefined) return `${insn.size} bytes of memory`;
  const what = base.words.replace(/^a pointer to /, "").replace(/,.*$/, "");
  const off = base.off + insn.offset;
  const field = base.base === PTR_TO_CTX ? contextField(path, off) : "";
  return `${insn.size} byte${insn.size === 1 ? "" : "s"} of ${what}${
    field !== "" ? `, ${field}` : ` at offset ${off}`
  }`;
}

function contextField(path: Path, off: number): string {
  const { rules, attachType } = path.env;
  const field = rules.fields.find((f) =>
    off >= f.offset && off < f.offset + f.size && (f.attachTypes?.includes(attachType) ?? true)
  );
  return field === undefined ? "" : `field ${field.name}`;
}

/** The stack bytes a register points to, if that is one place. */
export function stackPlace(value: Value | undefined, offset: number, size: number): StackPlace | undefined {
  if (value === undefined || value.type !== PTR_TO_STACK || !value.known) return undefined;
  return { frame: value.frame, off: value.off + Number(value.smin) + offset, size };
}

function loadStep(search: Search, i: number, insn: Insn & { kind: "load" }, after: Value | undefined): void {
  const { path } = search, base = path.value(i, insn.base);
  const place = stackPlace(base, insn.offset, insn.size);
  if (place !== undefined) {
    if (insn.size < 8) search.shape.push({ step: i, how: `reloaded in ${insn.size * 8} bits` });
    if (insn.signed) search.shape.push({ step: i, how: "sign-extended" });
    search.place = place;
    return;
  }
  const signed = insn.signed ? ", sign-extended" : "";
  search.source(
    i,
    `loaded${signed}: ${memoryWords(path, i, insn)}${after === undefined ? "" : `: ${after.words}`}`,
  );
}

function overlaps(a: StackPlace, b: StackPlace): boolean {
  return a.frame === b.frame && a.off < b.off + b.size && b.off < a.off + a.size;
}

function slotStep(search: Search, i: number, place: StackPlace): void {
  const { path } = search, insn = path.insn(i), frame = path.frame(i);
  if (insn.kind === "store") {
    const base = path.value(i, insn.base), to = stackPlace(base, insn.offset, insn.size);
    if (to === undefined) {
      if (base?.type === PTR_TO_STACK && base.frame === place.frame) {
        search.source(i, "may have been overwritten here, at an offset that is not known");
      }
      return;
    }
    if (!overlaps(to, place)) return;
    if (insn.src.kind === "imm") return search.source(i, `the number ${insn.src.imm}, stored`);
    if (to.off !== place.off || to.size < place.size) {
      return search.source(
        i,
        `stored in part (${to.size} bytes at fp${to.off}, of which ${place.size} at fp${place.off} are read)`,
      );
    }
    if (to.size < 8) search.shape.push({ step: i, how: `spilled in ${to.size * 8} bits` });
    search.follow(frame, insn.src.reg, i);
    return;
  }
  if (insn.kind !== "call" || insn.callee.kind === "subprog") return;
  const proto = insn.callee.kind === "helper" ? path.env.profile.helper(insn.callee.id) : undefined;
  for (let r = 1; r <= 5; r++) {
    const arg = proto?.args[r - 1];
    if (proto !== undefined && arg?.uninit !== true && arg?.write !== true) continue;
    const value = path.value(i, r, frame), to = stackPlace(value, 0, 512);
    if (to === undefined || to.frame !== place.frame || to.off > place.off) continue;
    const size = arg?.fixedSize ?? Number(path.value(i, r + 1, frame)?.umax ?? 8n);
    if (place.off < to.off + size) return search.source(i, `written by ${callName(path, i)}`);
  }
}
