import { agree, AT_MANY_PLACES, FRAME, ipv4, unavailable, word } from "./testing_kernel.ts";

if (unavailable !== undefined) console.log(`skipped: xdp test runs against the kernel: ${unavailable}`);

for (const offset of [0, 4, -4, -64, -200, -216, -217, 86, 87, 1000]) {
  agree(
    `xdp_adjust_head by ${offset}`,
    `type xdp
    func main:
      r2 = ${offset}
      call bpf_xdp_adjust_head
      exit`,
    [FRAME],
  );
}
for (const offset of [0, -4, -32, -36, -2, -252, -256, 4]) {
  agree(
    `xdp_adjust_meta by ${offset}`,
    `type xdp
    func main:
      r2 = ${offset}
      call bpf_xdp_adjust_meta
      exit`,
    [FRAME],
  );
}
for (const offset of [0, -1, -86, -87, 1, 500, 3420, 3421]) {
  agree(
    `xdp_adjust_tail by ${offset}`,
    `type xdp
    func main:
      r2 = ${offset}
      call bpf_xdp_adjust_tail
      exit`,
    [FRAME],
  );
}

agree(
  "xdp metadata given with the context",
  `type xdp
  func main:
    r2 = *(u32 *)(r1 + 8) @
    r3 = *(u32 *)(r1 + 0) @
    r4 = r2
    r4 += 4
    if r4 > r3 goto none
    r0 = *(u32 *)(r2 + 0)
    *(u8 *)(r2 + 1) = 7
    exit
  none:
    r0 = 0
    exit`,
  [
    FRAME,
    { data: ipv4(60), ctx: word(24, { 0: 8, 4: 60 }) },
    { data: ipv4(60), ctx: word(24, { 0: 2, 4: 60 }) },
    { data: ipv4(60), ctx: word(24, { 0: 8, 4: 61 }) },
    { data: ipv4(60), ctx: word(24, { 0: 8, 4: 60, 20: 1 }) },
    { data: ipv4(60), ctx: word(24, { 4: 60, 16: 1 }) },
    { data: ipv4(13) },
  ],
);

agree(
  "xdp_load_bytes and xdp_store_bytes",
  `type xdp
  func main:
    r6 = r1
    *(u64 *)(r10 -8) = 0
    r0 = 0
    r2 = *(u32 *)(r1 + 4) @
    r3 = *(u32 *)(r1 + 0) @
    r7 = r3
    r7 += 1
    if r7 > r2 goto out
    r7 = *(u8 *)(r3 + 0)
    r2 = r7
    r3 = r10
    r3 += -8
    r4 = 7
    call bpf_xdp_load_bytes
    r8 = r0
    r1 = r6
    r2 = r7
    r2 += 3
    r3 = r10
    r3 += -8
    r4 = 5
    call bpf_xdp_store_bytes
    r0 += r8
    r1 = *(u64 *)(r10 -8)
    r0 += r1
  out:
    exit`,
  AT_MANY_PLACES,
);
