/**
 * Helpers that stand for themselves: numbers out of text, memory copied, events sent, fields of sockets, and the like.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import { slotOf } from "./memory.ts";
import { arithmetic, bounded } from "./numbers.ts";

/** Where in the frame a call finds so many bytes; wrongly too near its end now and then. */
function place(g: Builder, r: number, bytes: number): string[] {
  return [
    `r${r} = r10`,
    `r${r} += ${g.fault() ? -bytes + 8 : -8 * (bytes / 8 + g.random(8 - bytes / 8 + 1))}`,
  ];
}

/** A size of at most so many bytes in a register: a number that is known, or one that is bounded. */
function size(g: Builder, to: number, most: number): void {
  if (g.random(2) === 0) return g.put(`r${to} = ${1 + g.random(g.fault() ? most + 9 : most)}`);
  const r = bounded(g, most - 1);
  g.put(`r${to} = r${r}`);
  if (!g.fault()) g.put(`r${to} += 1`);
}

type Call = (g: Builder) => void;

/** Calls that any type of programs may make. */
const ANY: readonly Call[] = [
  // What is not the same in two runs is not kept.
  (g) => g.put("call bpf_ktime_get_ns#5", `r0 = ${g.constant()}`),
  (g) => {
    size(g, 2, 16);
    g.put(...place(g, 1, 16), `r3 = ${g.of([0, 8, 10, 16, 3])}`, ...place(g, 4, 8));
    g.put(`call ${g.of(["bpf_strtol#105", "bpf_strtoul#106"])}`);
  },
  (g) => {
    size(g, 2, 32);
    g.put(...place(g, 1, 32), ...place(g, 3, 32), "call bpf_probe_read_kernel#113");
  },
  (g) => {
    size(g, 3, 24);
    g.put("r1 = map b ll", ...place(g, 2, 24), "r4 = 0", "call bpf_ringbuf_output#130");
  },
  (g) => g.put("r1 = map b ll", `r2 = ${g.random(5)}`, "call bpf_ringbuf_query#134", `r0 = ${g.constant()}`),
];

/** Calls on the context of a socket buffer on its way. */
const WAY: readonly Call[] = [
  (g) => g.put("r1 = r6", "call bpf_get_hash_recalc#34", `r0 = ${g.constant()}`),
  (g) => g.put("r1 = r6", "call bpf_get_cgroup_classid#17"),
];

/** Calls on the context of a socket buffer. */
const BUFFER: readonly Call[] = [
  (g) => {
    size(g, 4, 32);
    g.put("r1 = r6", `r2 = ${g.random(30)}`, ...place(g, 3, 32), `r5 = ${g.random(3)}`);
    g.put("call bpf_skb_load_bytes_relative#68");
  },
];

/** Calls that change a socket buffer. */
const CHANGES: readonly Call[] = [
  (g) => g.put("r1 = r6", `r2 = ${g.random(4)}`, "call bpf_skb_change_type#32"),
  (g) => g.put("r1 = r6", `r2 = ${g.number()}`.replace("= ", "= r"), "call bpf_set_hash#48"),
  (g) => {
    const r = g.number();
    g.put(`r2 = r${r}`, "r1 = r6", "call bpf_csum_update#40");
  },
  (g) => {
    g.put(
      "r1 = r6",
      `r2 = ${g.of([0x8100, 0xa888, 5])}`,
      `r3 = ${g.random(4096)}`,
      "call bpf_skb_vlan_push#18",
    );
    g.packetMoved();
  },
  (g) => {
    g.put("r1 = r6", "call bpf_skb_vlan_pop#19");
    g.packetMoved();
  },
  (g) => {
    g.put("r1 = r6", `r2 = ${g.random(20)}`, "r3 = 1", "r4 = 2", `r5 = ${g.of([2, 4, 0])}`);
    g.put("call bpf_l3_csum_replace#10");
    g.packetMoved();
  },
];

/** A helper that needs nothing around it. */
export function helper(g: Builder): void {
  if (!g.callable()) return arithmetic(g);
  const buffer = g.type !== "xdp" && g.traits.bare !== true && g.kind(6) === "ctx";
  const traffic = buffer && (g.type === "sched_cls" || g.type === "sched_act"),
    lightweight = g.type.startsWith("lwt");
  g.of([
    ...ANY,
    ...(buffer && !lightweight ? BUFFER : []),
    ...(buffer && (traffic || lightweight) ? WAY : []),
    ...(traffic ? CHANGES : []),
  ])(g);
  g.clobber();
}

/** Something is sent to who listens, with some of the packet behind it. */
export function send(g: Builder): void {
  if (!g.callable() || g.kind(6) !== "ctx" || g.traits.sleeps === true) return arithmetic(g);
  size(g, 5, 24);
  const flags = g.random(3) === 0 && g.traits.bare !== true ? "r3 = 42949672959 ll" : "r3 = 4294967295 ll";
  g.put("r1 = r6", "r2 = map e ll", flags, ...place(g, 4, 24), "call bpf_perf_event_output#25");
  g.clobber();
}

/** The socket of a socket buffer, asked for what it is. */
export function ownSocket(g: Builder): void {
  if (!g.callable() || g.kind(6) !== "ctx" || g.type === "xdp" || g.traits.sockets !== true) {
    return arithmetic(g);
  }
  const end = g.label(), keep = g.saved();
  if (keep === undefined) return arithmetic(g);
  g.put("r1 = *(u64 *)(r6 +168)");
  g.clobber("none");
  if (!g.fault()) g.put(`if r1 == 0 goto ${end}`);
  g.maybe(() => {
    const call = g.of([
      "bpf_sk_fullsock#95",
      "bpf_sk_fullsock#95",
      "bpf_tcp_sock#96",
      "bpf_get_listener_sock#98",
    ]);
    g.put(`call ${call}`);
    if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
    g.put(`r${keep} = r0`);
    g.set(keep, "none");
    if (call.includes("tcp_sock")) {
      g.put(`r0 = *(u32 *)(r${keep} +${4 * g.random(4)})`);
      return g.set(0, "num");
    }
    if (g.random(2) === 0) {
      stored(g, keep);
    } else {
      g.set(keep, "sk");
      g.put(`r0 = *(u32 *)(r${keep} +${g.of([0, 4, 8, 12, 16, 20, 72])})`);
      g.set(0, "num");
      g.locking([keep], () => g.statements(1 + g.random(2)));
    }
    g.set(keep, "none");
  });
  g.put(`${end}:`);
  g.clobber("none");
  g.set(keep, "none");
}

/** What is kept for a full socket. */
function stored(g: Builder, socket: number): void {
  const end = g.label();
  const first = g.random(2) === 0 ? ["r3 = 0"] : ["r3 = r10", `r3 += ${slotOf(g, 8)}`];
  g.put(
    "r1 = map y ll",
    `r2 = r${socket}`,
    ...first,
    `r4 = ${g.of([0, 1, 1, 2])}`,
    "call bpf_sk_storage_get#107",
  );
  g.clobber("none");
  if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
  g.maybe(() => {
    g.set(0, "y0");
    g.statements(1 + g.random(2));
  });
  g.put(`${end}:`);
  if (g.random(3) === 0) g.put("r1 = map y ll", `r2 = r${socket}`, "call bpf_sk_storage_delete#108");
  g.clobber("none");
}

/** A record of the ring buffer of a size that is not known before, behind a dynptr. */
export function dynamicRecord(g: Builder): void {
  if (!g.callable() || g.traits.locks !== true) return arithmetic(g);
  const at = g.reserve(16);
  if (at === undefined) return arithmetic(g);
  const pointer = (r: number): string[] => [`r${r} = r10`, `r${r} += ${at}`];
  size(g, 2, 64);
  g.put("r1 = map b ll", "r3 = 0", ...pointer(4), "call bpf_ringbuf_reserve_dynptr#198");
  g.clobber("none");
  g.frame.held++;
  if (g.random(2) === 0) {
    g.put(
      ...pointer(1),
      `r2 = ${g.random(16)}`,
      ...place(g, 3, 8),
      "r4 = 8",
      "r5 = 0",
      "call bpf_dynptr_write#202",
    );
    g.clobber();
  }
  if (g.random(2) === 0) g.statements(1 + g.random(2));
  g.frame.held--;
  for (let r = 0; r <= 5; r++) if (g.isLocked(r)) return;
  const call = g.of(["bpf_ringbuf_submit_dynptr#199", "bpf_ringbuf_discard_dynptr#200"]);
  if (!(g.fault() && g.fault())) g.put(...pointer(1), "r2 = 0", `call ${call}`);
  g.clobber("none");
  g.giveBack(16);
}

/** Stack far below everything else: deep frames add up. */
export function deepStack(g: Builder): void {
  if (g.random(g.frame.main ? 2 : 6) !== 0) return arithmetic(g);
  const at = -8 * (33 + g.random(31));
  if (g.random(2) === 0) g.put(`*(u64 *)(r10 ${at}) = ${g.constant()}`);
  else g.put(`*(u64 *)(r10 ${at}) = r${g.number()}`);
  if (g.random(3) !== 0) return;
  const r = g.free();
  g.put(`r${r} = *(u64 *)(r10 ${at})`);
  g.set(r, "num");
}
