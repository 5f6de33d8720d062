/**
 * Which BPF instructions become one of x86-64 together.
 * @module
 */
export interface Selection {
  readonly folded: Uint8Array;
  readonly base: Int32Array;
  readonly index: Int32Array;
  readonly scale: Int32Array;
  readonly disp: Int32Array;
}
