/**
 * Random programs that give a verifier something to do: numbers with ranges, branches that narrow them, loops of every kind, spills and
 * fills of every width, packets, maps and other memory at variable offsets, subprograms, callbacks, references, locks, dynptrs.
 *
 * A program knows roughly what each of its registers holds (`generate/builder.ts`), so that more than half of all programs are safe; on
 * purpose some bounds are one off and some checks are missing. No address ever becomes a number and all stack that is read was written,
 * so that runs at different addresses give the same results.
 *
 * Callbacks for exceptions are never generated: loading such a program can make Linux 6.18 follow a null pointer (`jit_subprogs`), which
 * kills the process and harms the machine.
 *
 * @module
 */
import { randomOf } from "../../ir/random_program.ts";
import { Builder } from "./generate/builder.ts";
import { call, eachElement, fastcall, leave, loopCallback, tailCall, unknown } from "./generate/calls.ts";
import { branch, budgetLoop, countedLoop, iteratorLoop } from "./generate/control.ts";
import { exchange, insert, resilient, takeOut } from "./generate/graph.ts";
import { deepStack, dynamicRecord, helper, ownSocket, send } from "./generate/helpers.ts";
import { mask, task, taskByNumber, tasks, timer } from "./generate/kernel_objects.ts";
import { changeMap, locked, lookup, lookupInner, mapLines } from "./generate/maps.ts";
import { access, atomic, fillPointer, load, spillPointer, store, variableStack } from "./generate/memory.ts";
import { arithmetic } from "./generate/numbers.ts";
import { dynptr, object, record, section, socket, socketField } from "./generate/objects.ts";
import { checksum, context, copyPacket, movePacket, packet } from "./generate/packet.ts";
import { TYPE_IDS } from "./program.ts";

type Statement = (g: Builder) => void;

const inMain = (statement: Statement): Statement => (g) => (g.frame.main ? statement : access)(g);
const shallow = (most: number, statement: Statement): Statement => (g) =>
  (g.frame.depth < most ? statement : arithmetic)(g);

/** Statements, and of how many hundred each is one. */
const STATEMENTS: readonly (readonly [weight: number, statement: Statement])[] = [
  [16, arithmetic],
  [12, branch],
  [5, countedLoop],
  [2, budgetLoop],
  [2, shallow(2, iteratorLoop)],
  [6, store],
  [7, load],
  [4, variableStack],
  [3, spillPointer],
  [3, fillPointer],
  [10, access],
  [3, lookup],
  [1, lookupInner],
  [2, changeMap],
  [2, locked],
  [5, inMain(packet)],
  [1, movePacket],
  [1, copyPacket],
  [1, checksum],
  [3, context],
  [4, atomic],
  [4, shallow(3, call)],
  [3, shallow(2, loopCallback)],
  [1, shallow(2, eachElement)],
  [1, tailCall],
  [3, unknown],
  [2, fastcall],
  [1, leave],
  [2, shallow(2, record)],
  [2, shallow(2, socket)],
  [2, socketField],
  [1, shallow(2, (g) => object(g, TYPE_IDS.own))],
  [2, shallow(2, section)],
  [2, shallow(2, dynptr)],
  [2, shallow(2, (g) => insert(g, TYPE_IDS.shared))],
  [2, shallow(2, takeOut)],
  [1, (g) => exchange(g, TYPE_IDS.own)],
  [1, shallow(2, resilient)],
  [4, helper],
  [1, send],
  [2, shallow(2, ownSocket)],
  [1, shallow(2, dynamicRecord)],
  [1, deepStack],
  [1, shallow(2, timer)],
];
const ALL = STATEMENTS.reduce((sum, [weight]) => sum + weight, 0);

/** While a lock is held nothing is called. */
const QUIET: readonly Statement[] = [arithmetic, branch, store, load, access, access, variableStack, atomic];

/** What programs without packets do more than others. */
const BARE: readonly Statement[] = [task, taskByNumber, mask, tasks];

function statement(g: Builder): void {
  if (g.frame.quiet && !g.fault()) return g.of(QUIET)(g);
  if (g.traits.bare === true && g.frame.depth < 2 && g.random(5) === 0) return g.of(BARE)(g);
  let at = g.random(ALL);
  for (const [weight, statement] of STATEMENTS) {
    at -= weight;
    if (at < 0) return statement(g);
  }
}

/** A program's text. Equal seeds give equal programs. */
export function generateText(seed: number): string {
  const random = randomOf(Math.imul(seed, 0x9e3779b1));
  // The first numbers of neighbouring seeds are alike.
  for (let i = 0; i < 8; i++) random(2);
  const g = new Builder(random, statement);
  const attach = g.type === "cgroup_skb" ? [`attach ${random(2)}`] : [];
  g.set(1, "ctx");
  g.fillSlots();
  g.put("r6 = r1");
  g.set(6, "ctx");
  g.frame.locked.add(6);
  g.statements(4 + random(13));
  const r0 = g.number();
  if (r0 !== 0) g.put(`r0 = r${r0}`);
  if (g.type === "cgroup_skb" && !g.fault()) g.put("r0 &= 1");
  g.put("exit");
  // Strict alignment, states saved everywhere, bounds that must not contradict each other.
  const flags = (g.type === "syscall" && !g.fault() ? 16 : 0) | (random(16) === 0 ? 1 : 0) |
    (random(4) === 0 ? 8 : 0) | (random(16) === 0 ? 128 : 0);
  const lines = ["func main:", ...g.frame.lines, ...g.functions];
  return [
    `type ${g.type}`,
    ...attach,
    ...(flags === 0 ? [] : [`flags ${flags}`]),
    ...mapLines(lines.join("\n"), TYPE_IDS),
    ...lines,
  ].join("\n") + "\n";
}
