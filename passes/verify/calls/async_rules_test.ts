/**
 * Callbacks that run later (timers, work queues, task work): the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { valueTypes } from "../testing/kernel_types.ts";
import { LOOKUP, type RuleCase, ruleCases } from "../testing/rule_cases.ts";

const END = `
    out:
      r0 = 0
      exit`;
/** Gives what is in register 6 the callback `later`. */
const SET_TIMER = `
      r1 = r6
      r1 += 8
      r2 = func later ll
      call bpf_timer_set_callback#170`;
const SET_QUEUE = `
      r1 = r6
      r1 += 8
      r2 = func later ll
      r3 = 0
      r4 = 0
      call kfunc bpf_wq_set_callback_impl`;
const SET_WORK = `
      call bpf_get_current_task_btf#158
      r1 = r0
      r2 = r6
      r2 += 8
      r3 = map m ll
      r4 = func later ll
      r5 = 0
      call kfunc bpf_task_work_schedule_signal_impl`;
/** Nothing to do later. */
const NOTHING = `
      r0 = 0
      exit`;

function mapOf(struct: string, name = "m"): string {
  const types = `key_type=1 value_type=${valueTypes().find(struct, "struct")}`;
  return `map ${name} type=hash key=4 value=${struct === "own_worked" ? 16 : 24} max=4 ${types}`;
}

function rule(
  name: string,
  how: { readonly struct?: string; readonly type?: string; readonly head?: string; readonly later?: string },
  text: string,
  message?: string,
): RuleCase {
  const struct = how.struct ?? "own_timed";
  const body = `
      ${LOOKUP}
      if r0 == 0 goto out
      r6 = r0${text}${END}`;
  const later = how.later === undefined ? "" : `
    func later:${how.later}`;
  const test: RuleCase = {
    name,
    type: how.type ?? "sched_cls",
    head: `${mapOf(struct)}\n${how.head ?? ""}`,
    typed: true,
    text: body + later,
  };
  return message === undefined ? test : { ...test, message };
}

const timer = (name: string, later: string, message?: string): RuleCase =>
  rule(name, { later }, SET_TIMER, message);
const queue = (name: string, later: string, message?: string): RuleCase =>
  rule(name, { struct: "own_queued", later }, SET_QUEUE, message);
const work = (name: string, later: string, message?: string): RuleCase =>
  rule(name, { struct: "own_worked", type: "tracepoint", later }, SET_WORK, message);

/** Two inner maps with timers, told apart by when they were looked up: in registers 7 and 8. */
const INNER = mapOf("own_timed", "i").replace("map i", "i");
const TWO_MAPS = `
      ${LOOKUP}
      if r0 == 0 goto out
      r7 = r0
      ${LOOKUP}
      if r0 == 0 goto out
      r8 = r0
      *(u32 *)(r10 -4) = 0
      r1 = r7
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      r1 = r0
      r1 += 8`;

function inner(name: string, text: string, message?: string): RuleCase {
  const test: RuleCase = {
    name,
    type: "sched_cls",
    head: `${mapOf("own_timed", "i")}
map m type=array_of_maps key=4 value=4 max=1 initial=[0:map#0] inner=(${INNER})`,
    typed: true,
    text: `${TWO_MAPS}${text}${END}`,
  };
  return message === undefined ? test : { ...test, message };
}

ruleCases("callbacks that run later", [
  inner(
    "a timer in an inner map is made for that map",
    `
      r2 = r7
      r3 = 1
      call bpf_timer_init#169`,
  ),
  inner(
    "a timer in an inner map is not made for what another lookup gave",
    `
      r2 = r8
      r3 = 1
      call bpf_timer_init#169`,
    "timer pointer in R1 map_uid=1 doesn't match map pointer in R2 map_uid=2",
  ),
  rule(
    "a timer is made, given a callback, started and stopped",
    { later: NOTHING },
    `
      r1 = r6
      r1 += 8
      r2 = map m ll
      r3 = 1
      call bpf_timer_init#169${SET_TIMER}
      r1 = r6
      r1 += 8
      r2 = 0
      r3 = 0
      call bpf_timer_start#171
      r1 = r6
      r1 += 8
      call bpf_timer_cancel#172`,
  ),
  rule(
    "a timer is where its map's type says",
    {},
    `
      r1 = r6
      call bpf_timer_cancel#172`,
    "off 0 doesn't point to 'struct bpf_timer' that is at 8",
  ),
  rule(
    "where a timer is must be known",
    {},
    `
      call bpf_get_prandom_u32#7
      r0 &= 8
      r1 = r6
      r1 += r0
      call bpf_timer_cancel#172`,
    "R1 doesn't have constant offset. bpf_timer has to be at the constant offset",
  ),
  rule(
    "a map whose values have no timer has none",
    { struct: "own_queued" },
    `
      r1 = r6
      r1 += 8
      call bpf_timer_cancel#172`,
    "map 'm' has no valid bpf_timer",
  ),
  {
    name: "a map without types has no timer",
    type: "sched_cls",
    head: "map m type=hash key=4 value=24 max=4",
    typed: true,
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r1 = r0
      r1 += 8
      call bpf_timer_cancel#172${END}`,
    message: "map 'm' has to have BTF in order to use bpf_timer",
  },
  rule(
    "a timer is nowhere but in maps",
    {},
    `
      *(u64 *)(r10 -8) = 0
      *(u64 *)(r10 -16) = 0
      r1 = r10
      r1 += -16
      call bpf_timer_cancel#172`,
    "R1 type=fp expected=map_value",
  ),
  rule(
    "a timer is made for its own map",
    { head: mapOf("own_timed", "n") },
    `
      r1 = r6
      r1 += 8
      r2 = map n ll
      r3 = 1
      call bpf_timer_init#169`,
    "timer pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0",
  ),
  rule(
    "programs that may run anywhere use no timers",
    { type: "perf_event" },
    `
      r1 = r6
      r1 += 8
      call bpf_timer_cancel#172`,
    "tracing progs cannot use bpf_timer yet",
  ),
  timer(
    "a timer's callback may read its key and change its value",
    `
      r4 = *(u32 *)(r2 +0)
      *(u32 *)(r3 +0) = r4${NOTHING}`,
  ),
  timer(
    "a timer's callback does not change its key",
    `
      *(u32 *)(r2 +0) = 1${NOTHING}`,
    "write to change key R2 not allowed",
  ),
  timer(
    "a timer's callback stays within its value",
    `
      r0 = *(u64 *)(r3 +24)${NOTHING}`,
    "R3 min value is outside of the allowed memory range",
  ),
  timer(
    "a callback that runs later finds nothing of its caller's",
    `
      r0 = r6
      exit`,
    "R6 !read_ok",
  ),
  timer(
    "a timer's callback returns 0",
    `
      r0 = 1
      exit`,
    "At async callback return the register R0 has smin=1 smax=1 should have been in [0, 0]",
  ),
  timer(
    "a timer's callback returns something",
    `
      exit`,
    "R0 !read_ok",
  ),
  timer(
    "a callback may set itself again",
    `
      r1 = r3
      r1 += 8
      r2 = func later ll
      call bpf_timer_set_callback#170${NOTHING}`,
  ),
  timer(
    "a callback that runs later ends",
    `
    again:
      goto again`,
    "infinite loop detected at insn 16",
  ),
  timer(
    "a callback that runs later does not throw",
    `
      r1 = 0
      call kfunc bpf_throw${NOTHING}`,
    "bpf_throw kfunc (insn 17) cannot be called from callback subprog 1",
  ),
  timer(
    "a callback that runs later leaves what it enters",
    `
      call kfunc bpf_rcu_read_lock${NOTHING}`,
    "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region",
  ),
  rule(
    "a callback that runs later has its own stack",
    {
      later: `
      *(u64 *)(r10 -512) = 0${NOTHING}`,
    },
    `
      *(u64 *)(r10 -512) = 0${SET_TIMER}`,
  ),
  rule(
    "a callback that runs later is not in the section it was set in",
    {
      later: `
      call kfunc bpf_rcu_read_lock
      call kfunc bpf_rcu_read_unlock${NOTHING}`,
    },
    `
      call kfunc bpf_rcu_read_lock${SET_TIMER}
      call kfunc bpf_rcu_read_unlock`,
  ),
  rule(
    "a timer's callback does not sleep where the program may",
    {
      type: "syscall",
      head: "flags 16",
      later: `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 8
      call bpf_copy_from_user#148${NOTHING}`,
    },
    SET_TIMER,
    "helper call might sleep in a non-sleepable prog",
  ),
  queue(
    "a work queue's callback may sleep where the program may not",
    `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 8
      r4 = 0
      call kfunc bpf_copy_from_user_str${NOTHING}`,
  ),
  queue(
    "a work queue's callback returns 0",
    `
      r0 = -1
      exit`,
    "At async callback return the register R0 has smin=-1 smax=-1 should have been in [0, 0]",
  ),
  rule(
    "a work queue is made for its own map",
    { struct: "own_queued", head: mapOf("own_queued", "n") },
    `
      r1 = r6
      r1 += 8
      r2 = map n ll
      r3 = 0
      call kfunc bpf_wq_init`,
    "workqueue pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0",
  ),
  rule(
    "a work queue is made and started",
    { struct: "own_queued" },
    `
      r1 = r6
      r1 += 8
      r2 = map m ll
      r3 = 0
      call kfunc bpf_wq_init
      r1 = r6
      r1 += 8
      r2 = 0
      call kfunc bpf_wq_start`,
  ),
  rule(
    "a work queue is where its map's type says",
    { struct: "own_queued" },
    `
      r1 = r6
      r2 = 0
      call kfunc bpf_wq_start`,
    "off 0 doesn't point to 'struct bpf_wq' that is at 8",
  ),
  rule(
    "a work queue is nowhere but in maps",
    { struct: "own_queued" },
    `
      *(u64 *)(r10 -8) = 0
      *(u64 *)(r10 -16) = 0
      r1 = r10
      r1 += -16
      r2 = 0
      call kfunc bpf_wq_start`,
    "arg#0 doesn't point to a map value",
  ),
  rule(
    "what a work queue is given to call is a function",
    { struct: "own_queued" },
    `
      r1 = r6
      r1 += 8
      r2 = r6
      r3 = 0
      r4 = 0
      call kfunc bpf_wq_set_callback_impl`,
    "arg1 expected pointer to func",
  ),
  work(
    "task work may sleep",
    `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 8
      call bpf_copy_from_user#148${NOTHING}`,
  ),
  work(
    "task work returns any number of 32 bits",
    `
      r0 = -5
      exit`,
  ),
  work(
    "task work's result is no longer",
    `
      call bpf_ktime_get_ns#5
      exit`,
    "At async callback return the register R0 has unknown scalar value should have been in [-2147483648, 2147483647]",
  ),
  rule(
    "task work is for its own map",
    { struct: "own_worked", type: "tracepoint", head: mapOf("own_worked", "n"), later: NOTHING },
    SET_WORK.replace("map m ll", "map n ll"),
    "bpf_task_work pointer in R2 map_uid=0 doesn't match map pointer in R3 map_uid=0",
  ),
  rule(
    "a function that may sleep as one callback may not as another",
    {
      head: `${mapOf("own_queued", "n")}\nflags 8`,
      later: `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 0
      r4 = 0
      call kfunc bpf_copy_from_user_str${NOTHING}`,
    },
    `${SET_TIMER}
      ${LOOKUP.replace("map m", "map n")}
      if r0 == 0 goto out
      r6 = r0${SET_QUEUE}`,
    "program must be sleepable to call sleepable kfunc bpf_copy_from_user_str",
  ),
  rule(
    "a callback that runs later has no tail call, though it be dead",
    {
      head: "map p type=prog_array key=4 value=4 max=1",
      later: `
      r4 = 0
      if r4 == 0 goto done
      r2 = map p ll
      r3 = 0
      call bpf_tail_call#12
    done:${NOTHING}`,
    },
    SET_TIMER,
    "verifier bug: subprog has tail_call and async cb",
  ),
]);
