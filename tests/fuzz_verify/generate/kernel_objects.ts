/**
 * The kernel's own objects: tasks and masks of CPUs, asked for, followed from one to the other, and given back; and timers.
 *
 * `@struct.member` stands for a member's offset in the kernel.
 *
 * @module
 */
import type { Builder } from "./builder.ts";
import { arithmetic, bounded } from "./numbers.ts";

const NUMBERS = ["pid", "tgid", "flags", "prio"];
const TASKS = ["real_parent", "group_leader", "parent"];

/** A number of a task whose pointer is in a register. */
function field(g: Builder, pointer: number): void {
  const r = g.freeBut(pointer);
  if (r === undefined) return;
  g.put(`r${r} = *(u32 *)(r${pointer} +@task_struct.${g.of(NUMBERS)})`);
  g.set(r, "num");
}

/** The task under way, and those it is related to. */
export function task(g: Builder): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined) return arithmetic(g);
  g.put("call bpf_get_current_task_btf#158", `r${keep} = r0`);
  g.clobber("none");
  g.set(keep, "task");
  g.locking([keep], () => {
    for (let i = 1 + g.random(3); i > 0; i--) look(g, keep);
    g.statements(1 + g.random(2));
  });
  g.set(keep, "none");
}

function look(g: Builder, keep: number): void {
  switch (g.random(4)) {
    case 0:
      return field(g, keep);
    case 1: {
      // What it points to may be gone outside of a section, and must not be written.
      const end = g.label(), p = [7, 8, 9].find((r) => r !== keep && !g.isLocked(r));
      if (p === undefined || !g.callable()) return field(g, keep);
      const section = g.random(3) !== 0;
      if (section) g.put("call kfunc bpf_rcu_read_lock");
      g.clobber("none");
      g.put(`r${p} = *(u64 *)(r${keep} +@task_struct.${g.of(TASKS)})`);
      g.set(p, "none");
      if (g.random(2) === 0) g.put(`if r${p} == 0 goto ${end}`);
      g.maybe(() => {
        if (g.random(4) === 0) g.put(`r${p} = *(u64 *)(r${p} +@task_struct.${g.of(TASKS)})`);
        field(g, p);
        if (g.random(3) === 0) acquired(g, p);
        if (g.fault()) g.put(`*(u32 *)(r${p} +@task_struct.flags) = 1`);
      });
      g.put(`${end}:`);
      if (section && !(g.fault() && g.fault())) g.put("call kfunc bpf_rcu_read_unlock");
      // It may be looked at once more, wrongly.
      if (g.fault()) field(g, p);
      g.clobber("none");
      return g.set(p, "none");
    }
    case 2:
      return acquired(g, keep);
    default: {
      if (!g.callable()) return;
      const size = 1 + g.random(16);
      g.put("r1 = r10", "r1 += -64", `r2 = ${g.fault() ? 80 : size}`, `r3 = r${keep}`);
      g.put("r3 += @task_struct.comm", "call bpf_probe_read_kernel#113");
      g.clobber();
    }
  }
}

/** A reference to a task, for a while. */
function acquired(g: Builder, from: number): void {
  if (!g.callable()) return;
  const end = g.label();
  g.put(`r1 = r${from}`, "call kfunc bpf_task_acquire");
  g.clobber("none");
  if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
  g.put("r1 = r0");
  if (g.random(2) === 0) g.put(`r2 = *(u32 *)(r0 +@task_struct.${g.of(NUMBERS)})`);
  if (!(g.fault() && g.fault())) g.put("call kfunc bpf_task_release");
  g.put(`${end}:`);
  g.clobber("none");
}

/** A task of some number. */
export function taskByNumber(g: Builder): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined) return arithmetic(g);
  const end = g.label();
  g.put(`r1 = r${g.number()}`, "call kfunc bpf_task_from_pid", `r${keep} = r0`);
  g.clobber("none");
  g.set(keep, "none");
  if (!g.fault()) g.put(`if r${g.of([0, keep])} == 0 goto ${end}`);
  g.maybe(() => {
    g.set(keep, "task");
    g.frame.held++;
    g.locking([keep], () => {
      look(g, keep);
      g.statements(1 + g.random(2));
    });
    g.frame.held--;
    g.put(`r1 = r${keep}`);
    if (!(g.fault() && g.fault())) g.put("call kfunc bpf_task_release");
    if (g.fault()) field(g, keep);
    g.clobber("none");
    g.set(keep, "none");
  });
  g.put(`${end}:`);
  g.clobber("none");
  g.set(keep, "none");
}

/** A mask of CPUs. */
export function mask(g: Builder): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined) return arithmetic(g);
  const end = g.label();
  g.put("call kfunc bpf_cpumask_create", `r${keep} = r0`);
  g.clobber("none");
  g.set(keep, "none");
  if (!g.fault()) g.put(`if r0 == 0 goto ${end}`);
  g.maybe(() => {
    g.frame.held++;
    g.locking([keep], () => {
      const r = bounded(g, 7);
      g.put(`r1 = r${r}`, `r2 = r${keep}`);
      g.put(`call kfunc bpf_cpumask_${g.of(["set_cpu", "clear_cpu", "test_cpu", "test_and_set_cpu"])}`);
      g.clobber();
      g.statements(1 + g.random(2));
      if (g.callable() && g.random(2) === 0) {
        g.put(`r1 = r${keep}`, `call kfunc bpf_cpumask_${g.of(["first", "empty", "weight"])}`);
        g.clobber();
      }
    });
    g.frame.held--;
    g.put(`r1 = r${keep}`);
    if (!(g.fault() && g.fault())) g.put("call kfunc bpf_cpumask_release");
    g.clobber("none");
  });
  g.put(`${end}:`);
  g.clobber("none");
  g.set(keep, "none");
}

/** All tasks, one after the other. */
export function tasks(g: Builder): void {
  const keep = g.saved();
  if (!g.callable() || keep === undefined || g.frame.depth > 0) return arithmetic(g);
  const at = g.reserve(24);
  if (at === undefined) return arithmetic(g);
  const address = ["r1 = r10", `r1 += ${at}`], top = g.label(), out = g.label();
  const section = g.random(8) !== 0;
  if (section) g.put("call kfunc bpf_rcu_read_lock");
  g.put(...address, "r2 = 0", `r3 = ${g.random(3)}`, "call kfunc bpf_iter_task_new");
  g.clobber("none");
  g.set(keep, "none");
  g.frame.held++;
  g.put(`${top}:`, ...address, "call kfunc bpf_iter_task_next");
  g.put(`if r0 == 0 goto ${out}`, `r${keep} = r0`);
  g.maybe(() => {
    field(g, keep);
    if (g.random(2) === 0) acquired(g, keep);
    g.put(`goto ${top}`);
  });
  g.put(`${out}:`);
  g.clobber("none");
  g.frame.held--;
  if (!(g.fault() && g.fault())) g.put(...address, "call kfunc bpf_iter_task_destroy");
  if (section && !(g.fault() && g.fault())) g.put("call kfunc bpf_rcu_read_unlock");
  g.clobber("none");
  g.giveBack(24);
}

/** A timer, set and stopped; what it runs is verified as a program of its own. */
export function timer(g: Builder): void {
  const kept = g.saved();
  if (!g.callable() || kept === undefined || g.traits.objects !== true || g.frame.depth > 1) {
    return arithmetic(g);
  }
  const name = g.functionName(), value = ["r1 = map_value z+0 ll"];
  g.function(name, ["none", "none", "key", "z8"], () => {
    g.fillSlots();
    g.put("r3 += 16");
    g.frame.throws = false;
    for (let i = 0; i < 2; i++) {
      g.put("r7 = r3");
      g.set(7, "z8");
    }
    g.statements(2 + g.random(4));
    g.put(g.fault() ? `r0 = r${g.number()}` : "r0 = 0", "exit");
  });
  g.put(...value, "r2 = map z ll", `r3 = ${g.fault() ? 2 : 1}`, "call bpf_timer_init#169");
  g.put(...value, `r2 = func ${name} ll`, "call bpf_timer_set_callback#170");
  g.put(...value, "r2 = 1000", "r3 = 0", "call bpf_timer_start#171");
  if (g.random(2) === 0) g.put(...value, "call bpf_timer_cancel#172");
  g.clobber();
}
