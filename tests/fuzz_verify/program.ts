/**
 * Text of a generated program to a program with the types that global functions and callbacks need.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import { BtfBuilder } from "../../ir/btf/write.ts";
import { parseText } from "../../ir/parse_text.ts";
import { Program } from "../../ir/program.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";

/** `BPF_F_TEST_STATE_FREQ`: a state is saved wherever states are compared. */
export const STATE_FREQ = 8;

/** Reads a generated program. Global functions take two `int`s. @throws {MalformedError} If the text is no program. */
export function readProgram(text: string, flags = 0): Program {
  const unit = parseText(text, { name: "generated", helpers: LINUX_6_18 });
  const [program] = unit.programs;
  const { attrs, code, nextInsnId, nextSubprogId } = program;
  let { subprogs } = program, btf: Btf | undefined;
  if (subprogs.length > 1) {
    const builder = new BtfBuilder();
    const int = builder.int("int", 4, { signed: true }), pointer = builder.ptr(0);
    const local = builder.funcProto(int, [{ name: "ctx", type: pointer }]);
    const global = builder.funcProto(int, [{ name: "a", type: int }, { name: "b", type: int }]);
    subprogs = subprogs.map((subprog, i) => ({
      ...subprog,
      btfId: builder.func(subprog.name, i > 0 && subprog.linkage === "global" ? global : local, {
        linkage: subprog.linkage === "extern" ? "global" : subprog.linkage,
      }),
    }));
    btf = builder.build();
  }
  // Positions in the text would become source lines of the log, and the kernel knows none.
  const origins = code.origins.map(() => ({}));
  const programs: Program[] = [];
  const whole = { ...unit, programs, ...(btf === undefined ? {} : { btf }) };
  programs.push(
    new Program({
      unit: whole,
      attrs: { ...attrs, flags: attrs.flags | flags },
      code: { ...code, origins },
      subprogs,
      nextInsnId,
      nextSubprogId,
    }),
  );
  return programs[0];
}
