/**
 * How programs may reach into packets: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { PACKET, ruleCases } from "../testing/rule_cases.ts";

ruleCases("packets", [
  {
    name: "a packet cannot be read without asking for its end",
    type: "xdp",
    text: `
      ${PACKET}
      r0 = *(u8 *)(r2 +0)
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "what was asked for can be read",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r0 = *(u64 *)(r2 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "one byte more cannot",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 +8)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "the question must be answered the right way",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 <= r3 goto out
      r0 = *(u8 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "strictly before the end is one byte more",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 < r3 goto good
      r0 = 0
      exit
    good:
      r0 = *(u8 *)(r2 +8)
      exit`,
  },
  {
    name: "the end strictly behind is one byte more",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r3 > r4 goto good
      r0 = 0
      exit
    good:
      r0 = *(u8 *)(r2 +8)
      exit`,
  },
  {
    name: "the end not before is no byte more",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r3 >= r4 goto good
      r0 = 0
      exit
    good:
      r0 = *(u8 *)(r2 +8)
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "nothing before the packet can be read",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 -1)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "a variable offset counts from where it was asked",
    type: "xdp",
    text: `
      ${PACKET}
      r5 = *(u32 *)(r1 +12)
      r5 &= 255
      r2 += r5
      r4 = r2
      r4 += 4
      if r4 > r3 goto out
      r0 = *(u32 *)(r2 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "the same variable offset is not another's",
    type: "xdp",
    text: `
      ${PACKET}
      r5 = *(u32 *)(r1 +12)
      r5 &= 255
      r6 = r2
      r6 += r5
      r4 = r6
      r4 += 4
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 +0)
      r2 += r5
      r0 = *(u8 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "a variable offset may be negative",
    type: "xdp",
    text: `
      ${PACKET}
      r5 = *(u32 *)(r1 +12)
      r5 &= 3
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r2 -= r5
      r0 = *(u8 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 min value is negative, either use unsigned index or do a if (index >=0) check.",
  },
  {
    name: "the packet's bounds end with the packet's move",
    type: "xdp",
    text: `
      r6 = r1
      ${PACKET}
      r7 = r2
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r1 = r6
      r2 = 4
      call bpf_xdp_adjust_head#44
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "the packet's bounds end in callees that move it",
    type: "xdp",
    text: `
      r6 = r1
      ${PACKET}
      r7 = r2
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r1 = r6
      call move
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit
    func move:
      r2 = 4
      call bpf_xdp_adjust_head#44
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "the packet's bounds survive other calls",
    type: "xdp",
    text: `
      ${PACKET}
      r7 = r2
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      call bpf_get_prandom_u32#7
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "xdp writes its packet",
    type: "xdp",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      *(u8 *)(r2 +7) = 1
    out:
      r0 = 0
      exit`,
  },
  {
    name: "cgroup filters do not write their packet",
    type: "cgroup_skb",
    head: "attach 0",
    text: `
      r2 = *(u32 *)(r1 +76)
      r3 = *(u32 *)(r1 +80)
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      *(u8 *)(r2 +7) = 1
    out:
      r0 = 0
      exit`,
    message: "cannot write into packet",
  },
  {
    name: "metadata ends at the packet",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +8)
      r3 = *(u32 *)(r1 +0)
      r4 = r2
      r4 += 4
      if r4 > r3 goto out
      r0 = *(u32 *)(r2 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "metadata does not end at the packet's end",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +8)
      r3 = *(u32 *)(r1 +4)
      r4 = r2
      r4 += 4
      if r4 > r3 goto out
      r0 = *(u32 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "pointers to the packet's end cannot be followed",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +4)
      r0 = *(u8 *)(r2 +0)
      exit`,
    message: "R2 invalid mem access 'pkt_end'",
  },
  {
    name: "strict alignment looks at packets too",
    type: "xdp",
    head: "flags 1",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r0 = *(u32 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "misaligned packet access off 2+0+0+0 size 4",
  },
  {
    name: "packets stand two bytes off",
    type: "xdp",
    head: "flags 1",
    text: `
      ${PACKET}
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r0 = *(u32 *)(r2 +2)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a question about one variable offset says nothing of another",
    type: "xdp",
    text: `
      ${PACKET}
      r6 = *(u32 *)(r1 +12)
      r6 &= 7
      r7 = *(u32 *)(r1 +16)
      r7 &= 7
      r4 = r2
      r4 += r6
      r2 += r7
      r5 = r4
      r5 += 8
      if r5 > r3 goto out
      r0 = *(u8 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "offsets so large that they could wrap say nothing",
    type: "xdp",
    text: `
      ${PACKET}
      r6 = *(u32 *)(r1 +12)
      r6 &= 65535
      r2 += r6
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r0 = *(u8 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "beyond the end is no packet",
    type: "xdp",
    text: `
      ${PACKET}
      r2 += 8
      if r2 > r3 goto beyond
      r0 = 0
      exit
    beyond:
      r0 = *(u8 *)(r2 +0)
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "what lies in front of the packet moves with it",
    type: "xdp",
    text: `
      r6 = *(u32 *)(r1 +8)
      r3 = *(u32 *)(r1 +0)
      r4 = r6
      r4 += 4
      if r4 > r3 goto out
      r2 = -4
      call bpf_xdp_adjust_head#44
      r0 = *(u8 *)(r6 +0)
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "the packet's end moves with it",
    type: "xdp",
    text: `
      r6 = r1
      r7 = *(u32 *)(r1 +4)
      r2 = -4
      call bpf_xdp_adjust_tail#65
      r2 = *(u32 *)(r6 +0)
      r3 = r2
      r3 += 8
      if r3 > r7 goto out
      r0 = *(u8 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
]);
