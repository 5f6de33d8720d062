/**
 * Calls: of functions of the program (static, and global with arguments of several kinds), of callbacks, of other programs, and of small
 * helpers.
 *
 * @module
 */
import type { Builder, Kind } from "./builder.ts";
import { MEMORY } from "./builder.ts";
import { load } from "./memory.ts";
import { arithmetic, bounded } from "./numbers.ts";

/** What a function that is written is for. */
type Purpose = "number" | "pointer" | "context" | "global" | "loop" | "each";

/** The name of a new function of its own. */
function define(g: Builder, purpose: Purpose, takes = ""): string {
  const name = g.functionName(takes);
  const args: Record<Purpose, readonly Kind[]> = {
    number: ["none", "num", "num"],
    pointer: ["none", "arg", "num"],
    context: ["none", "ctx", "num"],
    global: [
      "none",
      ...[...takes].map((letter): Kind =>
        letter === "c" || letter === "x" ? "ctx" : letter === "n" ? "num" : "mem"
      ),
    ],
    loop: ["none", "num", "arg"],
    each: ["none", "none", "key", "m0", "arg"],
  };
  const { throws } = g.frame;
  g.function(purpose === "global" ? `${name} global` : name, args[purpose], () => {
    g.fillSlots();
    g.frame.throws = throws && purpose !== "loop" && purpose !== "each";
    if (g.kind(1) === "ctx") {
      g.put("r6 = r1");
      g.set(6, "ctx");
      g.frame.locked.add(6);
    }
    // Memory that may be missing is asked about at once.
    [...takes].forEach((letter, i) => {
      if (letter !== "m" || g.fault()) return;
      const on = g.label();
      g.put(`if r${i + 1} != 0 goto ${on}`, "r0 = 0", "exit", `${on}:`);
    });
    for (let r = 1; r <= 4; r++) {
      const to = 7 + g.random(3);
      if (g.kind(r) in MEMORY && g.kind(to) === "none" && g.random(2) === 0) {
        g.put(`r${to} = r${r}`);
        g.set(to, g.kind(r));
      }
    }
    g.statements(2 + g.random(6));
    const callback = purpose === "loop" || purpose === "each";
    const r = callback && g.random(2) === 0 ? undefined : g.number();
    if (r === undefined) g.put("r0 = 0");
    else if (r !== 0) g.put(`r0 = r${r}`);
    if (callback) g.put(g.fault() ? "r0 &= 3" : "r0 &= 1");
    g.put("exit");
  });
  return name;
}

/** A register to an argument. */
function argument(g: Builder, to: number, from: number): void {
  if (from !== to) g.put(`r${to} = r${from}`);
}

/** Memory of a register or of the frame as an argument. */
function memoryArgument(g: Builder, to: number, maybeNull: boolean): void {
  const have = g.frame.kinds.flatMap((kind, r) =>
    kind in MEMORY && MEMORY[kind as keyof typeof MEMORY].size >= 16 && r > 5 ? [r] : []
  );
  if (have.length > 0 && g.random(2) === 0) return argument(g, to, g.of(have));
  if (maybeNull ? g.random(4) === 0 : g.random(100) === 0) return g.put(`r${to} = 0`);
  g.put(`r${to} = r10`, `r${to} += -${g.fault() ? 8 : 16 * (1 + g.random(4))}`);
}

/** A call of a function that is written for it. */
export function call(g: Builder): void {
  if (!g.callable()) return arithmetic(g);
  const purpose = g.of(["number", "pointer", "context", "global", "global"] as const);
  if (purpose === "context" && g.kind(6) !== "ctx") return arithmetic(g);
  const takes = purpose === "global"
    ? g.of(["nn", "n", "m", "M", "Mn", ...(g.kind(6) === "ctx" ? ["cn", "xM"] : ["nn"])])
    : "";
  const moves = g.frame.lines.length;
  const name = define(g, purpose, takes);
  if (purpose === "global") {
    [...takes].forEach((letter, i) => {
      const to = i + 1;
      if (letter === "c" || letter === "x") g.put(`r${to} = r6`);
      else if (letter === "n") argument(g, to, number(g, to));
      else memoryArgument(g, to, letter === "m");
      // Later arguments must not take it for something else.
      g.set(to, "none");
      g.frame.locked.add(to);
    });
    for (let r = 1; r <= takes.length; r++) g.frame.locked.delete(r);
  } else {
    argument(g, 2, number(g, 2));
    g.set(2, "none");
    if (purpose === "number") g.locking([2], () => argument(g, 1, number(g, 1)));
    else if (purpose === "context") g.put("r1 = r6");
    else g.put("r1 = r10", `r1 += -${16 * (1 + g.random(4))}`);
  }
  g.put(`call ${name}`);
  g.clobber();
  // What moves the packet in there moves it here.
  const text = g.functions.join("\n");
  if (moves >= 0 && /adjust_|pull_data|change_|store_bytes/.test(text)) g.packetMoved();
}

/** A number that stays in its register until it is an argument. */
function number(g: Builder, to: number): number {
  const r = g.number();
  return r === to || r > 5 || !g.isLocked(r) ? r : to;
}

/** A loop whose body is a function. */
export function loopCallback(g: Builder): void {
  if (!g.callable()) return unknown(g);
  const name = define(g, "loop");
  if (g.random(2) === 0) g.put(`r1 = ${g.random(6)}`);
  else {
    const r = bounded(g, 7);
    // Beyond 8388608 the inlined loop gives another 64-bit number than the helper: see docs/kernel_divergences.md.
    g.put(`r${r} &= ${g.of([7, 15])}`);
    if (r !== 1) g.put(`r1 = r${r}`);
  }
  g.put(`r2 = func ${name} ll`, "r3 = r10", `r3 += -${16 * (1 + g.random(4))}`);
  // Flags that are not a constant on every way, or not the same one, keep the call.
  const flags = g.frame.kinds.flatMap((kind, r) => kind === "num" && r > 3 ? [r] : []);
  if (flags.length > 0 && g.random(12) === 0) argument(g, 4, g.of(flags));
  else g.put(g.fault() ? `r4 = ${g.random(2)}` : "r4 = 0");
  g.put("call bpf_loop#181");
  g.clobber();
}

/** A function for each element of a map. */
export function eachElement(g: Builder): void {
  if (!g.callable()) return unknown(g);
  const name = define(g, "each");
  const map = g.fault() ? "h" : "m";
  g.put(
    `r1 = map ${map} ll`,
    `r2 = func ${name} ll`,
    "r3 = r10",
    `r3 += -${16 * (1 + g.random(4))}`,
    "r4 = 0",
  );
  g.put("call bpf_for_each_map_elem#164");
  g.clobber();
}

/** Another program in the place of this one; there is none, so that it goes on. */
export function tailCall(g: Builder): void {
  if (!g.callable() || (g.frame.held > 0 && !g.fault()) || g.kind(6) !== "ctx" || g.traits.sleeps === true) {
    return unknown(g);
  }
  argument(g, 3, g.number());
  g.put("r1 = r6", "r2 = map t ll", "call bpf_tail_call#12");
  g.clobber("none");
}

/** A number that nobody knows. */
export function unknown(g: Builder): void {
  if (!g.callable()) return load(g);
  g.put("call bpf_get_prandom_u32#7");
  g.clobber();
}

/** A call that keeps registers if what is around it stores and loads them where nobody else does. */
export function fastcall(g: Builder): void {
  if (!g.callable()) return load(g);
  const place = g.reserve(16);
  if (place === undefined) return load(g);
  const kept = g.frame.kinds.flatMap((kind, r) => r >= 1 && r <= 5 && kind !== "none" ? [r] : []).slice(0, 2);
  const kinds = kept.map((r) => g.kind(r));
  kept.forEach((r, i) => g.put(`*(u64 *)(r10 ${place + 8 * i}) = r${r}`));
  // Its bounds are the number of processors, which only the kernel knows.
  g.put("call bpf_get_smp_processor_id#8", `r0 = ${g.constant()}`);
  g.clobber();
  [...kept].reverse().forEach((r) => {
    const i = kept.indexOf(r);
    g.put(`r${r} = *(u64 *)(r10 ${place + 8 * i})`);
    g.set(r, kinds[i]);
  });
  // Whoever looks at the place elsewhere keeps it from being removed.
  if (kept.length > 0 && g.fault()) g.put(`*(u64 *)(r10 ${place}) = ${g.constant()}`);
  g.giveBack(16);
}

/** An end in the midst of things. */
export function leave(g: Builder): void {
  if (!g.callable() || (g.frame.held > 0 && !g.fault())) return arithmetic(g);
  const on = g.label();
  g.put(`if r${g.number()} != ${g.constant()} goto ${on}`);
  if (g.random(3) !== 0 || !g.frame.throws || g.traits.objects !== true) g.put(`r0 = ${g.random(2)}`, "exit");
  else g.put(`r1 = ${g.constant()}`, "call kfunc bpf_throw");
  g.put(`${on}:`);
}
