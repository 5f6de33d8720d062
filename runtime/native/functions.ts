/**
 * The runtime's native functions as BPF text, one `func` each. Generated from the C sources beside it by
 * `deno run -A tools/build_native.ts`; a test fails when the two differ.
 *
 * @module
 */

/** See the module's header. */
export const NATIVE_FUNCTIONS: string = `
func bpf_for_each_map_elem:
    *(u64 *)(r10 -16) = r3
    r7 = r2
    r8 = r1
    r9 = -22
    if r4 != 0x0 goto L9
    r1 = *(u32 *)(r8 +0)
    if w1 == 0x2 goto L1
    if w1 != 0x6 goto L5
  L1:
    r9 = 0
    r1 = *(u32 *)(r8 +12)
    if w1 == 0x0 goto L9
    r1 = 0
    r6 = r8
    r6 += 40
    goto L3
  L2:
    r1 = r9
    r1 += 1
    r2 = *(u32 *)(r8 +12)
    if r1 >= r2 goto L4
  L3:
    r9 = r1
    *(u32 *)(r10 -4) = r9
    r1 = *(u32 *)(r8 +32)
    r2 = r9
    r2 *= r1
    r4 = r6
    r4 += r2
    r3 = r10
    r3 += -4
    r1 = r7
    r2 = r8
    r5 = *(u64 *)(r10 -16)
    call kfunc inlay_invoke
    if r0 == 0x0 goto L2
  L4:
    r9 += 1
    goto L9
  L5:
    if w1 == 0x1 goto L6
    r9 = -95
    if w1 > 0xa goto L9
    w2 = 1
    w2 <<= w1
    w2 &= 1568
    if w2 != 0x0 goto L6
    goto L9
  L6:
    r9 = 0
    r1 = *(u32 *)(r8 +72)
    if w1 == 0x0 goto L9
    r6 = 0
  L7:
    r2 = *(u32 *)(r8 +48)
    r4 = r6
    r4 *= r2
    r3 = *(u64 *)(r8 +40)
    r3 += r4
    r2 = *(u32 *)(r3 +8)
    if w2 == 0x0 goto L8
    r4 = *(u32 *)(r8 +52)
    r4 += r3
    r3 += 16
    r1 = r7
    r2 = r8
    r5 = *(u64 *)(r10 -16)
    call kfunc inlay_invoke
    r9 += 1
    if r0 != 0x0 goto L9
    r1 = *(u32 *)(r8 +72)
  L8:
    r6 += 1
    w2 = w1
    if r6 < r2 goto L7
  L9:
    r0 = r9
    exit

func bpf_tail_call:
    r0 = -2
    r4 = *(u32 *)(r2 +12)
    if w3 >= w4 goto L1
    w3 = w3
    r4 = *(u32 *)(r2 +32)
    r4 *= r3
    r2 += r4
    r3 = *(u8 *)(r2 +40)
    r5 = *(u8 *)(r2 +41)
    r5 <<= 8
    r5 |= r3
    r3 = *(u8 *)(r2 +42)
    r3 <<= 16
    r4 = *(u8 *)(r2 +43)
    r4 <<= 24
    r4 |= r3
    r4 |= r5
    r5 = *(u8 *)(r2 +45)
    w5 <<= 8
    r3 = *(u8 *)(r2 +44)
    w5 |= w3
    r6 = *(u8 *)(r2 +46)
    w6 <<= 16
    r3 = *(u8 *)(r2 +47)
    w3 <<= 24
    w3 |= w6
    w3 |= w5
    r3 <<= 32
    r3 |= r4
    if r3 == 0x0 goto L1
    r2 = kernel_var inlay_control ll
    r2 = *(u32 *)(r2 +24)
    if w2 > 0x20 goto L1
    w2 += 1
    r6 = kernel_var inlay_control ll
    *(u32 *)(r6 +24) = r2
    r2 = r1
    r1 = r3
    call kfunc inlay_enter
    w1 = 1
    *(u32 *)(r6 +28) = r1
  L1:
    exit

func bpf_dynptr_from_mem:
    r0 = -7
    if w2 > 0xffffff goto L1
    r0 = -22
    if r3 == 0x0 goto L3
  L1:
    r1 = 0
    *(u64 *)(r4 +8) = r1
    *(u64 *)(r4 +0) = r1
  L2:
    exit
  L3:
    w3 = 0
    *(u32 *)(r4 +12) = r3
    *(u64 *)(r4 +0) = r1
    w2 |= 268435456
    *(u32 *)(r4 +8) = r2
    r0 = 0
    goto L2

func bpf_dynptr_from_xdp:
    r0 = -22
    w4 = 0
    r6 = 0
    w5 = 0
    if r2 != 0x0 goto L1
    r2 = *(u64 *)(r1 +0)
    r5 = *(u64 *)(r1 +8)
    w5 -= w2
    r0 = 0
    w5 |= 1073741824
    r6 = r1
  L1:
    *(u32 *)(r3 +12) = r4
    *(u32 *)(r3 +8) = r5
    *(u64 *)(r3 +0) = r6
    exit

func bpf_dynptr_from_skb:
    r0 = -22
    w4 = 0
    r5 = 0
    w6 = 0
    if r2 != 0x0 goto L1
    r0 = 0
    r6 = *(u32 *)(r1 +48)
    w6 |= 805306368
    r5 = r1
  L1:
    *(u32 *)(r3 +12) = r4
    *(u32 *)(r3 +8) = r6
    *(u64 *)(r3 +0) = r5
    exit

func bpf_dynptr_from_skb_rdonly:
    r0 = -22
    w4 = 0
    r5 = 0
    w6 = 0
    if r2 != 0x0 goto L1
    r0 = 0
    r6 = *(u32 *)(r1 +48)
    w6 |= -1342177280
    r5 = r1
  L1:
    *(u32 *)(r3 +12) = r4
    *(u32 *)(r3 +8) = r6
    *(u64 *)(r3 +0) = r5
    exit

func bpf_dynptr_read:
    r0 = -22
    if r5 != 0x0 goto L15
    r6 = *(u64 *)(r3 +0)
    if r6 == 0x0 goto L15
    r7 = *(u32 *)(r3 +8)
    r0 = -7
    w5 = w7
    w5 &= 16777215
    if w5 < w2 goto L15
    w5 -= w2
    if w4 > w5 goto L15
    w7 >>= 28
    w7 &= 7
    r5 = *(u32 *)(r3 +12)
    w5 += w4
    if w7 == 0x4 goto L14
    if w7 != 0x3 goto L4
    if w5 s< 0x0 goto L1
    r3 = *(u32 *)(r6 +52)
    w4 = w5
    w4 += w3
    r3 = *(u32 *)(r6 +48)
    w3 -= w4
    if w3 s>= w2 goto L10
  L1:
    w3 = w2
  L2:
    r0 = -14
    if r3 == 0x0 goto L15
    r1 += -1
    w2 = 0
  L3:
    r4 = r1
    r4 += r3
    *(u8 *)(r4 +0) = r2
    r3 += -1
    if r3 == 0x0 goto L15
    goto L3
  L4:
    w3 = w2
    r4 = r6
    r4 += r5
    if r1 > r4 goto L8
    if w2 < 0x8 goto L6
  L5:
    r2 = *(u64 *)(r4 +0)
    *(u64 *)(r1 +0) = r2
    r4 += 8
    r1 += 8
    r3 += -8
    if r3 > 0x7 goto L5
  L6:
    r0 = 0
    if r3 == 0x0 goto L15
  L7:
    r2 = *(u8 *)(r4 +0)
    *(u8 *)(r1 +0) = r2
    r4 += 1
    r1 += 1
    r3 += -1
    if r3 == 0x0 goto L15
    goto L7
  L8:
    r0 = 0
    if w2 == 0x0 goto L15
    r5 += r6
    r1 += -1
    r5 += -1
  L9:
    r2 = r1
    r2 += r3
    r4 = r5
    r4 += r3
    r4 = *(u8 *)(r4 +0)
    *(u8 *)(r2 +0) = r4
    r3 += -1
    if r3 != 0x0 goto L9
    goto L15
  L10:
    w3 = w2
    r4 = *(u64 *)(r6 +24)
    if r4 == 0x0 goto L2
    r4 += r5
    if w2 < 0x8 goto L12
  L11:
    r2 = *(u64 *)(r4 +0)
    *(u64 *)(r1 +0) = r2
    r4 += 8
    r1 += 8
    r3 += -8
    if r3 > 0x7 goto L11
  L12:
    r0 = 0
    if r3 == 0x0 goto L15
  L13:
    r2 = *(u8 *)(r4 +0)
    *(u8 *)(r1 +0) = r2
    r4 += 1
    r1 += 1
    r3 += -1
    if r3 == 0x0 goto L15
    goto L13
  L14:
    w3 = w5
    w3 |= w2
    r0 = -14
    if w3 > 0xffff goto L15
    w4 = w5
    w4 += w2
    r7 = *(u64 *)(r6 +8)
    r3 = *(u64 *)(r6 +0)
    w7 -= w3
    r0 = -22
    if w4 > w7 goto L15
    r3 += r5
    r0 = r3
    if r3 < 0xfffff001 goto L16
  L15:
    exit
  L16:
    w4 = w2
    if w2 < 0x8 goto L18
  L17:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r2
    r3 += 8
    r1 += 8
    r4 += -8
    if r4 > 0x7 goto L17
  L18:
    r0 = 0
    if r4 == 0x0 goto L15
  L19:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r2
    r3 += 1
    r1 += 1
    r4 += -1
    if r4 == 0x0 goto L15
    goto L19

func bpf_dynptr_write:
    r0 = -22
    r6 = *(u64 *)(r1 +0)
    if r6 == 0x0 goto L7
    r8 = *(u32 *)(r1 +8)
    if w8 s< 0x0 goto L7
    r0 = -7
    w7 = w8
    w7 &= 16777215
    if w7 < w4 goto L7
    w7 -= w4
    if w2 > w7 goto L7
    w8 >>= 28
    w8 &= 7
    r7 = *(u32 *)(r1 +12)
    w7 += w2
    if w8 != 0x3 goto L6
    r0 = -22
    if r5 > 0x3 goto L5
    r0 = -14
    if w7 s< 0x0 goto L5
    r2 = *(u32 *)(r6 +52)
    w8 = w7
    w8 += w2
    r2 = *(u32 *)(r6 +48)
    w2 -= w8
    if w2 s< w4 goto L5
    r2 = *(u64 *)(r6 +24)
    if r2 == 0x0 goto L5
    r2 += r7
    w0 = w4
    if w4 < 0x8 goto L2
  L1:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r2 +0) = r4
    r3 += 8
    r2 += 8
    r0 += -8
    if r0 > 0x7 goto L1
  L2:
    if r0 == 0x0 goto L4
  L3:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r2 +0) = r4
    r3 += 1
    r2 += 1
    r0 += -1
    if r0 != 0x0 goto L3
  L4:
    r0 = 0
    if r5 < 0x2 goto L5
    w2 = 0
    *(u32 *)(r6 +88) = r2
    *(u16 *)(r6 +76) = r2
  L5:
    r1 = *(u64 *)(r1 +0)
    r2 = *(u32 *)(r1 +52)
    r3 = *(u32 *)(r1 +48)
    w3 -= w2
    r2 = *(u64 *)(r1 +24)
    *(u64 *)(r1 +152) = r2
    r2 += r3
    *(u64 *)(r1 +160) = r2
    goto L7
  L6:
    r0 = -22
    if r5 != 0x0 goto L7
    if w8 != 0x4 goto L8
    w1 = w7
    w1 |= w4
    r0 = -14
    if w1 > 0xffff goto L7
    w2 = w7
    w2 += w4
    r5 = *(u64 *)(r6 +8)
    r1 = *(u64 *)(r6 +0)
    w5 -= w1
    r0 = -22
    if w2 > w5 goto L7
    r1 += r7
    r0 = r1
    if r1 < 0xfffff001 goto L14
  L7:
    exit
  L8:
    w1 = w4
    r2 = r6
    r2 += r7
    if r2 > r3 goto L12
    if w4 < 0x8 goto L10
  L9:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r2 +0) = r4
    r3 += 8
    r2 += 8
    r1 += -8
    if r1 > 0x7 goto L9
  L10:
    r0 = 0
    if r1 == 0x0 goto L7
  L11:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r2 +0) = r4
    r3 += 1
    r2 += 1
    r1 += -1
    if r1 == 0x0 goto L7
    goto L11
  L12:
    r0 = 0
    if w4 == 0x0 goto L7
    r7 += r6
    r3 += -1
    r7 += -1
  L13:
    r2 = r7
    r2 += r1
    r4 = r3
    r4 += r1
    r4 = *(u8 *)(r4 +0)
    *(u8 *)(r2 +0) = r4
    r1 += -1
    if r1 != 0x0 goto L13
    goto L7
  L14:
    w2 = w4
    if w4 < 0x8 goto L16
  L15:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r4
    r3 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L15
  L16:
    r0 = 0
    if r2 == 0x0 goto L7
  L17:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r4
    r3 += 1
    r1 += 1
    r2 += -1
    if r2 == 0x0 goto L7
    goto L17

func bpf_dynptr_data:
    r0 = 0
    r4 = *(u64 *)(r1 +0)
    if r4 == 0x0 goto L2
    r5 = *(u32 *)(r1 +8)
    w6 = w5
    w6 &= 16777215
    if w6 < w3 goto L2
    w6 -= w3
    if w2 > w6 goto L2
    if w5 s< 0x0 goto L2
    w5 >>= 28
    w5 &= 7
    if w5 == 0x1 goto L1
    if w5 != 0x2 goto L2
  L1:
    r1 = *(u32 *)(r1 +12)
    r4 += r1
    w1 = w2
    r4 += r1
    r0 = r4
  L2:
    exit

func bpf_dynptr_slice:
    r0 = 0
    r5 = *(u64 *)(r1 +0)
    if r5 == 0x0 goto L6
    r6 = *(u32 *)(r1 +8)
    w7 = w6
    w7 &= 16777215
    if w7 < w4 goto L6
    w7 -= w4
    if w2 > w7 goto L6
    w6 >>= 28
    w6 &= 7
    r1 = *(u32 *)(r1 +12)
    w1 += w2
    if w6 == 0x1 goto L1
    if w6 != 0x2 goto L2
  L1:
    r5 += r1
    r0 = r5
    goto L6
  L2:
    if w6 == 0x4 goto L3
    if w6 != 0x3 goto L6
    r2 = *(u32 *)(r5 +52)
    w3 = w1
    w3 += w2
    r2 = *(u32 *)(r5 +48)
    w2 -= w3
    if w2 s< w4 goto L6
    r0 = *(u64 *)(r5 +24)
    r1 <<= 32
    r1 s>>= 32
    r0 += r1
    goto L6
  L3:
    w0 = w1
    w0 |= w4
    r2 = -14
    if w0 > 0xffff goto L4
    w0 = w1
    w0 += w4
    r6 = *(u64 *)(r5 +8)
    r4 = *(u64 *)(r5 +0)
    w6 -= w4
    r2 = -22
    if w0 > w6 goto L4
    r4 += r1
    r2 = r4
  L4:
    if r2 > 0xfffff000 goto L5
    r3 = r2
  L5:
    r0 = r3
  L6:
    exit

func bpf_dynptr_slice_rdwr:
    r0 = 0
    r5 = *(u64 *)(r1 +0)
    if r5 == 0x0 goto L6
    r6 = *(u32 *)(r1 +8)
    if w6 s< 0x0 goto L6
    w7 = w6
    w7 &= 16777215
    if w7 < w4 goto L6
    w7 -= w4
    if w2 > w7 goto L6
    w6 >>= 28
    r1 = *(u32 *)(r1 +12)
    w1 += w2
    if w6 == 0x2 goto L1
    if w6 != 0x1 goto L2
  L1:
    r5 += r1
    r0 = r5
    goto L6
  L2:
    if w6 == 0x4 goto L3
    if w6 != 0x3 goto L6
    r2 = *(u32 *)(r5 +52)
    w3 = w1
    w3 += w2
    r2 = *(u32 *)(r5 +48)
    w2 -= w3
    if w2 s< w4 goto L6
    r0 = *(u64 *)(r5 +24)
    r1 <<= 32
    r1 s>>= 32
    r0 += r1
    goto L6
  L3:
    w0 = w1
    w0 |= w4
    r2 = -14
    if w0 > 0xffff goto L4
    w0 = w1
    w0 += w4
    r6 = *(u64 *)(r5 +8)
    r4 = *(u64 *)(r5 +0)
    w6 -= w4
    r2 = -22
    if w0 > w6 goto L4
    r4 += r1
    r2 = r4
  L4:
    if r2 > 0xfffff000 goto L5
    r3 = r2
  L5:
    r0 = r3
  L6:
    exit

func bpf_dynptr_is_null:
    r1 = *(u64 *)(r1 +0)
    w0 = 1
    if r1 == 0x0 goto L1
    w0 = 0
  L1:
    exit

func bpf_dynptr_is_rdonly:
    r0 = 0
    r2 = *(u64 *)(r1 +0)
    if r2 == 0x0 goto L1
    r0 = *(u32 *)(r1 +8)
    w0 >>= 31
  L1:
    exit

func bpf_dynptr_size:
    r0 = 0xffffffea ll
    r2 = *(u64 *)(r1 +0)
    if r2 == 0x0 goto L1
    r0 = *(u32 *)(r1 +8)
    w0 &= 16777215
  L1:
    exit

func bpf_dynptr_adjust:
    r0 = -22
    if w3 < w2 goto L1
    r4 = *(u64 *)(r1 +0)
    if r4 == 0x0 goto L1
    r0 = -34
    r4 = *(u32 *)(r1 +8)
    w5 = w4
    w5 &= 16777215
    if w3 > w5 goto L1
    w3 -= w2
    w4 &= -16777216
    w4 |= w3
    *(u32 *)(r1 +8) = r4
    r3 = *(u32 *)(r1 +12)
    w3 += w2
    *(u32 *)(r1 +12) = r3
    r0 = 0
  L1:
    exit

func bpf_dynptr_clone:
    r0 = -22
    w4 = 0
    r3 = *(u64 *)(r1 +0)
    w5 = 0
    if r3 == 0x0 goto L1
    r0 = 0
    r5 = *(u32 *)(r1 +12)
    r4 = *(u32 *)(r1 +8)
  L1:
    *(u32 *)(r2 +12) = r5
    *(u32 *)(r2 +8) = r4
    *(u64 *)(r2 +0) = r3
    exit

func bpf_map_lookup_elem:
    *(u64 *)(r10 -8) = r2
    r3 = *(u32 *)(r1 +0)
    *(u64 *)(r10 -24) = r1
    if w3 s> 0x5 goto L13
    if w3 == 0x1 goto L2
    if w3 == 0x2 goto L14
    if w3 == 0x5 goto L2
  L1:
    w4 = w3
    w4 += -11
    if w4 < 0xfffffffe goto L26
  L2:
    r6 = *(u32 *)(r1 +4)
    r0 = *(u32 *)(r1 +60)
    w0 ^= w6
    w4 = w6
    r5 = *(u64 *)(r10 -8)
    if w6 < 0x4 goto L4
    r5 = *(u64 *)(r10 -8)
    w4 = w6
  L3:
    r3 = *(u32 *)(r5 +0)
    w3 ^= w0
    w3 *= -1640531535
    w0 = w3
    w0 >>= 15
    w0 ^= w3
    r5 += 4
    w4 += -4
    if w4 > 0x3 goto L3
  L4:
    if w4 == 0x0 goto L6
    w3 = w0
  L5:
    r0 = *(u8 *)(r5 +0)
    w3 ^= w0
    w3 *= -2048144777
    w0 = w3
    w0 >>= 13
    w0 ^= w3
    r5 += 1
    w4 += -1
    w3 = w0
    if w4 != 0x0 goto L5
  L6:
    w0 *= -1028477379
    w4 = w0
    w4 >>= 16
    w4 ^= w0
    r3 = *(u32 *)(r1 +56)
    w3 &= w4
    r3 <<= 2
    r5 = *(u64 *)(r1 +32)
    r5 += r3
    r1 = 0
    *(u64 *)(r10 -16) = r1
    r3 = *(u32 *)(r5 +0)
    if w3 == 0x0 goto L28
    r1 = *(u64 *)(r10 -24)
    r5 = *(u64 *)(r1 +40)
    r2 = *(u32 *)(r1 +48)
    goto L8
  L7:
    r3 = *(u32 *)(r7 +0)
    if w3 == 0x0 goto L28
  L8:
    w3 += -1
    r8 = r2
    r8 *= r3
    r7 = r5
    r7 += r8
    r3 = *(u32 *)(r7 +4)
    if w3 != w4 goto L7
    r8 = r7
    r8 += 16
    r9 = *(u64 *)(r10 -8)
    w3 = w6
    if w6 < 0x4 goto L10
    w3 = w6
    r9 = *(u64 *)(r10 -8)
  L9:
    r0 = *(u32 *)(r9 +0)
    r1 = *(u32 *)(r8 +0)
    if w1 != w0 goto L7
    r9 += 4
    r8 += 4
    w3 += -4
    if w3 > 0x3 goto L9
  L10:
    if w3 == 0x0 goto L12
  L11:
    r1 = *(u8 *)(r9 +0)
    r0 = *(u8 *)(r8 +0)
    if w0 != w1 goto L7
    r9 += 1
    r8 += 1
    w3 += -1
    if w3 == 0x0 goto L12
    goto L11
  L12:
    if r5 == 0x0 goto L28
    w1 = 1
    *(u32 *)(r7 +12) = r1
    r1 = *(u64 *)(r10 -24)
    r1 = *(u32 *)(r1 +52)
    r7 += r1
    *(u64 *)(r10 -16) = r7
    goto L28
  L13:
    if w3 == 0x6 goto L14
    if w3 == 0xd goto L15
    if w3 != 0xc goto L1
    r2 = 0
    *(u64 *)(r10 -16) = r2
    r3 = *(u32 *)(r1 +12)
    r1 = *(u64 *)(r10 -8)
    r2 = *(u32 *)(r1 +0)
    if w2 >= w3 goto L28
    r1 = *(u64 *)(r10 -24)
    r3 = *(u32 *)(r1 +32)
    r3 *= r2
    r1 += r3
    r1 = *(u64 *)(r1 +40)
    *(u64 *)(r10 -16) = r1
    goto L28
  L14:
    r2 = 0
    *(u64 *)(r10 -16) = r2
    r3 = *(u32 *)(r1 +12)
    r1 = *(u64 *)(r10 -8)
    r2 = *(u32 *)(r1 +0)
    if w2 >= w3 goto L28
    r1 = *(u64 *)(r10 -24)
    r3 = *(u32 *)(r1 +32)
    r3 *= r2
    r1 += r3
    r1 += 40
    *(u64 *)(r10 -16) = r1
    goto L28
  L15:
    r6 = *(u32 *)(r1 +4)
    r0 = *(u32 *)(r1 +60)
    w0 ^= w6
    w4 = w6
    r5 = *(u64 *)(r10 -8)
    if w6 < 0x4 goto L17
    r5 = *(u64 *)(r10 -8)
    w4 = w6
  L16:
    r3 = *(u32 *)(r5 +0)
    w3 ^= w0
    w3 *= -1640531535
    w0 = w3
    w0 >>= 15
    w0 ^= w3
    r5 += 4
    w4 += -4
    if w4 > 0x3 goto L16
  L17:
    if w4 == 0x0 goto L19
    w3 = w0
  L18:
    r0 = *(u8 *)(r5 +0)
    w3 ^= w0
    w3 *= -2048144777
    w0 = w3
    w0 >>= 13
    w0 ^= w3
    r5 += 1
    w4 += -1
    w3 = w0
    if w4 != 0x0 goto L18
  L19:
    w0 *= -1028477379
    w4 = w0
    w4 >>= 16
    w4 ^= w0
    r3 = *(u32 *)(r1 +56)
    w3 &= w4
    r3 <<= 2
    r5 = *(u64 *)(r1 +32)
    r5 += r3
    r1 = 0
    *(u64 *)(r10 -16) = r1
    r3 = *(u32 *)(r5 +0)
    if w3 == 0x0 goto L28
    r1 = *(u64 *)(r10 -24)
    r2 = *(u64 *)(r1 +40)
    r1 = *(u32 *)(r1 +48)
    goto L21
  L20:
    r3 = *(u32 *)(r7 +0)
    if w3 == 0x0 goto L28
  L21:
    w3 += -1
    r0 = r1
    r0 *= r3
    r7 = r2
    r7 += r0
    r3 = *(u32 *)(r7 +4)
    if w3 != w4 goto L20
    r8 = r7
    r8 += 16
    r9 = *(u64 *)(r10 -8)
    w3 = w6
    if w6 < 0x4 goto L23
    w3 = w6
    r9 = *(u64 *)(r10 -8)
  L22:
    r0 = *(u32 *)(r9 +0)
    r5 = *(u32 *)(r8 +0)
    if w5 != w0 goto L20
    r9 += 4
    r8 += 4
    w3 += -4
    if w3 > 0x3 goto L22
  L23:
    if w3 == 0x0 goto L25
  L24:
    r5 = *(u8 *)(r9 +0)
    r0 = *(u8 *)(r8 +0)
    if w0 != w5 goto L20
    r9 += 1
    r8 += 1
    w3 += -1
    if w3 == 0x0 goto L25
    goto L24
  L25:
    if r2 == 0x0 goto L28
    w2 = 1
    *(u32 *)(r7 +12) = r2
    r1 = *(u64 *)(r10 -24)
    r1 = *(u32 *)(r1 +52)
    r7 += r1
    r1 = *(u64 *)(r7 +0)
    *(u64 *)(r10 -16) = r1
    goto L28
  L26:
    r1 = 0
    *(u64 *)(r10 -16) = r1
    if w3 != 0xb goto L28
    r1 = *(u64 *)(r10 -8)
    r3 = *(u32 *)(r1 +0)
    r1 = *(u64 *)(r10 -24)
    r1 = *(u32 *)(r1 +4)
    w1 <<= 3
    w1 += -32
    *(u32 *)(r10 -32) = r1
    if w3 > w1 goto L28
    r1 = *(u64 *)(r10 -24)
    r5 = *(u32 *)(r1 +48)
    if w5 == 0x0 goto L28
    r1 = 0
    *(u64 *)(r10 -16) = r1
    r1 = *(u64 *)(r10 -8)
    r1 += 4
    *(u64 *)(r10 -8) = r1
    r1 = *(u64 *)(r10 -24)
    r2 = *(u64 *)(r1 +32)
    *(u64 *)(r10 -40) = r2
    r1 = *(u32 *)(r1 +40)
    *(u64 *)(r10 -48) = r1
    goto L29
  L27:
    r1 = *(u32 *)(r10 -32)
    if w0 == w1 goto L28
    w1 = w8
    w1 >>= 3
    r2 = *(u64 *)(r10 -8)
    r2 += r1
    r1 = *(u8 *)(r2 +0)
    w8 ^= -1
    w8 &= 7
    w1 >>= w8
    w1 &= 1
    r1 <<= 2
    r5 += r1
    r5 = *(u32 *)(r5 +0)
    if w5 != 0x0 goto L29
  L28:
    r0 = *(u64 *)(r10 -16)
    exit
  L29:
    w5 += -1
    r1 = *(u64 *)(r10 -48)
    r1 *= r5
    r5 = *(u64 *)(r10 -40)
    r5 += r1
    r8 = *(u32 *)(r5 +8)
    w9 = w8
    if w8 < w3 goto L30
    w9 = w3
  L30:
    w6 = 0
    r7 = r5
    r7 += 16
  L31:
    w0 = w6
    w6 += 8
    if w6 > w8 goto L32
    if w6 > w3 goto L32
    w1 = w0
    w1 >>= 3
    r2 = r7
    r2 += r1
    r4 = *(u64 *)(r10 -8)
    r4 += r1
    r1 = *(u8 *)(r4 +0)
    r2 = *(u8 *)(r2 +0)
    if w2 == w1 goto L31
  L32:
    if w0 >= w9 goto L34
    w6 = w0
  L33:
    w1 = w6
    w1 >>= 3
    r2 = *(u64 *)(r10 -8)
    r2 += r1
    r4 = r7
    r4 += r1
    r1 = *(u8 *)(r4 +0)
    r2 = *(u8 *)(r2 +0)
    w2 ^= w1
    w2 &= 255
    w1 = w6
    w1 ^= -1
    w1 &= 7
    w2 >>= w1
    w2 &= 1
    w0 = w6
    if w2 != 0x0 goto L34
    w6 += 1
    w0 = w9
    if w6 >= w8 goto L34
    w0 = w9
    if w6 < w3 goto L33
  L34:
    if w0 < w8 goto L28
    r1 = *(u32 *)(r5 +12)
    w1 &= 2
    if w1 != 0x0 goto L27
    r1 = *(u64 *)(r10 -24)
    r1 = *(u32 *)(r1 +44)
    r2 = r5
    r2 += r1
    *(u64 *)(r10 -16) = r2
    goto L27

func inlay_htab_lookup:
    r6 = *(u32 *)(r1 +4)
    r0 = *(u32 *)(r1 +60)
    w0 ^= w6
    w4 = w6
    *(u64 *)(r10 -8) = r2
    r5 = r2
    if w6 < 0x4 goto L2
    r5 = *(u64 *)(r10 -8)
    w4 = w6
  L1:
    r3 = *(u32 *)(r5 +0)
    w3 ^= w0
    w3 *= -1640531535
    w0 = w3
    w0 >>= 15
    w0 ^= w3
    r5 += 4
    w4 += -4
    if w4 > 0x3 goto L1
  L2:
    if w4 == 0x0 goto L4
    w3 = w0
  L3:
    r0 = *(u8 *)(r5 +0)
    w3 ^= w0
    w3 *= -2048144777
    w0 = w3
    w0 >>= 13
    w0 ^= w3
    r5 += 1
    w4 += -1
    w3 = w0
    if w4 != 0x0 goto L3
  L4:
    w0 *= -1028477379
    w4 = w0
    w4 >>= 16
    w4 ^= w0
    r3 = *(u32 *)(r1 +56)
    w3 &= w4
    r3 <<= 2
    *(u64 *)(r10 -24) = r1
    r5 = *(u64 *)(r1 +32)
    r5 += r3
    r1 = 0
    *(u64 *)(r10 -16) = r1
    r3 = *(u32 *)(r5 +0)
    if w3 == 0x0 goto L11
    r1 = *(u64 *)(r10 -24)
    r5 = *(u64 *)(r1 +40)
    r1 = *(u32 *)(r1 +48)
    goto L6
  L5:
    r3 = *(u32 *)(r7 +0)
    if w3 == 0x0 goto L11
  L6:
    w3 += -1
    r8 = r1
    r8 *= r3
    r7 = r5
    r7 += r8
    r3 = *(u32 *)(r7 +4)
    if w3 != w4 goto L5
    r8 = r7
    r8 += 16
    r9 = *(u64 *)(r10 -8)
    w3 = w6
    if w6 < 0x4 goto L8
    w3 = w6
    r9 = *(u64 *)(r10 -8)
  L7:
    r0 = *(u32 *)(r9 +0)
    r2 = *(u32 *)(r8 +0)
    if w2 != w0 goto L5
    r9 += 4
    r8 += 4
    w3 += -4
    if w3 > 0x3 goto L7
  L8:
    if w3 == 0x0 goto L10
  L9:
    r2 = *(u8 *)(r9 +0)
    r0 = *(u8 *)(r8 +0)
    if w0 != w2 goto L5
    r9 += 1
    r8 += 1
    w3 += -1
    if w3 == 0x0 goto L10
    goto L9
  L10:
    if r5 == 0x0 goto L11
    w1 = 1
    *(u32 *)(r7 +12) = r1
    r1 = *(u64 *)(r10 -24)
    r1 = *(u32 *)(r1 +52)
    r7 += r1
    *(u64 *)(r10 -16) = r7
  L11:
    r0 = *(u64 *)(r10 -16)
    exit

func inlay_map_value:
    *(u64 *)(r10 -8) = r2
    r2 = 0
    *(u64 *)(r10 -24) = r2
    *(u64 *)(r10 -16) = r1
    r3 = *(u32 *)(r1 +0)
    if w3 > 0xd goto L15
    w4 = 1
    w4 <<= w3
    w5 = w4
    w5 &= 9762
    if w5 != 0x0 goto L2
    w4 &= 4164
    if w4 != 0x0 goto L13
    if w3 == 0xb goto L1
    goto L15
  L1:
    r1 = *(u64 *)(r10 -8)
    r3 = *(u32 *)(r1 +0)
    r1 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r1 +4)
    w1 <<= 3
    w1 += -32
    *(u32 *)(r10 -32) = r1
    if w3 > w1 goto L15
    r1 = *(u64 *)(r10 -16)
    r5 = *(u32 *)(r1 +48)
    if w5 == 0x0 goto L15
    r1 = 0
    *(u64 *)(r10 -24) = r1
    r1 = *(u64 *)(r10 -8)
    r1 += 4
    *(u64 *)(r10 -8) = r1
    r1 = *(u64 *)(r10 -16)
    r2 = *(u64 *)(r1 +32)
    *(u64 *)(r10 -40) = r2
    r1 = *(u32 *)(r1 +40)
    *(u64 *)(r10 -48) = r1
    goto L16
  L2:
    r1 = *(u64 *)(r10 -16)
    r0 = *(u32 *)(r1 +4)
    r6 = *(u32 *)(r1 +60)
    w6 ^= w0
    w4 = w0
    r5 = *(u64 *)(r10 -8)
    if w0 < 0x4 goto L4
    r5 = *(u64 *)(r10 -8)
    w4 = w0
  L3:
    r3 = *(u32 *)(r5 +0)
    w3 ^= w6
    w3 *= -1640531535
    w6 = w3
    w6 >>= 15
    w6 ^= w3
    r5 += 4
    w4 += -4
    if w4 > 0x3 goto L3
  L4:
    if w4 == 0x0 goto L6
    w3 = w6
  L5:
    r6 = *(u8 *)(r5 +0)
    w3 ^= w6
    w3 *= -2048144777
    w6 = w3
    w6 >>= 13
    w6 ^= w3
    r5 += 1
    w4 += -1
    w3 = w6
    if w4 != 0x0 goto L5
  L6:
    w6 *= -1028477379
    w4 = w6
    w4 >>= 16
    w4 ^= w6
    r1 = *(u64 *)(r10 -16)
    r3 = *(u32 *)(r1 +56)
    w3 &= w4
    r3 <<= 2
    r5 = *(u64 *)(r1 +32)
    r5 += r3
    r3 = *(u32 *)(r5 +0)
    if w3 == 0x0 goto L15
    r1 = *(u64 *)(r10 -16)
    r5 = *(u64 *)(r1 +40)
    r2 = *(u32 *)(r1 +48)
    goto L8
  L7:
    r3 = *(u32 *)(r7 +0)
    if w3 == 0x0 goto L15
  L8:
    w3 += -1
    r8 = r2
    r8 *= r3
    r7 = r5
    r7 += r8
    r3 = *(u32 *)(r7 +4)
    if w3 != w4 goto L7
    r8 = r7
    r8 += 16
    r9 = *(u64 *)(r10 -8)
    w3 = w0
    if w0 < 0x4 goto L10
    w3 = w0
    r9 = *(u64 *)(r10 -8)
  L9:
    r6 = *(u32 *)(r9 +0)
    r1 = *(u32 *)(r8 +0)
    if w1 != w6 goto L7
    r9 += 4
    r8 += 4
    w3 += -4
    if w3 > 0x3 goto L9
  L10:
    if w3 == 0x0 goto L12
  L11:
    r1 = *(u8 *)(r9 +0)
    r6 = *(u8 *)(r8 +0)
    if w6 != w1 goto L7
    r9 += 1
    r8 += 1
    w3 += -1
    if w3 == 0x0 goto L12
    goto L11
  L12:
    if r5 == 0x0 goto L15
    w1 = 1
    *(u32 *)(r7 +12) = r1
    r1 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r1 +52)
    r7 += r1
    *(u64 *)(r10 -24) = r7
    goto L15
  L13:
    r1 = *(u64 *)(r10 -16)
    r3 = *(u32 *)(r1 +12)
    r1 = *(u64 *)(r10 -8)
    r2 = *(u32 *)(r1 +0)
    if w2 >= w3 goto L15
    r1 = *(u64 *)(r10 -16)
    r3 = *(u32 *)(r1 +32)
    r3 *= r2
    r1 += r3
    r1 += 40
    *(u64 *)(r10 -24) = r1
    goto L15
  L14:
    r1 = *(u32 *)(r10 -32)
    if w0 == w1 goto L15
    w1 = w8
    w1 >>= 3
    r2 = *(u64 *)(r10 -8)
    r2 += r1
    r1 = *(u8 *)(r2 +0)
    w8 ^= -1
    w8 &= 7
    w1 >>= w8
    w1 &= 1
    r1 <<= 2
    r4 += r1
    r5 = *(u32 *)(r4 +0)
    if w5 != 0x0 goto L16
  L15:
    r0 = *(u64 *)(r10 -24)
    exit
  L16:
    w5 += -1
    r1 = *(u64 *)(r10 -48)
    r1 *= r5
    r4 = *(u64 *)(r10 -40)
    r4 += r1
    r8 = *(u32 *)(r4 +8)
    w9 = w8
    if w8 < w3 goto L17
    w9 = w3
  L17:
    w6 = 0
    r5 = r4
    r5 += 16
  L18:
    w0 = w6
    w6 += 8
    if w6 > w8 goto L19
    if w6 > w3 goto L19
    w1 = w0
    w1 >>= 3
    r7 = r5
    r7 += r1
    r2 = *(u64 *)(r10 -8)
    r2 += r1
    r1 = *(u8 *)(r2 +0)
    r2 = *(u8 *)(r7 +0)
    if w2 == w1 goto L18
  L19:
    if w0 >= w9 goto L21
    w6 = w0
  L20:
    w1 = w6
    w1 >>= 3
    r2 = *(u64 *)(r10 -8)
    r2 += r1
    r0 = r5
    r0 += r1
    r1 = *(u8 *)(r0 +0)
    r2 = *(u8 *)(r2 +0)
    w2 ^= w1
    w2 &= 255
    w1 = w6
    w1 ^= -1
    w1 &= 7
    w2 >>= w1
    w2 &= 1
    w0 = w6
    if w2 != 0x0 goto L21
    w6 += 1
    w0 = w9
    if w6 >= w8 goto L21
    w0 = w9
    if w6 < w3 goto L20
  L21:
    if w0 < w8 goto L15
    r1 = *(u32 *)(r4 +12)
    w1 &= 2
    if w1 != 0x0 goto L14
    r1 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r1 +44)
    r2 = r4
    r2 += r1
    *(u64 *)(r10 -24) = r2
    goto L14

func bpf_map_update_elem:
    r5 = -95
    *(u64 *)(r10 -16) = r1
    r9 = *(u32 *)(r1 +0)
    if w9 > 0xd goto L80
    w1 = 1
    w1 <<= w9
    w0 = w1
    w0 &= 9762
    if w0 != 0x0 goto L8
    w1 &= 4164
    if w1 != 0x0 goto L76
    if w9 == 0xb goto L1
    goto L80
  L1:
    r5 = -22
    if r4 > 0x2 goto L80
    r1 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r1 +4)
    r0 = *(u32 *)(r2 +0)
    *(u64 *)(r10 -64) = r1
    w1 <<= 3
    w1 += -32
    *(u32 *)(r10 -8) = r0
    if w0 > w1 goto L80
    *(u64 *)(r10 -72) = r4
    *(u64 *)(r10 -24) = r2
    *(u64 *)(r10 -40) = r3
    r2 = *(u64 *)(r10 -16)
    r0 = r2
    r0 += 48
    w8 = 0
    r6 = 0
    r1 = *(u32 *)(r0 +0)
    if w1 == 0x0 goto L43
    r9 = *(u64 *)(r10 -24)
    r9 += 4
    r3 = *(u64 *)(r2 +32)
    *(u64 *)(r10 -48) = r3
    r3 = *(u32 *)(r2 +40)
    *(u64 *)(r10 -56) = r3
    goto L4
  L2:
    w5 = w2
    w5 >>= 3
    r0 = r9
    r0 += r5
    r6 = r4
    r6 += r5
    r5 = *(u8 *)(r6 +0)
    r0 = *(u8 *)(r0 +0)
    w0 ^= w5
    w0 &= 255
    w5 = w2
    w5 ^= -1
    w5 &= 7
    w0 >>= w5
    w0 &= 1
    w8 = w2
    if w0 != 0x0 goto L3
    w2 += 1
    w8 = w1
    if w2 >= w7 goto L3
    w8 = w1
    r5 = *(u32 *)(r10 -8)
    if w2 < w5 goto L2
  L3:
    r6 = r3
    r1 = *(u32 *)(r10 -8)
    if w7 == w1 goto L39
    if w7 != w8 goto L39
    w1 = w7
    w1 >>= 3
    r2 = r9
    r2 += r1
    r1 = *(u8 *)(r2 +0)
    w2 = w7
    w2 ^= -1
    w2 &= 7
    w1 >>= w2
    w1 &= 1
    r1 <<= 2
    r0 = r6
    r0 += r1
    r1 = *(u32 *)(r0 +0)
    w8 = w7
    r2 = *(u64 *)(r10 -16)
    if w1 == 0x0 goto L43
  L4:
    *(u64 *)(r10 -32) = r0
    w1 += -1
    r2 = *(u64 *)(r10 -56)
    r2 *= r1
    r4 = *(u64 *)(r10 -48)
    r4 += r2
    r7 = *(u32 *)(r4 +8)
    w1 = w7
    r2 = *(u32 *)(r10 -8)
    if w7 < w2 goto L5
    r1 = *(u32 *)(r10 -8)
  L5:
    w2 = 0
    r3 = r4
    r4 += 16
  L6:
    w8 = w2
    w2 += 8
    if w2 > w7 goto L7
    r5 = *(u32 *)(r10 -8)
    if w2 > w5 goto L7
    w6 = w8
    w6 >>= 3
    r5 = r4
    r5 += r6
    r0 = r9
    r0 += r6
    r0 = *(u8 *)(r0 +0)
    r5 = *(u8 *)(r5 +0)
    if w5 == w0 goto L6
  L7:
    if w8 >= w1 goto L3
    w2 = w8
    goto L2
  L8:
    r1 = *(u64 *)(r10 -16)
    r6 = *(u32 *)(r1 +4)
    r8 = *(u32 *)(r1 +60)
    w8 ^= w6
    w1 = w6
    r5 = r2
    w0 = w8
    if w6 < 0x4 goto L10
    w0 = w8
    r5 = r2
    w1 = w6
  L9:
    r7 = *(u32 *)(r5 +0)
    w7 ^= w0
    w7 *= -1640531535
    w0 = w7
    w0 >>= 15
    w0 ^= w7
    r5 += 4
    w1 += -4
    if w1 > 0x3 goto L9
  L10:
    if w1 == 0x0 goto L12
    w7 = w0
  L11:
    r0 = *(u8 *)(r5 +0)
    w7 ^= w0
    w7 *= -2048144777
    w0 = w7
    w0 >>= 13
    w0 ^= w7
    r5 += 1
    w1 += -1
    w7 = w0
    if w1 != 0x0 goto L11
  L12:
    r5 = -22
    if r4 > 0x2 goto L80
    *(u32 *)(r10 -64) = r9
    *(u64 *)(r10 -24) = r2
    *(u64 *)(r10 -40) = r3
    w0 *= -1028477379
    w1 = w0
    w1 >>= 16
    w1 ^= w0
    r2 = *(u64 *)(r10 -16)
    r3 = *(u32 *)(r2 +56)
    *(u32 *)(r10 -72) = r3
    w5 = w3
    w3 = w1
    w5 &= w1
    r2 = *(u64 *)(r2 +32)
    *(u64 *)(r10 -56) = r5
    r1 = r5
    r1 <<= 2
    *(u64 *)(r10 -48) = r2
    r2 += r1
    r2 = *(u32 *)(r2 +0)
    if w2 == 0x0 goto L22
    r1 = *(u64 *)(r10 -16)
    r5 = *(u64 *)(r1 +40)
    *(u64 *)(r10 -8) = r5
    r1 = *(u32 *)(r1 +48)
    *(u64 *)(r10 -32) = r1
    goto L14
  L13:
    r2 = *(u32 *)(r0 +0)
    if w2 == 0x0 goto L22
  L14:
    w2 += -1
    r5 = *(u64 *)(r10 -32)
    r5 *= r2
    r0 = *(u64 *)(r10 -8)
    r0 += r5
    r2 = *(u32 *)(r0 +4)
    if w2 != w3 goto L13
    r5 = r0
    r5 += 16
    r2 = *(u64 *)(r10 -24)
    w7 = w6
    if w6 < 0x4 goto L16
    w7 = w6
    r2 = *(u64 *)(r10 -24)
  L15:
    r1 = *(u32 *)(r2 +0)
    r9 = *(u32 *)(r5 +0)
    if w9 != w1 goto L13
    r2 += 4
    r5 += 4
    w7 += -4
    if w7 > 0x3 goto L15
  L16:
    if w7 == 0x0 goto L18
  L17:
    r1 = *(u8 *)(r2 +0)
    r9 = *(u8 *)(r5 +0)
    if w9 != w1 goto L13
    r2 += 1
    r5 += 1
    w7 += -1
    if w7 == 0x0 goto L18
    goto L17
  L18:
    r1 = *(u64 *)(r10 -8)
    if r1 == 0x0 goto L22
    r5 = -17
    r3 = *(u64 *)(r10 -40)
    if r4 == 0x1 goto L80
    r2 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r2 +52)
    r0 += r1
    r1 = *(u32 *)(r2 +8)
    if w1 < 0x8 goto L20
  L19:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r0 +0) = r2
    r3 += 8
    r0 += 8
    r1 += -8
    if r1 > 0x7 goto L19
  L20:
    r5 = 0
    if r1 == 0x0 goto L80
  L21:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r0 +0) = r2
    r3 += 1
    r0 += 1
    r1 += -1
    if r1 == 0x0 goto L80
    goto L21
  L22:
    r5 = -2
    r0 = *(u64 *)(r10 -40)
    r7 = *(u64 *)(r10 -24)
    if r4 == 0x2 goto L80
    r4 = *(u64 *)(r10 -16)
    r9 = *(u32 *)(r4 +68)
    if w9 == 0x0 goto L23
    w2 = w9
    w2 += -1
    r1 = *(u32 *)(r4 +48)
    r1 *= r2
    r8 = *(u64 *)(r4 +40)
    r2 = r8
    r2 += r1
    r2 = *(u32 *)(r2 +0)
    *(u32 *)(r4 +68) = r2
    goto L48
  L23:
    r1 = *(u32 *)(r4 +12)
    r9 = *(u32 *)(r4 +72)
    r2 = r4
    w4 = w1
    if w9 >= w1 goto L24
    r1 = *(u32 *)(r2 +48)
    r1 *= r9
    w9 += 1
    *(u32 *)(r2 +72) = r9
    r8 = *(u64 *)(r2 +40)
    r4 = r2
    goto L48
  L24:
    r5 = -7
    r1 = *(u32 *)(r10 -64)
    w1 += -11
    if w1 < 0xfffffffe goto L80
    r1 = *(u64 *)(r10 -16)
    r2 = *(u32 *)(r1 +76)
    w1 = w2
    w1 += 1
    if w2 < w4 goto L25
    w1 = 1
  L25:
    w9 = w1
    w9 += -1
    r0 = *(u64 *)(r10 -16)
    r2 = *(u32 *)(r0 +48)
    *(u64 *)(r10 -32) = r2
    r9 *= r2
    r0 = *(u64 *)(r0 +40)
    *(u64 *)(r10 -8) = r0
    r0 += r9
    r2 = *(u32 *)(r0 +12)
    if w2 == 0x0 goto L27
    r0 += 12
    w2 = w1
    goto L28
  L26:
    w2 = 0
    *(u32 *)(r0 +0) = r2
    w9 = w1
    w9 += -1
    r2 = *(u64 *)(r10 -32)
    r9 *= r2
    r0 = *(u64 *)(r10 -8)
    r0 += r9
    r7 = *(u32 *)(r0 +12)
    r0 += 12
    w2 = w1
    if w7 != 0x0 goto L28
  L27:
    r4 = *(u64 *)(r10 -16)
    *(u32 *)(r4 +76) = r1
    r1 = *(u64 *)(r10 -8)
    r1 += r9
    r1 += 16
    w7 = w6
    *(u64 *)(r10 -64) = r1
    r9 = r1
    if w6 < 0x4 goto L30
    r9 = *(u64 *)(r10 -64)
    w7 = w6
    goto L29
  L28:
    w1 += 1
    if w2 < w4 goto L26
    w1 = 1
    goto L26
  L29:
    r1 = *(u32 *)(r9 +0)
    w1 ^= w8
    w1 *= -1640531535
    w8 = w1
    w8 >>= 15
    w8 ^= w1
    r9 += 4
    w7 += -4
    if w7 > 0x3 goto L29
  L30:
    if w7 == 0x0 goto L32
    w1 = w8
  L31:
    r2 = *(u8 *)(r9 +0)
    w1 ^= w2
    w1 *= -2048144777
    w8 = w1
    w8 >>= 13
    w8 ^= w1
    r9 += 1
    w7 += -1
    w1 = w8
    if w7 != 0x0 goto L31
  L32:
    w8 *= -1028477379
    w1 = w8
    w1 >>= 16
    w1 ^= w8
    *(u32 *)(r10 -56) = r1
    r2 = *(u32 *)(r10 -72)
    w1 &= w2
    r1 <<= 2
    r8 = *(u64 *)(r10 -48)
    r8 += r1
    r1 = *(u32 *)(r8 +0)
    if w1 == 0x0 goto L38
  L33:
    *(u64 *)(r10 -80) = r8
    *(u64 *)(r10 -72) = r1
    w1 += -1
    r2 = *(u64 *)(r10 -32)
    r1 *= r2
    r8 = *(u64 *)(r10 -8)
    r8 += r1
    r1 = *(u32 *)(r8 +4)
    r2 = *(u32 *)(r10 -56)
    if w1 != w2 goto L37
    r0 = r8
    r0 += 16
    r2 = *(u64 *)(r10 -64)
    w7 = w6
    if w6 < 0x4 goto L35
    w7 = w6
    r2 = *(u64 *)(r10 -64)
  L34:
    r1 = *(u32 *)(r2 +0)
    r9 = *(u32 *)(r0 +0)
    if w9 != w1 goto L37
    r2 += 4
    r0 += 4
    w7 += -4
    if w7 > 0x3 goto L34
  L35:
    if w7 == 0x0 goto L47
  L36:
    r1 = *(u8 *)(r2 +0)
    r9 = *(u8 *)(r0 +0)
    if w9 != w1 goto L37
    r2 += 1
    r0 += 1
    w7 += -1
    if w7 == 0x0 goto L47
    goto L36
  L37:
    r1 = *(u32 *)(r8 +0)
    if w1 != 0x0 goto L33
  L38:
    r1 = 0xffffffff ll
    r2 = *(u64 *)(r10 -32)
    r2 *= r1
    r1 = *(u64 *)(r10 -8)
    r1 += r2
    r1 = *(u32 *)(r1 +0)
    *(u32 *)(r4 +68) = r1
    goto L80
  L39:
    r2 = *(u64 *)(r10 -16)
    r0 = *(u64 *)(r10 -32)
    if w8 != w7 goto L43
    r1 = *(u32 *)(r6 +12)
    w1 &= 2
    w8 = w7
    if w1 != 0x0 goto L43
    r5 = -17
    r3 = *(u64 *)(r10 -40)
    r1 = *(u64 *)(r10 -72)
    if r1 == 0x1 goto L80
    r1 = *(u32 *)(r2 +44)
    r6 += r1
    r1 = *(u32 *)(r2 +8)
    if w1 < 0x8 goto L41
  L40:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r6 +0) = r2
    r3 += 8
    r6 += 8
    r1 += -8
    if r1 > 0x7 goto L40
  L41:
    r5 = 0
    if r1 == 0x0 goto L80
  L42:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r6 +0) = r2
    r3 += 1
    r6 += 1
    r1 += -1
    if r1 == 0x0 goto L80
    goto L42
  L43:
    r4 = r2
    r5 = -2
    r3 = *(u64 *)(r10 -40)
    r9 = *(u64 *)(r10 -24)
    r1 = *(u64 *)(r10 -72)
    if r1 == 0x2 goto L80
    r5 = -28
    r2 = r4
    r1 = *(u32 *)(r2 +60)
    r2 = *(u32 *)(r2 +12)
    if w1 == w2 goto L80
    w1 += 1
    r5 = r4
    *(u32 *)(r5 +60) = r1
    r1 = *(u32 *)(r0 +0)
    if w1 == 0x0 goto L57
    r1 = *(u32 *)(r6 +8)
    if w8 != w1 goto L57
    w1 = 1
    *(u32 *)(r6 +12) = r1
    r1 = *(u32 *)(r5 +44)
    r6 += r1
    r1 = *(u32 *)(r5 +8)
    if w1 < 0x8 goto L45
  L44:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r6 +0) = r2
    r3 += 8
    r6 += 8
    r1 += -8
    if r1 > 0x7 goto L44
  L45:
    r5 = 0
    if r1 == 0x0 goto L80
  L46:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r6 +0) = r2
    r3 += 1
    r6 += 1
    r1 += -1
    if r1 == 0x0 goto L80
    goto L46
  L47:
    r1 = *(u32 *)(r8 +0)
    r2 = *(u64 *)(r10 -80)
    *(u32 *)(r2 +0) = r1
    w1 = 0
    *(u32 *)(r8 +8) = r1
    r1 = *(u32 *)(r4 +68)
    *(u32 *)(r8 +0) = r1
    r1 = *(u32 *)(r4 +64)
    w1 += -1
    *(u32 *)(r4 +64) = r1
    r9 = *(u64 *)(r10 -72)
    w2 = w9
    w2 += -1
    r1 = *(u32 *)(r4 +48)
    r1 *= r2
    r8 = *(u64 *)(r10 -8)
    r2 = r8
    r2 += r1
    r2 = *(u32 *)(r2 +0)
    *(u32 *)(r4 +68) = r2
    r2 = *(u32 *)(r4 +56)
    w2 &= w3
    *(u64 *)(r10 -56) = r2
    r6 = *(u32 *)(r4 +4)
    r0 = *(u64 *)(r10 -40)
    r7 = *(u64 *)(r10 -24)
  L48:
    r8 += r1
    r1 = 1
    *(u64 *)(r8 +8) = r1
    *(u32 *)(r8 +4) = r3
    r1 = r8
    r1 += 16
    r5 = *(u64 *)(r10 -48)
    if w6 < 0x8 goto L50
  L49:
    r2 = *(u64 *)(r7 +0)
    *(u64 *)(r1 +0) = r2
    r7 += 8
    r1 += 8
    r6 += -8
    if r6 > 0x7 goto L49
  L50:
    if r6 == 0x0 goto L52
  L51:
    r2 = *(u8 *)(r7 +0)
    *(u8 *)(r1 +0) = r2
    r7 += 1
    r1 += 1
    r6 += -1
    if r6 != 0x0 goto L51
  L52:
    r6 = *(u64 *)(r10 -56)
    r6 <<= 2
    r2 = *(u32 *)(r4 +52)
    r1 = r8
    r1 += r2
    r3 = r4
    r2 = *(u32 *)(r4 +8)
    if w2 < 0x8 goto L54
  L53:
    r4 = *(u64 *)(r0 +0)
    *(u64 *)(r1 +0) = r4
    r0 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L53
  L54:
    r5 += r6
    if r2 == 0x0 goto L56
  L55:
    r4 = *(u8 *)(r0 +0)
    *(u8 *)(r1 +0) = r4
    r0 += 1
    r1 += 1
    r2 += -1
    if r2 != 0x0 goto L55
  L56:
    r1 = *(u32 *)(r5 +0)
    *(u32 *)(r8 +0) = r1
    *(u32 *)(r5 +0) = r9
    r1 = *(u32 *)(r3 +64)
    w1 += 1
    *(u32 *)(r3 +64) = r1
    r5 = 0
    goto L80
  L57:
    *(u64 *)(r10 -32) = r0
    r1 = *(u64 *)(r10 -64)
    w1 += -4
    *(u64 *)(r10 -64) = r1
    r7 = *(u32 *)(r5 +52)
    if w7 == 0x0 goto L58
    w1 = w7
    w1 += -1
    r2 = *(u32 *)(r5 +40)
    r2 *= r1
    r0 = *(u64 *)(r5 +32)
    r3 = r0
    r3 += r2
    r3 = *(u32 *)(r3 +0)
    *(u32 *)(r5 +52) = r3
    goto L59
  L58:
    r0 = *(u64 *)(r5 +32)
    r1 = *(u32 *)(r5 +56)
    w7 = w1
    w7 += 1
    *(u32 *)(r5 +56) = r7
    r2 = *(u32 *)(r5 +40)
    r2 *= r1
  L59:
    r3 = r0
    r3 += r2
    w2 = 0
    *(u32 *)(r3 +0) = r2
    r3 = *(u32 *)(r5 +40)
    r4 = r1
    r4 *= r3
    r3 = r0
    r3 += r4
    r4 = r5
    *(u32 *)(r3 +4) = r2
    r2 = *(u32 *)(r4 +40)
    r1 *= r2
    r0 += r1
    w1 = 1
    r2 = *(u32 *)(r9 +0)
    *(u32 *)(r0 +12) = r1
    *(u32 *)(r0 +8) = r2
    r9 += 4
    r1 = r0
    r1 += 16
    r2 = r9
    r3 = *(u64 *)(r10 -64)
    r5 = r3
    if w3 < 0x8 goto L61
    r5 = *(u64 *)(r10 -64)
    r2 = r9
  L60:
    r3 = *(u64 *)(r2 +0)
    *(u64 *)(r1 +0) = r3
    r2 += 8
    r1 += 8
    r5 += -8
    if r5 > 0x7 goto L60
  L61:
    if r5 == 0x0 goto L63
  L62:
    r3 = *(u8 *)(r2 +0)
    *(u8 *)(r1 +0) = r3
    r2 += 1
    r1 += 1
    r5 += -1
    if r5 != 0x0 goto L62
  L63:
    r2 = *(u32 *)(r4 +44)
    r1 = r0
    r1 += r2
    r5 = *(u32 *)(r4 +8)
    r3 = *(u64 *)(r10 -40)
    if w5 < 0x8 goto L65
  L64:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r2
    r3 += 8
    r1 += 8
    r5 += -8
    if r5 > 0x7 goto L64
  L65:
    if r5 == 0x0 goto L67
  L66:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r2
    r3 += 1
    r1 += 1
    r5 += -1
    if r5 != 0x0 goto L66
  L67:
    r2 = *(u64 *)(r10 -32)
    r1 = *(u32 *)(r2 +0)
    if w1 != 0x0 goto L68
    *(u32 *)(r2 +0) = r7
    r5 = 0
    goto L80
  L68:
    r2 = *(u64 *)(r10 -24)
    r2 = *(u32 *)(r2 +0)
    if w8 != w2 goto L69
    w2 = w8
    w2 >>= 3
    r6 += r2
    r2 = *(u8 *)(r6 +16)
    w8 ^= -1
    w8 &= 7
    w2 >>= w8
    w2 &= 1
    r2 <<= 2
    r0 += r2
    *(u32 *)(r0 +0) = r1
    r1 = *(u64 *)(r10 -32)
    *(u32 *)(r1 +0) = r7
    r5 = 0
    goto L80
  L69:
    *(u64 *)(r10 -8) = r6
    r2 = *(u32 *)(r4 +52)
    if w2 == 0x0 goto L70
    w1 = w2
    w1 += -1
    r6 = r4
    r4 = *(u32 *)(r6 +40)
    r4 *= r1
    r3 = *(u64 *)(r6 +32)
    r5 = r3
    r5 += r4
    r5 = *(u32 *)(r5 +0)
    *(u32 *)(r6 +52) = r5
    goto L71
  L70:
    r3 = *(u64 *)(r4 +32)
    r1 = *(u32 *)(r4 +56)
    w2 = w1
    w2 += 1
    *(u32 *)(r4 +56) = r2
    r6 = r4
    r4 = *(u32 *)(r6 +40)
    r4 *= r1
  L71:
    r5 = r3
    r5 += r4
    w4 = 0
    *(u32 *)(r5 +0) = r4
    r5 = *(u32 *)(r6 +40)
    r0 = r1
    r0 *= r5
    r5 = r3
    r5 += r0
    *(u32 *)(r5 +4) = r4
    w4 = w8
    w4 >>= 3
    r9 += r4
    r4 = *(u32 *)(r6 +40)
    r1 *= r4
    r3 += r1
    r1 = *(u8 *)(r9 +0)
    w4 = 3
    *(u32 *)(r3 +12) = r4
    *(u32 *)(r3 +8) = r8
    w8 ^= -1
    w8 &= 7
    w1 >>= w8
    r0 = *(u64 *)(r10 -8)
    r0 += 16
    r5 = r3
    r5 += 16
    r6 = *(u64 *)(r10 -64)
    if w6 < 0x8 goto L73
  L72:
    r4 = *(u64 *)(r0 +0)
    *(u64 *)(r5 +0) = r4
    r0 += 8
    r5 += 8
    r6 += -8
    if r6 > 0x7 goto L72
  L73:
    w1 &= 1
    if r6 == 0x0 goto L75
  L74:
    r4 = *(u8 *)(r0 +0)
    *(u8 *)(r5 +0) = r4
    r0 += 1
    r5 += 1
    r6 += -1
    if r6 != 0x0 goto L74
  L75:
    r4 = r1
    r4 <<= 2
    r5 = r3
    r5 += r4
    *(u32 *)(r5 +0) = r7
    w1 ^= 1
    r1 <<= 2
    r3 += r1
    r4 = *(u64 *)(r10 -32)
    r1 = *(u32 *)(r4 +0)
    *(u32 *)(r3 +0) = r1
    *(u32 *)(r4 +0) = r2
    r5 = 0
    goto L80
  L76:
    r5 = -22
    if r4 > 0x2 goto L80
    r5 = -7
    r1 = *(u64 *)(r10 -16)
    r0 = *(u32 *)(r1 +12)
    r1 = *(u32 *)(r2 +0)
    if w1 >= w0 goto L80
    r5 = -17
    if r4 == 0x1 goto L80
    r4 = *(u64 *)(r10 -16)
    r2 = *(u32 *)(r4 +32)
    r2 *= r1
    r1 = r4
    r1 += r2
    r1 += 40
    r2 = *(u32 *)(r4 +8)
    if w2 < 0x8 goto L78
  L77:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r4
    r3 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L77
  L78:
    r5 = 0
    if r2 == 0x0 goto L80
  L79:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r4
    r3 += 1
    r1 += 1
    r2 += -1
    if r2 != 0x0 goto L79
  L80:
    r0 = r5
    exit

func inlay_map_set:
    r9 = *(u32 *)(r1 +0)
    *(u64 *)(r10 -16) = r1
    if w9 > 0xd goto L80
    w0 = 1
    w0 <<= w9
    w5 = w0
    w5 &= 9762
    if w5 != 0x0 goto L8
    w0 &= 4164
    if w0 != 0x0 goto L22
    if w9 == 0xb goto L1
    goto L80
  L1:
    r5 = -22
    if r4 > 0x2 goto L84
    r1 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r1 +4)
    r0 = *(u32 *)(r2 +0)
    *(u64 *)(r10 -64) = r1
    w1 <<= 3
    w1 += -32
    *(u32 *)(r10 -8) = r0
    if w0 > w1 goto L84
    *(u64 *)(r10 -72) = r4
    *(u64 *)(r10 -24) = r2
    *(u64 *)(r10 -40) = r3
    r2 = *(u64 *)(r10 -16)
    r0 = r2
    r0 += 48
    w8 = 0
    r6 = 0
    r1 = *(u32 *)(r0 +0)
    if w1 == 0x0 goto L47
    r9 = *(u64 *)(r10 -24)
    r9 += 4
    r3 = *(u64 *)(r2 +32)
    *(u64 *)(r10 -48) = r3
    r3 = *(u32 *)(r2 +40)
    *(u64 *)(r10 -56) = r3
    goto L4
  L2:
    w5 = w2
    w5 >>= 3
    r0 = r9
    r0 += r5
    r6 = r4
    r6 += r5
    r5 = *(u8 *)(r6 +0)
    r0 = *(u8 *)(r0 +0)
    w0 ^= w5
    w0 &= 255
    w5 = w2
    w5 ^= -1
    w5 &= 7
    w0 >>= w5
    w0 &= 1
    w8 = w2
    if w0 != 0x0 goto L3
    w2 += 1
    w8 = w1
    if w2 >= w7 goto L3
    w8 = w1
    r5 = *(u32 *)(r10 -8)
    if w2 < w5 goto L2
  L3:
    r6 = r3
    r1 = *(u32 *)(r10 -8)
    if w7 == w1 goto L43
    if w7 != w8 goto L43
    w1 = w7
    w1 >>= 3
    r2 = r9
    r2 += r1
    r1 = *(u8 *)(r2 +0)
    w2 = w7
    w2 ^= -1
    w2 &= 7
    w1 >>= w2
    w1 &= 1
    r1 <<= 2
    r0 = r6
    r0 += r1
    r1 = *(u32 *)(r0 +0)
    w8 = w7
    r2 = *(u64 *)(r10 -16)
    if w1 == 0x0 goto L47
  L4:
    *(u64 *)(r10 -32) = r0
    w1 += -1
    r2 = *(u64 *)(r10 -56)
    r2 *= r1
    r4 = *(u64 *)(r10 -48)
    r4 += r2
    r7 = *(u32 *)(r4 +8)
    w1 = w7
    r2 = *(u32 *)(r10 -8)
    if w7 < w2 goto L5
    r1 = *(u32 *)(r10 -8)
  L5:
    w2 = 0
    r3 = r4
    r4 += 16
  L6:
    w8 = w2
    w2 += 8
    if w2 > w7 goto L7
    r5 = *(u32 *)(r10 -8)
    if w2 > w5 goto L7
    w6 = w8
    w6 >>= 3
    r5 = r4
    r5 += r6
    r0 = r9
    r0 += r6
    r0 = *(u8 *)(r0 +0)
    r5 = *(u8 *)(r5 +0)
    if w5 == w0 goto L6
  L7:
    if w8 >= w1 goto L3
    w2 = w8
    goto L2
  L8:
    r6 = *(u32 *)(r1 +4)
    r8 = *(u32 *)(r1 +60)
    w8 ^= w6
    w1 = w6
    r5 = r2
    w0 = w8
    if w6 < 0x4 goto L10
    w0 = w8
    r5 = r2
    w1 = w6
  L9:
    r7 = *(u32 *)(r5 +0)
    w7 ^= w0
    w7 *= -1640531535
    w0 = w7
    w0 >>= 15
    w0 ^= w7
    r5 += 4
    w1 += -4
    if w1 > 0x3 goto L9
  L10:
    if w1 == 0x0 goto L12
    w7 = w0
  L11:
    r0 = *(u8 *)(r5 +0)
    w7 ^= w0
    w7 *= -2048144777
    w0 = w7
    w0 >>= 13
    w0 ^= w7
    r5 += 1
    w1 += -1
    w7 = w0
    if w1 != 0x0 goto L11
  L12:
    r5 = -22
    if r4 > 0x2 goto L84
    *(u32 *)(r10 -64) = r9
    *(u64 *)(r10 -24) = r2
    *(u64 *)(r10 -40) = r3
    w0 *= -1028477379
    w1 = w0
    w1 >>= 16
    w1 ^= w0
    r2 = *(u64 *)(r10 -16)
    r3 = *(u32 *)(r2 +56)
    *(u32 *)(r10 -72) = r3
    w5 = w3
    w3 = w1
    w5 &= w1
    r2 = *(u64 *)(r2 +32)
    *(u64 *)(r10 -56) = r5
    r1 = r5
    r1 <<= 2
    *(u64 *)(r10 -48) = r2
    r2 += r1
    r2 = *(u32 *)(r2 +0)
    if w2 == 0x0 goto L26
    r1 = *(u64 *)(r10 -16)
    r5 = *(u64 *)(r1 +40)
    *(u64 *)(r10 -8) = r5
    r1 = *(u32 *)(r1 +48)
    *(u64 *)(r10 -32) = r1
    goto L14
  L13:
    r2 = *(u32 *)(r0 +0)
    if w2 == 0x0 goto L26
  L14:
    w2 += -1
    r5 = *(u64 *)(r10 -32)
    r5 *= r2
    r0 = *(u64 *)(r10 -8)
    r0 += r5
    r2 = *(u32 *)(r0 +4)
    if w2 != w3 goto L13
    r5 = r0
    r5 += 16
    r2 = *(u64 *)(r10 -24)
    w7 = w6
    if w6 < 0x4 goto L16
    w7 = w6
    r2 = *(u64 *)(r10 -24)
  L15:
    r1 = *(u32 *)(r2 +0)
    r9 = *(u32 *)(r5 +0)
    if w9 != w1 goto L13
    r2 += 4
    r5 += 4
    w7 += -4
    if w7 > 0x3 goto L15
  L16:
    if w7 == 0x0 goto L18
  L17:
    r1 = *(u8 *)(r2 +0)
    r9 = *(u8 *)(r5 +0)
    if w9 != w1 goto L13
    r2 += 1
    r5 += 1
    w7 += -1
    if w7 == 0x0 goto L18
    goto L17
  L18:
    r1 = *(u64 *)(r10 -8)
    if r1 == 0x0 goto L26
    r5 = -17
    r3 = *(u64 *)(r10 -40)
    if r4 == 0x1 goto L84
    r2 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r2 +52)
    r0 += r1
    r1 = *(u32 *)(r2 +8)
    if w1 < 0x8 goto L20
  L19:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r0 +0) = r2
    r3 += 8
    r0 += 8
    r1 += -8
    if r1 > 0x7 goto L19
  L20:
    r5 = 0
    if r1 == 0x0 goto L84
  L21:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r0 +0) = r2
    r3 += 1
    r0 += 1
    r1 += -1
    if r1 == 0x0 goto L84
    goto L21
  L22:
    r5 = -22
    if r4 > 0x2 goto L84
    r5 = -7
    r1 = *(u64 *)(r10 -16)
    r0 = *(u32 *)(r1 +12)
    r1 = *(u32 *)(r2 +0)
    if w1 >= w0 goto L84
    r5 = -17
    if r4 == 0x1 goto L84
    r4 = *(u64 *)(r10 -16)
    r2 = *(u32 *)(r4 +32)
    r2 *= r1
    r1 = r4
    r1 += r2
    r1 += 40
    r2 = *(u32 *)(r4 +8)
    if w2 < 0x8 goto L24
  L23:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r4
    r3 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L23
  L24:
    r5 = 0
    if r2 == 0x0 goto L84
  L25:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r4
    r3 += 1
    r1 += 1
    r2 += -1
    if r2 == 0x0 goto L84
    goto L25
  L26:
    r5 = -2
    r0 = *(u64 *)(r10 -40)
    r7 = *(u64 *)(r10 -24)
    if r4 == 0x2 goto L84
    r4 = *(u64 *)(r10 -16)
    r9 = *(u32 *)(r4 +68)
    if w9 == 0x0 goto L27
    w2 = w9
    w2 += -1
    r1 = *(u32 *)(r4 +48)
    r1 *= r2
    r8 = *(u64 *)(r4 +40)
    r2 = r8
    r2 += r1
    r2 = *(u32 *)(r2 +0)
    *(u32 *)(r4 +68) = r2
    goto L52
  L27:
    r1 = *(u32 *)(r4 +12)
    r9 = *(u32 *)(r4 +72)
    *(u32 *)(r10 -32) = r1
    if w9 >= w1 goto L28
    r1 = *(u32 *)(r4 +48)
    r1 *= r9
    w9 += 1
    *(u32 *)(r4 +72) = r9
    r8 = *(u64 *)(r4 +40)
    goto L52
  L28:
    r5 = -7
    r1 = *(u32 *)(r10 -64)
    w1 += -11
    if w1 < 0xfffffffe goto L84
    r1 = *(u64 *)(r10 -16)
    r2 = *(u32 *)(r1 +76)
    w1 = w2
    w1 += 1
    r4 = *(u32 *)(r10 -32)
    if w2 < w4 goto L29
    w1 = 1
  L29:
    w9 = w1
    w9 += -1
    r2 = *(u64 *)(r10 -16)
    r4 = *(u32 *)(r2 +48)
    r9 *= r4
    r0 = *(u64 *)(r2 +40)
    *(u64 *)(r10 -8) = r0
    r0 += r9
    r2 = *(u32 *)(r0 +12)
    if w2 == 0x0 goto L31
    r0 += 12
    w2 = w1
    goto L32
  L30:
    w2 = 0
    *(u32 *)(r0 +0) = r2
    w9 = w1
    w9 += -1
    r9 *= r4
    r0 = *(u64 *)(r10 -8)
    r0 += r9
    r7 = *(u32 *)(r0 +12)
    r0 += 12
    w2 = w1
    if w7 != 0x0 goto L32
  L31:
    r2 = *(u64 *)(r10 -16)
    *(u32 *)(r2 +76) = r1
    r1 = *(u64 *)(r10 -8)
    r1 += r9
    r1 += 16
    w7 = w6
    *(u64 *)(r10 -56) = r1
    r9 = r1
    if w6 < 0x4 goto L34
    r9 = *(u64 *)(r10 -56)
    w7 = w6
    goto L33
  L32:
    w1 += 1
    r7 = *(u32 *)(r10 -32)
    if w2 < w7 goto L30
    w1 = 1
    goto L30
  L33:
    r1 = *(u32 *)(r9 +0)
    w1 ^= w8
    w1 *= -1640531535
    w8 = w1
    w8 >>= 15
    w8 ^= w1
    r9 += 4
    w7 += -4
    if w7 > 0x3 goto L33
  L34:
    if w7 == 0x0 goto L36
    w1 = w8
  L35:
    r2 = *(u8 *)(r9 +0)
    w1 ^= w2
    w1 *= -2048144777
    w8 = w1
    w8 >>= 13
    w8 ^= w1
    r9 += 1
    w7 += -1
    w1 = w8
    if w7 != 0x0 goto L35
  L36:
    w8 *= -1028477379
    w1 = w8
    w1 >>= 16
    w1 ^= w8
    *(u32 *)(r10 -32) = r1
    r2 = *(u32 *)(r10 -72)
    w1 &= w2
    r1 <<= 2
    r8 = *(u64 *)(r10 -48)
    r8 += r1
    r1 = *(u32 *)(r8 +0)
    if w1 == 0x0 goto L42
  L37:
    *(u64 *)(r10 -72) = r8
    *(u64 *)(r10 -64) = r1
    w1 += -1
    r1 *= r4
    r8 = *(u64 *)(r10 -8)
    r8 += r1
    r1 = *(u32 *)(r8 +4)
    r2 = *(u32 *)(r10 -32)
    if w1 != w2 goto L41
    r0 = r8
    r0 += 16
    r2 = *(u64 *)(r10 -56)
    w7 = w6
    if w6 < 0x4 goto L39
    w7 = w6
    r2 = *(u64 *)(r10 -56)
  L38:
    r1 = *(u32 *)(r2 +0)
    r9 = *(u32 *)(r0 +0)
    if w9 != w1 goto L41
    r2 += 4
    r0 += 4
    w7 += -4
    if w7 > 0x3 goto L38
  L39:
    if w7 == 0x0 goto L51
  L40:
    r1 = *(u8 *)(r2 +0)
    r9 = *(u8 *)(r0 +0)
    if w9 != w1 goto L41
    r2 += 1
    r0 += 1
    w7 += -1
    if w7 == 0x0 goto L51
    goto L40
  L41:
    r1 = *(u32 *)(r8 +0)
    if w1 != 0x0 goto L37
  L42:
    r1 = 0xffffffff ll
    r4 *= r1
    r1 = *(u64 *)(r10 -8)
    r1 += r4
    r1 = *(u32 *)(r1 +0)
    r2 = *(u64 *)(r10 -16)
    *(u32 *)(r2 +68) = r1
    goto L84
  L43:
    r2 = *(u64 *)(r10 -16)
    r0 = *(u64 *)(r10 -32)
    if w8 != w7 goto L47
    r1 = *(u32 *)(r6 +12)
    w1 &= 2
    w8 = w7
    if w1 != 0x0 goto L47
    r5 = -17
    r3 = *(u64 *)(r10 -40)
    r1 = *(u64 *)(r10 -72)
    if r1 == 0x1 goto L84
    r1 = *(u32 *)(r2 +44)
    r6 += r1
    r1 = *(u32 *)(r2 +8)
    if w1 < 0x8 goto L45
  L44:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r6 +0) = r2
    r3 += 8
    r6 += 8
    r1 += -8
    if r1 > 0x7 goto L44
  L45:
    r5 = 0
    if r1 == 0x0 goto L84
  L46:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r6 +0) = r2
    r3 += 1
    r6 += 1
    r1 += -1
    if r1 == 0x0 goto L84
    goto L46
  L47:
    r4 = r2
    r5 = -2
    r3 = *(u64 *)(r10 -40)
    r9 = *(u64 *)(r10 -24)
    r1 = *(u64 *)(r10 -72)
    if r1 == 0x2 goto L84
    r5 = -28
    r2 = r4
    r1 = *(u32 *)(r2 +60)
    r2 = *(u32 *)(r2 +12)
    if w1 == w2 goto L84
    w1 += 1
    *(u32 *)(r4 +60) = r1
    r1 = *(u32 *)(r0 +0)
    if w1 == 0x0 goto L61
    r1 = *(u32 *)(r6 +8)
    if w8 != w1 goto L61
    w1 = 1
    *(u32 *)(r6 +12) = r1
    r1 = *(u32 *)(r4 +44)
    r6 += r1
    r1 = *(u32 *)(r4 +8)
    if w1 < 0x8 goto L49
  L48:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r6 +0) = r2
    r3 += 8
    r6 += 8
    r1 += -8
    if r1 > 0x7 goto L48
  L49:
    r5 = 0
    if r1 == 0x0 goto L84
  L50:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r6 +0) = r2
    r3 += 1
    r6 += 1
    r1 += -1
    if r1 == 0x0 goto L84
    goto L50
  L51:
    r1 = *(u32 *)(r8 +0)
    r2 = *(u64 *)(r10 -72)
    *(u32 *)(r2 +0) = r1
    w1 = 0
    *(u32 *)(r8 +8) = r1
    r4 = *(u64 *)(r10 -16)
    r1 = *(u32 *)(r4 +68)
    *(u32 *)(r8 +0) = r1
    r1 = *(u32 *)(r4 +64)
    w1 += -1
    *(u32 *)(r4 +64) = r1
    r9 = *(u64 *)(r10 -64)
    w2 = w9
    w2 += -1
    r1 = *(u32 *)(r4 +48)
    r1 *= r2
    r8 = *(u64 *)(r10 -8)
    r2 = r8
    r2 += r1
    r2 = *(u32 *)(r2 +0)
    *(u32 *)(r4 +68) = r2
    r2 = *(u32 *)(r4 +56)
    w2 &= w3
    *(u64 *)(r10 -56) = r2
    r6 = *(u32 *)(r4 +4)
    r0 = *(u64 *)(r10 -40)
    r7 = *(u64 *)(r10 -24)
  L52:
    r8 += r1
    r1 = 1
    *(u64 *)(r8 +8) = r1
    *(u32 *)(r8 +4) = r3
    r1 = r8
    r1 += 16
    r5 = *(u64 *)(r10 -48)
    if w6 < 0x8 goto L54
  L53:
    r2 = *(u64 *)(r7 +0)
    *(u64 *)(r1 +0) = r2
    r7 += 8
    r1 += 8
    r6 += -8
    if r6 > 0x7 goto L53
  L54:
    if r6 == 0x0 goto L56
  L55:
    r2 = *(u8 *)(r7 +0)
    *(u8 *)(r1 +0) = r2
    r7 += 1
    r1 += 1
    r6 += -1
    if r6 != 0x0 goto L55
  L56:
    r6 = *(u64 *)(r10 -56)
    r6 <<= 2
    r2 = *(u32 *)(r4 +52)
    r1 = r8
    r1 += r2
    r3 = r4
    r2 = *(u32 *)(r4 +8)
    if w2 < 0x8 goto L58
  L57:
    r4 = *(u64 *)(r0 +0)
    *(u64 *)(r1 +0) = r4
    r0 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L57
  L58:
    r5 += r6
    if r2 == 0x0 goto L60
  L59:
    r4 = *(u8 *)(r0 +0)
    *(u8 *)(r1 +0) = r4
    r0 += 1
    r1 += 1
    r2 += -1
    if r2 != 0x0 goto L59
  L60:
    r1 = *(u32 *)(r5 +0)
    *(u32 *)(r8 +0) = r1
    *(u32 *)(r5 +0) = r9
    r1 = *(u32 *)(r3 +64)
    w1 += 1
    *(u32 *)(r3 +64) = r1
    r5 = 0
    goto L84
  L61:
    *(u64 *)(r10 -32) = r0
    r1 = *(u64 *)(r10 -64)
    w1 += -4
    *(u64 *)(r10 -64) = r1
    r5 = r4
    r7 = *(u32 *)(r5 +52)
    if w7 == 0x0 goto L62
    w1 = w7
    w1 += -1
    r2 = *(u32 *)(r5 +40)
    r2 *= r1
    r0 = *(u64 *)(r5 +32)
    r3 = r0
    r3 += r2
    r3 = *(u32 *)(r3 +0)
    *(u32 *)(r5 +52) = r3
    goto L63
  L62:
    r0 = *(u64 *)(r5 +32)
    r1 = *(u32 *)(r5 +56)
    w7 = w1
    w7 += 1
    *(u32 *)(r5 +56) = r7
    r2 = *(u32 *)(r5 +40)
    r2 *= r1
  L63:
    r3 = r0
    r3 += r2
    w2 = 0
    *(u32 *)(r3 +0) = r2
    r3 = *(u32 *)(r5 +40)
    r4 = r1
    r4 *= r3
    r3 = r0
    r3 += r4
    r4 = r5
    *(u32 *)(r3 +4) = r2
    r2 = *(u32 *)(r4 +40)
    r1 *= r2
    r0 += r1
    w1 = 1
    r2 = *(u32 *)(r9 +0)
    *(u32 *)(r0 +12) = r1
    *(u32 *)(r0 +8) = r2
    r9 += 4
    r1 = r0
    r1 += 16
    r2 = r9
    r3 = *(u64 *)(r10 -64)
    r5 = r3
    if w3 < 0x8 goto L65
    r5 = *(u64 *)(r10 -64)
    r2 = r9
  L64:
    r3 = *(u64 *)(r2 +0)
    *(u64 *)(r1 +0) = r3
    r2 += 8
    r1 += 8
    r5 += -8
    if r5 > 0x7 goto L64
  L65:
    if r5 == 0x0 goto L67
  L66:
    r3 = *(u8 *)(r2 +0)
    *(u8 *)(r1 +0) = r3
    r2 += 1
    r1 += 1
    r5 += -1
    if r5 != 0x0 goto L66
  L67:
    r2 = *(u32 *)(r4 +44)
    r1 = r0
    r1 += r2
    r5 = *(u32 *)(r4 +8)
    r3 = *(u64 *)(r10 -40)
    if w5 < 0x8 goto L69
  L68:
    r2 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r2
    r3 += 8
    r1 += 8
    r5 += -8
    if r5 > 0x7 goto L68
  L69:
    if r5 == 0x0 goto L71
  L70:
    r2 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r2
    r3 += 1
    r1 += 1
    r5 += -1
    if r5 != 0x0 goto L70
  L71:
    r2 = *(u64 *)(r10 -32)
    r1 = *(u32 *)(r2 +0)
    if w1 != 0x0 goto L72
    *(u32 *)(r2 +0) = r7
    r5 = 0
    goto L84
  L72:
    r2 = *(u64 *)(r10 -24)
    r2 = *(u32 *)(r2 +0)
    if w8 != w2 goto L73
    w2 = w8
    w2 >>= 3
    r6 += r2
    r2 = *(u8 *)(r6 +16)
    w8 ^= -1
    w8 &= 7
    w2 >>= w8
    w2 &= 1
    r2 <<= 2
    r0 += r2
    *(u32 *)(r0 +0) = r1
    r1 = *(u64 *)(r10 -32)
    *(u32 *)(r1 +0) = r7
    r5 = 0
    goto L84
  L73:
    *(u64 *)(r10 -8) = r6
    r2 = *(u32 *)(r4 +52)
    if w2 == 0x0 goto L74
    w1 = w2
    w1 += -1
    r6 = r4
    r4 = *(u32 *)(r6 +40)
    r4 *= r1
    r3 = *(u64 *)(r6 +32)
    r5 = r3
    r5 += r4
    r5 = *(u32 *)(r5 +0)
    *(u32 *)(r6 +52) = r5
    goto L75
  L74:
    r3 = *(u64 *)(r4 +32)
    r1 = *(u32 *)(r4 +56)
    w2 = w1
    w2 += 1
    *(u32 *)(r4 +56) = r2
    r6 = r4
    r4 = *(u32 *)(r6 +40)
    r4 *= r1
  L75:
    r5 = r3
    r5 += r4
    w4 = 0
    *(u32 *)(r5 +0) = r4
    r5 = *(u32 *)(r6 +40)
    r0 = r1
    r0 *= r5
    r5 = r3
    r5 += r0
    *(u32 *)(r5 +4) = r4
    w4 = w8
    w4 >>= 3
    r9 += r4
    r4 = *(u32 *)(r6 +40)
    r1 *= r4
    r3 += r1
    r1 = *(u8 *)(r9 +0)
    w4 = 3
    *(u32 *)(r3 +12) = r4
    *(u32 *)(r3 +8) = r8
    w8 ^= -1
    w8 &= 7
    w1 >>= w8
    r0 = *(u64 *)(r10 -8)
    r0 += 16
    r5 = r3
    r5 += 16
    r6 = *(u64 *)(r10 -64)
    if w6 < 0x8 goto L77
  L76:
    r4 = *(u64 *)(r0 +0)
    *(u64 *)(r5 +0) = r4
    r0 += 8
    r5 += 8
    r6 += -8
    if r6 > 0x7 goto L76
  L77:
    w1 &= 1
    if r6 == 0x0 goto L79
  L78:
    r4 = *(u8 *)(r0 +0)
    *(u8 *)(r5 +0) = r4
    r0 += 1
    r5 += 1
    r6 += -1
    if r6 != 0x0 goto L78
  L79:
    r4 = r1
    r4 <<= 2
    r5 = r3
    r5 += r4
    *(u32 *)(r5 +0) = r7
    w1 ^= 1
    r1 <<= 2
    r3 += r1
    r4 = *(u64 *)(r10 -32)
    r1 = *(u32 *)(r4 +0)
    *(u32 *)(r3 +0) = r1
    *(u32 *)(r4 +0) = r2
    r5 = 0
    goto L84
  L80:
    r5 = -7
    r0 = *(u32 *)(r1 +12)
    r1 = *(u32 *)(r2 +0)
    if w1 >= w0 goto L84
    r4 = *(u64 *)(r10 -16)
    r2 = *(u32 *)(r4 +32)
    r2 *= r1
    r1 = r4
    r1 += r2
    r1 += 40
    r2 = *(u32 *)(r4 +8)
    if w2 < 0x8 goto L82
  L81:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r4
    r3 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L81
  L82:
    r5 = 0
    if r2 == 0x0 goto L84
  L83:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r4
    r3 += 1
    r1 += 1
    r2 += -1
    if r2 != 0x0 goto L83
  L84:
    r0 = r5
    exit

func bpf_map_delete_elem:
    *(u64 *)(r10 -8) = r2
    r9 = r1
    r1 = *(u32 *)(r9 +0)
    if w1 > 0xd goto L19
    w2 = 1
    w2 <<= w1
    w3 = w2
    w3 &= 9762
    if w3 != 0x0 goto L8
    r3 = -22
    *(u64 *)(r10 -16) = r3
    w2 &= 4164
    if w2 != 0x0 goto L21
    if w1 == 0xb goto L1
    goto L19
  L1:
    r1 = *(u64 *)(r10 -8)
    r7 = *(u32 *)(r1 +0)
    r1 = *(u32 *)(r9 +4)
    w1 <<= 3
    w1 += -32
    if w7 > w1 goto L21
    r1 = r9
    r1 += 48
    r2 = -2
    *(u64 *)(r10 -16) = r2
    r3 = *(u32 *)(r1 +0)
    if w3 == 0x0 goto L21
    r2 = 0
    *(u64 *)(r10 -64) = r2
    r2 = *(u64 *)(r10 -8)
    r2 += 4
    *(u64 *)(r10 -8) = r2
    r2 = *(u64 *)(r9 +32)
    *(u64 *)(r10 -40) = r2
    r2 = *(u32 *)(r9 +40)
    *(u64 *)(r10 -56) = r2
    r2 = 0
    *(u64 *)(r10 -72) = r2
    *(u64 *)(r10 -48) = r9
    goto L4
  L2:
    w3 = w1
    w3 >>= 3
    r5 = *(u64 *)(r10 -8)
    r5 += r3
    r0 = r2
    r0 += r3
    r3 = *(u8 *)(r0 +0)
    r5 = *(u8 *)(r5 +0)
    w5 ^= w3
    w5 &= 255
    w3 = w1
    w3 ^= -1
    w3 &= 7
    w5 >>= w3
    w5 &= 1
    w0 = w1
    if w5 != 0x0 goto L3
    w1 += 1
    w0 = w8
    if w1 >= w6 goto L3
    w0 = w8
    if w1 < w7 goto L2
  L3:
    r9 = *(u64 *)(r10 -48)
    r5 = *(u32 *)(r10 -24)
    if w6 != w0 goto L21
    if w6 == w7 goto L22
    w1 = w6
    w1 >>= 3
    r2 = *(u64 *)(r10 -8)
    r2 += r1
    r2 = *(u8 *)(r2 +0)
    w6 ^= -1
    w6 &= 7
    w2 >>= w6
    w2 &= 1
    r2 <<= 2
    r1 = r4
    r1 += r2
    r3 = *(u32 *)(r1 +0)
    *(u64 *)(r10 -64) = r4
    r2 = *(u64 *)(r10 -32)
    *(u64 *)(r10 -72) = r2
    if w3 == 0x0 goto L21
  L4:
    *(u64 *)(r10 -32) = r1
    *(u32 *)(r10 -24) = r3
    w2 = w3
    w2 += -1
    r1 = *(u64 *)(r10 -56)
    *(u64 *)(r10 -80) = r2
    r1 *= r2
    r4 = *(u64 *)(r10 -40)
    r4 += r1
    r6 = *(u32 *)(r4 +8)
    w8 = w6
    if w6 < w7 goto L5
    w8 = w7
  L5:
    w1 = 0
    r2 = r4
    r2 += 16
  L6:
    w0 = w1
    w1 += 8
    if w1 > w6 goto L7
    if w1 > w7 goto L7
    w5 = w0
    w5 >>= 3
    r3 = r2
    r3 += r5
    r9 = *(u64 *)(r10 -8)
    r9 += r5
    r5 = *(u8 *)(r9 +0)
    r3 = *(u8 *)(r3 +0)
    if w3 == w5 goto L6
  L7:
    if w0 >= w8 goto L3
    w1 = w0
    goto L2
  L8:
    r1 = *(u32 *)(r9 +4)
    r0 = *(u32 *)(r9 +60)
    w0 ^= w1
    w4 = w1
    r5 = *(u64 *)(r10 -8)
    if w1 < 0x4 goto L10
    r5 = *(u64 *)(r10 -8)
    w4 = w1
  L9:
    r2 = *(u32 *)(r5 +0)
    w2 ^= w0
    w2 *= -1640531535
    w0 = w2
    w0 >>= 15
    w0 ^= w2
    r5 += 4
    w4 += -4
    if w4 > 0x3 goto L9
  L10:
    if w4 == 0x0 goto L12
    w2 = w0
  L11:
    r3 = *(u8 *)(r5 +0)
    w2 ^= w3
    w2 *= -2048144777
    w0 = w2
    w0 >>= 13
    w0 ^= w2
    r5 += 1
    w4 += -1
    w2 = w0
    if w4 != 0x0 goto L11
  L12:
    w0 *= -1028477379
    w4 = w0
    w4 >>= 16
    w4 ^= w0
    r2 = *(u32 *)(r9 +56)
    w2 &= w4
    r2 <<= 2
    r7 = *(u64 *)(r9 +32)
    r7 += r2
    r2 = -2
    *(u64 *)(r10 -16) = r2
    r5 = *(u32 *)(r7 +0)
    if w5 == 0x0 goto L21
    r2 = *(u64 *)(r9 +40)
    *(u64 *)(r10 -24) = r2
    r2 = *(u32 *)(r9 +48)
    *(u64 *)(r10 -32) = r2
    goto L14
  L13:
    r5 = *(u32 *)(r7 +0)
    if w5 == 0x0 goto L21
  L14:
    *(u64 *)(r10 -40) = r7
    w2 = w5
    w2 += -1
    r3 = *(u64 *)(r10 -32)
    r3 *= r2
    r7 = *(u64 *)(r10 -24)
    r7 += r3
    r2 = *(u32 *)(r7 +4)
    if w2 != w4 goto L13
    r6 = r7
    r6 += 16
    r2 = *(u64 *)(r10 -8)
    w3 = w1
    if w1 < 0x4 goto L16
    w3 = w1
    r2 = *(u64 *)(r10 -8)
  L15:
    r8 = *(u32 *)(r2 +0)
    r0 = *(u32 *)(r6 +0)
    if w0 != w8 goto L13
    r2 += 4
    r6 += 4
    w3 += -4
    if w3 > 0x3 goto L15
  L16:
    if w3 == 0x0 goto L18
  L17:
    r0 = *(u8 *)(r2 +0)
    r8 = *(u8 *)(r6 +0)
    if w8 != w0 goto L13
    r2 += 1
    r6 += 1
    w3 += -1
    if w3 != 0x0 goto L17
  L18:
    r1 = *(u32 *)(r7 +0)
    r2 = *(u64 *)(r10 -40)
    *(u32 *)(r2 +0) = r1
    w1 = 0
    *(u32 *)(r7 +8) = r1
    r1 = *(u32 *)(r9 +68)
    *(u32 *)(r7 +0) = r1
    *(u32 *)(r9 +68) = r5
    r1 = *(u32 *)(r9 +64)
    w1 += -1
    *(u32 *)(r9 +64) = r1
    r1 = 0
    goto L20
  L19:
    r1 = -95
  L20:
    *(u64 *)(r10 -16) = r1
  L21:
    r0 = *(u64 *)(r10 -16)
    exit
  L22:
    r3 = *(u32 *)(r4 +12)
    w1 = w3
    w1 &= 2
    if w1 != 0x0 goto L21
    r1 = *(u32 *)(r9 +60)
    w1 += -1
    *(u32 *)(r9 +60) = r1
    r1 = *(u32 *)(r4 +0)
    if w1 == 0x0 goto L23
    r2 = *(u32 *)(r4 +4)
    if w2 == 0x0 goto L23
    w3 |= 2
    *(u32 *)(r4 +12) = r3
    r1 = 0
    goto L20
  L23:
    r3 = *(u64 *)(r10 -64)
    if r3 == 0x0 goto L25
    r2 = *(u32 *)(r3 +12)
    w2 &= 2
    if w2 == 0x0 goto L25
    if w1 != 0x0 goto L26
    r1 = *(u32 *)(r4 +4)
    if w1 != 0x0 goto L26
    r1 = 4
    r2 = *(u64 *)(r10 -32)
    if r2 == r3 goto L24
    r1 = 0
  L24:
    r3 += r1
    r2 = *(u32 *)(r3 +0)
    r3 = *(u64 *)(r10 -72)
    r1 = *(u32 *)(r3 +0)
    *(u32 *)(r3 +0) = r2
    w2 = w1
    w2 += -1
    r3 = *(u32 *)(r9 +40)
    r3 *= r2
    r2 = *(u64 *)(r10 -40)
    r2 += r3
    w3 = 0
    *(u32 *)(r2 +12) = r3
    r3 = *(u32 *)(r9 +52)
    *(u32 *)(r2 +0) = r3
    goto L27
  L25:
    if w1 != 0x0 goto L26
    r1 = *(u32 *)(r4 +4)
  L26:
    r2 = *(u64 *)(r10 -32)
    *(u32 *)(r2 +0) = r1
    r1 = *(u32 *)(r9 +52)
  L27:
    r3 = *(u64 *)(r10 -80)
    r2 = *(u32 *)(r9 +40)
    r2 *= r3
    r3 = *(u64 *)(r10 -40)
    r3 += r2
    *(u32 *)(r3 +0) = r1
    w1 = 0
    *(u32 *)(r3 +12) = r1
    *(u32 *)(r9 +52) = r5
    r1 = 0
    goto L20

func bpf_map_lookup_percpu_elem:
    *(u64 *)(r10 -8) = r2
    r0 = 0
    if w3 != 0x0 goto L13
    r3 = *(u32 *)(r1 +0)
    if w3 > 0xd goto L13
    w2 = 1
    w2 <<= w3
    w3 = w2
    w3 &= 9762
    if w3 != 0x0 goto L2
    w2 &= 4164
    if w2 != 0x0 goto L1
    goto L13
  L1:
    r3 = *(u32 *)(r1 +12)
    r2 = *(u64 *)(r10 -8)
    r2 = *(u32 *)(r2 +0)
    if w2 >= w3 goto L13
    r3 = *(u32 *)(r1 +32)
    r3 *= r2
    r1 += r3
    r1 += 40
    r0 = r1
    goto L13
  L2:
    r2 = *(u32 *)(r1 +4)
    r6 = *(u32 *)(r1 +60)
    w6 ^= w2
    w4 = w2
    r5 = *(u64 *)(r10 -8)
    if w2 < 0x4 goto L4
    r5 = *(u64 *)(r10 -8)
    w4 = w2
  L3:
    r3 = *(u32 *)(r5 +0)
    w3 ^= w6
    w3 *= -1640531535
    w6 = w3
    w6 >>= 15
    w6 ^= w3
    r5 += 4
    w4 += -4
    if w4 > 0x3 goto L3
  L4:
    if w4 == 0x0 goto L6
    w3 = w6
  L5:
    r6 = *(u8 *)(r5 +0)
    w3 ^= w6
    w3 *= -2048144777
    w6 = w3
    w6 >>= 13
    w6 ^= w3
    r5 += 1
    w4 += -1
    w3 = w6
    if w4 != 0x0 goto L5
  L6:
    w6 *= -1028477379
    w4 = w6
    w4 >>= 16
    w4 ^= w6
    r3 = *(u32 *)(r1 +56)
    w3 &= w4
    r3 <<= 2
    r5 = *(u64 *)(r1 +32)
    r5 += r3
    r3 = *(u32 *)(r5 +0)
    if w3 == 0x0 goto L13
    r5 = *(u64 *)(r1 +40)
    *(u64 *)(r10 -16) = r5
    r5 = *(u32 *)(r1 +48)
    *(u64 *)(r10 -24) = r5
    goto L8
  L7:
    r3 = *(u32 *)(r7 +0)
    if w3 == 0x0 goto L13
  L8:
    w3 += -1
    r8 = *(u64 *)(r10 -24)
    r8 *= r3
    r7 = *(u64 *)(r10 -16)
    r7 += r8
    r3 = *(u32 *)(r7 +4)
    if w3 != w4 goto L7
    r8 = r7
    r8 += 16
    r9 = *(u64 *)(r10 -8)
    w3 = w2
    if w2 < 0x4 goto L10
    w3 = w2
    r9 = *(u64 *)(r10 -8)
  L9:
    r6 = *(u32 *)(r9 +0)
    r5 = *(u32 *)(r8 +0)
    if w5 != w6 goto L7
    r9 += 4
    r8 += 4
    w3 += -4
    if w3 > 0x3 goto L9
  L10:
    if w3 == 0x0 goto L12
  L11:
    r5 = *(u8 *)(r9 +0)
    r6 = *(u8 *)(r8 +0)
    if w6 != w5 goto L7
    r9 += 1
    r8 += 1
    w3 += -1
    if w3 == 0x0 goto L12
    goto L11
  L12:
    r2 = *(u64 *)(r10 -16)
    if r2 == 0x0 goto L13
    w2 = 1
    *(u32 *)(r7 +12) = r2
    r1 = *(u32 *)(r1 +52)
    r7 += r1
    r0 = r7
  L13:
    exit

func bpf_kptr_xchg:
    r0 = *(u64 *)(r1 +0)
    *(u64 *)(r1 +0) = r2
    exit

func bpf_list_push_front_impl:
    r3 = *(u64 *)(r2 +16)
    if r3 == 0x0 goto L1
    r1 = r2
    call kfunc inlay_object_release
    r0 = -22
    goto L3
  L1:
    r3 = *(u64 *)(r1 +0)
    if r3 != 0x0 goto L2
    *(u64 *)(r1 +0) = r1
    *(u64 *)(r1 +8) = r1
    r3 = r1
  L2:
    *(u64 *)(r2 +0) = r3
    *(u64 *)(r2 +8) = r1
    r3 = *(u64 *)(r1 +0)
    *(u64 *)(r3 +8) = r2
    *(u64 *)(r1 +0) = r2
    *(u64 *)(r2 +16) = r1
    r0 = 0
  L3:
    exit

func bpf_list_push_back_impl:
    r3 = *(u64 *)(r2 +16)
    if r3 == 0x0 goto L1
    r1 = r2
    call kfunc inlay_object_release
    r0 = -22
    goto L4
  L1:
    r3 = *(u64 *)(r1 +0)
    if r3 == 0x0 goto L2
    r3 = *(u64 *)(r1 +8)
    r4 = *(u64 *)(r3 +0)
    goto L3
  L2:
    *(u64 *)(r1 +0) = r1
    *(u64 *)(r1 +8) = r1
    r4 = r1
    r3 = r1
  L3:
    *(u64 *)(r2 +0) = r4
    *(u64 *)(r2 +8) = r3
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r4 +8) = r2
    *(u64 *)(r3 +0) = r2
    *(u64 *)(r2 +16) = r1
    r0 = 0
  L4:
    exit

func bpf_list_pop_front:
    r0 = 0
    r2 = *(u64 *)(r1 +0)
    if r2 == 0x0 goto L1
    if r2 == r1 goto L1
    r1 = *(u64 *)(r2 +8)
    r3 = *(u64 *)(r2 +0)
    *(u64 *)(r1 +0) = r3
    *(u64 *)(r3 +8) = r1
    r1 = 0
    *(u64 *)(r2 +16) = r1
    *(u64 *)(r2 +0) = r2
    *(u64 *)(r2 +8) = r2
    r0 = r2
  L1:
    exit

func bpf_list_pop_back:
    r0 = 0
    r2 = *(u64 *)(r1 +0)
    if r2 == 0x0 goto L1
    if r2 == r1 goto L1
    r0 = *(u64 *)(r1 +8)
    r1 = *(u64 *)(r0 +8)
    r2 = *(u64 *)(r0 +0)
    *(u64 *)(r1 +0) = r2
    *(u64 *)(r2 +8) = r1
    r1 = 0
    *(u64 *)(r0 +16) = r1
    *(u64 *)(r0 +0) = r0
    *(u64 *)(r0 +8) = r0
  L1:
    exit

func bpf_list_front:
    r2 = *(u64 *)(r1 +0)
    r0 = 0
    if r2 == r1 goto L1
    r0 = r2
  L1:
    exit

func bpf_list_back:
    r0 = 0
    r2 = *(u64 *)(r1 +0)
    if r2 == 0x0 goto L1
    if r2 == r1 goto L1
    r0 = *(u64 *)(r1 +8)
  L1:
    exit

func bpf_rbtree_add_impl:
    r8 = r3
    r6 = r2
    r2 = *(u64 *)(r6 +24)
    if r2 != 0x0 goto L3
    r2 = *(u64 *)(r1 +0)
    if r2 == 0x0 goto L5
    r9 = r1
    goto L2
  L1:
    r2 = r7
    r2 += r1
    r2 = *(u64 *)(r2 +0)
    if r2 == 0x0 goto L4
  L2:
    r7 = r2
    r1 = r8
    r2 = r6
    r3 = r7
    r4 = 0
    r5 = 0
    call kfunc inlay_invoke
    r1 = 8
    if r0 == 0x0 goto L1
    r1 = 0
    goto L1
  L3:
    r1 = r6
    call kfunc inlay_object_release
    r0 = -22
    goto L11
  L4:
    r1 = 0
    *(u64 *)(r6 +8) = r1
    *(u64 *)(r6 +0) = r1
    r1 = r9
    *(u64 *)(r6 +24) = r1
    *(u64 *)(r6 +16) = r7
    if r0 == 0x0 goto L6
    *(u64 *)(r7 +0) = r6
    goto L7
  L5:
    r0 = 0
    *(u64 *)(r6 +16) = r0
    *(u64 *)(r6 +8) = r0
    *(u64 *)(r6 +0) = r0
    *(u64 *)(r6 +24) = r1
    *(u64 *)(r1 +0) = r6
    goto L11
  L6:
    *(u64 *)(r7 +8) = r6
  L7:
    r2 = r6
    r2 >>= 4
    r3 = 0x9e3779b97f4a7c15 ll
    r2 *= r3
    r0 = 0
    goto L12
  L8:
    *(u64 *)(r6 +16) = r5
    *(u64 *)(r7 +8) = r4
    *(u64 *)(r6 +0) = r7
    if r4 == 0x0 goto L10
  L9:
    *(u64 *)(r4 +16) = r7
  L10:
    *(u64 *)(r7 +16) = r6
    r7 = *(u64 *)(r6 +16)
    if r7 != 0x0 goto L12
  L11:
    exit
  L12:
    r4 = r7
    r4 >>= 4
    r4 *= r3
    if r2 <= r4 goto L11
    r5 = *(u64 *)(r7 +16)
    r4 = *(u64 *)(r7 +0)
    if r4 != r6 goto L13
    r4 = *(u64 *)(r6 +8)
    if r5 != 0x0 goto L16
    *(u64 *)(r1 +0) = r6
    goto L18
  L13:
    r4 = *(u64 *)(r6 +0)
    if r5 != 0x0 goto L14
    *(u64 *)(r1 +0) = r6
    goto L8
  L14:
    r8 = *(u64 *)(r5 +0)
    if r8 != r7 goto L15
    *(u64 *)(r5 +0) = r6
    goto L8
  L15:
    *(u64 *)(r5 +8) = r6
    goto L8
  L16:
    r8 = *(u64 *)(r5 +0)
    if r8 != r7 goto L17
    *(u64 *)(r5 +0) = r6
    goto L18
  L17:
    *(u64 *)(r5 +8) = r6
  L18:
    *(u64 *)(r6 +16) = r5
    *(u64 *)(r7 +0) = r4
    *(u64 *)(r6 +8) = r7
    if r4 == 0x0 goto L10
    goto L9

func bpf_rbtree_remove:
    r0 = 0
    r3 = *(u64 *)(r2 +24)
    if r3 != r1 goto L17
    r4 = *(u64 *)(r2 +8)
    r5 = *(u64 *)(r2 +0)
    if r5 == 0x0 goto L4
    r3 = 0x9e3779b97f4a7c15 ll
    goto L5
  L1:
    *(u64 *)(r4 +16) = r6
    *(u64 *)(r5 +8) = r0
    *(u64 *)(r4 +0) = r5
    if r0 == 0x0 goto L3
  L2:
    *(u64 *)(r0 +16) = r5
  L3:
    *(u64 *)(r5 +16) = r4
    r4 = *(u64 *)(r2 +8)
    r5 = *(u64 *)(r2 +0)
    if r5 != 0x0 goto L5
  L4:
    r3 = *(u64 *)(r2 +16)
    if r3 != 0x0 goto L13
    *(u64 *)(r1 +0) = r4
    if r4 == 0x0 goto L16
    goto L15
  L5:
    r0 = r4
    r4 = r5
    if r0 == 0x0 goto L4
    r0 >>= 4
    r0 *= r3
    r5 >>= 4
    r5 *= r3
    r4 = 0
    if r5 > r0 goto L6
    r4 = 8
  L6:
    r5 = r2
    r5 += r4
    r4 = *(u64 *)(r5 +0)
    r5 = *(u64 *)(r4 +16)
    r0 = *(u64 *)(r5 +0)
    if r0 != r4 goto L7
    r0 = *(u64 *)(r4 +8)
    r6 = *(u64 *)(r5 +16)
    if r6 != 0x0 goto L10
    *(u64 *)(r1 +0) = r4
    goto L12
  L7:
    r0 = *(u64 *)(r4 +0)
    r6 = *(u64 *)(r5 +16)
    if r6 != 0x0 goto L8
    *(u64 *)(r1 +0) = r4
    goto L1
  L8:
    r7 = *(u64 *)(r6 +0)
    if r7 != r5 goto L9
    *(u64 *)(r6 +0) = r4
    goto L1
  L9:
    *(u64 *)(r6 +8) = r4
    goto L1
  L10:
    r7 = *(u64 *)(r6 +0)
    if r7 != r5 goto L11
    *(u64 *)(r6 +0) = r4
    goto L12
  L11:
    *(u64 *)(r6 +8) = r4
  L12:
    *(u64 *)(r4 +16) = r6
    *(u64 *)(r5 +0) = r0
    *(u64 *)(r4 +8) = r5
    if r0 == 0x0 goto L3
    goto L2
  L13:
    r1 = *(u64 *)(r3 +0)
    if r1 != r2 goto L14
    *(u64 *)(r3 +0) = r4
    if r4 == 0x0 goto L16
    goto L15
  L14:
    *(u64 *)(r3 +8) = r4
    if r4 == 0x0 goto L16
  L15:
    *(u64 *)(r4 +16) = r3
  L16:
    r1 = 0
    *(u64 *)(r2 +24) = r1
    *(u64 *)(r2 +16) = r1
    *(u64 *)(r2 +8) = r1
    *(u64 *)(r2 +0) = r1
    r0 = r2
  L17:
    exit

func bpf_rbtree_first:
    r1 = *(u64 *)(r1 +0)
  L1:
    r0 = r1
    if r0 == 0x0 goto L2
    r1 = *(u64 *)(r0 +0)
    if r1 != 0x0 goto L1
  L2:
    exit

func bpf_rbtree_root:
    r0 = *(u64 *)(r1 +0)
    exit

func bpf_rbtree_left:
    r0 = 0
    r3 = *(u64 *)(r2 +24)
    if r3 != r1 goto L1
    r0 = *(u64 *)(r2 +0)
  L1:
    exit

func bpf_rbtree_right:
    r0 = 0
    r3 = *(u64 *)(r2 +24)
    if r3 != r1 goto L1
    r0 = *(u64 *)(r2 +8)
  L1:
    exit

func bpf_map_push_elem:
    r4 = *(u32 *)(r1 +0)
    w5 = w4
    w5 &= -2
    if w5 != 0x16 goto L2
    r0 = -22
    r4 = r3
    r4 |= 2
    if r4 == 0x2 goto L1
    goto L13
  L1:
    r5 = *(u32 *)(r1 +40)
    r4 = *(u32 *)(r1 +12)
    if w5 == w4 goto L3
    r0 = *(u32 *)(r1 +36)
    goto L5
  L2:
    r0 = -95
    if w4 != 0x1e goto L13
    r0 = -22
    if r3 != 0x0 goto L13
    r0 = 0
    r3 = *(u32 *)(r1 +40)
    *(u32 *)(r10 -8) = r3
    if w3 == 0x0 goto L13
    w4 = 0
    r5 = r1
    r5 += 48
    r3 = *(u32 *)(r1 +36)
    *(u32 *)(r10 -16) = r3
    r3 = *(u32 *)(r1 +32)
    r1 = *(u32 *)(r1 +8)
    goto L14
  L3:
    r0 = -7
    if r3 != 0x2 goto L13
    r3 = *(u32 *)(r1 +36)
    w3 += 1
    w0 = 0
    if w3 == w5 goto L4
    w0 = w3
  L4:
    w5 += -1
    *(u32 *)(r1 +40) = r5
    *(u32 *)(r1 +36) = r0
  L5:
    r0 += r5
    r3 = 0
    if r0 < r4 goto L6
    r3 = r4
  L6:
    r0 -= r3
    r3 = *(u32 *)(r1 +32)
    r0 *= r3
    r3 = r1
    r3 += r0
    r3 += 48
    r4 = *(u32 *)(r1 +8)
    if w4 < 0x8 goto L8
  L7:
    r5 = *(u64 *)(r2 +0)
    *(u64 *)(r3 +0) = r5
    r2 += 8
    r3 += 8
    r4 += -8
    if r4 > 0x7 goto L7
  L8:
    if r4 == 0x0 goto L10
  L9:
    r5 = *(u8 *)(r2 +0)
    *(u8 *)(r3 +0) = r5
    r2 += 1
    r3 += 1
    r4 += -1
    if r4 != 0x0 goto L9
  L10:
    r2 = *(u32 *)(r1 +40)
    w2 += 1
    *(u32 *)(r1 +40) = r2
    r0 = 0
    goto L13
  L11:
    r6 = *(u8 *)(r9 +0)
    w7 ^= w6
    w7 *= -2048144777
    w6 = w7
    w6 >>= 13
    w6 ^= w7
    r9 += 1
    w8 += -1
    w7 = w6
    if w8 != 0x0 goto L11
  L12:
    w6 *= -1028477379
    w7 = w6
    w7 >>= 16
    w7 ^= w6
    r6 = *(u32 *)(r10 -16)
    w6 &= w7
    w7 = w6
    w7 &= 63
    r8 = 1
    r8 <<= r7
    w6 >>= 6
    r6 <<= 3
    r7 = r5
    r7 += r6
    r6 = *(u64 *)(r7 +0)
    r8 |= r6
    *(u64 *)(r7 +0) = r8
    w4 += 1
    r6 = *(u32 *)(r10 -8)
    if w4 < w6 goto L14
  L13:
    exit
  L14:
    w7 = w4
    w7 *= -1640531527
    w6 = w3
    w6 += w7
    w6 ^= w1
    w8 = w1
    r9 = r2
    if w1 < 0x4 goto L16
    r9 = r2
    w8 = w1
  L15:
    r7 = *(u32 *)(r9 +0)
    w7 ^= w6
    w7 *= -1640531535
    w6 = w7
    w6 >>= 15
    w6 ^= w7
    r9 += 4
    w8 += -4
    if w8 > 0x3 goto L15
  L16:
    if w8 == 0x0 goto L12
    w7 = w6
    goto L11

func bpf_map_pop_elem:
    r0 = -95
    r3 = *(u32 *)(r1 +0)
    w4 = w3
    w4 &= -2
    if w4 != 0x16 goto L10
    r4 = *(u32 *)(r1 +40)
    if w4 != 0x0 goto L2
    r0 = -2
    r1 = *(u32 *)(r1 +8)
    if w1 == 0x0 goto L10
    r2 += -1
    w3 = 0
  L1:
    r4 = r2
    r4 += r1
    *(u8 *)(r4 +0) = r3
    r1 += -1
    if r1 == 0x0 goto L10
    goto L1
  L2:
    w4 += -1
    if w3 == 0x17 goto L3
    w4 = 0
  L3:
    r5 = *(u32 *)(r1 +36)
    r5 += r4
    r0 = *(u32 *)(r1 +12)
    r4 = 0
    if r5 < r0 goto L4
    r4 = r0
  L4:
    r5 -= r4
    r4 = *(u32 *)(r1 +32)
    r5 *= r4
    r4 = r1
    r4 += r5
    r4 += 48
    r5 = *(u32 *)(r1 +8)
    if w5 < 0x8 goto L6
  L5:
    r0 = *(u64 *)(r4 +0)
    *(u64 *)(r2 +0) = r0
    r4 += 8
    r2 += 8
    r5 += -8
    if r5 > 0x7 goto L5
  L6:
    if r5 == 0x0 goto L8
  L7:
    r0 = *(u8 *)(r4 +0)
    *(u8 *)(r2 +0) = r0
    r4 += 1
    r2 += 1
    r5 += -1
    if r5 != 0x0 goto L7
  L8:
    r2 = *(u32 *)(r1 +40)
    w2 += -1
    *(u32 *)(r1 +40) = r2
    r0 = 0
    if w3 == 0x17 goto L10
    r2 = *(u32 *)(r1 +36)
    w2 += 1
    r4 = *(u32 *)(r1 +12)
    w3 = 0
    if w2 == w4 goto L9
    w3 = w2
  L9:
    *(u32 *)(r1 +36) = r3
  L10:
    exit

func bpf_map_peek_elem:
    r3 = *(u32 *)(r1 +0)
    w4 = w3
    w4 &= -2
    if w4 != 0x16 goto L2
    r5 = *(u32 *)(r1 +40)
    if w5 != 0x0 goto L3
    r0 = -2
    r1 = *(u32 *)(r1 +8)
    if w1 == 0x0 goto L15
    r2 += -1
    w3 = 0
  L1:
    r4 = r2
    r4 += r1
    *(u8 *)(r4 +0) = r3
    r1 += -1
    if r1 == 0x0 goto L15
    goto L1
  L2:
    r0 = -95
    if w3 != 0x1e goto L15
    r0 = 0
    r3 = *(u32 *)(r1 +40)
    if w3 == 0x0 goto L15
    w4 = 0
    r5 = r1
    r5 += 48
    r0 = *(u32 *)(r1 +36)
    *(u32 *)(r10 -8) = r0
    r6 = *(u32 *)(r1 +32)
    r1 = *(u32 *)(r1 +8)
    goto L10
  L3:
    w5 += -1
    if w3 == 0x17 goto L4
    w5 = 0
  L4:
    r4 = *(u32 *)(r1 +36)
    r4 += r5
    r5 = *(u32 *)(r1 +12)
    r3 = 0
    if r4 < r5 goto L5
    r3 = r5
  L5:
    r4 -= r3
    r3 = *(u32 *)(r1 +32)
    r4 *= r3
    r3 = r1
    r3 += r4
    r3 += 48
    r1 = *(u32 *)(r1 +8)
    if w1 < 0x8 goto L7
  L6:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r2 +0) = r4
    r3 += 8
    r2 += 8
    r1 += -8
    if r1 > 0x7 goto L6
  L7:
    r0 = 0
    if r1 == 0x0 goto L15
  L8:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r2 +0) = r4
    r3 += 1
    r2 += 1
    r1 += -1
    if r1 == 0x0 goto L15
    goto L8
  L9:
    w4 += 1
    r0 = 0
    if w4 >= w3 goto L15
  L10:
    w0 = w4
    w0 *= -1640531527
    w7 = w6
    w7 += w0
    w7 ^= w1
    w0 = w1
    r8 = r2
    if w1 < 0x4 goto L12
    r8 = r2
    w0 = w1
  L11:
    r9 = *(u32 *)(r8 +0)
    w9 ^= w7
    w9 *= -1640531535
    w7 = w9
    w7 >>= 15
    w7 ^= w9
    r8 += 4
    w0 += -4
    if w0 > 0x3 goto L11
  L12:
    if w0 == 0x0 goto L14
    w9 = w7
  L13:
    r7 = *(u8 *)(r8 +0)
    w9 ^= w7
    w9 *= -2048144777
    w7 = w9
    w7 >>= 13
    w7 ^= w9
    r8 += 1
    w0 += -1
    w9 = w7
    if w0 != 0x0 goto L13
  L14:
    w7 *= -1028477379
    w0 = w7
    w0 >>= 16
    w0 ^= w7
    r7 = *(u32 *)(r10 -8)
    w7 &= w0
    w0 = w7
    w0 >>= 6
    r0 <<= 3
    r8 = r5
    r8 += r0
    w7 &= 63
    r8 = *(u64 *)(r8 +0)
    r8 >>= r7
    r0 = -2
    r8 &= 1
    if r8 != 0x0 goto L9
  L15:
    exit

func bpf_skb_load_bytes:
    if w2 s< 0x0 goto L1
    r5 = *(u32 *)(r1 +52)
    w0 = w2
    w0 += w5
    r5 = *(u32 *)(r1 +48)
    w5 -= w0
    if w5 s>= w4 goto L4
  L1:
    w5 = w4
  L2:
    r0 = -14
    if r5 == 0x0 goto L8
    r3 += -1
    w1 = 0
  L3:
    r2 = r3
    r2 += r5
    *(u8 *)(r2 +0) = r1
    r5 += -1
    if r5 == 0x0 goto L8
    goto L3
  L4:
    w5 = w4
    r1 = *(u64 *)(r1 +24)
    if r1 == 0x0 goto L2
    w2 = w2
    r1 += r2
    if w4 < 0x8 goto L6
  L5:
    r2 = *(u64 *)(r1 +0)
    *(u64 *)(r3 +0) = r2
    r1 += 8
    r3 += 8
    r5 += -8
    if r5 > 0x7 goto L5
  L6:
    r0 = 0
    if r5 == 0x0 goto L8
  L7:
    r2 = *(u8 *)(r1 +0)
    *(u8 *)(r3 +0) = r2
    r1 += 1
    r3 += 1
    r5 += -1
    if r5 != 0x0 goto L7
  L8:
    exit

func bpf_skb_store_bytes:
    r0 = -22
    if r5 > 0x3 goto L5
    r0 = -14
    if w2 s< 0x0 goto L5
    r6 = *(u32 *)(r1 +52)
    w7 = w2
    w7 += w6
    r6 = *(u32 *)(r1 +48)
    w6 -= w7
    if w6 s< w4 goto L5
    r6 = *(u64 *)(r1 +24)
    if r6 == 0x0 goto L5
    w2 = w2
    r6 += r2
    w2 = w4
    if w4 < 0x8 goto L2
  L1:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r6 +0) = r4
    r3 += 8
    r6 += 8
    r2 += -8
    if r2 > 0x7 goto L1
  L2:
    if r2 == 0x0 goto L4
  L3:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r6 +0) = r4
    r3 += 1
    r6 += 1
    r2 += -1
    if r2 != 0x0 goto L3
  L4:
    r0 = 0
    if r5 < 0x2 goto L5
    w2 = 0
    *(u32 *)(r1 +88) = r2
    *(u16 *)(r1 +76) = r2
  L5:
    r2 = *(u32 *)(r1 +52)
    r3 = *(u32 *)(r1 +48)
    w3 -= w2
    r2 = *(u64 *)(r1 +24)
    *(u64 *)(r1 +152) = r2
    r2 += r3
    *(u64 *)(r1 +160) = r2
    exit

func bpf_skb_load_bytes_relative:
    if w2 > 0xffff goto L1
    if w5 < 0x2 goto L5
  L1:
    w2 = w4
  L2:
    r0 = -14
    if w4 == 0x0 goto L4
    r3 += -1
    w1 = 0
  L3:
    r4 = r3
    r4 += r2
    *(u8 *)(r4 +0) = r1
    r2 += -1
    if r2 != 0x0 goto L3
  L4:
    exit
  L5:
    r0 = 60
    if w5 == 0x0 goto L6
    r0 = 62
  L6:
    r5 = r1
    r5 += r0
    r5 = *(u16 *)(r5 +0)
    w2 = w2
    r5 += r2
    w2 = w4
    r0 = r5
    r0 += r2
    r6 = *(u32 *)(r1 +40)
    if r0 > r6 goto L2
    r1 = *(u64 *)(r1 +16)
    r1 += r5
    if w4 < 0x8 goto L8
  L7:
    r4 = *(u64 *)(r1 +0)
    *(u64 *)(r3 +0) = r4
    r1 += 8
    r3 += 8
    r2 += -8
    if r2 > 0x7 goto L7
  L8:
    r0 = 0
    if r2 == 0x0 goto L4
  L9:
    r4 = *(u8 *)(r1 +0)
    *(u8 *)(r3 +0) = r4
    r1 += 1
    r3 += 1
    r2 += -1
    if r2 == 0x0 goto L4
    goto L9

func bpf_skb_pull_data:
    r3 = *(u32 *)(r1 +48)
    r0 = -12
    if w2 > w3 goto L1
    r0 = 0
  L1:
    r2 = *(u32 *)(r1 +52)
    w3 -= w2
    r2 = *(u64 *)(r1 +24)
    *(u64 *)(r1 +152) = r2
    r2 += r3
    *(u64 *)(r1 +160) = r2
    exit

func bpf_skb_change_tail:
    r0 = -22
    if w2 > 0x3ec0 goto L3
    if r3 != 0x0 goto L3
    r6 = *(u64 *)(r1 +16)
    r3 = *(u16 *)(r1 +62)
    w4 = w6
    w4 += w3
    r5 = *(u64 *)(r1 +24)
    w4 -= w5
    if w2 s< w4 goto L3
    r3 = *(u32 *)(r1 +40)
    r0 = *(u32 *)(r1 +48)
    w4 = w2
    w4 -= w0
    w7 = w3
    w7 += w4
    if w2 <= w0 goto L2
    r0 = -12
    r5 = *(u32 *)(r1 +44)
    if w7 > w5 goto L3
    r3 += r6
    r3 += -1
    w5 = 0
    r0 = r4
  L1:
    r6 = r3
    r6 += r0
    *(u8 *)(r6 +0) = r5
    r0 += -1
    if r0 != 0x0 goto L1
    r7 = *(u32 *)(r1 +40)
    w7 += w4
    r5 = *(u64 *)(r1 +24)
  L2:
    *(u32 *)(r1 +40) = r7
    *(u32 *)(r1 +48) = r2
    r3 = *(u32 *)(r1 +52)
    w2 -= w3
    *(u64 *)(r1 +152) = r5
    r5 += r2
    *(u64 *)(r1 +160) = r5
    r0 = 0
  L3:
    exit

func bpf_skb_change_head:
    r0 = *(u32 *)(r1 +48)
    w4 = w0
    w4 += w2
    w5 = 1
    if w4 < w0 goto L1
    w5 = 0
  L1:
    r0 = -22
    if r3 != 0x0 goto L4
    if w4 > 0x3ec0 goto L4
    w5 &= 1
    if w5 != 0x0 goto L4
    r0 = -12
    r6 = *(u64 *)(r1 +16)
    r3 = *(u64 *)(r1 +24)
    r7 = r3
    r7 -= r6
    w5 = w2
    if r7 s< r5 goto L4
    *(u32 *)(r1 +48) = r4
    r0 = r3
    r0 -= r5
    *(u64 *)(r1 +24) = r0
    if w2 == 0x0 goto L3
    r3 += -1
    w2 = 0
  L2:
    *(u8 *)(r3 +0) = r2
    r3 += -1
    r5 += -1
    if r5 != 0x0 goto L2
    r6 = *(u64 *)(r1 +16)
    r4 = *(u32 *)(r1 +48)
    r0 = *(u64 *)(r1 +24)
  L3:
    w2 = w0
    w2 -= w6
    r3 = *(u16 *)(r1 +62)
    w3 -= w2
    *(u16 *)(r1 +60) = r2
    *(u16 *)(r1 +56) = r3
    r2 = *(u32 *)(r1 +52)
    w4 -= w2
    *(u64 *)(r1 +152) = r0
    r0 += r4
    *(u64 *)(r1 +160) = r0
    r0 = 0
  L4:
    exit

func bpf_skb_change_type:
    r0 = -22
    if w2 > 0x3 goto L1
    r3 = *(u8 *)(r1 +74)
    if w3 > 0x3 goto L1
    *(u8 *)(r1 +74) = r2
    r0 = 0
  L1:
    exit

func bpf_get_hash_recalc:
    r2 = *(u8 *)(r1 +76)
    if w2 != 0x0 goto L4
    r2 = *(u8 *)(r1 +77)
    if w2 != 0x0 goto L4
    r2 = *(u32 *)(r1 +52)
    r3 = *(u32 *)(r1 +48)
    w3 -= w2
    r2 = kernel_var inlay_state ll
    r2 = *(u32 *)(r2 +36)
    if w3 == 0x0 goto L2
    r4 = 0
  L1:
    r5 = *(u64 *)(r1 +24)
    r5 += r4
    r5 = *(u8 *)(r5 +0)
    w2 ^= w5
    w2 *= 16777619
    r4 += 1
    if r4 >= r3 goto L2
    if r4 < 0x40 goto L1
  L2:
    w3 = 1
    *(u8 *)(r1 +77) = r3
    if w2 > 0x1 goto L3
    w2 = 1
  L3:
    *(u32 *)(r1 +88) = r2
  L4:
    r0 = *(u32 *)(r1 +88)
    exit

func skb_get_hash:
    r2 = *(u8 *)(r1 +76)
    if w2 != 0x0 goto L4
    r2 = *(u8 *)(r1 +77)
    if w2 != 0x0 goto L4
    r2 = *(u32 *)(r1 +52)
    r3 = *(u32 *)(r1 +48)
    w3 -= w2
    r2 = kernel_var inlay_state ll
    r2 = *(u32 *)(r2 +36)
    if w3 == 0x0 goto L2
    r4 = 0
  L1:
    r5 = *(u64 *)(r1 +24)
    r5 += r4
    r5 = *(u8 *)(r5 +0)
    w2 ^= w5
    w2 *= 16777619
    r4 += 1
    if r4 >= r3 goto L2
    if r4 < 0x40 goto L1
  L2:
    w3 = 1
    *(u8 *)(r1 +77) = r3
    if w2 > 0x1 goto L3
    w2 = 1
  L3:
    *(u32 *)(r1 +88) = r2
  L4:
    r0 = *(u32 *)(r1 +88)
    exit

func bpf_set_hash_invalid:
    w2 = 0
    *(u32 *)(r1 +88) = r2
    *(u16 *)(r1 +76) = r2
    r0 = 0
    exit

func bpf_set_hash:
    *(u32 *)(r1 +88) = r2
    w2 = 256
    *(u16 *)(r1 +76) = r2
    r0 = 0
    exit

func skb_header_pointer:
    r4 = *(u32 *)(r1 +52)
    w5 = w2
    w5 += w4
    r4 = *(u32 *)(r1 +48)
    w4 -= w5
    r0 = 0
    if w4 s< w3 goto L1
    r0 = *(u64 *)(r1 +24)
    w1 = w2
    r1 <<= 32
    r1 s>>= 32
    r0 += r1
  L1:
    exit

func skb_pointer_if_linear:
    r4 = *(u32 *)(r1 +52)
    w5 = w2
    w5 += w4
    r4 = *(u32 *)(r1 +48)
    w4 -= w5
    r0 = 0
    if w4 s< w3 goto L1
    r0 = *(u64 *)(r1 +24)
    w1 = w2
    r1 <<= 32
    r1 s>>= 32
    r0 += r1
  L1:
    exit

func bpf_csum_diff:
    w6 = w4
    w6 |= w2
    r0 = -22
    w6 &= 3
    if w6 != 0x0 goto L10
    if w2 == 0x0 goto L6
    if w4 == 0x0 goto L6
    r0 = 0
    r6 = 0
    if w4 < 0x4 goto L2
  L1:
    r7 = *(u32 *)(r3 +0)
    r6 += r7
    r3 += 4
    w4 += -4
    if w4 > 0x3 goto L1
  L2:
    w3 = w5
    r6 += r3
    r3 = r6
    r3 >>= 32
    r6 <<= 32
    r6 >>= 32
    r6 += r3
    w3 = w6
    r6 >>= 32
    w6 += w3
    if w2 < 0x4 goto L4
    r0 = 0
  L3:
    r3 = *(u32 *)(r1 +0)
    r0 += r3
    r1 += 4
    w2 += -4
    if w2 > 0x3 goto L3
  L4:
    r1 = r0
    r1 >>= 32
    r0 <<= 32
    r0 >>= 32
    r0 += r1
    w1 = w0
    r0 >>= 32
    w0 += w1
    w0 ^= -1
    r0 += r6
    r1 = r0
    r1 >>= 32
    r0 <<= 32
    r0 >>= 32
    r0 += r1
  L5:
    r1 = r0
    r1 >>= 16
    goto L9
  L6:
    if w4 == 0x0 goto L11
    r1 = 0
    if w4 < 0x4 goto L8
  L7:
    r2 = *(u32 *)(r3 +0)
    r1 += r2
    r3 += 4
    w4 += -4
    if w4 > 0x3 goto L7
  L8:
    w2 = w5
    r1 += r2
    r2 = r1
    r2 >>= 32
    r1 <<= 32
    r1 >>= 32
    r1 += r2
    r0 = r1
    r0 >>= 32
    r0 += r1
    r1 = r0
    r1 &= 65535
    r0 >>= 16
  L9:
    r0 &= 65535
    r0 += r1
    r1 = r0
    r1 >>= 16
    r0 &= 65535
    r0 += r1
    r1 = r0
    r1 >>= 16
    r0 &= 65535
    r0 += r1
  L10:
    exit
  L11:
    if w2 == 0x0 goto L14
    r0 = 0
    w5 ^= -1
    if w2 < 0x4 goto L13
  L12:
    r3 = *(u32 *)(r1 +0)
    r0 += r3
    r1 += 4
    w2 += -4
    if w2 > 0x3 goto L12
  L13:
    r0 += r5
    r1 = r0
    r1 >>= 32
    r0 <<= 32
    r0 >>= 32
    r0 += r1
    w1 = w0
    r0 >>= 32
    w0 += w1
    w0 ^= -1
    goto L5
  L14:
    w1 = w5
    w1 >>= 16
    w5 &= 65535
    w5 += w1
    w1 = w5
    w1 >>= 16
    w5 &= 65535
    w5 += w1
    w1 = w5
    w1 >>= 16
    w5 &= 65535
    w5 += w1
    r0 = r5
    goto L10

func bpf_csum_update:
    r0 = -524
    r3 = *(u8 *)(r1 +75)
    if w3 != 0x2 goto L1
    w2 = w2
    r3 = *(u32 *)(r1 +100)
    r3 += r2
    r0 = r3
    r0 >>= 32
    r0 += r3
    *(u32 *)(r1 +100) = r0
    r0 <<= 32
    r0 >>= 32
  L1:
    exit

func bpf_l3_csum_replace:
    r0 = -22
    if r5 > 0xf goto L5
    r0 = -14
    w6 = w2
    w6 &= -65535
    if w6 != 0x0 goto L5
    r6 = *(u32 *)(r1 +52)
    w8 = w2
    w8 += w6
    r7 = *(u32 *)(r1 +48)
    w9 = w7
    w9 -= w8
    if w9 s< 0x2 goto L5
    r8 = *(u64 *)(r1 +24)
    if r8 == 0x0 goto L5
    w0 = w2
    r2 = r8
    r2 += r0
    if r5 == 0x4 goto L2
    if r5 == 0x2 goto L1
    r0 = -22
    if r5 != 0x0 goto L5
    if r3 != 0x0 goto L5
    r4 <<= 32
    r4 >>= 32
    goto L3
  L1:
    w3 ^= -1
    r3 &= 65535
    r4 &= 65535
    r4 += r3
    r3 = *(u16 *)(r2 +0)
    r3 ^= 65535
    goto L4
  L2:
    r4 <<= 32
    r4 >>= 32
    w3 ^= -1
    r4 += r3
  L3:
    r3 = *(u16 *)(r2 +0)
    r3 ^= 65535
    r4 += r3
    r3 = r4
    r3 >>= 32
    r4 <<= 32
    r4 >>= 32
  L4:
    r4 += r3
    r3 = r4
    r3 >>= 16
    r4 &= 65535
    r4 += r3
    r3 = r4
    r3 >>= 16
    w4 &= 65535
    w4 += w3
    w3 = w4
    w3 >>= 16
    w3 += w4
    w3 ^= -1
    *(u16 *)(r2 +0) = r3
    w7 -= w6
    r2 = r8
    r2 += r7
    *(u64 *)(r1 +160) = r2
    *(u64 *)(r1 +152) = r8
    r0 = 0
  L5:
    exit

func bpf_l4_csum_replace:
    r0 = -22
    if r5 > 0xff goto L8
    r0 = -14
    w6 = w2
    w6 &= -65535
    if w6 != 0x0 goto L8
    r6 = *(u32 *)(r1 +52)
    w8 = w2
    w8 += w6
    r7 = *(u32 *)(r1 +48)
    w9 = w7
    w9 -= w8
    if w9 s< 0x2 goto L8
    r8 = *(u64 *)(r1 +24)
    if r8 == 0x0 goto L8
    w0 = w2
    r2 = r8
    r2 += r0
    r0 = r5
    r0 &= 96
    if r0 != 0x20 goto L1
    r0 = 0
    r9 = *(u16 *)(r2 +0)
    if w9 == 0x0 goto L8
  L1:
    r9 = r5
    r9 &= 15
    if r9 == 0x4 goto L3
    if r9 == 0x2 goto L2
    r0 = -22
    if r9 != 0x0 goto L8
    if r3 != 0x0 goto L8
    r4 <<= 32
    r4 >>= 32
    goto L4
  L2:
    w3 ^= -1
    r3 &= 65535
    r4 &= 65535
    r4 += r3
    r3 = *(u16 *)(r2 +0)
    r3 ^= 65535
    goto L5
  L3:
    r4 <<= 32
    r4 >>= 32
    w3 ^= -1
    r4 += r3
  L4:
    r3 = *(u16 *)(r2 +0)
    r3 ^= 65535
    r4 += r3
    r3 = r4
    r3 >>= 32
    r4 <<= 32
    r4 >>= 32
  L5:
    r4 += r3
    r5 &= 32
    r3 = r4
    r3 >>= 16
    r4 &= 65535
    r4 += r3
    r3 = r4
    r3 >>= 16
    r4 &= 65535
    r4 += r3
    r0 = r4
    r0 >>= 16
    r0 += r4
    w3 = w0
    w3 ^= -1
    w0 &= 65535
    w4 = -1
    if w0 == 0xffff goto L6
    w4 = w3
  L6:
    if r5 != 0x0 goto L7
    w4 = w3
  L7:
    *(u16 *)(r2 +0) = r4
    w7 -= w6
    r2 = r8
    r2 += r7
    *(u64 *)(r1 +160) = r2
    *(u64 *)(r1 +152) = r8
    r0 = 0
  L8:
    exit

func bpf_sk_fullsock:
    r0 = r1
    exit

func inlay_skb_check_mtu:
    r7 = *(u32 *)(r3 +0)
    if w7 == 0x0 goto L1
    r6 = r7
    r6 += 14
    goto L2
  L1:
    r6 = *(u32 *)(r1 +48)
  L2:
    r0 = -22
    if r5 > 0x1 goto L6
    r1 = *(u64 *)(r1 +0)
    if r5 == 0x0 goto L3
    w7 |= w4
    if w7 != 0x0 goto L6
  L3:
    if w2 == 0x0 goto L4
    r0 = -19
    r5 = *(u32 *)(r1 +8)
    if w2 != w5 goto L6
  L4:
    w2 = w4
    r2 <<= 32
    r2 s>>= 32
    r6 += r2
    r1 = *(u32 *)(r1 +12)
    r2 = r1
    r2 += 14
    w0 = 1
    if r6 s> r2 goto L5
    w0 = 0
  L5:
    *(u32 *)(r3 +0) = r1
  L6:
    exit

func inlay_skb_redirect:
    r0 = 2
    if r2 > 0x1 goto L1
    r3 = kernel_var inlay_state ll
    w4 = 1
    *(u32 *)(r3 +28) = r4
    *(u32 *)(r3 +24) = r1
    r1 = 0
    *(u64 *)(r3 +16) = r1
    *(u64 *)(r3 +8) = r2
    r0 = 7
  L1:
    exit

func inlay_load_packet:
    if w2 s< 0x0 goto L1
    w2 = w2
    r4 = *(u64 *)(r1 +24)
    r4 += r2
    r5 = *(u64 *)(r1 +16)
    goto L3
  L1:
    if w2 < 0xfff00000 goto L2
    r5 = *(u64 *)(r1 +16)
    r0 = *(u16 *)(r1 +62)
    r4 = r5
    r4 += r0
    w2 = w2
    r2 <<= 32
    r2 s>>= 32
    r4 += r2
    r4 += 1048576
    goto L3
  L2:
    r0 = -1
    if w2 < 0xffe00000 goto L6
    r5 = *(u64 *)(r1 +16)
    r0 = *(u16 *)(r1 +60)
    r4 = r5
    r4 += r0
    w2 = w2
    r2 <<= 32
    r2 s>>= 32
    r4 += r2
    r4 += 2097152
  L3:
    r0 = -1
    if r4 < r5 goto L6
    w2 = w3
    r6 = r4
    r6 += r2
    r1 = *(u32 *)(r1 +40)
    r5 += r1
    if r6 > r5 goto L6
    r0 = *(u8 *)(r4 +0)
    if w3 == 0x1 goto L6
    if w3 != 0x2 goto L4
    r1 = 1
    r0 <<= 8
    goto L5
  L4:
    r0 <<= 24
    r2 = *(u8 *)(r4 +1)
    r2 <<= 16
    r2 |= r0
    r1 = *(u8 *)(r4 +2)
    r1 <<= 8
    r2 |= r1
    r1 = 3
    r0 = r2
  L5:
    r4 += r1
    r1 = *(u8 *)(r4 +0)
    r0 |= r1
  L6:
    exit

func bpf_sk_lookup_tcp:
    r0 = 0
    exit

func bpf_sk_lookup_udp:
    r0 = 0
    exit

func bpf_skc_lookup_tcp:
    r0 = 0
    exit

func bpf_sk_release:
    r0 = 0
    exit

func bpf_get_cgroup_classid:
    r0 = 0
    exit

func bpf_tcp_sock:
    r0 = 0
    exit

func bpf_get_listener_sock:
    r0 = 0
    exit

func bpf_skc_to_tcp_sock:
    r0 = 0
    exit

func bpf_skc_to_tcp6_sock:
    r0 = 0
    exit

func bpf_skc_to_tcp_timewait_sock:
    r0 = 0
    exit

func bpf_skc_to_tcp_request_sock:
    r0 = 0
    exit

func bpf_skc_to_udp6_sock:
    r0 = 0
    exit

func bpf_skc_to_unix_sock:
    r0 = 0
    exit

func bpf_skc_to_mptcp_sock:
    r0 = 0
    exit

func bpf_fib_lookup:
    r0 = -22
    if w3 < 0x40 goto L1
    if w4 > 0x3f goto L1
    r0 = -19
    r1 = *(u8 *)(r2 +0)
    if w1 == 0x2 goto L1
    if w1 == 0xa goto L1
    r0 = -97
  L1:
    exit

func bpf_sk_storage_get:
    r0 = 0
    if r2 == 0x0 goto L6
    if r4 > 0x1 goto L6
    r2 = *(u64 *)(r1 +24)
    if r2 != 0x0 goto L5
    if r4 == 0x0 goto L6
    if r3 == 0x0 goto L4
    r2 = r1
    r2 += 40
    r4 = *(u32 *)(r1 +8)
    if w4 < 0x8 goto L2
  L1:
    r5 = *(u64 *)(r3 +0)
    *(u64 *)(r2 +0) = r5
    r3 += 8
    r2 += 8
    r4 += -8
    if r4 > 0x7 goto L1
  L2:
    if r4 == 0x0 goto L4
  L3:
    r5 = *(u8 *)(r3 +0)
    *(u8 *)(r2 +0) = r5
    r3 += 1
    r2 += 1
    r4 += -1
    if r4 != 0x0 goto L3
  L4:
    r2 = 1
    *(u64 *)(r1 +24) = r2
  L5:
    r1 += 40
    r0 = r1
  L6:
    exit

func bpf_sk_storage_delete:
    r0 = -22
    if r2 == 0x0 goto L2
    r0 = -2
    r2 = *(u64 *)(r1 +24)
    if r2 == 0x0 goto L2
    r0 = 0
    *(u64 *)(r1 +24) = r0
    r2 = *(u32 *)(r1 +8)
    if w2 == 0x0 goto L2
    r1 += 39
    w3 = 0
  L1:
    r4 = r1
    r4 += r2
    *(u8 *)(r4 +0) = r3
    r2 += -1
    if r2 != 0x0 goto L1
  L2:
    exit

func bpf_get_smp_processor_id:
    r0 = 0
    exit

func bpf_get_numa_node_id:
    r0 = 0
    exit

func bpf_get_prandom_u32:
    r1 = kernel_var inlay_state ll
    r2 = *(u64 *)(r1 +0)
    r3 = r2
    r3 >>= 12
    r3 ^= r2
    r2 = r3
    r2 <<= 25
    r2 ^= r3
    r0 = r2
    r0 >>= 27
    r0 ^= r2
    *(u64 *)(r1 +0) = r0
    r1 = 0x2545f4914f6cdd1d ll
    r0 *= r1
    r0 >>= 32
    exit

func bpf_strncmp:
    r0 = 0
    if w2 == 0x0 goto L3
    r4 = 0
    w2 = w2
  L1:
    r5 = r1
    r5 += r4
    r0 = r3
    r0 += r4
    r0 = *(u8 *)(r0 +0)
    r5 = *(u8 *)(r5 +0)
    if w5 != w0 goto L2
    r0 = 0
    if w5 == 0x0 goto L3
    r4 += 1
    if r4 < r2 goto L1
    goto L3
  L2:
    r5 -= r0
    r0 = r5
  L3:
    exit

func bpf_spin_lock:
    r0 = 0
    exit

func bpf_spin_unlock:
    r0 = 0
    exit

func bpf_res_spin_lock:
    r0 = 0
    exit

func bpf_res_spin_unlock:
    r0 = 0
    exit

func bpf_res_spin_lock_irqsave:
    r1 = 0
    *(u64 *)(r2 +0) = r1
    r0 = 0
    exit

func bpf_res_spin_unlock_irqrestore:
    r0 = 0
    exit

func bpf_preempt_disable:
    r0 = 0
    exit

func bpf_preempt_enable:
    r0 = 0
    exit

func bpf_rcu_read_lock:
    r0 = 0
    exit

func bpf_rcu_read_unlock:
    r0 = 0
    exit

func bpf_local_irq_save:
    r2 = 0
    *(u64 *)(r1 +0) = r2
    r0 = 0
    exit

func bpf_local_irq_restore:
    r0 = 0
    exit

func bpf_cast_to_kern_ctx:
    r0 = r1
    exit

func bpf_rdonly_cast:
    r0 = r1
    exit

func bpf_skb_vlan_push:
    r4 = *(u64 *)(r1 +24)
    r5 = *(u8 *)(r1 +78)
    if w5 == 0x0 goto L4
    r0 = -22
    r7 = *(u64 *)(r1 +16)
    r5 = *(u16 *)(r1 +60)
    r6 = r7
    r6 += r5
    if r4 != r6 goto L6
    w6 = w4
    w6 -= w7
    if w6 > 0x3 goto L3
    r0 = -12
    r8 = *(u32 *)(r1 +44)
    r7 = *(u32 *)(r1 +40)
    w9 = w7
    w9 += 64
    if w9 > w8 goto L6
    if w7 == w6 goto L2
    w7 -= w6
  L1:
    r5 = r4
    r5 += r7
    r0 = *(u8 *)(r5 -1)
    *(u8 *)(r5 +63) = r0
    r7 += -1
    if r7 != 0x0 goto L1
    r5 = *(u16 *)(r1 +60)
    r6 = *(u32 *)(r1 +40)
    r4 = *(u64 *)(r1 +24)
  L2:
    w5 += 64
    *(u16 *)(r1 +60) = r5
    w6 += 64
    *(u32 *)(r1 +40) = r6
    r5 = *(u16 *)(r1 +62)
    w5 += 64
    *(u16 *)(r1 +62) = r5
    r5 = *(u16 *)(r1 +64)
    w5 += 64
    *(u16 *)(r1 +64) = r5
    r4 += 64
    *(u64 *)(r1 +24) = r4
  L3:
    r5 = *(u64 *)(r4 +0)
    *(u64 *)(r4 -4) = r5
    r5 = *(u8 *)(r4 +8)
    *(u8 *)(r4 +4) = r5
    r5 = *(u8 *)(r4 +9)
    *(u8 *)(r4 +5) = r5
    r5 = *(u8 *)(r4 +10)
    *(u8 *)(r4 +6) = r5
    r5 = *(u8 *)(r4 +11)
    *(u8 *)(r4 +7) = r5
    r4 = *(u32 *)(r1 +48)
    w4 += 4
    *(u32 *)(r1 +48) = r4
    r4 = *(u16 *)(r1 +60)
    w4 += -4
    *(u16 *)(r1 +60) = r4
    r4 = *(u16 *)(r1 +62)
    w4 += -4
    *(u16 *)(r1 +62) = r4
    r5 = *(u64 *)(r1 +24)
    r4 = r5
    r4 += -4
    *(u64 *)(r1 +24) = r4
    r0 = *(u16 *)(r1 +68)
    *(u16 *)(r5 +8) = r0
    r0 = *(u16 *)(r1 +70)
    r0 = be16 r0
    *(u16 *)(r5 +10) = r0
    r5 = *(u16 *)(r1 +68)
    *(u16 *)(r1 +66) = r5
  L4:
    w5 = -22392
    if w2 == 0xa888 goto L5
    w5 = 129
  L5:
    w2 = 1
    *(u8 *)(r1 +78) = r2
    *(u16 *)(r1 +70) = r3
    *(u16 *)(r1 +68) = r5
    r0 = 0
  L6:
    r2 = *(u32 *)(r1 +52)
    r3 = *(u32 *)(r1 +48)
    w3 -= w2
    *(u64 *)(r1 +152) = r4
    r4 += r3
    *(u64 *)(r1 +160) = r4
    exit

func bpf_skb_vlan_pop:
    r2 = *(u8 *)(r1 +78)
    if w2 == 0x0 goto L6
    w2 = 0
    *(u32 *)(r1 +68) = r2
    *(u8 *)(r1 +78) = r2
  L1:
    r2 = *(u64 *)(r1 +24)
    r3 = *(u16 *)(r1 +66)
    if w3 == 0xa888 goto L2
    r0 = 0
    if w3 != 0x81 goto L5
  L2:
    r4 = *(u64 *)(r1 +16)
    r5 = *(u16 *)(r1 +60)
    r4 += r5
    r0 = -22
    if r2 != r4 goto L5
    r0 = -12
    r4 = *(u32 *)(r1 +48)
    if w4 < 0x12 goto L5
    r4 = *(u16 *)(r2 +14)
    r4 = be16 r4
    r5 = *(u16 *)(r2 +16)
    w0 = w5
    w0 &= 255
    if w0 > 0x5 goto L3
    r0 = *(u16 *)(r2 +18)
    w5 = 256
    if w0 == 0xffff goto L3
    w5 = 1024
  L3:
    *(u16 *)(r1 +66) = r5
    r5 = *(u8 *)(r2 +11)
    *(u8 *)(r2 +15) = r5
    r5 = *(u8 *)(r2 +10)
    *(u8 *)(r2 +14) = r5
    r5 = *(u8 *)(r2 +9)
    *(u8 *)(r2 +13) = r5
    r5 = *(u8 *)(r2 +8)
    *(u8 *)(r2 +12) = r5
    r5 = *(u8 *)(r2 +7)
    *(u8 *)(r2 +11) = r5
    r5 = *(u8 *)(r2 +6)
    *(u8 *)(r2 +10) = r5
    r5 = *(u8 *)(r2 +5)
    *(u8 *)(r2 +9) = r5
    r5 = *(u8 *)(r2 +4)
    *(u8 *)(r2 +8) = r5
    r5 = *(u8 *)(r2 +3)
    *(u8 *)(r2 +7) = r5
    r5 = *(u8 *)(r2 +2)
    *(u8 *)(r2 +6) = r5
    r5 = *(u8 *)(r2 +1)
    *(u8 *)(r2 +5) = r5
    r5 = *(u8 *)(r2 +0)
    *(u8 *)(r2 +4) = r5
    r2 = *(u32 *)(r1 +48)
    w2 += -4
    *(u32 *)(r1 +48) = r2
    r2 = *(u64 *)(r1 +24)
    r2 += 4
    *(u64 *)(r1 +24) = r2
    r5 = *(u16 *)(r1 +60)
    w5 += 4
    *(u16 *)(r1 +60) = r5
    r0 = *(u16 *)(r1 +62)
    w6 = w5
    w6 &= 65535
    w6 += 14
    if w6 <= w0 goto L4
    *(u16 *)(r1 +62) = r6
    w0 = w6
  L4:
    w6 = 1
    *(u8 *)(r1 +78) = r6
    *(u16 *)(r1 +70) = r4
    *(u16 *)(r1 +68) = r3
    w0 -= w5
    *(u16 *)(r1 +56) = r0
    r0 = 0
  L5:
    r3 = *(u32 *)(r1 +52)
    r4 = *(u32 *)(r1 +48)
    w4 -= w3
    *(u64 *)(r1 +152) = r2
    r2 += r4
    *(u64 *)(r1 +160) = r2
    exit
  L6:
    r2 = *(u16 *)(r1 +66)
    if w2 == 0xa888 goto L7
    if w2 != 0x81 goto L1
  L7:
    r2 = *(u16 *)(r1 +60)
    r3 = *(u64 *)(r1 +16)
    r3 += r2
    r0 = -22
    r2 = *(u64 *)(r1 +24)
    if r2 != r3 goto L5
    r0 = -12
    r3 = *(u32 *)(r1 +48)
    if w3 < 0x12 goto L5
    r3 = *(u16 *)(r2 +16)
    w4 = w3
    w4 &= 255
    if w4 > 0x5 goto L8
    r4 = *(u16 *)(r2 +18)
    w3 = 256
    if w4 == 0xffff goto L8
    w3 = 1024
  L8:
    *(u16 *)(r1 +66) = r3
    r3 = *(u8 *)(r2 +11)
    *(u8 *)(r2 +15) = r3
    r3 = *(u8 *)(r2 +10)
    *(u8 *)(r2 +14) = r3
    r3 = *(u8 *)(r2 +9)
    *(u8 *)(r2 +13) = r3
    r3 = *(u8 *)(r2 +8)
    *(u8 *)(r2 +12) = r3
    r3 = *(u8 *)(r2 +7)
    *(u8 *)(r2 +11) = r3
    r3 = *(u8 *)(r2 +6)
    *(u8 *)(r2 +10) = r3
    r3 = *(u8 *)(r2 +5)
    *(u8 *)(r2 +9) = r3
    r3 = *(u8 *)(r2 +4)
    *(u8 *)(r2 +8) = r3
    r3 = *(u8 *)(r2 +3)
    *(u8 *)(r2 +7) = r3
    r3 = *(u8 *)(r2 +2)
    *(u8 *)(r2 +6) = r3
    r3 = *(u8 *)(r2 +1)
    *(u8 *)(r2 +5) = r3
    r3 = *(u8 *)(r2 +0)
    *(u8 *)(r2 +4) = r3
    r2 = *(u64 *)(r1 +24)
    r2 += 4
    *(u64 *)(r1 +24) = r2
    r2 = *(u32 *)(r1 +48)
    w2 += -4
    *(u32 *)(r1 +48) = r2
    r2 = *(u16 *)(r1 +60)
    w2 += 4
    *(u16 *)(r1 +60) = r2
    r3 = *(u16 *)(r1 +62)
    w4 = w2
    w4 &= 65535
    w4 += 14
    if w4 <= w3 goto L9
    *(u16 *)(r1 +62) = r4
    w3 = w4
  L9:
    w3 -= w2
    *(u16 *)(r1 +56) = r3
    goto L1

func bpf_xdp_adjust_head:
    r4 = *(u64 *)(r1 +16)
    r3 = *(u64 *)(r1 +0)
    r5 = r3
    r5 -= r4
    r7 = 0
    if r3 < r4 goto L1
    r7 = r5
  L1:
    r0 = -22
    w6 = w2
    r6 <<= 32
    r6 s>>= 32
    r3 += r6
    r8 = *(u64 *)(r1 +24)
    r8 += r7
    r8 += 40
    if r3 < r8 goto L8
    r8 = *(u64 *)(r1 +8)
    r8 += -14
    if r3 > r8 goto L8
    if r7 == 0x0 goto L7
    if w2 s> 0x0 goto L5
    r2 = r4
    r2 += r6
    if r5 < 0x8 goto L3
  L2:
    r2 = r4
    r2 += r6
    r0 = *(u64 *)(r4 +0)
    *(u64 *)(r2 +0) = r0
    r4 += 8
    r5 += -8
    if r5 > 0x7 goto L2
    r2 = r4
    r2 += r6
  L3:
    if r5 == 0x0 goto L7
  L4:
    r0 = *(u8 *)(r4 +0)
    *(u8 *)(r2 +0) = r0
    r4 += 1
    r2 += 1
    r5 += -1
    if r5 == 0x0 goto L7
    goto L4
  L5:
    if r5 == 0x0 goto L7
    r4 += -1
    r2 = r4
    r2 += r6
  L6:
    r0 = r2
    r0 += r5
    r7 = r4
    r7 += r5
    r7 = *(u8 *)(r7 +0)
    *(u8 *)(r0 +0) = r7
    r5 += -1
    if r5 != 0x0 goto L6
  L7:
    *(u64 *)(r1 +0) = r3
    r2 = *(u64 *)(r1 +16)
    r2 += r6
    *(u64 *)(r1 +16) = r2
    r0 = 0
  L8:
    exit

func bpf_xdp_adjust_meta:
    r0 = -524
    r3 = *(u64 *)(r1 +16)
    r4 = *(u64 *)(r1 +0)
    if r3 > r4 goto L1
    w2 = w2
    r2 <<= 32
    r2 s>>= 32
    r3 += r2
    r0 = -22
    r2 = *(u64 *)(r1 +24)
    r2 += 40
    if r3 < r2 goto L1
    if r3 > r4 goto L1
    r4 -= r3
    r0 = -13
    r4 &= -253
    if r4 != 0x0 goto L1
    *(u64 *)(r1 +16) = r3
    r0 = 0
  L1:
    exit

func bpf_xdp_adjust_tail:
    r3 = *(u32 *)(r1 +48)
    r6 = *(u64 *)(r1 +24)
    r6 += r3
    r0 = -22
    r3 = *(u64 *)(r1 +8)
    w4 = w2
    r4 <<= 32
    r4 s>>= 32
    r5 = r3
    r5 += r4
    r6 += -320
    if r5 > r6 goto L3
    r6 = *(u64 *)(r1 +0)
    r6 += 14
    if r5 < r6 goto L3
    if w2 s< 0x1 goto L2
    r3 += -1
    w2 = 0
  L1:
    r0 = r3
    r0 += r4
    *(u8 *)(r0 +0) = r2
    r4 += -1
    if r4 != 0x0 goto L1
  L2:
    *(u64 *)(r1 +8) = r5
    r0 = 0
  L3:
    exit

func bpf_xdp_load_bytes:
    w5 = w4
    w5 |= w2
    r0 = -14
    if w5 > 0xffff goto L1
    w5 = w4
    w5 += w2
    r6 = *(u64 *)(r1 +8)
    r1 = *(u64 *)(r1 +0)
    w6 -= w1
    r0 = -22
    if w5 > w6 goto L1
    w2 = w2
    r1 += r2
    r0 = r1
    if r1 < 0xfffff001 goto L2
  L1:
    goto L6
  L2:
    w2 = w4
    if w4 < 0x8 goto L4
  L3:
    r4 = *(u64 *)(r1 +0)
    *(u64 *)(r3 +0) = r4
    r1 += 8
    r3 += 8
    r2 += -8
    if r2 > 0x7 goto L3
  L4:
    r0 = 0
    if r2 == 0x0 goto L6
  L5:
    r4 = *(u8 *)(r1 +0)
    *(u8 *)(r3 +0) = r4
    r1 += 1
    r3 += 1
    r2 += -1
    if r2 != 0x0 goto L5
  L6:
    exit

func bpf_xdp_store_bytes:
    w5 = w4
    w5 |= w2
    r0 = -14
    if w5 > 0xffff goto L1
    w5 = w4
    w5 += w2
    r6 = *(u64 *)(r1 +8)
    r1 = *(u64 *)(r1 +0)
    w6 -= w1
    r0 = -22
    if w5 > w6 goto L1
    w2 = w2
    r1 += r2
    r0 = r1
    if r1 < 0xfffff001 goto L2
  L1:
    goto L6
  L2:
    w2 = w4
    if w4 < 0x8 goto L4
  L3:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r4
    r3 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L3
  L4:
    r0 = 0
    if r2 == 0x0 goto L6
  L5:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r4
    r3 += 1
    r1 += 1
    r2 += -1
    if r2 != 0x0 goto L5
  L6:
    exit

func bpf_xdp_get_buff_len:
    r2 = *(u64 *)(r1 +0)
    r0 = *(u64 *)(r1 +8)
    w0 -= w2
    exit

func xdp_get_buff_len:
    r2 = *(u64 *)(r1 +0)
    r0 = *(u64 *)(r1 +8)
    w0 -= w2
    exit

func bpf_xdp_pointer:
    w4 = w3
    w4 |= w2
    r0 = -14
    if w4 > 0xffff goto L1
    w3 += w2
    r4 = *(u64 *)(r1 +8)
    r1 = *(u64 *)(r1 +0)
    w4 -= w1
    r0 = -22
    if w3 > w4 goto L1
    w2 = w2
    r1 += r2
    r0 = r1
  L1:
    exit

func bpf_xdp_copy_buf:
    w0 = w4
    w0 |= w2
    if w0 > 0xffff goto L8
    w0 = w4
    w0 += w2
    r6 = *(u64 *)(r1 +8)
    r1 = *(u64 *)(r1 +0)
    w6 -= w1
    if w0 > w6 goto L8
    w2 = w2
    r1 += r2
    if r1 > 0xfffff000 goto L8
    w2 = w4
    if w5 == 0x0 goto L4
    if w4 < 0x8 goto L2
  L1:
    r4 = *(u64 *)(r3 +0)
    *(u64 *)(r1 +0) = r4
    r3 += 8
    r1 += 8
    r2 += -8
    if r2 > 0x7 goto L1
  L2:
    if r2 == 0x0 goto L8
  L3:
    r4 = *(u8 *)(r3 +0)
    *(u8 *)(r1 +0) = r4
    r3 += 1
    r1 += 1
    r2 += -1
    if r2 == 0x0 goto L8
    goto L3
  L4:
    if w4 < 0x8 goto L6
  L5:
    r4 = *(u64 *)(r1 +0)
    *(u64 *)(r3 +0) = r4
    r1 += 8
    r3 += 8
    r2 += -8
    if r2 > 0x7 goto L5
  L6:
    if r2 == 0x0 goto L8
  L7:
    r4 = *(u8 *)(r1 +0)
    *(u8 *)(r3 +0) = r4
    r1 += 1
    r3 += 1
    r2 += -1
    if r2 != 0x0 goto L7
  L8:
    exit

func inlay_xdp_check_mtu:
    r6 = *(u32 *)(r3 +0)
    if w6 == 0x0 goto L1
    r6 += 14
    goto L2
  L1:
    r0 = *(u64 *)(r1 +0)
    r6 = *(u64 *)(r1 +8)
    w6 -= w0
  L2:
    r0 = -22
    if r5 != 0x0 goto L5
    r1 = *(u64 *)(r1 +32)
    r1 = *(u64 *)(r1 +0)
    if w2 == 0x0 goto L3
    r0 = -19
    r5 = *(u32 *)(r1 +8)
    if w2 != w5 goto L5
  L3:
    w2 = w4
    r2 <<= 32
    r2 s>>= 32
    r6 += r2
    r1 = *(u32 *)(r1 +12)
    r2 = r1
    r2 += 14
    w0 = 1
    if r6 s> r2 goto L4
    w0 = 0
  L4:
    *(u32 *)(r3 +0) = r1
  L5:
    exit

func inlay_xdp_redirect:
    r0 = 0
    if r2 != 0x0 goto L1
    r2 = kernel_var inlay_state ll
    r3 = 0
    *(u64 *)(r2 +16) = r3
    *(u64 *)(r2 +8) = r3
    w3 = 1
    *(u32 *)(r2 +28) = r3
    *(u32 *)(r2 +24) = r1
    r0 = 4
  L1:
    exit

func bpf_redirect_map:
    r5 = r3
    r5 &= -28
    w4 = w2
    r0 = *(u32 *)(r1 +12)
    if w0 <= w4 goto L4
    r0 = 0
    if r5 == 0x0 goto L1
    goto L7
  L1:
    r5 = r3
    r5 &= 8
    if r5 != 0x0 goto L2
    r0 = *(u32 *)(r1 +32)
    r2 <<= 32
    r2 >>= 32
    r2 *= r0
    r0 = r1
    r0 += r2
    r2 = *(u32 *)(r0 +40)
    if w2 == 0x0 goto L6
  L2:
    r2 = 0
    if r5 == 0x0 goto L3
    r2 = r3
  L3:
    r3 = kernel_var inlay_state ll
    *(u32 *)(r3 +24) = r4
    *(u64 *)(r3 +16) = r1
    w1 = 1
    *(u32 *)(r3 +28) = r1
    *(u64 *)(r3 +8) = r2
    r0 = 4
    goto L7
  L4:
    r0 = 0
    if r5 == 0x0 goto L5
    goto L7
  L5:
    r5 = r3
    r5 &= 8
    if r5 != 0x0 goto L2
  L6:
    r1 = kernel_var inlay_state ll
    w2 = 0
    *(u32 *)(r1 +28) = r2
    r3 &= 3
    r0 = r3
  L7:
    exit
`;
