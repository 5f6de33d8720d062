/**
 * Types of a program with callbacks that run later or where it throws, and the kernel functions they are kept with, for tests.
 *
 * @module
 */
import type { BtfBuilder } from "../../../ir/btf/write.ts";

/**
 * Adds structures with a number and, at offset 8, something that a callback is kept in: `own_timed`, `own_queued`, `own_worked`; the
 * callback `later`; and functions to throw with: `main_caught` and its like are main functions whose tag names `caught`, a global
 * function of one number, or others that do not do.
 */
export function addAsyncTypes(builder: BtfBuilder): void {
  const u64 = builder.int("u64", 8), u32 = 1, int = builder.int("s32", 4, { signed: true });
  const holder = (name: string, field: string, words: number): void => {
    const members = Array.from(
      { length: words },
      (_, i) => ({ name: `w${i}`, type: u64, bitOffset: i * 64, bitSize: 0 }),
    );
    const inner = builder.struct(field, words * 8, members);
    builder.struct(name, 8 + words * 8, [
      { name: "n", type: u32, bitOffset: 0, bitSize: 0 },
      { name: "field", type: inner, bitOffset: 64, bitSize: 0 },
    ]);
  };
  holder("own_timed", "bpf_timer", 2);
  holder("own_queued", "bpf_wq", 2);
  holder("own_worked", "bpf_task_work", 1);
  const memory = builder.ptr(0);
  const func = (
    name: string,
    linkage: "static" | "global",
    proto: { readonly ret?: number; readonly params: readonly number[] },
  ): number => {
    const params = proto.params.map((type, i) => ({ name: `a${i}`, type }));
    return builder.func(name, builder.funcProto(proto.ret ?? int, params), { linkage });
  };
  func("later", "static", { params: [memory, memory, memory] });
  func("caught", "global", { params: [u64] });
  func("caught_static", "static", { params: [u64] });
  func("caught_nothing", "global", { params: [] });
  func("caught_memory", "global", { ret: memory, params: [u64] });
  func("helping", "static", { params: [u64] });
  func("saying_nothing", "static", { ret: 0, params: [memory] });
  func("caught_pointer", "global", { params: [builder.ptr(u64)] });
  const main = (name: string, ...callbacks: readonly string[]): void => {
    const type = func(name, "global", { params: [memory] });
    for (const callback of callbacks) {
      builder.add({ kind: "decl_tag", name: `exception_callback:${callback}`, type, component: -1 });
    }
  };
  main("main_caught", "caught");
  main("main_static", "caught_static");
  main("main_nothing", "caught_nothing");
  main("main_memory", "caught_memory");
  main("main_pointer", "caught_pointer");
  main("main_two", "caught", "caught_nothing");
  main("main_missing", "nobody");
  main("main_itself", "main_itself");
}

/** Adds the kernel's functions for work queues, task work and iterators over tasks. */
export function addAsyncFunctions(
  builder: BtfBuilder,
  types: {
    readonly int: number;
    readonly u32: number;
    readonly u64: number;
    readonly task: number;
    readonly func: (name: string, ret: number, params: readonly (readonly [string, number])[]) => void;
  },
): void {
  const { int, u32, u64, func } = types, memory = builder.ptr(0), task = builder.ptr(types.task);
  const pointerTo = (name: string, size: number): number => builder.ptr(builder.struct(name, size, []));
  const callback = builder.ptr(
    builder.funcProto(int, ["map", "key", "value"].map((name) => ({ name, type: memory }))),
  );
  const queue = pointerTo("bpf_wq", 16), work = pointerTo("bpf_task_work", 8);
  func("bpf_wq_init", int, [["wq", queue], ["p__map", memory], ["flags", u32]]);
  func("bpf_wq_set_callback_impl", int, [
    ["wq", queue],
    ["callback_fn", callback],
    ["flags", u32],
    ["aux__prog", memory],
  ]);
  func("bpf_wq_start", int, [["wq", queue], ["flags", u32]]);
  func("bpf_task_work_schedule_signal_impl", int, [
    ["task", task],
    ["tw", work],
    ["map__map", memory],
    ["callback", callback],
    ["aux__prog", memory],
  ]);
  func("bpf_copy_from_user_str", int, [
    ["dst", memory],
    ["dst__sz", u32],
    ["unsafe_ptr__ign", memory],
    ["flags", u64],
  ]);
  const tasks = pointerTo("bpf_iter_task", 24);
  func("bpf_iter_task_new", int, [["it", tasks], ["task__nullable", task], ["flags", u32]]);
  func("bpf_iter_task_next", task, [["it", tasks]]);
  func("bpf_iter_task_destroy", 0, [["it", tasks]]);
}
