/**
 * What instructions demand of their registers: that somebody wrote them, that nobody writes the frame pointer. The rules of Linux 6.18,
 * each by one instruction between others that do nothing.
 */
import { type RuleCase, ruleCases } from "../testing/rule_cases.ts";

/** One instruction behind `r0 = 0`; r1 is the context, nobody wrote r2 to r9. */
function one(name: string, text: string, message?: string): RuleCase {
  const test: RuleCase = { name, text: `\n      r0 = 0\n      ${text}\n      r0 = 0\n      exit` };
  return message === undefined ? test : { ...test, message };
}

const R2 = "R2 !read_ok", READ_ONLY = "frame pointer is read only";

ruleCases("operands of arithmetic", [
  one("what is moved was written", "r3 = r2", R2),
  one("half of what is moved was written", "w3 = w2", R2),
  one("what is extended was written", "r3 = (s8)r2", R2),
  one("what is negated was written", "r2 = -r2", R2),
  one("what is swapped was written", "r2 = be16 r2", R2),
  one("what is added was written", "r0 += r2", R2),
  one("what is added to was written", "r2 += 1", R2),
  one("what is added to by a register was written", "r2 += r0", R2),
  one("what is divided by was written", "r0 /= r2", R2),
  one("half of what is shifted was written", "w2 <<= 1", R2),
  one("nothing is moved to the frame pointer", "r10 = 1", READ_ONLY),
  one("no register is moved to the frame pointer", "r10 = r0", READ_ONLY),
  one("the frame pointer is not added to", "r10 += 8", READ_ONLY),
  one("the frame pointer is not added to by a register", "r10 += r0", READ_ONLY),
  one("the frame pointer is not negated", "r10 = -r10", READ_ONLY),
  one("the frame pointer is not swapped", "r10 = be16 r10", READ_ONLY),
  {
    ...one("what is cast was written", "r3 = addr_space_cast(r2, 0, 1)", R2),
    head: "flags 16\nmap m type=arena max=1 flags=0x400",
    type: "syscall",
    text: `
      r1 = map m ll
      r0 = 0
      r3 = addr_space_cast(r2, 0, 1)
      exit`,
  },
]);

ruleCases("operands of branches", [
  one("what is compared was written", "if r2 == 0 goto +0", R2),
  one("what is compared with a register was written", "if r2 == r0 goto +0", R2),
  one("what is compared with was written", "if r0 == r2 goto +0", R2),
  one("half of what is compared was written", "if w2 == 0 goto +0", R2),
  one("half of what is compared with was written", "if w0 s> w2 goto +0", R2),
  one("what is tested was written", "if r2 & 1 goto +0", R2),
]);

ruleCases("operands of loads and stores", [
  one("what is loaded through was written", "r0 = *(u32 *)(r2 +0)", R2),
  one("nothing is loaded into the frame pointer", "r10 = *(u32 *)(r1 +0)", READ_ONLY),
  one("what is stored through was written", "*(u32 *)(r2 +0) = 0", R2),
  one("what is stored was written", "*(u64 *)(r10 -8) = r2", R2),
  one("what a register is stored through was written", "*(u64 *)(r2 -8) = r0", R2),
  one("what is added atomically was written", "lock *(u64 *)(r10 -8) += r2", R2),
  one("what is added to atomically was written", "lock *(u64 *)(r2 -8) += r0", R2),
  one("what is compared atomically was written", "r0 = atomic64_cmpxchg((u64 *)(r2 -8), r0, r1)", R2),
  one("what is exchanged atomically was written", "r2 = atomic64_xchg((u64 *)(r10 -8), r2)", R2),
  one(
    "nothing is fetched into the frame pointer",
    "r10 = atomic64_fetch_add((u64 *)(r10 -8), r10)",
    READ_ONLY,
  ),
  one("what is loaded through atomically was written", "r0 = load_acquire((u64 *)(r2 -8))", R2),
  one(
    "nothing is loaded atomically into the frame pointer",
    "r10 = load_acquire((u64 *)(r10 -8))",
    READ_ONLY,
  ),
  one("what is stored atomically was written", "store_release((u64 *)(r10 -8), r2)", R2),
  one("what is stored through atomically was written", "store_release((u64 *)(r2 -8), r0)", R2),
  one("no number of 16 bytes is loaded into the frame pointer", "r10 = 7 ll", READ_ONLY),
  one(
    "nothing outside of the stack is added to atomically",
    "lock *(u64 *)(r10 -520) += r0",
    "invalid read from stack R10 off=-520 size=8",
  ),
  one(
    "nothing outside of the stack is loaded atomically",
    "r0 = load_acquire((u64 *)(r10 -520))",
    "invalid read from stack R10 off=-520 size=8",
  ),
]);

ruleCases("reads of the stack", [
  one(
    "nothing is read below the stack",
    "r0 = *(u64 *)(r10 -520)",
    "invalid read from stack R10 off=-520 size=8",
  ),
  one("nothing is read above the stack", "r0 = *(u8 *)(r10 +0)", "invalid read from stack R10 off=0 size=1"),
  one(
    "nothing is read that is above the stack in part",
    "r0 = *(u64 *)(r10 -4)",
    "misaligned stack access off 0+0+-4 size 8",
  ),
  one("the lowest word of the stack is read", "r0 = *(u64 *)(r10 -512)"),
]);

ruleCases("loads in the old way", [
  one("a load in the old way wants the context", "r0 = *(u32 *)skb[0]", "R6 !read_ok"),
  one(
    "a load in the old way wants the context as it was",
    "r6 = r1\n      r6 += 8\n      r0 = *(u32 *)skb[0]",
    "dereference of modified ctx ptr R6 off=8 disallowed",
  ),
  {
    name: "nothing is held where a load in the old way may leave",
    type: "sched_cls",
    head: "map m type=ringbuf max=4096",
    text: `
      r6 = r1
      r1 = map m ll
      r2 = 8
      r3 = 0
      call bpf_ringbuf_reserve#131
      if r0 == 0 goto out
      r7 = r0
      r0 = *(u32 *)skb[0]
      r1 = r7
      r2 = 0
      call bpf_ringbuf_discard#133
    out:
      r0 = 0
      exit`,
    message: "BPF_LD_[ABS|IND] would lead to reference leak",
  },
]);
