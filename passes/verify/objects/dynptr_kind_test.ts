/**
 * What prototypes say of a dynptr: its kind, and that it is changed. No helper of Linux 6.18 says so of one that it does not also make or
 * release, so helpers of this file's own do.
 */
import { assertEquals } from "@std/assert";
import { parseText } from "../../../ir/parse_text.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import type { ArgProto, Profile } from "../../../profile/profile.ts";
import { Program } from "../../../ir/program.ts";
import { kernelTypes, valueTypes } from "../testing/kernel_types.ts";
import { verifyProgram } from "../verify.ts";

const DYNPTR_DATA = 203;

/** Linux 6.18, in which `bpf_dynptr_data` takes such a dynptr. */
function profileWith(dynptr: Partial<ArgProto>): Profile {
  return {
    ...LINUX_6_18,
    helper: (id, use) => {
      const proto = LINUX_6_18.helper(id, use);
      if (id !== DYNPTR_DATA || proto === undefined) return proto;
      const [first, ...rest] = proto.args;
      return { ...proto, args: [{ ...first, ...dynptr }, ...rest] };
    },
  };
}

/** What is said of a program of traffic control. */
function messageOf(text: string, dynptr: Partial<ArgProto>): string {
  const named = text.replace(
    /call kfunc (\w+)/g,
    (_, name) => `call kfunc ${name}#${kernelTypes().find(name, "func")}`,
  );
  const unit = parseText(`type sched_cls\n${named}`, { name: "test", helpers: LINUX_6_18 });
  const [program] = unit.programs;
  const typed = new Program({
    unit: { ...unit, btf: valueTypes(), targetBtf: kernelTypes() },
    attrs: program.attrs,
    code: program.code,
    subprogs: program.subprogs.map((s) => ({ ...s, btfId: valueTypes().find(s.name, "func") })),
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
  return verifyProgram(typed, { profile: profileWith(dynptr) }).message;
}

const OF_PACKET = `func main:
  r2 = 0
  r3 = r10
  r3 += -16
  call kfunc bpf_dynptr_from_skb
  r1 = r10
  r1 += -16
  r2 = 0
  r3 = 8
  call bpf_dynptr_data#203
  r0 = 0
  exit
`;

Deno.test("a helper takes dynptrs of the kind it says", () => {
  assertEquals(messageOf(OF_PACKET, {}), "");
  assertEquals(messageOf(OF_PACKET, { dynptr: "skb" }), "");
  assertEquals(messageOf(OF_PACKET, { dynptr: "local" }), "Expected a dynptr of type local as arg #0");
  assertEquals(messageOf(OF_PACKET, { dynptr: "ringbuf" }), "Expected a dynptr of type ringbuf as arg #0");
});

const SHOWN = `map m type=user_ringbuf max=4096
func main:
  r1 = map m ll
  r2 = func later ll
  r3 = r10
  r4 = 0
  call bpf_user_ringbuf_drain#209
  r0 = 0
  exit
func later:
  r2 = 0
  r3 = 8
  call bpf_dynptr_data#203
  r0 = 0
  exit
`;

Deno.test("a dynptr that is only shown is not changed", () => {
  assertEquals(messageOf(SHOWN, {}), "");
  const refused = "cannot pass pointer to const bpf_dynptr, the helper mutates it";
  assertEquals(messageOf(SHOWN, { rdonly: false }), refused);
});
