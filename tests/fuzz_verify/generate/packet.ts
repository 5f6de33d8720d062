/**
 * The packet and the context: data that was tested, legacy loads, bytes copied, and calls that move the packet.
 *
 * @module
 */
import { type Builder, type Kind, SIZES } from "./builder.ts";
import { access, accessAt, slotOf } from "./memory.ts";
import { arithmetic, bounded } from "./numbers.ts";

/** Offsets of `data`, `data_end` and `data_meta` in the context. */
function fields(g: Builder): readonly [number, number, number] {
  return g.type === "xdp" ? [0, 4, 8] : [76, 80, 140];
}

/** Data behind a test against the packet's end. */
export function packet(g: Builder): void {
  const [data, dataEnd, meta] = fields(g);
  if (g.traits.packet === undefined) return g.traits.bare === true && !g.fault() ? access(g) : legacy(g);
  const p = g.free(), e = g.freeBut(p);
  if (e === undefined || g.kind(6) !== "ctx") return;
  if (g.random(8) === 0 && g.traits.meta === true) return metadata(g, { meta, data });
  let n = -1;
  const keep = g.random(3) === 0, want = keep ? 14 : 1 + g.random(40);
  if (!keep && g.random(2) === 0) {
    n = bounded(g, g.of([15, 31, 63, 255]), p);
    if (n === e || n === p) return;
  }
  g.set(p, "none");
  g.set(e, "none");
  g.put(`r${p} = *(u32 *)(r6 +${data})`, `r${e} = *(u32 *)(r6 +${dataEnd})`);
  if (n >= 0) g.put(`r${p} += r${n}`);
  const t = g.freeBut(p, e, n);
  if (t === undefined) return;
  g.set(t, "none");
  g.put(`r${t} = r${p}`, `r${t} += ${want}`);
  if (g.random(8) === 0) {
    // How much there is, as a number.
    g.put(`r${e} -= r${p}`, `r${t} = r${e}`);
    g.set(t, "num");
    return g.set(e, "num");
  }
  const end = g.label();
  const test = g.fault()
    ? `r${t} ${g.of([">=", "<", "<=", "!="])} r${e}`
    : g.of([`r${t} > r${e}`, `r${e} < r${t}`, `r${t} >= r${e}`]);
  g.put(`if ${test} goto ${end}`);
  g.maybe(() => {
    const writable = g.traits.packet === "write" || g.fault();
    if (keep) {
      g.set(p, "pkt");
      return g.statements(1 + g.random(4));
    }
    g.locking([p], () => {
      for (let i = 1 + g.random(3); i > 0; i--) {
        const size = Math.min(g.of(SIZES), 2 ** Math.floor(Math.log2(want)));
        const wrong = g.fault() ? g.of([1, 2, -1]) : 0;
        accessAt(g, { base: p, offset: g.random(want - size + 1) + wrong, size, writable });
      }
    });
  });
  if (g.kind(p) === "pkt") g.set(p, "none");
  g.put(`${end}:`);
}

/** What a driver or another program left in front of the packet. */
function metadata(g: Builder, { meta, data }: { readonly meta: number; readonly data: number }): void {
  const p = g.free(), e = g.freeBut(p), t = e === undefined ? undefined : g.freeBut(p, e);
  if (e === undefined || t === undefined) return;
  for (const r of [p, e, t]) g.set(r, "none");
  const end = g.label(), want = 1 + g.random(8);
  g.put(
    `r${p} = *(u32 *)(r6 +${meta})`,
    `r${e} = *(u32 *)(r6 +${data})`,
    `r${t} = r${p}`,
    `r${t} += ${want}`,
  );
  g.put(`if r${t} > r${e} goto ${end}`);
  const size = Math.min(g.of(SIZES), 2 ** Math.floor(Math.log2(want)));
  g.maybe(() =>
    g.locking(
      [p],
      () => accessAt(g, { base: p, offset: want - size + (g.fault() ? 1 : 0), size, writable: true }),
    )
  );
  g.put(`${end}:`);
}

/** A load of the kind that classic BPF had. */
export function legacy(g: Builder): void {
  if (!g.callable() || g.kind(6) !== "ctx" || (g.frame.held > 0 && !g.fault())) return access(g);
  const size = g.of(["u8", "u16", "u32"]);
  if (g.random(2) === 0) g.put(`r0 = *(${size} *)skb[${g.random(40)}]`);
  else g.put(`r0 = *(${size} *)skb[r${g.number()} + ${g.random(8)}]`);
  g.clobber();
}

/** A call that may move the packet's data. */
export function movePacket(g: Builder): void {
  if (!g.callable() || g.traits.moves !== true) return access(g);
  if (!g.contextTo(1)) return arithmetic(g);
  const small = g.random(24) - 8;
  if (g.type === "xdp") {
    const call = g.of(["bpf_xdp_adjust_head#44", "bpf_xdp_adjust_tail#65", "bpf_xdp_adjust_meta#54"]);
    g.put(`r2 = ${call.includes("meta") ? -4 * g.random(4) : small}`, `call ${call}`);
  } else {
    const call = g.of(["bpf_skb_pull_data#39", "bpf_skb_change_tail#38", "bpf_skb_change_head#43"]);
    g.put(`r2 = ${call.includes("tail") ? 20 + small : Math.abs(small)}`, "r3 = 0", `call ${call}`);
  }
  g.clobber();
  g.packetMoved();
}

/** Bytes of the packet copied into the frame, as many as a number says, or the frame's into the packet. */
export function copyPacket(g: Builder): void {
  if (!g.callable() || g.kind(6) !== "ctx" || g.traits.bare === true) return access(g);
  const to = g.traits.packet !== "write" || g.random(4) !== 0;
  if (g.random(2) === 0) g.put(`r4 = ${1 + g.random(g.fault() ? 80 : 64)}`);
  else {
    const r = bounded(g, 63, 4);
    g.put(`r4 = r${r}`);
    if (!g.fault()) g.put("r4 += 1");
  }
  g.put("r3 = r10", "r3 += -64", `r2 = ${g.random(30)}`, "r1 = r6");
  if (!to) g.put("r5 = 0");
  const call = g.type === "xdp"
    ? to ? "bpf_xdp_load_bytes#189" : "bpf_xdp_store_bytes#190"
    : to
    ? "bpf_skb_load_bytes#26"
    : "bpf_skb_store_bytes#9";
  g.put(`call ${call}`);
  g.clobber();
  if (!to && g.type !== "xdp") g.packetMoved();
}

/** A checksum over two pieces of memory, either of which may be missing. */
export function checksum(g: Builder): void {
  if (!g.callable() || (g.traits.packet !== "write" && !g.fault())) return access(g);
  const r = g.changeable();
  g.put(`r5 = r${r}`);
  const piece = (pointer: number, size: number): void => {
    if (g.random(4) === 0) return g.put(`r${pointer} = 0`, `r${size} = ${g.fault() ? 4 : 0}`);
    g.put(
      `r${pointer} = r10`,
      `r${pointer} += ${slotOf(g, 8)}`,
      `r${size} = ${g.fault() ? 68 : 4 * g.random(3)}`,
    );
  };
  piece(1, 2);
  piece(3, 4);
  g.put("call bpf_csum_diff#28");
  g.clobber();
}

/** A field of the context. */
export function context(g: Builder): void {
  if (g.kind(6) !== "ctx") return;
  const r = g.free();
  const kind: Kind = "num";
  g.set(r, kind);
  if (g.traits.bare === true) return g.put(`r${r} = *(u64 *)(r6 +${8 * g.random(8) + (g.fault() ? 4 : 0)})`);
  if (g.type === "xdp") return g.put(`r${r} = *(u32 *)(r6 +${g.fault() ? 24 : g.of([12, 16])})`);
  if (g.type !== "socket_filter" && g.random(3) === 0) {
    return g.put(`r${r} = ${g.constant()}`, `*(u32 *)(r6 +8) = r${r}`);
  }
  if (g.random(4) === 0) {
    return g.put(
      `r${r} = *(u32 *)(r6 +${g.fault() ? g.of([2, 192, 200]) : 48 + 4 * g.random(5)})`,
    );
  }
  // Parts of a field too.
  const width = g.random(4) === 0 ? g.of([8, 16]) : 32;
  g.put(`r${r} = *(u${width} *)(r6 +${g.of([0, 8, 16]) + (g.fault() ? 1 : 0)})`);
}
