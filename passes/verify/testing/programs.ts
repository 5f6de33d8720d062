/**
 * Programs for tests: text, and the types its functions need to be verified.
 *
 * @module
 */
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { type VerifyOptions, verifyProgram, type VerifyResult } from "../verify.ts";

/** What a test program is read with. */
export interface ProgramOptions {
  /** `BPF_F_*`; 8 saves a state at every prune point. */
  readonly flags?: number;
  readonly type?: string;
  /** Gives each func a type, as clang would; `int (void *)` for all. Callbacks need it. */
  readonly typed?: boolean;
}

/** Reads a program of one or more funcs. */
export function programOf(text: string, options: ProgramOptions = {}): Program {
  const header = `type ${options.type ?? "socket_filter"}\nflags ${options.flags ?? 0}\n`;
  const [program] = parseText(`${header}${text}`, { name: "test", helpers: LINUX_6_18 }).programs;
  if (!options.typed) return program;
  const builder = new BtfBuilder();
  const int = builder.int("int", 4, { signed: true }), pointer = builder.ptr(0);
  const proto = builder.funcProto(int, [{ name: "ctx", type: pointer }]);
  const ids = program.subprogs.map(({ name, linkage }) => builder.func(name, proto, { linkage }));
  return new Program({
    unit: { ...program.unit, btf: builder.build() },
    attrs: program.attrs,
    code: program.code,
    subprogs: program.subprogs.map((subprog, i) => ({ ...subprog, btfId: ids[i] })),
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
}

/** Verifies a program for Linux 6.18. */
export function verdictOf(program: Program, options: Partial<VerifyOptions> = {}): VerifyResult {
  return verifyProgram(program, { profile: LINUX_6_18, ...options });
}
