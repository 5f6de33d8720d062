/**
 * Visits of loops: while the paths that begin in a loop are explored, a state in it may still lack precise marks, so states that
 * were matched to it are kept, and the marks are carried over these back edges again when the last path is done.
 *
 * A visit belongs to a loop and to the calls that lead to it. Mirrors `maybe_enter_scc`, `maybe_exit_scc`, `add_scc_backedge` and
 * `propagate_backedges` of Linux 6.18's `kernel/bpf/verifier.c`.
 *
 * @module
 */
import { W } from "./arena.ts";
import { freeBlock } from "./blocks.ts";
import type { Env } from "../env.ts";
import { savedFrameInsn, ST_CURFRAME, ST_EQUAL, ST_VISIT } from "./states.ts";

/** How often marks are carried over a loop's back edges before everything in it is marked. */
const MAX_ROUNDS = 64;

interface Visit {
  /** The calls that lead to the loop, then its number; negative for what a callback makes. */
  readonly chain: readonly number[];
  /** The state by which it was entered; 0 = nobody is in it. */
  entry: number;
  /** Ends of paths that equal a state of the loop. */
  backedges: number[];
}

/** See the module's header. */
export class Loops {
  readonly #env: Env;
  readonly #visits: Visit[] = [];
  readonly #byChain: Map<string, number> = new Map();
  /** How many ends of paths are kept. */
  backedgeCount = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  #chainOf(state: number): number[] | undefined {
    const chain: number[] = [], top = W[state + ST_CURFRAME];
    for (let f = 0; f <= top; f++) {
      const insn = savedFrameInsn(state, f), component = this.#env.component[insn];
      if (component !== 0) return [...chain, component];
      // Beyond the kernel: a callback comes round like a loop; see docs/kernel_divergences.md. Such a loop has a negative number.
      if (this.#env.callsCallback(insn)) return [...chain, -1 - insn];
      chain.push(insn);
    }
    return undefined;
  }

  /** A state was saved: notes to which visit it belongs, and begins the visit if nobody is in it. */
  enter(state: number): void {
    const chain = this.#chainOf(state);
    if (chain === undefined) return;
    const key = chain.join();
    let at = this.#byChain.get(key);
    if (at === undefined) {
      at = this.#visits.push({ chain, entry: 0, backedges: [] }) - 1;
      this.#byChain.set(key, at);
    }
    W[state + ST_VISIT] = at + 1;
    const visit = this.#visits[at];
    if (visit.entry !== 0) return;
    visit.entry = state;
    this.#log("enter", visit);
  }

  #log(what: string, visit: Visit): void {
    if ((this.#env.logLevel & 2) === 0 || visit.chain.at(-1)! < 0) return;
    // The kernel takes the first instruction for the end of the list of calls.
    const calls = visit.chain.slice(0, -1),
      shown = calls.includes(0) ? calls.slice(0, calls.indexOf(0)) : calls;
    this.#env.verbose(`SCC ${what} (${[...shown, visit.chain.at(-1)].join(",")})\n`);
  }

  /** All paths through a state are done: if it began a visit, carries the marks over the visit's back edges and ends it. */
  exit(state: number): number {
    const at = W[state + ST_VISIT];
    if (at === 0) return 0;
    const visit = this.#visits[at - 1];
    if (visit.entry !== state) return 0;
    this.#log("exit", visit);
    visit.entry = 0;
    this.backedgeCount -= visit.backedges.length;
    const { precision } = this.#env;
    for (let round = 0, changed = true; changed;) {
      if (round++ > MAX_ROUNDS) {
        if (this.#env.logLevel & 2) this.#env.verbose("propagate_backedges: too many iterations\n");
        for (const state of visit.backedges) precision.markAll(this.#env, state);
        break;
      }
      changed = false;
      for (let i = visit.backedges.length - 1; i >= 0; i--) {
        const state = visit.backedges[i];
        const result = precision.propagate(this.#env, W[state + ST_EQUAL], state);
        if (result < 0) return result;
        if (result > 0) changed = true;
      }
    }
    for (const state of visit.backedges) freeBlock(state);
    visit.backedges = [];
    return 0;
  }

  /** Keeps the end of a path that was found to equal a state of a loop. */
  addBackedge(equal: number, end: number): void {
    const visit = this.#visits[W[equal + ST_VISIT] - 1];
    W[end + ST_EQUAL] = equal;
    visit.backedges.push(end);
    this.backedgeCount++;
    this.#log("backedge", visit);
  }

  /** Calls `visit` with each state that began a visit and each end of a path that is kept. */
  eachState(visit: (state: number) => void): void {
    for (const { entry, backedges } of this.#visits) {
      if (entry !== 0) visit(entry);
      for (const end of backedges) visit(end);
    }
  }

  /** Whether a state may still lack marks. */
  isIncomplete(state: number): boolean {
    const at = W[state + ST_VISIT];
    return at !== 0 && this.#visits[at - 1].backedges.length > 0;
  }
}
