import { agree, FRAME, type Input, ipv4, unavailable } from "./testing_kernel.ts";

if (unavailable !== undefined) console.log(`skipped: helpers against the kernel: ${unavailable}`);

for (const [from, to] of [[0, 4], [4, 0], [4, 4], [16, 8], [0, 0], [24, 24]]) {
  for (const seed of [0, 1, 0xffff, 0x12345678, 0x7fffffff]) {
    agree(
      `csum_diff of ${from} and ${to} bytes, seed ${seed}`,
      `type sched_cls
      func main:
        r6 = r1
        r2 = 0
        r3 = r10
        r3 += -48
        r4 = 48
        call bpf_skb_load_bytes
        r1 = r10
        r1 += -48
        r2 = ${from}
        r3 = r10
        r3 += -24
        r4 = ${to}
        r5 = ${seed}
        call bpf_csum_diff
        exit`,
      [FRAME, { data: ipv4(64).map((byte) => byte ^ 0xff) }, { data: new Uint8Array(64) }, {
        data: new Uint8Array(64).fill(255),
      }],
    );
  }
}

for (
  const [helper, flags] of [["l3", [0, 2, 4, 1, 16]], ["l4", [0, 2, 4, 16, 20, 0x22, 0x62, 0x34]]] as const
) {
  for (const flag of flags) {
    for (const at of [24, 50, 51, 98, 99]) {
      agree(
        `${helper}_csum_replace at ${at}, flags ${flag}`,
        `type sched_cls
        func main:
          r6 = r1
          r2 = 0
          r3 = r10
          r3 += -8
          r4 = 8
          call bpf_skb_load_bytes
          r3 = *(u32 *)(r10 -8)
          r4 = *(u32 *)(r10 -4)
          ${(flag & 15) === 0 ? "r3 = 0" : ""}
          r1 = r6
          r2 = ${at}
          r5 = ${flag}
          call bpf_${helper}_csum_replace
          exit`,
        [FRAME, { data: ipv4(100).map((byte, i) => i >= 48 && i < 54 ? 0 : byte) }],
      );
    }
  }
}

for (const length of [0, 14, 50, 100, 101, 300]) {
  agree(
    `skb_change_tail to ${length}`,
    `type sched_cls
    func main:
      r2 = ${length}
      r3 = 0
      call bpf_skb_change_tail
      exit`,
    [FRAME],
  );
}
for (const length of [0, 10, 100, 101]) {
  agree(
    `skb_pull_data ${length}`,
    `type sched_cls
    func main:
      r2 = ${length}
      call bpf_skb_pull_data
      exit`,
    [FRAME],
  );
}

agree(
  "redirect",
  `type xdp
  func main:
    r1 = 1
    r2 = 0
    call bpf_redirect
    r6 = r0
    r1 = 1
    r2 = 1
    call bpf_redirect
    r6 <<= 8
    r0 += r6
    exit`,
  [FRAME],
);

for (const [type, from] of [["xdp", "bpf_dynptr_from_xdp"], ["sched_cls", "bpf_dynptr_from_skb"]]) {
  for (const [at, length] of [[0, 14], [93, 7], [94, 7], [200, 1], [40, 16]]) {
    agree(
      `dynptr of ${type}: ${length} bytes at ${at}`,
      `type ${type}
      func main:
        r2 = 0
        r3 = r10
        r3 += -16
        call kfunc ${from}
        r6 = r0
        *(u64 *)(r10 -32) = 0
        *(u64 *)(r10 -24) = 0
        r1 = r10
        r1 += -32
        r2 = ${length}
        r3 = r10
        r3 += -16
        r4 = ${at}
        r5 = 0
        call bpf_dynptr_read
        r6 += r0
        r1 = r10
        r1 += -16
        r2 = 2
        r3 = r10
        r3 += -32
        r4 = ${length}
        r5 = 0
        call bpf_dynptr_write
        r6 += r0
        r1 = r10
        r1 += -16
        r2 = ${at}
        r3 = r10
        r3 += -32
        r4 = ${length}
        call kfunc bpf_dynptr_slice
        if r0 == 0 goto none
        r1 = *(u8 *)(r0 +0)
        r6 += r1
      none:
        r1 = r10
        r1 += -16
        r2 = 5
        r3 = 50
        call kfunc bpf_dynptr_adjust
        r6 += r0
        r1 = r10
        r1 += -16
        call kfunc bpf_dynptr_size
        r0 += r6
        exit`,
      [FRAME],
    );
  }
}

agree(
  "hash and array maps",
  `type xdp
  map h type=hash key=4 value=8 max=3
  map a type=array key=4 value=12 max=3
  func main:
    r6 = 0
    r7 = 0
  again:
    *(u32 *)(r10 -4) = r6
    *(u64 *)(r10 -16) = r6
    *(u32 *)(r10 -20) = r6
    *(u32 *)(r10 -24) = 7
    *(u32 *)(r10 -28) = 8
    r1 = map h ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 1
    call bpf_map_update_elem
    r7 += r0
    r1 = map a ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -28
    r4 = 0
    call bpf_map_update_elem
    r7 += r0
    r1 = map a ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto next
    r1 = *(u32 *)(r0 +8)
    r7 += r1
  next:
    r1 = map h ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 2
    call bpf_map_update_elem
    r7 += r0
    r6 += 1
    if r6 != 5 goto again
    *(u32 *)(r10 -4) = 1
    r1 = map h ll
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    r7 += r0
    r1 = map h ll
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    r7 += r0
    r1 = map a ll
    r2 = r10
    r2 += -4
    call bpf_map_delete_elem
    r7 += r0
    r0 = r7
    exit`,
  [FRAME, FRAME],
);

for (const type of ["sched_cls", "cgroup_skb"]) {
  agree(
    `fields of the packet's socket, ${type}`,
    `type ${type}
    func main:
      r6 = r1
      r7 = 0
      r1 = *(u64 *)(r6 + 168) @
      if r1 == 0 goto out
      call bpf_sk_fullsock
      if r0 == 0 goto out
      ${
      [
        [0, 4],
        [4, 4],
        [4, 1],
        [8, 4],
        [12, 4],
        [16, 4],
        [20, 4],
        [24, 4],
        [25, 1],
        [26, 2],
        [44, 4],
        [48, 2],
        [48, 4],
        [52, 4],
        [72, 4],
      ]
        .map(([offset, size]) => `r2 = *(u${size * 8} *)(r0 + ${offset}) $\n r7 *= 31\n r7 += r2`).join("\n")
    }
    out:
      r0 = r7
      ${type === "cgroup_skb" ? "r0 &= 1" : ""}
      exit`,
    [FRAME, { data: new Uint8Array(60) }],
  );
}

for (const type of ["xdp", "sched_cls"]) {
  for (const [given, difference] of [[0, 0], [1500, 0], [0, 65536], [65536, 0], [65536, 1], [0, -200]]) {
    agree(
      `check_mtu of ${type}: length ${given}, difference ${difference}`,
      `type ${type}
      func main:
        *(u32 *)(r10 -4) = ${given}
        r2 = 0
        r3 = r10
        r3 += -4
        r4 = ${difference}
        r5 = 0
        call bpf_check_mtu
        r1 = *(u32 *)(r10 -4)
        r1 <<= 8
        r0 += r1
        exit`,
      [FRAME],
    );
  }
}

for (const type of ["sched_cls", "cgroup_skb"]) {
  agree(
    `packet pointers, ${type}`,
    `type ${type}
    func main:
      r2 = *(u32 *)(r1 + 76) @
      r3 = *(u32 *)(r1 + 80) @
      r4 = r2
      r4 += 60
      r0 = 0
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 +59)
      r0 &= 1
    out:
      exit`,
    [59, 60, 61, 73, 74, 75].map((length) => ({ data: ipv4(length) })) as [Input, ...Input[]],
  );
}
