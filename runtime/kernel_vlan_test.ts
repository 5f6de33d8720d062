import { agree, FRAME, ipv4, unavailable } from "./testing_kernel.ts";

if (unavailable !== undefined) console.log(`skipped: VLAN tags against the kernel: ${unavailable}`);

/** An IPv4 frame in two tags. */
function tagged(length: number): Uint8Array {
  const inner = ipv4(length);
  return Uint8Array.from([...inner.slice(0, 12), 0x88, 0xa8, 0, 5, 0x81, 0, 1, 7, ...inner.slice(12)]);
}

const FRAMES = [FRAME, { data: ipv4(60) }, { data: tagged(80) }, { data: new Uint8Array(20) }] as const;

/** `+` pushes 802.1Q, `*` 802.1ad, `?` something that is no tag; `-` pops. */
const PLANS = [
  "+",
  "++",
  "+-",
  "++-",
  "++--",
  "*+*--",
  "?",
  "-",
  "--",
  "---",
  "+---",
  "-+",
  "+++++++++++++++++++++--",
];
const PROTOCOLS: Readonly<Record<string, number>> = { "+": 0x0081, "*": 0xa888, "?": 0x1234 };

for (const plan of PLANS) {
  const steps = [...plan].map((step, i) =>
    step === "-" ? "r1 = r6\ncall bpf_skb_vlan_pop" : `r1 = r6
      r2 = ${PROTOCOLS[step]}
      r3 = ${100 + i}
      call bpf_skb_vlan_push`
  );
  agree(
    `VLAN tags ${plan}`,
    `type sched_cls
    func main:
      r6 = r1
      r7 = 0
      ${steps.map((step) => `${step}\nr7 <<= 1\nr7 += r0`).join("\n")}
      r0 = *(u32 *)(r6 + 20) @
      r7 += r0
      r0 = *(u32 *)(r6 + 24) @
      r7 += r0
      r0 = *(u32 *)(r6 + 28) @
      r7 += r0
      r0 = *(u32 *)(r6 + 16) @
      r7 += r0
      r0 = *(u32 *)(r6 + 0) @
      r7 += r0
      r1 = r6
      r2 = 2
      r3 = r10
      r3 += -4
      r4 = 4
      r5 = 1
      call bpf_skb_load_bytes_relative
      r1 = *(u32 *)(r10 -4)
      r7 ^= r1
      r0 = r7
      exit`,
    FRAMES,
  );
}
