/**
 * What the processor has beyond the baseline of 2003, as far as the back end makes use of it.
 *
 * Asking the processor takes machine code, and running that is the runtime's business; here is the code and what its answer means.
 *
 * @module
 */

/** Extensions the back end uses. */
export interface Features {
  /** `shlx`, `shrx`, `sarx`, `rorx`, `mulx`. */
  readonly bmi2?: boolean;
  /** `movbe`. */
  readonly movbe?: boolean;
}

/** Machine code of `u64 probe(void)`: ebx of CPUID leaf 7 in the lower half, ecx of leaf 1 in the upper. */
export const FEATURE_PROBE: Uint8Array = Uint8Array.of(
  ...[0x53], // push rbx
  ...[0xb8, 7, 0, 0, 0], // mov eax, 7
  ...[0x31, 0xc9], // xor ecx, ecx
  ...[0x0f, 0xa2], // cpuid
  ...[0x41, 0x89, 0xd8], // mov r8d, ebx
  ...[0xb8, 1, 0, 0, 0], // mov eax, 1
  ...[0x31, 0xc9], // xor ecx, ecx
  ...[0x0f, 0xa2], // cpuid
  ...[0x89, 0xc8], // mov eax, ecx
  ...[0x48, 0xc1, 0xe0, 0x20], // shl rax, 32
  ...[0x4c, 0x09, 0xc0], // or rax, r8
  ...[0x5b], // pop rbx
  ...[0xc3], // ret
);

/** What the answer of {@linkcode FEATURE_PROBE} means. */
export function featuresOf(answer: bigint): Features {
  const has = (bit: number): boolean => (answer >> BigInt(bit) & 1n) !== 0n;
  return { bmi2: has(3) && has(8), movbe: has(32 + 22) };
}
