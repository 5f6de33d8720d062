/**
 * What the walk must know of helpers before it meets them: which run callbacks, which may move packet data. By number, as in
 * Linux 6.18 (`is_sync_callback_calling_function`, `bpf_helper_changes_pkt_data`).
 *
 * @module
 */

/** `bpf_tail_call`. */
export const FUNC_TAIL_CALL = 12;
/** `bpf_for_each_map_elem`. */
export const FUNC_FOR_EACH_MAP_ELEM = 164;
/** `bpf_find_vma`. */
export const FUNC_FIND_VMA = 180;
/** `bpf_loop`. */
export const FUNC_LOOP = 181;
/** `bpf_user_ringbuf_drain`. */
export const FUNC_USER_RINGBUF_DRAIN = 209;

/** Whether a helper runs callbacks before it returns. */
export function runsCallbacks(helper: number): boolean {
  return helper === FUNC_FOR_EACH_MAP_ELEM || helper === FUNC_FIND_VMA || helper === FUNC_LOOP ||
    helper === FUNC_USER_RINGBUF_DRAIN;
}

const CHANGES_PACKET: ReadonlySet<number> = new Set([
  ...[9, 10, 11, FUNC_TAIL_CALL, 13, 18, 19, 31, 38, 39, 43, 44, 50, 54, 63, 65, 73, 74, 75, 76, 90, 91, 143],
]);

/** Whether a helper may move packet data, so that all packet pointers are void after it. A tail call runs a program that might. */
export function changesPacket(helper: number): boolean {
  return CHANGES_PACKET.has(helper);
}
