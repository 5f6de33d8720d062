import { agree, FRAME, unavailable } from "./testing_kernel.ts";

if (unavailable !== undefined) console.log(`skipped: reads and numbers against the kernel: ${unavailable}`);

const NUMBERS = [
  "42",
  "-42",
  "  7x",
  "0x1f",
  "0X1F",
  "0xg",
  "017",
  "08",
  "-",
  "",
  "9223372036854775807",
  "-9223372036854775808",
];
const LONG = ["9223372036854775808", "18446744073709551615", "18446744073709551616", "x1", "\t\n-0"];

for (const text of [...NUMBERS, ...LONG]) {
  for (const helper of ["strtol", "strtoul"]) {
    for (const base of [0, 8, 10, 16, 3]) {
      const bytes = [...new TextEncoder().encode(text), 0];
      agree(
        `${helper} of ${JSON.stringify(text)}, base ${base}`,
        `type sched_cls
        func main:
          ${bytes.map((byte, i) => `*(u8 *)(r10 ${-40 + i}) = ${byte}`).join("\n")}
          *(u64 *)(r10 -8) = 5
          r1 = r10
          r1 += -40
          r2 = ${bytes.length}
          r3 = ${base}
          r4 = r10
          r4 += -8
          call bpf_${helper}
          r1 = *(u64 *)(r10 -8)
          r2 = r1
          r2 >>= 32
          r1 ^= r2
          r0 <<= 8
          r0 ^= r1
          exit`,
        [FRAME],
      );
    }
  }
}

for (const address of ["r10\n r3 += -16", "0", "4096", "-1 ll", "3221225472 ll"]) {
  agree(
    `probe_read_kernel at ${address}`,
    `type sched_cls
    func main:
      *(u64 *)(r10 -16) = 77
      *(u64 *)(r10 -8) = 55
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = ${address}
      call bpf_probe_read_kernel
      r1 = *(u64 *)(r10 -8)
      r0 <<= 8
      r0 += r1
      exit`,
    [FRAME],
  );
}

for (
  const [memory, words] of [
    ["r10\n r2 += -16", 1],
    ["r10\n r2 += -16", 2],
    ["r10\n r2 += -16", 0],
    ["r10\n r2 += -16", 512],
    ["0", 1],
    ["3221225472 ll", 1],
    ["3221225472 ll", 2],
  ] as const
) {
  agree(
    `the bits of ${words} words at ${memory.replace(/\n.*/, "")}`,
    `type sched_cls
    func main:
      r1 = 0x8000000000000005 ll
      *(u64 *)(r10 -16) = 6
      *(u64 *)(r10 -8) = r1
      r1 = r10
      r1 += -32
      r2 = ${memory}
      r3 = ${words}
      call kfunc bpf_iter_bits_new
      r6 = r0
      r6 <<= 16
    again:
      r1 = r10
      r1 += -32
      call kfunc bpf_iter_bits_next
      if r0 == 0 goto done
      r1 = *(s32 *)(r0 +0)
      r6 += r1
      r6 += 1
      if r6 > 0 goto again
      goto again
    done:
      r1 = r10
      r1 += -32
      call kfunc bpf_iter_bits_destroy
      r0 = r6
      exit`,
    [FRAME],
  );
}

for (
  const [family, size, flags] of [[2, 64, 0], [10, 64, 1], [7, 64, 0], [2, 63, 0], [2, 64, 64], [2, 64, 2]]
) {
  agree(
    `routes of family ${family}, ${size} bytes, flags ${flags}`,
    `type sched_cls
    func main:
      ${Array.from({ length: 8 }, (_, i) => `*(u64 *)(r10 ${-8 - 8 * i}) = 0`).join("\n")}
      *(u8 *)(r10 -64) = ${family}
      *(u32 *)(r10 -56) = 9999
      r2 = r10
      r2 += -64
      r3 = ${size}
      r4 = ${flags}
      call bpf_fib_lookup
      exit`,
    [FRAME],
  );
}

for (
  const [first, end] of [[0, 5], [-3, 2], [4, 4], [5, 4], [-0x80000000, -0x7ffffffd], [
    0x7ffffffd,
    0x7fffffff,
  ], [
    -0x80000000,
    0x7fffffff,
  ], [0, 8388609]]
) {
  agree(
    `the numbers from ${first} to ${end}`,
    `type sched_cls
    func main:
      r1 = r10
      r1 += -8
      r2 = ${first}
      r3 = ${end}
      call kfunc bpf_iter_num_new
      r6 = r0
      r6 <<= 16
    again:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      r1 = *(s32 *)(r0 +0)
      r6 *= 31
      r6 += r1
      goto again
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = r6
      exit`,
    [FRAME],
  );
}
