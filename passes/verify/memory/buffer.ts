/**
 * Accesses to buffers whose size is known only when the program is attached: what iterators visit (`PTR_TO_BUF`) and writable
 * tracepoints pass (`PTR_TO_TP_BUFFER`). How far a program reaches into them is checked then.
 *
 * Mirrors `check_buffer_access` and `check_tp_buffer_access` of Linux 6.18.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { EACCES, type Env } from "../env.ts";
import { MEM_RDONLY, PTR_TO_TP_BUFFER, REG_WORDS, TMASK, TVAL, TYPE } from "../states/layout.ts";
import { tnumText } from "../numbers/number_text.ts";

/** Whether `size` bytes at `off` of the buffer in `regno` may be accessed: 0 or `-errno`. */
export function checkBuffer(env: Env, regno: number, off: number, size: number): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  const kind = type === PTR_TO_TP_BUFFER ? "tracepoint" : (type & MEM_RDONLY) !== 0 ? "rdonly" : "rdwr";
  if (off < 0) {
    return env.fail(
      EACCES,
      "memory-bounds",
      `R${regno} invalid ${kind} buffer access: off=${off}, size=${size}`,
      { regno, off, size },
    );
  }
  if ((W[o + TVAL] | W[o + TVAL + 1] | W[o + TMASK] | W[o + TMASK + 1]) !== 0) {
    const text = tnumText(o + TVAL);
    return env.fail(
      EACCES,
      "memory-bounds",
      `R${regno} invalid variable buffer offset: off=${off}, var_off=${text}`,
      { regno, off, size },
    );
  }
  return 0;
}
