/**
 * A table: what paths that meet must have in common besides numbers: links between them, calls, sections, locks, objects on the stack. As in
 * `pruning_rules_test.ts` each program has two ways to one place, a harmless one that is walked first, and one that does harm behind it.
 */
import { ITERATOR, ruleCases } from "../testing/rule_cases.ts";

const FLAGS = "flags 8";
const MAP = "flags 8\nmap m type=array key=4 value=16 max=1";
const RING = "flags 8\nmap m type=ringbuf key=0 value=0 max=4096";
/** Goes to `other` second. */
const FORK = `call bpf_get_prandom_u32#7
      if r0 == 7 goto other`;
/** Where the ways meet: states are compared here. */
const MET = `met:
      r0 = 0
      r8 = 1`;
const OUT = `r0 = 0
      exit`;

/** Two unknown numbers, and then `r7`, a constant apart from one of them on each way. */
function linked(first: string, other: string, use: string): string {
  return `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      call bpf_get_prandom_u32#7
      r6 |= r0
      call bpf_get_prandom_u32#7
      r9 = r0
      r9 <<= 32
      call bpf_get_prandom_u32#7
      r9 |= r0
      ${FORK}
      ${first}
      goto met
    other:
      ${other}
    ${MET}
      ${use}
      r1 = r10
      r1 += -24
      r1 += r7
      *(u8 *)(r1 +0) = 0
    out:
      ${OUT}`;
}

function at(place: number, r = 1): string {
  return `r${r} = r10
      r${r} += ${place}`;
}

function reserve(place: number): string {
  return `r1 = map m ll
      r2 = 8
      r3 = 0
      ${at(place, 4)}
      call bpf_ringbuf_reserve_dynptr#198`;
}

function data(place: number): string {
  return `${at(place)}
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203`;
}

function discard(place: number): string {
  return `${at(place)}
      r2 = 0
      call bpf_ringbuf_discard_dynptr#200`;
}

/** A clone at -48. */
function clone(place: number): string {
  return `${at(place)}
      ${at(-48, 2)}
      call kfunc bpf_dynptr_clone`;
}

function iterator(place: number, kind = "num"): string {
  return `${at(place)}
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_${kind}_new`;
}

function next(place: number): string {
  return `${at(place)}
      call kfunc bpf_iter_num_next`;
}

function destroy(place: number): string {
  return `${at(place)}
      call kfunc bpf_iter_num_destroy`;
}

ruleCases("paths that meet", [
  {
    name: "a state in a loop under way covers only numbers within its own",
    head: FLAGS,
    text: `
      r7 = -16
    loop:
      may_goto out
      call bpf_get_prandom_u32#7
      if r0 == 42 goto use
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
      goto met
    other:
      r7 = -600
    ${MET}
      goto loop
    use:
      r1 = r10
      r1 += r7
      *(u64 *)(r1 +0) = 0
    out:
      ${OUT}`,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a number 4 from another does not stand for one 32 from it",
    head: FLAGS,
    text: linked("r7 = r6\n r7 += 4", "r7 = r6\n r7 += 32", "if r6 > 10 goto out"),
    message: "invalid variable-offset write to stack R1 var_off=(0x20; 0xf) off=-24 size=1",
  },
  {
    name: "a number 4 from another in 64 bits does not stand for one in 32 bits",
    head: FLAGS,
    text: linked(
      "r7 = r6\n r7 += 4",
      "w6 = w6\n r7 = r6\n w7 += 4",
      `r1 = 0xfffffffb ll
      if r6 <= r1 goto out
      r1 = 0xffffffff ll
      if r6 > r1 goto out
      r1 = 0x100000000 ll
      r7 -= r1`,
    ),
    message: "value -4294967296 makes fp pointer be out of bounds",
  },
  {
    name: "a number 4 from another does not stand for one 4 from a third",
    head: FLAGS,
    text: linked("r7 = r6\n r7 += 4", "r7 = r9\n r7 += 4", "if r6 > 10 goto out\n r9 &= 255"),
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a place of one's own frame does not stand for one of the caller's",
    head: FLAGS,
    text: `
      r1 = r10
      r1 += -8
      *(u64 *)(r10 -8) = 0
      call f
      ${OUT}
    func f:
      r6 = r1
      *(u64 *)(r10 -8) = 0
      ${FORK}
      r6 = r10
      r6 += -8
      goto met
    other:
      r6 = r6
    ${MET}
      *(u64 *)(r6 +0) = r10
      ${OUT}`,
    message: "cannot spill pointers to stack into stack frame of the caller",
  },
  {
    name: "what a function does for one caller says nothing of what another does behind it",
    head: FLAGS,
    text: `
      ${FORK}
      call f
      ${OUT}
    other:
      call f
      r0 = r9
      exit
    func f:
      call g
      exit
    func g:
      r0 = 0
      goto on
    on:
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "zeros on the stack do not stand for stack that was never used",
    head: MAP,
    text: `
      ${FORK}
      *(u64 *)(r10 -16) = 0
      goto met
    other:
      r7 = 0
    ${MET}
      r1 = *(u64 *)(r10 -16)
      r2 = map_value m+0 ll
      r2 += r1
      r0 = *(u8 *)(r2 +0)
      ${OUT}`,
    message: "math between map_value pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a value of one map does not stand for one of another",
    head: "flags 8\nmap m type=array key=4 value=16 max=1\nmap n type=array key=4 value=8 max=1",
    text: `
      ${FORK}
      r7 = map_value m+0 ll
      goto met
    other:
      r7 = map_value n+0 ll
    ${MET}
      r0 = *(u8 *)(r7 +15)
      ${OUT}`,
    message: "R7 min value is outside of the allowed memory range",
  },
  {
    name: "a packet pointer does not stand for one further on",
    type: "xdp",
    head: FLAGS,
    text: `
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      r2 = r6
      r2 += 14
      if r2 > r7 goto out
      ${FORK}
      r6 += 14
      goto met
    other:
      r6 += 20
    ${MET}
      r0 = *(u8 *)(r6 -1)
    out:
      ${OUT}`,
    message: "R6 offset is outside of the packet",
  },
  {
    name: "a place in a map's value does not stand for one further on",
    head: MAP,
    text: `
      r7 = map_value m+0 ll
      ${FORK}
      r7 += 4
      goto met
    other:
      r7 += 8
    ${MET}
      r0 = *(u8 *)(r7 +11)
      ${OUT}`,
    message: "R7 min value is outside of the allowed memory range",
  },
  {
    name: "packet pointers that are apart by the same number do not stand for others",
    type: "xdp",
    head: FLAGS,
    text: `
      r6 = *(u32 *)(r1 +0)
      r9 = *(u32 *)(r1 +4)
      call bpf_get_prandom_u32#7
      r0 &= 7
      r8 = r0
      call bpf_get_prandom_u32#7
      r0 &= 7
      r7 = r6
      r6 += r8
      r8 = r7
      r8 += r0
      ${FORK}
      r7 = r6
      goto met
    other:
      r7 = r8
    ${MET}
      r2 = r6
      r2 += 30
      if r2 > r9 goto out
      r0 = *(u8 *)(r7 +20)
    out:
      ${OUT}`,
    message: "R7 offset is outside of the packet",
  },
  {
    name: "a packet pointer moved a little does not stand for one moved far",
    type: "xdp",
    head: FLAGS,
    text: `
      r6 = *(u32 *)(r1 +0)
      r9 = *(u32 *)(r1 +4)
      call bpf_get_prandom_u32#7
      r7 = r0
      ${FORK}
      r7 &= 7
      goto on
    other:
      r7 &= 0xffff
    on:
      r6 += r7
      goto met
    ${MET}
      r2 = r6
      r2 += 30
      if r2 > r9 goto out
      r0 = *(u8 *)(r6 +0)
    out:
      ${OUT}`,
    message: "R6 offset is outside of the packet",
  },
  {
    name: "without preemption is not with it",
    type: "sched_cls",
    head: FLAGS,
    text: `
      ${FORK}
      call kfunc bpf_preempt_disable
      goto met
    other:
      r7 = 0
    ${MET}
      call kfunc bpf_preempt_enable
      ${OUT}`,
    message: "unmatched attempt to enable preemption (kernel function bpf_preempt_enable)",
  },
  {
    name: "within a read section is not without it",
    type: "sched_cls",
    head: FLAGS,
    text: `
      ${FORK}
      call kfunc bpf_rcu_read_lock
      goto met
    other:
      r7 = 0
    ${MET}
      call kfunc bpf_rcu_read_unlock
      ${OUT}`,
    message: "unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)",
  },
  {
    name: "a lock does not stand for the lock of another value",
    type: "sched_cls",
    head:
      "flags 8\nmap m type=array key=4 value=16 max=1 key_type=1 value_type=3\nmap n type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r7 = map_value m+0 ll
      r8 = map_value n+0 ll
      ${FORK}
      r1 = r7
      r1 += 4
      call bpf_spin_lock#93
      goto met
    other:
      r1 = r8
      r1 += 4
      call bpf_spin_lock#93
    met:
      r0 = 0
      r1 = r7
      r1 += 4
      call bpf_spin_unlock#94
      ${OUT}`,
    message: "bpf_spin_unlock of different lock",
  },
  {
    name: "interrupts are switched on again in the order of one way only",
    type: "sched_cls",
    head: FLAGS,
    text: `
      ${FORK}
      ${at(-8)}
      call kfunc bpf_local_irq_save
      ${at(-16)}
      call kfunc bpf_local_irq_save
      goto met
    other:
      ${at(-16)}
      call kfunc bpf_local_irq_save
      ${at(-8)}
      call kfunc bpf_local_irq_save
    ${MET}
      ${at(-16)}
      call kfunc bpf_local_irq_restore
      ${at(-8)}
      call kfunc bpf_local_irq_restore
      ${OUT}`,
    message: "cannot restore irq state out of order, expected id=4 acquired at insn_idx=14",
  },
  {
    name: "a dynptr of a map does not stand for one of the packet",
    type: "sched_cls",
    head: MAP,
    text: `
      r7 = r1
      ${FORK}
      r1 = map_value m+0 ll
      r2 = 16
      r3 = 0
      ${at(-16, 4)}
      call bpf_dynptr_from_mem#197
      goto met
    other:
      r1 = r7
      r2 = 0
      ${at(-16, 3)}
      call kfunc bpf_dynptr_from_skb
    ${MET}
      ${at(-16)}
      r2 = 0
      ${at(-32, 3)}
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r9 = r0
      r1 = r7
      r2 = 0
      call bpf_skb_pull_data#39
      r0 = *(u8 *)(r9 +0)
    out:
      ${OUT}`,
    message: "R9 invalid mem access 'scalar'",
  },
  {
    name: "a dynptr does not stand for one of another record",
    type: "sched_cls",
    head: RING,
    text: `
      ${reserve(-16)}
      ${reserve(-32)}
      ${FORK}
      ${clone(-32)}
      goto met
    other:
      ${clone(-16)}
    ${MET}
      ${discard(-16)}
      ${data(-48)}
      ${discard(-32)}
      ${OUT}`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "an iterator over numbers does not stand for one over bits",
    type: "sched_cls",
    head: MAP,
    text: `
      *(u64 *)(r10 -8) = 0
      ${FORK}
      ${iterator(-16)}
      goto met
    other:
      ${at(-16)}
      r2 = map_value m+0 ll
      r3 = 2
      call kfunc bpf_iter_bits_new
    ${MET}
      ${destroy(-16)}
      ${OUT}`,
    message: "expected an initialized iter_num as arg #0",
  },
  {
    name: "an iterator that came to its end does not stand for one that goes on",
    type: "sched_cls",
    head: FLAGS,
    text: `
      ${ITERATOR}
      call bpf_get_prandom_u32#7
      if r0 == 7 goto met
      ${next(-8)}
      if r0 != 0 goto out
    ${MET}
      ${next(-8)}
      if r0 == 0 goto out
      r0 = r9
    out:
      ${destroy(-8)}
      ${OUT}`,
    message: "R9 !read_ok",
  },
  {
    name: "an iterator does not stand for another of its kind",
    type: "sched_cls",
    head: FLAGS,
    text: `
      ${FORK}
      ${iterator(-8)}
      ${iterator(-16)}
      ${next(-16)}
      r7 = r0
      if r7 == 0 goto out
      goto met
    other:
      ${iterator(-16)}
      ${iterator(-8)}
      ${next(-8)}
      r7 = r0
      if r7 == 0 goto out
    met:
      r0 = 0
      ${destroy(-8)}
      r0 = *(u8 *)(r7 +0)
      goto last
    out:
      ${destroy(-8)}
    last:
      ${destroy(-16)}
      ${OUT}`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "stack that is read in a loop under way is compared though nobody read it yet",
    head: FLAGS,
    text: `
      *(u64 *)(r10 -8) = -16
    loop:
      may_goto out
      call bpf_get_prandom_u32#7
      if r0 == 42 goto use
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
      goto met
    other:
      *(u64 *)(r10 -8) = -600
    ${MET}
      goto loop
    use:
      r7 = *(u64 *)(r10 -8)
      r1 = r10
      r1 += r7
      *(u64 *)(r1 +0) = 0
    out:
      ${OUT}`,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "marks made late in a loop are made in its middle too",
    head: FLAGS,
    text: `
      r7 = -16
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
      goto loop
    other:
      r7 = -600
      goto met
    loop:
      may_goto out
      call bpf_get_prandom_u32#7
      if r0 == 42 goto use
    ${MET}
      goto loop
    use:
      r1 = r10
      r1 += r7
      *(u64 *)(r1 +0) = 0
    out:
      ${OUT}`,
    message: "invalid write to stack R1 off=-600 size=8",
  },
  {
    name: "stack that is read in a loop is not forgotten before the loop is known",
    head: FLAGS,
    text: `
      *(u64 *)(r10 -8) = -16
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
      goto loop
    other:
      *(u64 *)(r10 -8) = -600
      goto met
    loop:
      may_goto out
      call bpf_get_prandom_u32#7
      if r0 == 42 goto use
      call bpf_get_prandom_u32#7
      if r0 == 8 goto met
    ${MET}
      goto loop
    use:
      r7 = *(u64 *)(r10 -8)
      r1 = r10
      r1 += r7
      *(u64 *)(r1 +0) = 0
    out:
      ${OUT}`,
    message: "invalid write to stack R1 off=-600 size=8",
  },
  {
    name: "two sockets are not missing together",
    type: "sched_cls",
    head: FLAGS,
    text: `
      r6 = r1
      r7 = *(u64 *)(r6 +168)
      ${FORK}
      r8 = r7
      goto met
    other:
      r8 = *(u64 *)(r6 +168)
    met:
      r0 = 0
      if r7 == 0 goto out
      r0 = *(u32 *)(r8 +4)
    out:
      ${OUT}`,
    message: "R8 invalid mem access 'sock_common_or_null'",
  },
  {
    name: "a loop over an iterator comes round only with numbers within its own",
    type: "sched_cls",
    head: FLAGS,
    text: `
      r7 = -16
      ${ITERATOR}
    loop:
      ${next(-8)}
      if r0 == 0 goto done
      call bpf_get_prandom_u32#7
      if r0 == 42 goto use
      r7 = -600
      goto loop
    use:
      r1 = r10
      r1 += r7
      *(u64 *)(r1 +0) = 0
    done:
      ${destroy(-8)}
      ${OUT}`,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a size does not stand for another one",
    head: FLAGS,
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = 0
      ${FORK}
      r7 = 8
      goto met
    other:
      r7 = 16
    ${MET}
      ${at(-8)}
      r2 = r7
      r3 = 0
      r4 = 0
      r5 = 0
      call bpf_csum_diff#28
      ${OUT}`,
    message: "invalid read from stack R1 off=-8 size=16",
  },
  {
    name: "a zero on the stack that a number was added to depends on that number",
    head: MAP,
    text: `
      ${FORK}
      r7 = 0
      goto met
    other:
      r7 = 600
    ${MET}
      r2 = r10
      r2 += -8
      call bpf_get_prandom_u32#7
      r0 &= 1
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r2 += r0
      *(u8 *)(r2 +0) = r7
      r1 = *(u8 *)(r10 -8)
      r2 = map_value m+0 ll
      r2 += r1
      r0 = *(u8 *)(r2 +0)
      ${OUT}`,
    message: "R2 max value is outside of the allowed memory range",
  },
  {
    name: "the seventh of equal numbers is none of them",
    head: FLAGS,
    text: `
      call bpf_get_prandom_u32#7
      r9 = r0
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      call bpf_get_prandom_u32#7
      r6 |= r0
      r8 = r6
      r8 *= r9
      r1 = r6
      r2 = r6
      r3 = r6
      r4 = r6
      r5 = r6
      r7 = r6
      if r9 == 7 goto other
      r8 = r6
      goto met
    other:
      r8 *= 3
    met:
      r0 = 0
      if r8 > 10 goto out
      r8 = r10
      r8 += -24
      r8 += r1
      *(u8 *)(r8 +0) = 0
      r0 += r2
      r0 += r3
      r0 += r4
      r0 += r5
      r0 += r6
      r0 += r7
    out:
      ${OUT}`,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
]);

const UNKNOWN = `call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      call bpf_get_prandom_u32#7
      r6 |= r0`;
const WRITE = `r1 = r10
      r1 += -24
      r1 += r8
      *(u8 *)(r1 +0) = 0
    out:
      ${OUT}`;

ruleCases("numbers a constant apart", [
  {
    name: "what is 4 from a number is bounded with it",
    text: `
      ${UNKNOWN}
      r8 = r6
      r8 += 4
      if r6 s>= 0 goto out
      if r6 s< -10 goto out
      ${WRITE}`,
  },
  {
    name: "what is 4 from a number in 32 bits begins again with zero",
    text: `
      ${UNKNOWN}
      w6 = w6
      r8 = r6
      w8 += 4
      r1 = 0xfffffffb ll
      if r6 <= r1 goto out
      r1 = 0x100000000 ll
      r8 -= r1
      ${WRITE}`,
    message: "value -4294967296 makes fp pointer be out of bounds",
  },
  {
    name: "what is 4 from a number in 64 bits says nothing of what is 4 from it in 32 bits",
    text: `
      ${UNKNOWN}
      w6 = w6
      r7 = r6
      r7 += 4
      r8 = r6
      w8 += 4
      r1 = 0xffffffff ll
      if r7 <= r1 goto out
      r1 = 0x100000000 ll
      r8 -= r1
      ${WRITE}`,
    message: "value -4294967296 makes fp pointer be out of bounds",
  },
]);
