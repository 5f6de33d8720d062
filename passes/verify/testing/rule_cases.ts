/**
 * Rules as tables: each a program of one or two dozen lines and the message it is refused with, if it is. Every program is also put to
 * the running kernel where there is one of this version, so that tables say what that kernel says and not what we think; its log must be
 * ours, line by line.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { openBtf } from "../../../ir/btf/read.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program, type ProgramAttrs, type Subprog } from "../../../ir/program.ts";
import { kernelUnavailable, KernelUnit, type KernelVerdict, vmlinuxBtf } from "../../../kernel/mod.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { attachBtfId } from "../../parse/attach.ts";
import { verifyProgram } from "../verify.ts";
import { offsetOf } from "./kernel_structs.ts";
import { kernelTypes, valueTypes } from "./kernel_types.ts";
import { comparable, withoutLines } from "./same_log.ts";

/** One program. */
export interface RuleCase {
  readonly name: string;
  /** `socket_filter` if left out. */
  readonly type?: string;
  /** Header lines besides the type: maps, flags, license. Type ids are those of {@linkcode valueTypes}. */
  readonly head?: string;
  /**
   * Instructions of the main function, and other functions behind it. `@struct.member` stands for a member's offset in the kernel,
   * `@struct` for a structure's or function's type id; also in the message.
   */
  readonly text: string;
  /** Its functions have types: `main`, and `less`, which compares two nodes of a tree. */
  readonly typed?: boolean;
  /** With types: the function whose type the main function has, if not `main`. */
  readonly main?: string;
  /**
   * What it is attached to: `enum bpf_attach_type`, or the member's position of a structure of callbacks; and the target's name. Behind
   * `=`, the name of a structure, function or typedef that need be no target.
   */
  readonly attach?: readonly [type: number, target: string];
  /** What it is refused with, empty if without a word; it is accepted if left out. */
  readonly message?: string;
  /** No kernel has what it is about: it is not asked. */
  readonly invented?: true;
  /** The kernel accepts it all the same, wrongly: see `docs/kernel_divergences.md`. */
  readonly kernelAccepts?: true;
  /** What the kernel says, taking itself to be wrong: see there. */
  readonly kernelFault?: string;
  /** Rounds of a callback are kept here and not in the kernel, so the logs differ: see `docs/kernel_divergences.md`. */
  readonly roundsKept?: true;
}

/** `r2` and `r3` are the packet's begin and end, in an xdp program with its context in `r1`. */
export const PACKET = `r2 = *(u32 *)(r1 +0)
      r3 = *(u32 *)(r1 +4)`;
/** Looks up key 0, which the verifier is not told, in map `m`. */
export const LOOKUP = `r1 = 0
      *(u32 *)(r10 -4) = r1
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_lookup_elem#1`;
/** Makes a dynptr at `r10 -16` of the packet whose context is in `r1`. */
export const DYNPTR = `r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb`;
/** Makes an iterator over the numbers from 0 to 9 at `r10 -8`. */
export const ITERATOR = `r1 = r10
      r1 += -8
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new`;
/** Asks for a socket; it or null is in `r0`. */
export const SOCKET = `*(u64 *)(r10 -48) = 0
      *(u64 *)(r10 -40) = 0
      r2 = r10
      r2 += -48
      r3 = 12
      r4 = 0
      r5 = 0
      call bpf_sk_lookup_tcp#84`;
/** Reserves eight bytes of the ring buffer `m`; they or null are in `r0`. */
export const RESERVATION = `r1 = map m ll
      r2 = 8
      r3 = 0
      call bpf_ringbuf_reserve#131`;

function programOf(rule: RuleCase, target: Btf): Program {
  const text = rule.text.replace(
    /call kfunc (\w+)/g,
    (_, name: string) => `call kfunc ${name}#${target.find(name, "func")}`,
  );
  const named = withOffsets(text, target);
  const header = `type ${rule.type ?? "socket_filter"}\n${rule.head ?? ""}\nfunc main:\n`;
  const parsed = parseText(header + named, { name: "test", helpers: LINUX_6_18 });
  const [program] = parsed.programs;
  return new Program({
    unit: {
      ...parsed,
      targetBtf: target,
      ...(rule.typed || header.includes("value_type=") ? { btf: valueTypes() } : {}),
    },
    attrs: { ...program.attrs, ...attachmentOf(rule, target) },
    code: program.code,
    subprogs: rule.typed ? program.subprogs.map((s) => withType(s, rule.main)) : program.subprogs,
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
}

function withType(subprog: Subprog, main = "main"): Subprog {
  const name = subprog.name === "main" ? main : subprog.name;
  const btfId = valueTypes().find(name, "func"), type = valueTypes().type(btfId);
  return {
    ...subprog,
    btfId,
    ...(type.kind === "func" && type.linkage === "static" ? { linkage: "static" } : {}),
  };
}

function idOf(target: Btf, name: string): number {
  return target.find(name, "struct") || target.find(name, "func") || target.find(name, "typedef");
}

/** The text with members' offsets and structures' ids for their names. */
function withOffsets(text: string, target: Btf): string {
  return text.replace(
    /@(\w+)(?:\.(\w+))?/g,
    (text, struct: string, member?: string) =>
      // One message has an `@` of its own.
      member !== undefined ? String(offsetOf(target, struct, member)) : String(idOf(target, struct) || text),
  );
}

function attachmentOf(rule: RuleCase, target: Btf): Partial<ProgramAttrs> {
  if (rule.attach === undefined) return {};
  const [attachType, attachTarget] = rule.attach;
  const id = attachTarget.startsWith("=")
    ? idOf(target, attachTarget.slice(1))
    : rule.type === "struct_ops"
    ? target.find(attachTarget, "struct")
    : attachBtfId(target, attachTarget, attachType);
  return { attachType, attachBtfId: id, ...(attachTarget === "" ? {} : { attachTarget }) };
}

const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its messages are those of ${Deno.osRelease()}`);
if (unavailable !== undefined) console.log(`skipped: the same by the running kernel: ${unavailable}`);
let running: Btf | undefined;
const EPERM = 1;

/** Makes a test of each case, and one of all for the running kernel. */
export function ruleCases(topic: string, cases: readonly RuleCase[]): void {
  for (const rule of cases) {
    Deno.test(rule.name, () => {
      const types = kernelTypes(), program = programOf(rule, types);
      const message = withOffsets(rule.message ?? "", types);
      const result = verifyProgram(program, { profile: LINUX_6_18, logLevel: 0 });
      assertEquals(result.message, message);
      assertEquals(result.verdict, rule.message === undefined ? "accept" : "reject");
      const logged = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
      assertEquals([logged.message, logged.processed], [result.message, result.processed]);
      // Some messages end without a newline.
      if (message !== "") assert(["\n", "processed "].some((end) => logged.log.includes(message + end)));
    });
  }
  Deno.test({
    name: `the running kernel says the same of ${topic}`,
    ignore: unavailable !== undefined,
    fn: () => {
      running ??= openBtf(vmlinuxBtf()!);
      let unasked = 0;
      for (const rule of cases.filter((rule) => !rule.invented)) {
        const program = withoutLines(programOf(rule, running)),
          message = withOffsets(rule.message ?? "", running);
        using unit = new KernelUnit(program.unit);
        using verdict = unit.load(program, { logLevel: 2 });
        if (verdict.errno === EPERM && verdict.log === "") {
          // Something before the verifier refuses all programs of this sort.
          unasked++;
          continue;
        }
        const processors = navigator.hardwareConcurrency;
        const ours = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2, processors });
        if (rule.kernelAccepts) {
          assertEquals([rule.name, verdict.accepted], [rule.name, true]);
          continue;
        }
        if (rule.kernelFault !== undefined) {
          assertEquals([rule.name, verdict.message], [rule.name, rule.kernelFault]);
          continue;
        }
        const theirs = verdict.accepted ? "" : messageOf(verdict, message);
        assertEquals([rule.name, theirs], [rule.name, message]);
        assertEquals([rule.name, ours.message], [rule.name, theirs]);
        const { processed = ours.processed } = verdict.stats;
        assertEquals([rule.name, ours.processed], [rule.name, processed]);
        if (rule.roundsKept) continue;
        assertEquals([rule.name, ...comparable(ours.log)], [rule.name, ...comparable(verdict.log)]);
      }
      if (unasked > 0) console.log(`skipped: ${unasked} programs that the running kernel does not look at`);
    },
  });
}

/** What the kernel refused with: what was expected if its log has that line, else the last line. */
function messageOf(verdict: KernelVerdict, expected: string): string {
  // Whether it says nothing, the comparison of the logs shows.
  if (expected === "") return "";
  // Some of the kernel's messages lack the line's end, so that the log's last line follows at once.
  const lines = verdict.log.split("\n").map((line) => line.replace(/processed [0-9]+ insns.*$/, ""));
  const found = lines.includes(expected) || expected.includes("\n") && verdict.log.includes(`${expected}\n`);
  return found ? expected : verdict.message;
}
