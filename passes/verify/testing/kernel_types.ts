/**
 * The part of a kernel's BTF that tests of kernel functions need, with the kernel's names and parameters.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { addAsyncFunctions, addAsyncTypes } from "./async_types.ts";
import { addAttachTargets } from "./attach_targets.ts";
import { addKernelStructures } from "./kernel_structs.ts";
import { addFurtherObjectTypes, addObjectFunctions, addObjectTypes } from "./object_types.ts";

let built: Btf | undefined;

/** A small kernel: dynptrs of packets, iterators, exceptions and sections, metadata of devices, and one function of another type's programs. */
export function kernelTypes(): Btf {
  if (built !== undefined) return built;
  const builder = new BtfBuilder();
  const int = builder.int("int", 4, { signed: true });
  const u8 = builder.int("unsigned char", 1), u32 = builder.int("unsigned int", 4);
  const u64 = builder.int("unsigned long long", 8);
  const pointerTo = (name: string, size = 16): number => builder.ptr(builder.struct(name, size, []));
  const skb = pointerTo("__sk_buff"), xdp = pointerTo("xdp_md"), dynptr = pointerTo("bpf_dynptr");
  const sockAddr = pointerTo("bpf_sock_addr_kern");
  const memory = builder.ptr(0);
  const func = (name: string, ret: number, params: readonly (readonly [string, number])[]): void => {
    const proto = builder.funcProto(ret, params.map(([name, type]) => ({ name, type })));
    builder.func(name, proto, { linkage: "global" });
  };
  func("bpf_dynptr_from_skb", int, [["s", skb], ["flags", u64], ["ptr__uninit", dynptr]]);
  func("bpf_dynptr_from_xdp", int, [["x", xdp], ["flags", u64], ["ptr__uninit", dynptr]]);
  for (const name of ["bpf_dynptr_slice", "bpf_dynptr_slice_rdwr"]) {
    func(name, memory, [["p", dynptr], ["offset", u32], ["buffer__opt", memory], ["buffer__szk", u32]]);
  }
  func("bpf_dynptr_size", u32, [["p", dynptr]]);
  func("bpf_dynptr_clone", int, [["p", dynptr], ["clone__uninit", dynptr]]);
  func("bpf_xdp_metadata_rx_timestamp", int, [["ctx", xdp], ["timestamp", builder.ptr(u64)]]);
  func("bpf_sock_addr_set_sun_path", int, [
    ["sa_kern", sockAddr],
    ["sun_path", builder.ptr(u8)],
    ["sun_path__sz", u32],
  ]);
  const num = builder.ptr(builder.struct("bpf_iter_num", 8, [])), intPointer = builder.ptr(int);
  func("bpf_iter_num_new", int, [["it", num], ["start", int], ["end", int]]);
  func("bpf_iter_num_next", intPointer, [["it", num]]);
  func("bpf_iter_num_destroy", 0, [["it", num]]);
  const bits = builder.ptr(builder.struct("bpf_iter_bits", 16, []));
  func("bpf_iter_bits_new", int, [["it", bits], ["unsafe_ptr__ign", builder.ptr(u64)], ["nr_words", u32]]);
  func("bpf_iter_bits_next", intPointer, [["it", bits]]);
  func("bpf_iter_bits_destroy", 0, [["it", bits]]);
  func("bpf_throw", 0, [["cookie", u64]]);
  for (
    const name of ["bpf_preempt_disable", "bpf_preempt_enable", "bpf_rcu_read_lock", "bpf_rcu_read_unlock"]
  ) {
    func(name, 0, []);
  }
  func("bpf_xdp_pull_data", int, [["x", xdp], ["len", u32]]);
  const flags = builder.ptr(builder.int("unsigned long", 8)), lock = pointerTo("bpf_res_spin_lock");
  for (const name of ["bpf_local_irq_save", "bpf_local_irq_restore"]) {
    func(name, 0, [["flags__irq_flag", flags]]);
  }
  func("bpf_res_spin_lock", int, [["lock", lock]]);
  func("bpf_res_spin_unlock", 0, [["lock", lock]]);
  func("bpf_res_spin_lock_irqsave", int, [["lock", lock], ["flags__irq_flag", flags]]);
  func("bpf_res_spin_unlock_irqrestore", 0, [["lock", lock], ["flags__irq_flag", flags]]);
  const map = pointerTo("bpf_map");
  func("bpf_arena_alloc_pages", memory, [["p__map", memory], ["addr__ign", memory], ["page_cnt", u32], [
    "node_id",
    int,
  ], ["flags", u64]]);
  func("bpf_arena_free_pages", 0, [["p__map", map], ["ptr__ign", memory], ["page_cnt", u32]]);
  func("bpf_arena_reserve_pages", int, [["p__map", map], ["ptr__ign", memory], ["page_cnt", u32]]);
  addKernelStructures(builder, { int, u32, u64 });
  addObjectFunctions(builder, { int, u64, func });
  addAsyncFunctions(builder, { int, u32, u64, task: builder.build().find("task_struct", "struct"), func });
  addAttachTargets(builder, { int, u64 });
  const file = builder.ptr(builder.build().find("file", "struct"));
  func("bpf_get_file_xattr", int, [["file", file], ["name__str", builder.ptr(u8)], ["value_p", dynptr]]);
  func("bpf_iter_css_task_new", int, [
    ["it", pointerTo("bpf_iter_css_task", 8)],
    ["css", pointerTo("cgroup_subsys_state")],
    ["flags", u32],
  ]);
  built = builder.build();
  return built;
}

let values: Btf | undefined;

/**
 * Types of a program whose map's values (type 3, keys: 1) have a number, a `bpf_spin_lock` at offset 4, and eight bytes more; or (type
 * 9) a task that the map owns and, at offset 8, one that it only points to. Those of `object_types.ts` and `async_types.ts` follow.
 */
export function valueTypes(): Btf {
  if (values !== undefined) return values;
  const builder = new BtfBuilder();
  const u32 = builder.int("unsigned int", 4);
  const lock = builder.struct("bpf_spin_lock", 4, [{ name: "val", type: u32, bitOffset: 0, bitSize: 0 }]);
  builder.struct("locked", 16, [
    { name: "count", type: u32, bitOffset: 0, bitSize: 0 },
    { name: "lock", type: lock, bitOffset: 32, bitSize: 0 },
    { name: "low", type: u32, bitOffset: 64, bitSize: 0 },
    { name: "high", type: u32, bitOffset: 96, bitSize: 0 },
  ]);
  const task = builder.struct("task_struct", 0, []);
  const kept = (tag: string): number => builder.ptr(builder.add({ kind: "type_tag", name: tag, type: task }));
  const owned = kept("kptr"), seen = kept("kptr_untrusted");
  builder.struct("kept", 16, [
    { name: "owned", type: owned, bitOffset: 0, bitSize: 0 },
    { name: "seen", type: seen, bitOffset: 64, bitSize: 0 },
  ]);
  addObjectTypes(builder, lock);
  addAsyncTypes(builder);
  addFurtherObjectTypes(builder);
  values = builder.build();
  return values;
}
