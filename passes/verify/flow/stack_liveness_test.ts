/**
 * What is asked of the liveness of stack slots while a callee runs.
 */
import { assertEquals } from "@std/assert";
import type { Env } from "../env.ts";
import type { Observer } from "../observer.ts";
import { saveState } from "../states/states.ts";
import { programOf, verdictOf } from "../testing/programs.ts";

/** Whether the first slot of the outermost frame is alive, and may be read, at the first visit of `slot`. */
function firstSlotAt(text: string, slot: number): { readonly alive: boolean; readonly mayBeRead: boolean } {
  let state = 0, answer: { readonly alive: boolean; readonly mayBeRead: boolean } | undefined;
  const observer: Observer = {
    step(env: Env, at: number): void {
      if (at === slot && state === 0) state = saveState(env, at);
    },
    saved: () => {},
    pathEnded(env: Env, last: boolean): void {
      if (!last) return;
      env.stackLiveness.queryState(state);
      answer = {
        alive: env.stackLiveness.isAlive(0, 0),
        mayBeRead: env.stackLiveness.mayBeRead(0, 0),
      };
    },
  };
  assertEquals(verdictOf(programOf(text, { typed: true }), { observer }).verdict, "accept");
  return answer!;
}

/** The callee begins at slot 6; its caller reads its first slot after the call. */
const CALLER = `
func main:
    *(u64 *)(r10 -8) = 1
    r1 = r10
    r1 += -8
    call f
    r0 = *(u64 *)(r10 -8)
    exit
func f:
`;

Deno.test("a caller's slot that a callee is sure to write first is alive in it, but may not be read", () => {
  const text = `${CALLER}    r0 = 0\n    *(u64 *)(r1 +0) = 5\n    exit\n`;
  assertEquals(firstSlotAt(text, 6), { alive: true, mayBeRead: false });
  assertEquals(firstSlotAt(text, 8), { alive: true, mayBeRead: true }, "behind the write it may");
});

Deno.test("a caller's slot that a callee writes on one way only may be read", () => {
  const text = `${CALLER}
    r6 = r1
    call bpf_get_prandom_u32#7
    if r0 == 5 goto on
    *(u64 *)(r6 +0) = 5
  on:
    exit
`;
  assertEquals(firstSlotAt(text, 6), { alive: true, mayBeRead: true });
});

Deno.test("a caller's slot that a callback is sure to write may be read, as the callback need not run", () => {
  const text = `
func main:
    *(u64 *)(r10 -8) = 1
    r1 = 3
    r2 = func f ll
    r3 = r10
    r3 += -8
    r4 = 0
    call bpf_loop#181
    r0 = *(u64 *)(r10 -8)
    exit
func f:
    r0 = 0
    *(u64 *)(r2 +0) = 5
    exit
`;
  assertEquals(firstSlotAt(text, 7), { alive: true, mayBeRead: true }, "before the call");
  assertEquals(firstSlotAt(text, 10), { alive: true, mayBeRead: false }, "in the callback");
});
