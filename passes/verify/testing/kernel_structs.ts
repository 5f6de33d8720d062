/**
 * Structures, attach targets and functions of a small kernel, for tests of pointers to kernel structures: the names and relations of
 * Linux 6.18's, at offsets of their own. Tests name members (`@task_struct.pid`), never offsets.
 *
 * @module
 */
import type { Btf, BtfMember } from "../../../ir/btf/btf.ts";
import type { BtfBuilder } from "../../../ir/btf/write.ts";

/** Types that the caller has already. */
export interface BaseTypes {
  readonly int: number;
  readonly u32: number;
  readonly u64: number;
}

function members(list: readonly (readonly [name: string, type: number, off: number])[]): BtfMember[] {
  return list.map(([name, type, off]) => ({ name, type, bitOffset: 8 * off, bitSize: 0 }));
}

/** Adds them. */
export function addKernelStructures(builder: BtfBuilder, base: BaseTypes): void {
  const { int, u32, u64 } = base, pointer = builder.ptr(0);
  const char = builder.int("char", 1, { signed: true });
  const tagged = (tag: string, type: number): number =>
    builder.ptr(builder.add({ kind: "type_tag", name: tag, type }));
  const func = (name: string, ret: number, params: readonly (readonly [string, number])[]): number =>
    builder.func(name, builder.funcProto(ret, params.map(([name, type]) => ({ name, type }))), {
      linkage: "global",
    });
  const tracepoint = (name: string, params: readonly number[]): void => {
    const proto = builder.funcProto(0, [pointer, ...params].map((type) => ({ name: "", type })));
    builder.add({ kind: "typedef", name: `btf_trace_${name}`, type: builder.ptr(proto) });
  };

  const sockCommon = builder.struct("sock_common", 16, members([["skc_family", u32, 0]]));
  const sock = builder.struct("sock", 32, members([["__sk_common", sockCommon, 0], ["sk_rcvbuf", int, 16]]));
  const sockPointer = builder.ptr(sock);
  builder.struct(
    "tcp_sock",
    64,
    members([["inet_conn", sock, 0], ["snd_cwnd", u32, 40], ["snd_ssthresh", u32, 44], [
      "max_window",
      u32,
      48,
    ]]),
  );
  const skb = builder.struct("sk_buff", 48, members([["sk", sockPointer, 8], ["len", u32, 16]]));
  const skbPointer = builder.ptr(skb);
  builder.struct("sk_buff__safe_rcu_or_null", 8, members([["sk", sockPointer, 0]]));

  const cssSet = tagged("rcu", builder.struct("css_set", 16, members([["nr_tasks", int, 0]])));
  const comm = builder.array(char, 16, { index: u32 });
  // It points to itself: three types come before it.
  const task = builder.nextId + 3, self = builder.ptr(task), parent = tagged("rcu", task);
  const flags: BtfMember = { name: "in_execve", type: u32, bitOffset: 8 * 64, bitSize: 1 };
  builder.struct("task_struct", 72, [
    ...members([
      ["stack", pointer, 0],
      ["pid", int, 8],
      ["comm", comm, 16],
      ["group_leader", self, 32],
      ["real_parent", parent, 40],
      ["cgroups", cssSet, 48],
      ["last_wakee", self, 56],
    ]),
    flags,
  ]);
  builder.struct(
    "task_struct__safe_rcu",
    24,
    members([["cgroups", cssSet, 0], ["real_parent", parent, 8], ["group_leader", self, 16]]),
  );
  tracepoint("task_newtask", [self, u64]);
  tracepoint("kfree_skb", [skbPointer, pointer, u32, sockPointer]);
  func("bpf_task_acquire", self, [["p", self]]);
  func("bpf_task_release", 0, [["p", self]]);
  func("bpf_rdonly_cast", pointer, [["obj__ign", builder.ptr(0)], ["btf_id__k", u32]]);
  func("bpf_cast_to_kern_ctx", pointer, [["obj", pointer]]);

  const seq = builder.ptr(builder.struct("seq_file", 16, members([["buf", builder.ptr(char), 0]])));
  const meta = builder.ptr(
    builder.struct(
      "bpf_iter_meta",
      24,
      members([["seq", seq, 0], ["session_id", u64, 8], ["seq_num", u64, 16]]),
    ),
  );
  builder.struct("bpf_iter_meta__safe_trusted", 8, members([["seq", seq, 0]]));
  func("bpf_iter_task", int, [["meta", meta], ["task", self]]);
  func("bpf_iter_bpf_map_elem", int, [["meta", meta], ["map", pointer], ["key", pointer], [
    "value",
    pointer,
  ]]);

  const callback = (ret: number, params: readonly number[]): number =>
    builder.ptr(builder.funcProto(ret, params.map((type) => ({ name: "", type }))));
  builder.struct(
    "tcp_congestion_ops",
    112,
    members([
      ["ssthresh", callback(u32, [sockPointer]), 0],
      ["cong_avoid", callback(0, [sockPointer, u32, u32]), 8],
      // The kernel has others in between.
      ...Array.from({ length: 8 }, (_, i) => [`other${i}`, callback(0, [sockPointer]), 16 + 8 * i] as const),
      ["get_info", callback(u64, [sockPointer]), 80],
      ["name", builder.array(char, 16, { index: u32 }), 88],
      ["flags", u32, 104],
    ]),
  );
  const state = builder.ptr(builder.struct("bpf_dummy_ops_state", 4, members([["val", int, 0]])));
  builder.struct(
    "bpf_dummy_ops",
    24,
    members([
      ["test_1", callback(int, [state]), 0],
      ["test_2", callback(int, [state]), 8],
      ["test_sleepable", callback(int, [state]), 16],
    ]),
  );
  builder.struct("nf_hook_state", 16, members([["hook", char, 0]]));
  const connection = builder.ptr(builder.struct("nf_conn___init", 16, []));
  const address = builder.ptr(builder.union("nf_inet_addr", 16, members([["ip", u32, 0], ["in6", u64, 0]])));
  const tuple = builder.ptr(builder.struct("bpf_sock_tuple", 12, members([["saddr", u32, 0]])));
  const options = builder.ptr(builder.struct("bpf_ct_opts", 16, members([["error", int, 0]])));
  func("bpf_xdp_ct_alloc", connection, [
    ["xdp_ctx", builder.ptr(builder.struct("xdp_md", 24, []))],
    ["bpf_tuple", tuple],
    ["tuple__sz", u32],
    ["opts", options],
    ["opts__sz", u32],
  ]);
  func("bpf_ct_set_nat_info", int, [["nfct", connection], ["addr", address], ["port", int], ["manip", u32]]);
  builder.struct(
    "bpf_array",
    64,
    members([["elem_size", u32, 0], ["index_mask", u32, 4], ["ops", pointer, 8]]),
  );
  addHooks(builder, { int, u64, u32, func, task: self, sock: sockPointer, char: builder.ptr(char) });
  const context = builder.struct("xdp_buff", 16, members([["data", pointer, 0]]));
  builder.struct("bpf_ctx_convert", 16, members([["BPF_PROG_TYPE_XDP_kern", context, 0]]));
}

/** Adds security hooks, their callers and a system call. */
function addHooks(
  builder: BtfBuilder,
  types: BaseTypes & {
    readonly func: (name: string, ret: number, params: readonly (readonly [string, number])[]) => number;
    readonly task: number;
    readonly sock: number;
    readonly char: number;
  },
): void {
  const { func, int, u64, task } = types, pointer = builder.ptr(0);
  const path = builder.struct("path", 16, members([["mnt", pointer, 0], ["dentry", pointer, 8]]));
  const file = builder.ptr(
    builder.struct("file", 32, members([["f_flags", types.u32, 0], ["f_path", path, 8]])),
  );
  const hooks: readonly (readonly [string, number, readonly (readonly [string, number])[]])[] = [
    ["file_open", int, [["file", file]]],
    ["file_permission", int, [["file", file], ["mask", int]]],
    ["task_alloc", int, [["task", task], ["clone_flags", u64]]],
    ["task_free", 0, [["task", task]]],
    ["getprocattr", int, [["p", task], ["name", types.char], ["value", pointer]]],
    ["inode_xattr_skipcap", int, [["name", types.char]]],
    ["sk_free_security", 0, [["sk", types.sock]]],
    ["socket_post_create", int, [["sock", pointer], ["family", int]]],
  ];
  for (const [name, ret, params] of hooks) func(`bpf_lsm_${name}`, ret, params);
  func("bpf_lsm_is_trusted", int, [["prog", pointer]]);
  builder.union(
    "security_list_options",
    8,
    members([...hooks.map(([name]) => [name, pointer, 0] as const), [
      "lsm_func_addr",
      pointer,
      0,
    ]]),
  );
  func("security_file_open", int, [["file", file]]);
  func("vfs_open", int, [["path", pointer], ["file", file]]);
  func("bpf_fentry_test1", int, [["a", int]]);
  func("bpf_fentry_test2", int, [["a", int], ["b", u64]]);
  const registers = builder.ptr(builder.struct("pt_regs", 168, []));
  func("__x64_sys_getpgid", int, [["regs", registers]]);
}

/** Where a member lies in a structure, in bytes; anonymous members' own included. */
export function offsetOf(btf: Btf, struct: string, name: string): number {
  const find = (id: number): number => {
    const type = btf.type(btf.resolve(id));
    if (type.kind !== "struct" && type.kind !== "union") return -1;
    for (const member of type.members) {
      const off = Math.floor(member.bitOffset / 8);
      if (member.name === name) return off;
      const inner = member.name === "" ? find(member.type) : -1;
      if (inner >= 0) return off + inner;
    }
    return -1;
  };
  const off = find(btf.find(struct, "struct"));
  if (off < 0) throw new RangeError(`Cannot find ${struct}.${name} in the kernel's types`);
  return off;
}
