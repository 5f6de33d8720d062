import { assertEquals, assertThrows } from "@std/assert";
import type { AnyFact, FactNames } from "../ir/fact.ts";
import type { SubprogId } from "../ir/insn.ts";
import {
  branchTaken,
  callbackKind,
  callMap,
  dead,
  fastcallDepth,
  fastcallSpills,
  kfuncContexts,
  loopCallback,
  NO_CALLBACK,
  NO_MAP,
  pointerKind,
  stackDepth,
  verified,
} from "./facts.ts";

const NAMES: FactNames = {
  nameOf: (id) => id === 3 ? "callback" : "other",
  subprogNamed: (name) => name === "callback" ? 3 as SubprogId : undefined,
};

const VALUES: readonly (readonly [AnyFact, readonly unknown[]])[] = [
  [dead, [true, false]],
  [branchTaken, ["both", "jumped", "fell", "neither"]],
  [loopCallback, [3, NO_CALLBACK]],
  [fastcallSpills, [0, 2]],
  [fastcallDepth, [null, { from: 24, to: 8 }]],
  [callbackKind, ["no", "sync", "async", "exception"]],
  [pointerKind, ["unknown", "ctx", "map_value", "mixed"]],
  [callMap, [NO_MAP, 0, 7]],
  [kfuncContexts, [null, [], [{ args: [{ kind: "dynptr", type: 4 }, { kind: "null" }] }]]],
  [stackDepth, [0, 512]],
  [verified, [true, false]],
];

Deno.test("every shared fact reads back what it prints", () => {
  for (const [fact, values] of VALUES) {
    for (const value of values) {
      assertEquals(fact.text.parse(fact.text.print(value, NAMES), NAMES), value, fact.name);
    }
  }
});

Deno.test("a callback prints as its subprogram's name", () => {
  assertEquals(loopCallback.text.print(3 as SubprogId, NAMES), "callback");
  assertThrows(() => loopCallback.text.parse("nobody", NAMES), SyntaxError, '"nobody"');
});

Deno.test("what is no value of a fact is refused", () => {
  assertThrows(() => branchTaken.text.parse("sometimes"), SyntaxError, "sometimes");
  assertThrows(() => callbackKind.text.parse("yes"), SyntaxError, "yes");
  assertThrows(() => pointerKind.text.parse("pointer"), SyntaxError, "pointer");
  assertThrows(() => fastcallDepth.text.parse("8"), SyntaxError, "8");
});

Deno.test("initial values are the ones that allow nothing", () => {
  assertEquals(
    [
      dead,
      branchTaken,
      loopCallback,
      fastcallSpills,
      fastcallDepth,
      pointerKind,
      callMap,
      kfuncContexts,
      verified,
    ]
      .map((fact: AnyFact) => fact.initial),
    [false, "both", NO_CALLBACK, 0, null, "unknown", NO_MAP, null, false],
  );
  assertEquals(stackDepth.initial, 512);
});
