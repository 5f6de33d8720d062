/**
 * Explains registers that are not what they are used as: pointers that may be null or are none, values never set, arguments of the
 * wrong kind.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import { PTR_TO_CTX } from "../states/layout.ts";
import { type SubprogArg, subprogArgs } from "../types/prototypes.ts";
import { generic } from "./bounds.ts";
import { callName, originOf } from "./origin.ts";
import { type Case, placeWords, type Reason } from "./reason.ts";
import { isPointer, isScalar, mayBeNull } from "./value.ts";

/** What the instruction does with the register, in words. */
function use(c: Case): string {
  const insn = c.step < 0 ? undefined : c.path.insn(c.step);
  switch (insn?.kind) {
    case "load":
      return "is read through";
    case "store":
      return insn.base !== c.reg ? "is stored" : "is written through";
    case "atomic":
      return "is written through";
    case "call":
      return `is passed to ${callName(c.path, c.step)}`;
    case "alu":
      return "is computed with";
    case "exit":
      return "is returned";
    default:
      return "is used";
  }
}

/** A pointer that may be NULL. */
export function explainNullable(c: Case): Reason {
  const { path, value } = c;
  if (value === undefined) return generic(c);
  const origin = originOf(path, { step: c.step, reg: c.reg });
  const call = origin.root !== undefined && origin.root >= 0 && path.insn(origin.root).kind === "call"
    ? callName(path, origin.root)
    : "";
  const what = isScalar(value) && value.known ? "NULL" : `${value.words}`;
  return {
    summary: `r${c.reg} ${use(c)}, but it ${mayBeNull(value) ? "may be NULL" : `is ${what}`}${
      call === "" ? "" : `: ${call} returns NULL when there is nothing to return`
    }`,
    events: origin.events,
    notes: nullChecks(c, origin.root),
    remedy: mayBeNull(value)
      ? `${call === "" ? "check it" : `check the result of ${call}`} for NULL on this path before ${
        placeWords(path, c.step)
      }: \`if (!p) return 0;\``
      : "pass a valid pointer",
  };
}

/** Checks for null of another copy. */
function nullChecks(c: Case, root: number | undefined): string[] {
  const { path } = c;
  if (root === undefined || root < 0) return [];
  const notes: string[] = [];
  for (let i = root + 1; i < c.step; i++) {
    const insn = path.insn(i);
    if (insn.kind !== "branch" || insn.right.kind !== "imm" || insn.right.imm !== 0) continue;
    const value = path.value(i, insn.left);
    if (value === undefined || !mayBeNull(value) || insn.left === c.reg) continue;
    const other = originOf(path, { step: i, reg: insn.left });
    if (other.root === root) continue;
    const at = other.root === undefined || other.root < 0 ? "" : `, got at ${placeWords(path, other.root)}`;
    notes.push(`\`${path.place(path.slot(i)).text}\` at ${placeWords(path, i)} checks another pointer${at}`);
  }
  return notes.slice(-1);
}

/** Memory accessed through a number. */
export function explainNotPointer(c: Case): Reason {
  const { path, value } = c;
  if (value === undefined) return generic(c);
  const { events } = originOf(path, { step: c.step, reg: c.reg });
  const lost = events.find((event) => event.kind === "lost");
  const summary = `r${c.reg} ${use(c)}, but it holds no pointer: it is ${value.words}`;
  if (lost !== undefined) {
    const insn = path.insn(lost.step), by = insn.kind === "call" ? callName(path, lost.step) : "";
    return {
      summary: `r${c.reg} ${use(c)}, but the pointer in it ended at ${placeWords(path, lost.step)}`,
      events,
      remedy: by === ""
        ? "use the pointer only before, or get it again afterwards"
        : /pull|adjust|change|store_bytes|replace|push|pop|redirect|vlan|csum_level|head|tail|write/.test(by)
        ? /of memory/.test(lost.says)
          ? `take the slice again after ${by}, which may move the packet`
          : `after ${by} read data and data_end from the context again, and compare again`
        : `do not use the pointer after ${by}; get a new one if needed`,
    };
  }
  const arithmetic = events.find((event) => event.kind === "change");
  return {
    summary,
    events,
    ...(arithmetic === undefined ? {} : {
      remedy: `keep the pointer whole: what is done at ${placeWords(path, arithmetic.step)} leaves a number`,
    }),
  };
}

/** Memory accessed through a pointer that gives none. */
export function explainWrongPointer(c: Case): Reason {
  if (c.value === undefined) return generic(c);
  const { events } = originOf(c.path, { step: c.step, reg: c.reg });
  return { summary: `r${c.reg} ${use(c)}, but gives no such access: it is ${c.value.words}`, events };
}

/** An operation that a pointer does not take. */
export function explainArithmetic(c: Case): Reason {
  const { path } = c, insn = c.step < 0 ? undefined : path.insn(c.step);
  if (insn?.kind !== "alu") return generic(c);
  const regs = insn.src.kind === "reg" ? [insn.dst, insn.src.reg] : [insn.dst];
  const held = regs.map((r) => `r${r} is ${path.value(c.step, r)?.words ?? "not known"}`).join(", ");
  const { text } = path.place(c.slot), { events } = originOf(path, { step: c.step, reg: insn.dst });
  return { summary: `\`${text}\` is not done with such values: ${held}`, reg: insn.dst, events };
}

/** A register or argument that was never set. */
export function explainUninit(c: Case): Reason {
  const { path } = c, { events } = originOf(path, { step: c.step, reg: c.reg });
  const lost = events.find((event) => event.kind === "lost");
  const insn = path.insn(c.step);
  const returns = insn.kind === "exit" && c.reg === 0;
  return {
    summary: returns
      ? "the program ends, but on this path nothing set r0, its result"
      : `r${c.reg} is read, but holds nothing on this path`,
    reg: -1,
    events,
    remedy: lost !== undefined
      ? `keep the value in r6 to r9 (or on the stack) across the call at ${placeWords(path, lost.step)}`
      : returns
      ? "return a value on every path"
      : "set it on every path that leads here",
  };
}

/** A pointer that has moved and must not have. */
export function explainMoved(c: Case): Reason {
  const { path, value } = c;
  if (value === undefined) return generic(c);
  const { events } = originOf(path, { step: c.step, reg: c.reg });
  const variable = !value.known, context = value.base === PTR_TO_CTX;
  return {
    summary: `r${c.reg} ${use(c)}, but ${
      variable ? "a number that is not constant was added to it" : `it was moved by ${value.off}`
    }: ${value.words}`,
    events,
    remedy: context
      ? "access the context through the pointer as it was given, with constant offsets: let no index be computed into it (the compiler may merge branches; `barrier_var` or volatile keeps them apart)"
      : "pass the pointer as it was given",
  };
}

/** A value of another kind than is taken. */
export function explainType(c: Case): Reason {
  const { path, value } = c;
  if (value === undefined) return generic(c);
  const expected = /expected=?[ ]?(.*)$/.exec(c.message)?.[1] ??
    /is expected to be (.*)$/.exec(c.message)?.[1];
  const what = isPointer(value) || isScalar(value) ? value.words : "nothing";
  const declared = declaration(c), taken = expected === undefined || expected === "" ? declared : expected;
  return {
    summary: `r${c.reg} ${use(c)}, but is ${what}`,
    events: originOf(path, { step: c.step, reg: c.reg }).events,
    ...(taken === undefined ? {} : { notes: [`what is taken there: ${taken}`] }),
  };
}

/** How a kernel function declares the parameter at fault; undefined for other calls. */
function declaration(c: Case): string | undefined {
  const insn = c.step < 0 ? undefined : c.path.insn(c.step), btf = c.env.targetBtf;
  if (insn?.kind !== "call" || insn.callee.kind !== "kfunc" || btf === undefined) return undefined;
  const { func } = insn.callee, type = func.module === 0 ? btf.type(func.btfId) : undefined;
  const proto = type?.kind === "func" ? btf.type(type.type) : undefined;
  const param = proto?.kind === "func_proto" ? proto.params[c.reg - 1] : undefined;
  return param === undefined ? undefined : `${typeText(btf, param.type)} ${param.name}`.replace("* ", "*");
}

/** A type as C has it, as far as parameters need. */
function typeText(btf: Btf, id: number): string {
  const type = btf.type(id);
  switch (type.kind) {
    case "ptr":
      return `${type.type === 0 ? "void" : typeText(btf, type.type)} *`.replace("* *", "**");
    case "const":
      return `const ${type.type === 0 ? "void" : typeText(btf, type.type)}`;
    case "volatile":
    case "restrict":
    case "type_tag":
      return typeText(btf, type.type);
    case "struct":
    case "union":
    case "enum":
      return `${type.kind} ${type.name}`;
    default:
      return "name" in type ? type.name : type.kind;
  }
}

/** A value that must be known and is not. */
export function explainConstant(c: Case): Reason {
  if (c.value === undefined) return generic(c);
  const { events } = originOf(c.path, { step: c.step, reg: c.reg });
  return { summary: `r${c.reg} ${use(c)}, where one known value is wanted: it is ${c.value.words}`, events };
}

/** What a global function takes, in words. */
function parameterWords(arg: SubprogArg): string {
  switch (arg.kind) {
    case "scalar":
      return "a number";
    case "ctx":
      return "the context, as it was given";
    case "mem":
      return `${arg.size} bytes of memory${arg.maybeNull ? " or NULL" : ", not NULL"}`;
    case "dynptr":
      return "a dynptr";
    case "arena":
      return "an address in the arena";
    case "struct":
      return `a trusted pointer to its kernel structure${arg.maybeNull ? " or NULL" : ", not NULL"}`;
    case "untrusted_mem":
      return "any pointer";
  }
}

/** An argument that does not fit a global function's prototype. */
export function explainGlobalArgument(c: Case): Reason {
  const reason = explainType(c), insn = c.step < 0 ? undefined : c.path.insn(c.step);
  if (insn?.kind !== "call" || insn.callee.kind !== "subprog" || c.reg < 1) return reason;
  const { subprog } = insn.callee, { env } = c;
  const args = subprogArgs(env, env.program.subprogs.findIndex((s) => s.id === subprog));
  const arg = typeof args === "number" ? undefined : args[c.reg - 1];
  if (arg === undefined) return reason;
  const remedy =
    "pass what the prototype says, or make the function static: then it is verified with what it is given";
  return {
    ...reason,
    remedy,
    notes: [`global functions are verified by their prototype alone: this one takes ${parameterWords(arg)}`],
  };
}
