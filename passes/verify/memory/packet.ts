/**
 * Packet pointers after packet data may have moved.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { collectRegs, type Env } from "../env.ts";
import {
  BASE_TYPE_MASK,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  MAX_FRAMES,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  TYPE,
} from "../states/layout.ts";
import { markUnknown } from "../numbers/scalar.ts";

const PACKET_SLICE = DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP | DYNPTR_TYPE_SKB_META;

const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/** Voids all packet pointers, and slices of dynptrs that lie in packets: they become unknown numbers. */
export function clearPacketPointers(env: Env): void {
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) {
    const type = W[all[i] + TYPE];
    const packet = type === PTR_TO_PACKET || type === PTR_TO_PACKET_META || type === PTR_TO_PACKET_END ||
      ((type & BASE_TYPE_MASK) === PTR_TO_MEM && (type & PACKET_SLICE) !== 0);
    if (packet) markUnknown(all[i]);
  }
}
