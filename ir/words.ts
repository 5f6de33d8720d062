/**
 * Arrays of words for analyses. An array buffer costs over a microsecond whatever its size, and most programs are small, so small
 * arrays share buffers.
 *
 * @module
 */

/** Words of a shared buffer. */
const CHUNK = 1 << 14;
/** Arrays longer than this have their own. */
const SHARED_LIMIT = CHUNK / 8;

let chunk: Int32Array = new Int32Array(CHUNK);
let used = 0;

/** A new array of `count` words, all 0. It may be a view of a larger buffer: use its own length and offsets. */
export function words(count: number): Int32Array {
  if (count > SHARED_LIMIT) return new Int32Array(count);
  if (used + count > CHUNK) {
    chunk = new Int32Array(CHUNK);
    used = 0;
  }
  const from = used;
  used += count;
  return chunk.subarray(from, used);
}
