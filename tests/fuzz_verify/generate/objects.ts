/**
 * What must be given back: ring buffer records, sockets, objects of the program's own, sections without preemption and the like; and
 * dynptrs.
 *
 * @module
 */
import type { Builder, Kind } from "./builder.ts";
import { slotOf } from "./memory.ts";
import { arithmetic } from "./numbers.ts";

/** Runs statements with a pointer that was asked for and must be given back; `back` is written with it in r1. */
function holding(
  g: Builder,
  object: { readonly kind: Kind; readonly keep: number; readonly back: () => void },
): void {
  const { kind, keep, back } = object, end = g.label();
  g.put(`r${keep} = r0`);
  g.set(keep, "none");
  if (!g.fault()) g.put(`if r${g.of([0, keep])} == 0 goto ${end}`);
  g.maybe(() => {
    g.set(keep, kind);
    g.frame.held++;
    g.locking([keep], () => g.statements(1 + g.random(4)));
    g.frame.held--;
    const gone = g.fault() && g.fault();
    if (!gone) {
      g.put(`r1 = r${keep}`);
      back();
      if (g.fault() && g.fault()) back();
    }
    g.clobber("none");
    // It may be used once more, wrongly.
    if (!g.fault()) {
      g.set(keep, "none");
      g.frame.slots = g.frame.slots.map((slot) => slot === kind ? "none" : slot);
    }
  });
  g.put(`${end}:`);
  g.clobber("none");
  g.set(keep, "none");
}

/** A record of the ring buffer, written and sent or thrown away. */
export function record(g: Builder): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined || g.traits.locks !== true) return arithmetic(g);
  g.put("r1 = map b ll", `r2 = ${g.fault() ? 16 : 24}`, "r3 = 0", "call bpf_ringbuf_reserve#131");
  g.clobber("none");
  holding(g, {
    kind: "ring",
    keep,
    back: () => g.put("r2 = 0", `call ${g.of(["bpf_ringbuf_submit#132", "bpf_ringbuf_discard#133"])}`),
  });
}

/** A socket that is looked up, looked at and released. */
export function socket(g: Builder): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined || g.traits.sockets !== true || !g.contextTo(1)) {
    return arithmetic(g);
  }
  g.put("r2 = r10", "r2 += -16", "r3 = 12", "r4 = 0", "r5 = 0");
  g.put(`call ${g.of(["bpf_sk_lookup_tcp#84", "bpf_sk_lookup_udp#85", "bpf_skc_lookup_tcp#99"])}`);
  g.clobber("none");
  holding(g, { kind: "sock", keep, back: () => g.put("call bpf_sk_release#86") });
}

/** A field of a socket. */
export function socketField(g: Builder): void {
  const have = g.frame.kinds.flatMap((kind, r) => kind === "sock" ? [r] : []);
  if (have.length === 0) return arithmetic(g);
  const p = g.of(have), r = g.freeBut(p);
  if (r === undefined) return;
  g.put(`r${r} = *(u32 *)(r${p} +${g.of([4, 4, 12, 16, 24, 72]) + (g.fault() ? 2 : 0)})`);
  g.set(r, "num");
}

/** An object of the program's own type, id `type`. */
export function object(g: Builder, type: number): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined || g.traits.objects !== true) return arithmetic(g);
  g.put(`r1 = ${type}`, "r2 = 0", "call kfunc bpf_obj_new_impl");
  g.clobber("none");
  holding(g, { kind: "own", keep, back: () => g.put("r2 = 0", "call kfunc bpf_obj_drop_impl") });
}

const SECTIONS = [
  ["bpf_rcu_read_lock", "bpf_rcu_read_unlock"],
  ["bpf_preempt_disable", "bpf_preempt_enable"],
] as const;

/** Statements in a section that must be left. */
export function section(g: Builder): void {
  if (!g.callable()) return arithmetic(g);
  const irq = g.random(8) === 0, place = irq ? g.reserve(8) : 0;
  if (place === undefined) return arithmetic(g);
  const [enter, leave] = irq ? ["bpf_local_irq_save", "bpf_local_irq_restore"] : g.of(SECTIONS);
  const address = irq ? ["r1 = r10", `r1 += ${place}`] : [];
  g.put(...address, `call kfunc ${enter}`);
  g.clobber("none");
  g.frame.held++;
  g.statements(1 + g.random(3));
  g.frame.held--;
  for (let r = 0; r <= 5; r++) if (g.isLocked(r)) return;
  if (!(g.fault() && g.fault())) g.put(...address, `call kfunc ${leave}`);
  g.clobber("none");
  if (irq) g.giveBack(8);
}

/** A dynptr of the packet or of a map's value, and what can be done with it. */
export function dynptr(g: Builder): void {
  if (!g.callable()) return arithmetic(g);
  const ofPacket = g.random(2) === 0 && g.kind(6) === "ctx" && g.traits.bare !== true;
  const place = g.reserve(16);
  if (place === undefined) return arithmetic(g);
  const at = (r: number, offset = place): string[] => [`r${r} = r10`, `r${r} += ${offset}`];
  if (ofPacket) {
    g.put("r1 = r6", "r2 = 0", ...at(3));
    g.put(`call kfunc bpf_dynptr_from_${g.type === "xdp" ? "xdp" : "skb"}`);
  } else {
    g.put("r1 = map_value a+0 ll", `r2 = ${g.fault() ? 65 : 1 + g.random(64)}`, "r3 = 0", ...at(4));
    g.put("call bpf_dynptr_from_mem#197");
  }
  g.clobber("none");
  for (let i = 1 + g.random(3); i > 0; i--) use(g, { at, ofPacket });
  // It ends by itself; its place is then overwritten by others.
  g.giveBack(16);
}

/** A place below everything, which belongs to nobody. */
function place(g: Builder, bytes: number): number {
  const at = g.reserve(bytes);
  if (at === undefined) return -64;
  g.giveBack(bytes);
  return at;
}

/** A global function that is handed a dynptr. */
function looking(g: Builder): string {
  const name = g.functionName("d");
  g.function(`${name} global`, ["none"], () => {
    g.fillSlots();
    g.put("r6 = r1");
    for (let i = 1 + g.random(2); i > 0; i--) {
      if (g.random(2) === 0) {
        g.put("r1 = r6", `call kfunc ${g.of(["bpf_dynptr_size", "bpf_dynptr_is_null"])}`);
      } else {
        g.put("r1 = r10", `r1 += ${slotOf(g, 8)}`, "r2 = 8", "r3 = r6", `r4 = ${g.random(30)}`, "r5 = 0");
        g.put(`call ${g.fault() ? "bpf_dynptr_write#202" : "bpf_dynptr_read#201"}`);
      }
    }
    g.put("exit");
  });
  return name;
}

function use(
  g: Builder,
  made: { readonly at: (r: number, offset?: number) => string[]; readonly ofPacket: boolean },
): void {
  const { at } = made, offset = g.random(24), size = 8, end = g.label();
  const data = (): void => {
    if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
    g.maybe(() => {
      g.set(0, "slice");
      const keep = g.random(2) === 0 ? g.saved() : undefined;
      if (keep !== undefined) {
        g.put(`r${keep} = r0`);
        g.set(keep, "slice");
      }
      g.statements(1 + g.random(2));
      if (keep !== undefined && g.kind(keep) === "slice") g.set(keep, "none");
    });
    g.put(`${end}:`);
    g.set(0, "none");
  };
  switch (g.random(8)) {
    case 5:
      g.put(...at(1), ...at(2, place(g, 16)), "call kfunc bpf_dynptr_clone");
      return g.clobber();
    case 6: {
      const name = looking(g);
      g.put(...at(1), `call ${name}`);
      return g.clobber();
    }
    case 0:
      g.put(
        "r1 = r10",
        `r1 += ${slotOf(g, 8)}`,
        `r2 = ${g.fault() ? 80 : size}`,
        ...at(3),
        `r4 = ${offset}`,
        "r5 = 0",
      );
      g.put("call bpf_dynptr_read#201");
      return g.clobber();
    case 1:
      g.put(...at(1), `r2 = ${offset}`, "r3 = r10", `r3 += ${slotOf(g, 8)}`, `r4 = ${size}`, "r5 = 0");
      g.put("call bpf_dynptr_write#202");
      g.clobber();
      return made.ofPacket ? g.packetMoved() : undefined;
    case 2: {
      if (made.ofPacket && !g.fault()) return arithmetic(g);
      g.put(...at(1), `r2 = ${offset}`, `r3 = ${size}`, "call bpf_dynptr_data#203");
      g.clobber("none");
      return data();
    }
    case 3: {
      const writes = made.ofPacket && g.traits.packet !== "write" && !g.fault();
      g.put(...at(1), `r2 = ${offset}`, "r3 = r10", `r3 += ${slotOf(g, 8)}`, `r4 = ${size}`);
      g.put(`call kfunc bpf_dynptr_slice${writes || g.random(2) === 0 ? "" : "_rdwr"}`);
      g.clobber("none");
      return data();
    }
    case 4:
      g.put(...at(1), `r2 = ${g.random(8)}`, `r3 = ${8 + g.random(24)}`, "call kfunc bpf_dynptr_adjust");
      return g.clobber();
    default:
      g.put(
        ...at(1),
        `call kfunc ${g.of(["bpf_dynptr_size", "bpf_dynptr_is_null", "bpf_dynptr_is_rdonly"])}`,
      );
      return g.clobber();
  }
}
