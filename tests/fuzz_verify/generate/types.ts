/**
 * The types of generated programs, and what each of them can do.
 *
 * @module
 */
import type { Random } from "../../../ir/random_program.ts";

/** What a type of programs can do that others cannot. */
export interface TypeTraits {
  /** Of how many programs one is of this type, of all weights together. */
  readonly weight: number;
  /** Packet data is read, or written too, through pointers. */
  readonly packet?: "read" | "write";
  /** What a driver or another program left before the packet can be reached. */
  readonly meta?: true;
  /** Its calls move the packet. */
  readonly moves?: true;
  /** Sockets can be looked up. */
  readonly sockets?: true;
  /** Locks and ring buffers. */
  readonly locks?: true;
  /** Objects of its own, lists, trees, exceptions. */
  readonly objects?: true;
  /** No packet at all. */
  readonly bare?: true;
  /** They may sleep, with maps of which some kinds are refused. */
  readonly sleeps?: true;
}

/** The types of generated programs. */
export const TYPES = {
  xdp: { weight: 6, packet: "write", meta: true, moves: true, sockets: true, locks: true, objects: true },
  socket_filter: { weight: 5 },
  sched_cls: {
    weight: 6,
    packet: "write",
    meta: true,
    moves: true,
    sockets: true,
    locks: true,
    objects: true,
  },
  sched_act: { weight: 1, packet: "write", meta: true, moves: true, sockets: true, locks: true },
  cgroup_skb: { weight: 5, packet: "read", sockets: true, locks: true, objects: true },
  lwt_in: { weight: 1, packet: "read", locks: true },
  lwt_xmit: { weight: 1, packet: "write", moves: true, locks: true },
  syscall: { weight: 2, locks: true, objects: true, bare: true, sleeps: true },
  tracepoint: { weight: 1, bare: true },
} as const satisfies Readonly<Record<string, TypeTraits>>;

/** A name of {@linkcode TYPES}. */
export type ProgramType = keyof typeof TYPES;

/** A type by chance. */
export function typeOf(random: Random): ProgramType {
  const all = Object.entries(TYPES), sum = all.reduce((sum, [, { weight }]) => sum + weight, 0);
  let at = random(sum);
  for (const [name, { weight }] of all) if ((at -= weight) < 0) return name as ProgramType;
  return "xdp";
}
