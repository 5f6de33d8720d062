/**
 * Who may call which kernel functions, and with what: the table against what a kernel said of each function and program type, and
 * calls of each function against the running kernel, log and all. Reports a skip where the data or the kernel is not there.
 */
import { assert, assertEquals } from "@std/assert";
import type { Btf, BtfType } from "../ir/btf/btf.ts";
import { openBtf } from "../ir/btf/read.ts";
import { parseText } from "../ir/parse_text.ts";
import { Program } from "../ir/program.ts";
import { kernelUnavailable, KernelUnit, vmlinuxBtf } from "../kernel/mod.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { shared } from "./shared.ts";

const file = shared("corpus/kfuncs.jsonl");
const why = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `it is ${Deno.osRelease()}`);
if (file === undefined) console.log("tests/kfunc_table_test.ts: skipped: no kfuncs.jsonl");
if (why !== undefined) console.log(`tests/kfunc_table_test.ts: the running kernel: skipped: ${why}`);

/** `BPF_TRACE_RAW_TP`. */
const TRACE_RAW_TP = 23;

Deno.test({
  name: "the table says of each kernel function what a kernel said",
  ignore: file === undefined,
  fn() {
    const rows = Deno.readTextFileSync(file!).trim().split("\n").map((line) => JSON.parse(line));
    const types = new Set<string>(rows.flatMap((row) => row.callable));
    assert(rows.length > 200 && types.size > 15);
    for (const { kfunc, callable, fastcall } of rows) {
      const rules = LINUX_6_18.kfunc(kfunc);
      const may = [...types].filter((type) => {
        const typed = type === "tp_btf", attach = typed ? TRACE_RAW_TP : 0;
        return rules !== undefined && rules.types.has(typed ? "tracing" : type) &&
          (rules.attachTypes === undefined || rules.attachTypes.includes(attach));
      });
      const said = new Set<string>(callable);
      // Of functions for programs bound to a device the kernel said so first, whatever the type.
      if (rules?.deviceBound) continue;
      assertEquals([kfunc, ...may], [kfunc, ...[...types].filter((type) => said.has(type))]);
      assertEquals([kfunc, rules?.flags.has("fastcall") ?? false], [kfunc, fastcall === 1]);
    }
  },
});

/** Registers before a call: all zero, all the context, or what the parameters' types ask for. */
const PATTERNS = ["zero", "context", "fitting"] as const;

function argument(btf: Btf, param: { readonly name: string; readonly type: number }, i: number): string {
  const type = btf.type(btf.resolve(param.type)), reg = `r${i + 1}`;
  if (type.kind !== "ptr") return `  ${reg} = 8\n`;
  const target: BtfType = btf.type(btf.resolve(type.type)), name = "name" in target ? target.name : "";
  if (/^(__sk_buff|xdp_md|bpf_sock_addr_kern|bpf_sock_ops_kern)$/.test(name)) return `  ${reg} = r6\n`;
  if (name === "bpf_map" || param.name.endsWith("__map")) return `  ${reg} = map m ll\n`;
  if (param.name.endsWith("__str")) return `  ${reg} = map_value m+0 ll\n`;
  return `  ${reg} = r10\n  ${reg} += -${256 - 48 * i}\n`;
}

function callOf(btf: Btf, func: number, type: string, pattern: (typeof PATTERNS)[number]): Program {
  const declared = btf.type(func), proto = declared.kind === "func" ? btf.type(declared.type) : declared;
  const params = proto.kind === "func_proto" ? proto.params.slice(0, 5) : [];
  let text = "  r6 = r1\n";
  for (let off = 8; off <= 256; off += 8) text += `  *(u64 *)(r10 -${off}) = 0\n`;
  for (const [i, param] of params.entries()) {
    if (pattern === "fitting") text += argument(btf, param, i);
    else text += `  r${i + 1} = ${pattern === "zero" ? "0" : "r6"}\n`;
  }
  const flags = type === "syscall" ? 16 : 0, map = "map m type=array key=4 value=64 max=1";
  const call = `  call kfunc ${btf.name(func)}#${func}\n  r0 = 0\n  exit\n`;
  const unit = parseText(`type ${type}\nflags ${flags}\n${map}\nfunc main:\n${text}${call}`, {
    name: "test",
    helpers: LINUX_6_18,
  });
  const [program] = unit.programs, { code } = program;
  return new Program({
    unit: { ...unit, targetBtf: btf },
    attrs: program.attrs,
    code: { ...code, origins: code.origins.map(() => ({})) },
    subprogs: program.subprogs,
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
}

function comparable(log: string): string[] {
  return log.split("\n").filter((line) => !/^(processed|verification time|stack depth)/.test(line))
    .map((line) => line.trimEnd().replace(/0xffff[89a-f][0-9a-f]{11}/g, "(address)"));
}

for (const type of ["syscall", "sched_cls", "xdp"]) {
  Deno.test({
    name: `the running kernel says the same of calls of each of its functions by ${type} programs`,
    ignore: why !== undefined,
    fn() {
      const btf = openBtf(vmlinuxBtf()!);
      let calls = 0;
      for (let id = 1; id < btf.count; id++) {
        if (btf.type(id).kind !== "func" || !btf.tags(id).includes("bpf_kfunc")) continue;
        for (const pattern of PATTERNS) {
          const program = callOf(btf, id, type, pattern);
          using unit = new KernelUnit(program.unit);
          using theirs = unit.load(program, { logLevel: 2 });
          const ours = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
          assertEquals([btf.name(id), pattern, ...comparable(ours.log)], [
            btf.name(id),
            pattern,
            ...comparable(theirs.log),
          ]);
          assertEquals([btf.name(id), ours.verdict], [btf.name(id), theirs.accepted ? "accept" : "reject"]);
          calls++;
        }
      }
      assert(calls > 500);
    },
  });
}
