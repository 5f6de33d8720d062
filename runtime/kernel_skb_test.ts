import { agree, AT_MANY_PLACES, FRAME, ipv4, unavailable, word } from "./testing_kernel.ts";

if (unavailable !== undefined) {
  console.log(`skipped: socket buffer test runs against the kernel: ${unavailable}`);
}

const TC_CTX = word(192, {
  8: 77,
  32: 3,
  36: 1,
  48: 1,
  52: 2,
  56: 3,
  60: 4,
  64: 5,
  152: 99,
  160: 200,
  164: 6,
  176: 1000,
  184: 123,
});

agree(
  "tc context, read and written",
  `type sched_cls
  func main:
    r6 = r1
    r0 = *(u32 *)(r6 + 0) @
    r2 = *(u32 *)(r6 + 4) @
    r0 += r2
    r2 = *(u32 *)(r6 + 8) @
    r0 += r2
    r2 = *(u16 *)(r6 + 16) @
    r0 += r2
    r2 = *(u8 *)(r6 + 17) @
    r0 += r2
    r2 = *(u32 *)(r6 + 20) @
    r0 += r2
    r2 = *(u32 *)(r6 + 40) @
    r0 += r2
    r2 = *(u32 *)(r6 + 36) @
    r0 += r2
    r2 = *(u32 *)(r6 + 160) @
    r0 += r2
    r2 = *(u32 *)(r6 + 164) @
    r0 += r2
    r2 = *(u32 *)(r6 + 176) @
    r0 += r2
    r2 = *(u64 *)(r6 + 184) @
    r0 += r2
    r2 = *(u64 *)(r6 + 152) @
    r0 += r2
    *(u64 *)(r6 + 152) = r0 @
    *(u32 *)(r6 + 8) = r0 @
    *(u32 *)(r6 + 32) = 9 @
    *(u32 *)(r6 + 44) = r0 @
    r2 = *(u32 *)(r6 + 44) @
    r0 += r2
    *(u8 *)(r6 + 49) = 17 @
    *(u64 *)(r6 + 56) = r0 @
    *(u32 *)(r6 + 72) = 65537 @
    r2 = *(u32 *)(r6 + 72) @
    r0 += r2
    *(u32 *)(r6 + 12) = 3 @
    r2 = *(u32 *)(r6 + 12) @
    r0 += r2
    exit`,
  [
    FRAME,
    { data: ipv4(100), ctx: word(192, {}) },
    { data: ipv4(100), ctx: TC_CTX },
    { data: ipv4(100), ctx: word(192, { 160: 50 }) },
    { data: ipv4(100), ctx: word(192, { 0: 1 }) },
    { data: ipv4(30) },
    { data: new Uint8Array(20) },
    { data: Uint8Array.from({ length: 40 }, () => 255) },
  ],
);

agree(
  "skb_load_bytes and skb_store_bytes",
  `type sched_cls
  func main:
    r6 = r1
    r1 = r6
    r2 = 0
    r3 = r10
    r3 += -16
    r4 = 1
    call bpf_skb_load_bytes
    r7 = *(u8 *)(r10 -16)
    *(u64 *)(r10 -8) = 0
    r1 = r6
    r2 = r7
    r3 = r10
    r3 += -8
    r4 = 7
    call bpf_skb_load_bytes
    r8 = r0
    r1 = r6
    r2 = r7
    r2 += 3
    r3 = r10
    r3 += -8
    r4 = 5
    r5 = 2
    call bpf_skb_store_bytes
    r0 += r8
    r1 = *(u64 *)(r10 -8)
    r0 += r1
    exit`,
  AT_MANY_PLACES,
);

for (const type of ["socket_filter", "sched_cls"]) {
  agree(
    `skb_load_bytes_relative, ${type}`,
    `type ${type}
    func main:
      r6 = r1
      r2 = 3
      r3 = r10
      r3 += -4
      r4 = 4
      r5 = 0
      call bpf_skb_load_bytes_relative
      r7 = *(u32 *)(r10 -4)
      r1 = r6
      r2 = 3
      r3 = r10
      r3 += -4
      r4 = 4
      r5 = 1
      call bpf_skb_load_bytes_relative
      r0 = *(u32 *)(r10 -4)
      r0 += r7
      exit`,
    [FRAME],
  );
  agree(
    `legacy packet loads, ${type}`,
    `type ${type}
    func main:
      r6 = r1
      r0 = *(u32 *)skb[0]
      r7 = r0
      r0 = *(u16 *)skb[r7 +-2147483648]
      r0 += r7
      exit`,
    [FRAME],
  );
  for (const at of [0, 12, 84, 85, 86, 99, -0x100000, -0x1ffff4, -0x200000, -0x100002]) {
    agree(
      `legacy packet load at ${at}, ${type}`,
      `type ${type}
      func main:
        r6 = r1
        r0 = *(u16 *)skb[${at}]
        r0 += 1
        exit`,
      [FRAME],
    );
  }
}
