/**
 * Every byte of every context: what the tables of the profile say of loads and stores there is what the running kernel says.
 */
import { assertEquals } from "@std/assert";
import { openBtf } from "../../../ir/btf/read.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { kernelUnavailable, KernelUnit, vmlinuxBtf } from "../../../kernel/mod.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { PROGRAM_TYPES } from "../../../profile/linux_6_18/program_types.ts";
import { verifyProgram } from "../verify.ts";

const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its contexts are those of ${Deno.osRelease()}`);
if (unavailable !== undefined) console.log(`skipped: contexts asked of the running kernel: ${unavailable}`);

/** `BPF_F_SLEEPABLE`, which programs that run system calls need. */
const SLEEPABLE = 16;

/** One access at `off`: the loads and stores of all widths take turns from byte to byte. */
function accessesAt(off: number): string[] {
  const turn = [8, 16, 32, 64][(off >> 3) & 3],
    wide = off % 8 === 0 ? 64 : off % 4 === 0 ? 32 : off % 2 === 0 ? 16 : 8;
  return [
    `r2 = *(u${wide} *)(r1 +${off})`,
    `r2 = *(u${turn} *)(r1 +${off})`,
    `*(u${off % 4 === 0 ? 32 : turn} *)(r1 +${off}) = 0`,
  ];
}

function programOf(type: string, access: string, attachType: number): Program {
  const [program] = parseText(`type ${type}\nfunc main:\n  ${access}\n  r0 = 1\n  exit\n`).programs;
  return new Program({
    unit: program.unit,
    attrs: { ...program.attrs, attachType, flags: type === "syscall" ? SLEEPABLE : 0 },
    code: program.code,
    subprogs: program.subprogs,
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
}

Deno.test({
  name: "the running kernel allows the same accesses to contexts",
  ignore: unavailable !== undefined,
  fn: () => {
    const targetBtf = openBtf(vmlinuxBtf()!), different: string[] = [];
    for (const rules of PROGRAM_TYPES) {
      if (rules.unsupported !== undefined || rules.typedContext) continue;
      const attachTypes = rules.attachTypes ?? [0], end = Math.min(rules.ctxSize, 224) + 8;
      for (let off = 0; off < end; off++) {
        const attachType = attachTypes[off % attachTypes.length];
        for (const access of accessesAt(off)) {
          const program = programOf(rules.name, access, attachType);
          const ours = verifyProgram(program, { profile: LINUX_6_18, targetBtf }).verdict === "accept";
          using unit = new KernelUnit(program.unit);
          using verdict = unit.load(program);
          if (ours !== verdict.accepted) different.push(`${rules.name}/${attachType}: ${access}`);
        }
      }
    }
    // A kernel takes parts of a pointer for numbers there.
    const odd = /^raw_tracepoint_writable\/0: r2 = .*\(r1 \+[1-7]\)$/;
    assertEquals(different.filter((what) => !odd.test(what)), []);
  },
});
