/**
 * Declaration tags that loading acts upon: the load flags that the kernel's own tests state, and exception callbacks.
 *
 * All other tags stay where they are, readable through `unit.btf.tags(subprog.btfId)`.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";

const FLAGS_TAG = "comment:test_prog_flags=";
const CALLBACK_TAG = "exception_callback:";

/** `BPF_F_*` of program load by name, as `test_loader.c` of the selftests knows them. */
const FLAGS: Readonly<Record<string, number>> = {
  BPF_F_STRICT_ALIGNMENT: 1,
  BPF_F_ANY_ALIGNMENT: 2,
  BPF_F_TEST_RND_HI32: 4,
  BPF_F_TEST_STATE_FREQ: 8,
  BPF_F_SLEEPABLE: 16,
  BPF_F_XDP_HAS_FRAGS: 32,
  BPF_F_TEST_REG_INVARIANTS: 128,
};

/** The load flags in a function's tags; a `!` before a flag takes it away again. Unknown names count as nothing. */
export function taggedFlags(btf: Btf, funcId: number): number {
  let flags = 0;
  for (const tag of btf.tags(funcId)) {
    if (!tag.startsWith(FLAGS_TAG)) continue;
    const clear = tag[FLAGS_TAG.length] === "!";
    const name = tag.slice(FLAGS_TAG.length + (clear ? 1 : 0));
    const value = FLAGS[name] ?? (/^(0[xX][0-9a-fA-F]+|\d+)$/.test(name) ? Number(name) & 0x7fffffff : 0);
    flags = clear ? flags & ~value : flags | value;
  }
  return flags;
}

/** The names of the exception callbacks in a function's tags. */
export function exceptionCallbacks(btf: Btf, funcId: number): readonly string[] {
  return btf.tags(funcId).filter((tag) => tag.startsWith(CALLBACK_TAG)).map((tag) =>
    tag.slice(CALLBACK_TAG.length)
  );
}
