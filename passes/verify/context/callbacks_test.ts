/**
 * Callbacks of schedulers (`sched_ext_ops`) and of input devices (`hid_bpf_ops`). Kernels here are built without them, so the sources
 * are what there is to go by; schedulers that run were verified with the types of a kernel that has them.
 */
import { assertEquals } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { verifyProgram, type VerifyResult } from "../verify.ts";

const member = (name: string, type: number, offset: number) => ({
  name,
  type,
  bitOffset: offset * 8,
  bitSize: 0,
});

/** A kernel with schedulers and input devices that programs can be part of. */
function kernel(): Btf {
  const b = new BtfBuilder();
  const s32 = b.int("int", 4, { signed: true }), u32 = b.int("unsigned int", 4), u64 = b.int("u64", 8);
  const u8 = b.int("unsigned char", 1);
  const text = b.array(u8, 16, { index: u32 });
  const entity = b.struct("sched_ext_entity", 32, [
    member("slice", u64, 0),
    member("dsq_vtime", u64, 8),
    member("flags", u32, 16),
  ]);
  const task = b.ptr(b.struct("task_struct", 64, [member("pid", s32, 0), member("scx", entity, 16)]));
  const device = b.ptr(b.struct("hid_device", 64, [member("id", u32, 0), member("name", text, 16)]));
  const report = b.ptr(
    b.struct("hid_bpf_ctx", 24, [
      member("hid", device, 0),
      member("allocated_size", u32, 8),
      member("retval", s32, 12),
    ]),
  );
  const callback = (ret: number, ...params: readonly number[]): number =>
    b.ptr(b.funcProto(ret, params.map((type) => ({ name: "", type }))));
  b.struct("sched_ext_ops", 40, [
    member("select_cpu", callback(s32, task, s32, u64), 0),
    member("dispatch", callback(0, s32, task), 8),
    member("running", callback(0, task), 16),
    member("init", callback(s32), 24),
    member("flags", u64, 32),
  ]);
  b.struct("hid_bpf_ops", 40, [
    member("hid_id", s32, 0),
    member("hid_device_event", callback(s32, report, s32, u64), 8),
    member("hid_rdesc_fixup", callback(s32, report), 16),
  ]);
  const func = (name: string, ret: number, params: readonly (readonly [string, number])[]): void => {
    b.func(name, b.funcProto(ret, params.map(([name, type]) => ({ name, type }))), { linkage: "global" });
  };
  func("scx_bpf_task_cpu", s32, [["p", task]]);
  func("scx_bpf_create_dsq", s32, [["dsq_id", u64], ["node", s32]]);
  func("scx_bpf_cpu_curr", task, [["cpu", s32]]);
  func("bpf_rcu_read_lock", 0, []);
  func("bpf_rcu_read_unlock", 0, []);
  func("hid_bpf_get_data", b.ptr(u8), [["ctx", report], ["offset", u32], ["rdwr_buf_size", u64]]);
  return b.build();
}

const KERNEL = kernel();
const SLEEPABLE = 16;

interface Callback {
  readonly struct: string;
  readonly member: string;
  readonly flags?: number;
}

function verdict(callback: Callback, text: string): VerifyResult {
  const calls = text.replace(
    /call kfunc (\w+)/g,
    (_, f: string) => `call kfunc ${f}#${KERNEL.find(f, "func")}`,
  );
  const parsed = parseText(`type struct_ops\nflags ${callback.flags ?? 0}\nfunc main:\n${calls}\n`, {
    name: "test",
    helpers: LINUX_6_18,
  });
  const [program] = parsed.programs, attachBtfId = KERNEL.find(callback.struct, "struct");
  const struct = KERNEL.type(attachBtfId);
  const attachType = struct.kind === "struct"
    ? struct.members.findIndex(({ name }) => name === callback.member)
    : -1;
  const attachTarget = `${callback.struct}.${callback.member}`;
  return verifyProgram(
    new Program({
      unit: { ...parsed, targetBtf: KERNEL },
      attrs: { ...program.attrs, attachType, attachBtfId, attachTarget },
      code: program.code,
      subprogs: program.subprogs,
      nextInsnId: program.nextInsnId,
      nextSubprogId: program.nextSubprogId,
    }),
    { profile: LINUX_6_18, logLevel: 1 },
  );
}

const END = "\n  r0 = 0\n  exit";
const messageOf = (callback: Callback, text: string): string => verdict(callback, text + END).message;
const scheduler = (member: string, flags = 0): Callback => ({ struct: "sched_ext_ops", member, flags });
const device = (member: string, flags = 0): Callback => ({ struct: "hid_bpf_ops", member, flags });

Deno.test("the task that ran before may be none, the one that runs is there", () => {
  assertEquals(messageOf(scheduler("running"), "  r2 = *(u64 *)(r1 +0)\n  r0 = *(u32 *)(r2 +0)"), "");
  const before = "  r2 = *(u64 *)(r1 +8)\n";
  assertEquals(
    messageOf(scheduler("dispatch"), `${before}  r0 = *(u32 *)(r2 +0)`),
    "R2 invalid mem access 'trusted_ptr_or_null_'",
  );
  assertEquals(
    messageOf(
      scheduler("dispatch"),
      `${before}  if r2 == 0 goto none\n  r1 = r2\n  call kfunc scx_bpf_task_cpu\nnone:`,
    ),
    "",
  );
});

Deno.test("a scheduler writes a task's slice and virtual time, and is told nothing of other stores", () => {
  const writes = (store: string) =>
    verdict(scheduler("running"), `  r2 = *(u64 *)(r1 +0)\n  r3 = 0\n  ${store}${END}`);
  assertEquals(writes("*(u64 *)(r2 +16) = r3").verdict, "accept");
  // A part of it will do.
  assertEquals(writes("*(u32 *)(r2 +28) = r3").verdict, "accept");
  const refused = writes("*(u32 *)(r2 +32) = r3");
  assertEquals([refused.verdict, refused.errno, refused.message], ["reject", 13, ""]);
  assertEquals(writes("*(u32 *)(r2 +0) = r3").verdict, "reject");
  assertEquals(writes("*(u64 *)(r2 +28) = r3").verdict, "reject");
});

Deno.test("some callbacks of a scheduler sleep, and call what sleeps", () => {
  const creates = "  r1 = 0\n  r2 = -1\n  call kfunc scx_bpf_create_dsq";
  assertEquals(messageOf(scheduler("init", SLEEPABLE), creates), "");
  assertEquals(
    messageOf(scheduler("init"), creates),
    "program must be sleepable to call sleepable kfunc scx_bpf_create_dsq",
  );
  assertEquals(
    messageOf(scheduler("running", SLEEPABLE), ""),
    "attach to unsupported member running of struct sched_ext_ops",
  );
});

Deno.test("which helpers a callback may call does not depend on how its target is named", () => {
  const builder = new BtfBuilder(), int = builder.int("int", 4, { signed: true });
  const call = builder.ptr(builder.funcProto(int, []));
  const attachBtfId = builder.struct("bpf_dummy_ops", 8, [member("test_1", call, 0)]);
  const parsed = parseText("type struct_ops\nfunc main:\n  call bpf_get_prandom_u32#7\n  r0 = 0\n  exit\n", {
    name: "test",
    helpers: LINUX_6_18,
  });
  const [program] = parsed.programs;
  const unnamed = new Program({
    unit: { ...parsed, targetBtf: builder.build() },
    attrs: { ...program.attrs, attachBtfId },
    code: program.code,
    subprogs: program.subprogs,
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
  assertEquals(
    verifyProgram(unnamed, { profile: LINUX_6_18 }).message,
    "program of this type cannot use helper bpf_get_prandom_u32#7",
  );
});

Deno.test("the task that runs on a processor is looked at in a read section", () => {
  const current =
    "  r1 = 0\n  call kfunc scx_bpf_cpu_curr\n  if r0 == 0 goto none\n  r1 = *(u32 *)(r0 +0)\nnone:\n";
  const section = `  call kfunc bpf_rcu_read_lock\n${current}  call kfunc bpf_rcu_read_unlock`;
  assertEquals(messageOf(scheduler("init", SLEEPABLE), section), "");
  assertEquals(
    messageOf(scheduler("init", SLEEPABLE), current),
    "kernel func scx_bpf_cpu_curr requires RCU critical section protection",
  );
});

Deno.test("an input device's report is read and written within what was asked for", () => {
  const data = (use: string) =>
    `  r1 = *(u64 *)(r1 +0)\n  r2 = 0\n  r3 = 4\n  call kfunc hid_bpf_get_data\n  if r0 == 0 goto none\n  ${use}\nnone:`;
  assertEquals(messageOf(device("hid_device_event"), data("*(u32 *)(r0 +0) = 1")), "");
  assertEquals(
    messageOf(device("hid_device_event"), data("*(u32 *)(r0 +2) = 1")),
    "R0 min value is outside of the allowed memory range",
  );
});

Deno.test("what of a report and of a device is written", () => {
  const report = (store: string) =>
    messageOf(device("hid_device_event"), `  r1 = *(u64 *)(r1 +0)\n  r2 = 0\n  ${store}`);
  assertEquals(report("*(u32 *)(r1 +12) = r2"), "");
  assertEquals(
    report("*(u32 *)(r1 +8) = r2"),
    "write access at off 8 with size 4 on read-only part of hid_bpf_ctx",
  );
  const name = (store: string) => report(`r1 = *(u64 *)(r1 +0)\n  ${store}`);
  assertEquals(name("*(u64 *)(r1 +16) = r2"), "");
  // The text's last byte stays.
  assertEquals(
    name("*(u64 *)(r1 +24) = r2"),
    "write access at off 24 with size 8 on read-only part of hid_device",
  );
  assertEquals(
    messageOf(device("hid_device_event", SLEEPABLE), ""),
    "attach to unsupported member hid_device_event of struct hid_bpf_ops",
  );
  assertEquals(messageOf(device("hid_rdesc_fixup", SLEEPABLE), ""), "");
});
