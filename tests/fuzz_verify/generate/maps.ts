/**
 * Maps: looked up, in one another too, changed, gone through, and the lock in a value.
 *
 * @module
 */
import type { Builder, Kind } from "./builder.ts";
import { access, slotOf } from "./memory.ts";
import { arithmetic } from "./numbers.ts";

/** Definitions for the header of a program's text, of those maps that it names; the ids of types of their values are `program.ts`'s. */
export function mapLines(
  text: string,
  types: {
    readonly locked: number;
    readonly holder: number;
    readonly guarded: number;
    readonly stash: number;
    readonly timed: number;
  },
): readonly string[] {
  const inner = "type=array key=4 value=16 max=2";
  const maps: readonly (readonly [name: string, definition: string])[] = [
    ["a", "type=array key=4 value=64 max=1"],
    ["m", "type=array key=4 value=48 max=4"],
    ["h", "type=hash key=4 value=16 max=8"],
    ["c", "type=percpu_array key=4 value=24 max=2"],
    ["l", `type=array key=4 value=24 max=1 key_type=1 value_type=${types.locked}`],
    ["g", `type=array key=4 value=40 max=1 key_type=1 value_type=${types.holder}`],
    ["v", `type=array key=4 value=16 max=1 key_type=1 value_type=${types.guarded}`],
    ["s", `type=array key=4 value=8 max=1 key_type=1 value_type=${types.stash}`],
    ["z", `type=array key=4 value=24 max=1 key_type=1 value_type=${types.timed}`],
    ["u", "type=lru_hash key=4 value=16 max=4"],
    ["p", "type=percpu_hash key=4 value=24 max=4"],
    ["x", "type=lpm_trie key=8 value=16 max=4 flags=1"],
    ["y", "type=sk_storage key=4 value=8 max=0 flags=1 key_type=1 value_type=2"],
    ["k", "type=stack key=0 value=8 max=3"],
    ["f", "type=bloom_filter key=0 value=8 max=64"],
    ["e", "type=perf_event_array key=4 value=4 max=4"],
    ["b", "type=ringbuf key=0 value=0 max=4096"],
    ["t", "type=prog_array key=4 value=4 max=2"],
    ["q", "type=queue key=0 value=8 max=4"],
    ["o", `type=array_of_maps key=4 value=4 max=2 inner=(i ${inner})`],
    ["w", `type=hash_of_maps key=4 value=4 max=2 inner=(i ${inner})`],
  ];
  const named = maps.filter(([name]) =>
    text.includes(`map ${name} ll`) || text.includes(`map_value ${name}+`)
  );
  return named.map(([name, definition]) => `map ${name} ${definition}`);
}

/** Tests a result for null: what follows runs only with it, or the program ends without. */
function tested(g: Builder, kind: Kind): void {
  if (g.fault()) return g.set(0, kind);
  const end = g.label();
  const choices = [0, 7, 8, 9].filter((r) => !g.isLocked(r));
  const r = g.random(3) === 0 ? g.of(choices) : 0;
  if (r !== 0) g.put(`r${r} = r0`);
  g.set(0, "none");
  g.set(r, "none");
  const asked = g.random(2) === 0 ? r : 0;
  if (g.random(2) === 0 || g.frame.held > 0) {
    g.put(`if r${asked} == 0 goto ${end}`);
    g.maybe(() => {
      g.set(r, kind);
      g.statements(1 + g.random(3));
      if (g.kind(r) === kind) g.set(r, "none");
    });
    g.put(`${end}:`);
    if (!g.isLocked(0)) {
      g.put(`r0 = ${g.constant()}`);
      g.set(0, "num");
    }
  } else {
    // Without one the program goes no further.
    g.put(`if r${asked} != 0 goto ${end}`, "r0 = 0", "exit", `${end}:`);
    g.set(r, kind);
  }
}

/** A key for a map in r2; its bytes are in the frame. */
export function key(g: Builder, map?: string): void {
  const at = slotOf(g, map === "x" ? 8 : 4);
  if (map === "x" && g.random(4) !== 0) g.put(`*(u32 *)(r10 ${at}) = ${g.random(34)}`);
  if (map === "x" && g.random(2) !== 0) g.put(`*(u32 *)(r10 ${at + 4}) = ${g.constant()}`);
  if (map === "x") return g.put("r2 = r10", `r2 += ${at}`);
  if (g.random(2) === 0) g.put(`*(u32 *)(r10 ${at}) = ${g.random(6)}`);
  g.put("r2 = r10", `r2 += ${at}`);
}

/** Whether some kinds of maps must not be used. */
function sleeping(g: Builder): boolean {
  return g.traits.sleeps === true && !(g.fault() && g.fault());
}

/** Looks a value up. */
export function lookup(g: Builder): void {
  if (!g.callable()) return access(g);
  const map = g.of(["m", "h", "m", "h", "c", "u", "p", sleeping(g) ? "h" : "x"] as const);
  key(g, map);
  if ((map === "c" || map === "p") && g.random(3) === 0) {
    // One of another CPU, of which there may be none.
    g.put(`r3 = ${g.random(3)}`, `r1 = map ${map} ll`, "call bpf_map_lookup_percpu_elem#195");
    g.clobber();
    return tested(g, `${map}0`);
  }
  g.put(`r1 = map ${map} ll`, "call bpf_map_lookup_elem#1");
  g.clobber();
  tested(g, `${map}0`);
}

/** Looks a map up in a map, and a value in it. */
export function lookupInner(g: Builder): void {
  if (!g.callable() || g.frame.held > 0) return lookup(g);
  const end = g.label();
  key(g);
  g.put(`r1 = map ${g.random(4) === 0 ? "w" : "o"} ll`, "call bpf_map_lookup_elem#1");
  g.clobber("none");
  if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
  g.maybe(() => {
    g.put("r1 = r0");
    key(g);
    g.put("call bpf_map_lookup_elem#1");
    g.clobber("none");
    if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
    g.set(0, "i0");
    g.statements(1 + g.random(3));
  });
  g.put(`${end}:`);
  g.set(0, "none");
}

/** Changes or deletes an element, or uses a queue. */
export function changeMap(g: Builder): void {
  if (!g.callable()) return access(g);
  const map = g.of(["m", "h", "h", "u", "p", sleeping(g) ? "h" : "x"]),
    width = map === "m" ? 48 : map === "p" ? 24 : 16;
  const keyless = g.of(sleeping(g) ? ["q", "k"] : ["q", "k", "f"]);
  switch (g.random(12)) {
    case 0:
    case 3:
    case 4:
      key(g, map);
      g.put(`r1 = map ${map} ll`, "call bpf_map_delete_elem#3");
      break;
    case 1:
      g.put("r2 = r10", `r2 += ${slotOf(g, 8)}`, `r3 = ${g.random(3)}`, `r1 = map ${keyless} ll`);
      g.put("call bpf_map_push_elem#87");
      break;
    case 2:
    case 5:
      // What is popped need not have been written before.
      g.put("r2 = r10", `r2 += ${slotOf(g, 8)}`, `r1 = map ${keyless} ll`);
      g.put(`call ${keyless !== "f" && g.random(2) === 0 ? "bpf_map_pop_elem#88" : "bpf_map_peek_elem#89"}`);
      break;
    default: {
      const from = [7, 8, 9].filter((r) => g.kind(r) === "a0" || g.kind(r) === `${map}0`);
      key(g, map);
      if (from.length > 0 && g.random(2) === 0) g.put(`r3 = r${g.of(from)}`);
      else g.put("r3 = r10", `r3 += -${g.fault() ? width - 8 : 64}`);
      g.put(`r4 = ${g.random(3)}`, `r1 = map ${map} ll`, "call bpf_map_update_elem#2");
    }
  }
  g.clobber();
}

/** The lock of a value held for a while. */
export function locked(g: Builder): void {
  if (!g.callable() || g.frame.held > 0 || (g.traits.locks !== true && !g.fault())) return arithmetic(g);
  const kept = g.saved(), end = g.label();
  if (kept === undefined) return arithmetic(g);
  const offset = g.fault() && g.fault() ? 4 : 0;
  if (g.random(2) === 0) {
    // Of the address in the instruction and of one looked up, locks have identities of different kinds.
    g.put(`r${kept} = map_value l+0 ll`);
  } else {
    key(g);
    g.put("r1 = map l ll", "call bpf_map_lookup_elem#1");
    g.clobber("none");
    g.put(`if r0 == 0 goto ${end}`, `r${kept} = r0`);
  }
  const ways = (): void => {
    g.put(`r1 = r${kept}`);
    if (offset !== 0) g.put(`r1 += ${offset}`);
    g.put("call bpf_spin_lock#93");
    g.clobber("none");
    g.frame.held++;
    const { quiet } = g.frame;
    g.frame.quiet = true;
    g.put(`r${kept} += 8`);
    g.set(kept, "l8");
    g.locking([kept], () => g.statements(1 + g.random(3)));
    g.frame.quiet = quiet;
    g.frame.held--;
    g.put(`r1 = r${kept}`, "r1 += -8");
    if (!(g.fault() && g.fault())) g.put("call bpf_spin_unlock#94");
    g.clobber("none");
    g.set(kept, "none");
  };
  g.set(kept, "none");
  g.maybe(ways);
  g.put(`${end}:`);
  g.set(kept, "none");
  for (let r = 0; r <= 5; r++) g.set(r, "none");
}
