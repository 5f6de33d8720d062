/**
 * lower-contexts: accesses to the context a program was written against become accesses to the runtime's structures.
 *
 * Linux hands programs an `xdp_md` or `__sk_buff` that exists only in their sources; the verifier rewrites every access to what is
 * really there. So does this pass, by the table in `abi/contexts.ts`. Which accesses go through a context is what `verify` learnt
 * (the fact `pointer`); that each is a whole or narrow access to one field, at the field's offset, is what it proved. Sockets
 * are likewise not the `bpf_sock` that sources speak of; there are none that would be a `bpf_tcp_sock`.
 *
 * What it does not do: it does not change types of programs the runtime has no context for; their accesses stay, and linking
 * refuses them.
 *
 * @module
 */
import {
  BPF_SOCK_LAYOUT,
  type ContextField,
  contextField,
  type ContextLayout,
  contextOf,
  stepOf,
} from "../../abi/contexts.ts";
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { Edit, type NewCode } from "../../ir/edit.ts";
import { bpf } from "../../ir/fragment.ts";
import type { Insn, Reg, Size } from "../../ir/insn.ts";
import { imm } from "../../ir/insn.ts";
import type { Program } from "../../ir/program.ts";
import { pointerKind } from "../facts.ts";
import type { Pass } from "../pass.ts";

type Load = Extract<Insn, { kind: "load" }>;
type Store = Extract<Insn, { kind: "store" }>;

/** The pass. */
export function lowerContexts(): Pass {
  return {
    name: "lower-contexts",
    summary: "Rewrites context accesses to the runtime's structures",
    after: { verify: "only verify knows which accesses go through the context" },
    needs: [pointerKind],
    run: lower,
  };
}

function lower(program: Program): Program {
  const context = contextOf(program.attrs.type);
  if (context === undefined) return program;
  const { insns, ids } = program.code;
  const edit = new Edit(program, { by: "lower-contexts" });
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    if (insn.kind !== "load" && insn.kind !== "store") continue;
    const kind = program.get(pointerKind, ids[i]);
    if (kind === "tcp_sock" || kind === "xdp_sock") {
      edit.replace(ids[i], neverReached(insn));
      continue;
    }
    if (kind !== "ctx" && kind !== "sock") continue;
    const field = fieldAt(kind === "ctx" ? context : BPF_SOCK_LAYOUT, insn);
    edit.replace(ids[i], insn.kind === "load" ? loadField(insn, field) : storeField(insn, field));
  }
  return edit.changed ? edit.commit() : program;
}

/**
 * The runtime has no TCP connections and no sockets of XDP: what would give one gives null, and verify saw to it that nobody reads
 * through that. What stands for such a load gives a number, in case that is not so.
 */
function neverReached(insn: Load | Store): NewCode {
  if (insn.kind === "store") throw new UnsupportedError("stores to sockets");
  return [{ kind: "alu", op: "mov", width: 64, dst: insn.dst, src: imm(0) }];
}

function fieldAt(context: ContextLayout, insn: Load | Store): ContextField {
  const field = contextField(context, insn.offset);
  if (field === undefined || insn.offset + insn.size > field.offset + field.size) {
    throw new UnsupportedError(`access to ${context.name} at offset ${insn.offset}, size ${insn.size}`);
  }
  return field;
}

function loadField(insn: Load, field: ContextField): NewCode {
  const { dst } = insn;
  const code: Insn[] = [];
  let base: Reg = insn.base;
  for (const step of field.path.slice(0, -1)) {
    code.push(load(8, { dst, base, offset: stepOf(step).offset }));
    base = dst;
  }
  const last = stepOf(field.path[field.path.length - 1]);
  if (field.element !== undefined) {
    const offset = last.offset + insn.offset - field.offset;
    code.push({ ...insn, base, offset });
    return code;
  }
  code.push(load(last.size as Size, { dst, base, offset: last.offset }));
  if (field.shift !== undefined) code.push(alu("lsh", { dst, width: 32, by: field.shift }));
  // A narrow load takes bytes out of the whole field as the context defines it, whatever the size it has here.
  if (insn.size < field.size) {
    const bits = insn.size * 8;
    const skipped = (insn.offset - field.offset) * 8;
    const width = field.size === 8 ? 64 : 32;
    if (skipped > 0) code.push(alu("rsh", { dst, width, by: skipped }));
    if (bits === 32) code.push({ kind: "alu", op: "mov", width: 32, dst, src: { kind: "reg", reg: dst } });
    else code.push(alu("and", { dst, width, by: 2 ** bits - 1 }));
  }
  if (insn.signed) {
    const op = insn.size === 1 ? "movsx8" : insn.size === 2 ? "movsx16" : "movsx32";
    code.push({ kind: "alu", op, width: 64, dst, src: { kind: "reg", reg: dst } });
  }
  return code;
}

function storeField(insn: Store, field: ContextField): NewCode {
  if (field.path.length !== 1) throw new UnsupportedError(`store to the context field ${field.name}`);
  const place = stepOf(field.path[0]);
  const offset = field.element === undefined ? place.offset : place.offset + insn.offset - field.offset;
  const size = (field.element === undefined ? place.size : insn.size) as Size;
  const store: Insn = { kind: "store", size, base: insn.base, offset, src: insn.src };
  if (field.below === undefined) return [store];
  if (insn.src.kind === "imm") return insn.src.imm >>> 0 < field.below ? [store] : [];
  return bpf`
      if r${insn.src.reg} >= ${field.below} goto end
      ${store}
    end:
  `;
}

function load(size: Size, place: { dst: Reg; base: Reg; offset: number }): Insn {
  return { kind: "load", size, signed: false, ...place };
}

function alu(op: "lsh" | "rsh" | "and", { dst, width, by }: { dst: Reg; width: 32 | 64; by: number }): Insn {
  return { kind: "alu", op, width, dst, src: imm(by) };
}
