/**
 * The types of programs whose section is none of libbpf's: from older names, from what the program does, from its company.
 *
 * In this order: a name that older loaders knew; what the caller asks for; the names of `legacy_sections.ts` as far as the
 * program's use allows; the use alone where it leaves one choice. Programs that share a program array are of one type, as a kernel
 * insists, and so are all of an object whose sections are tail-call slots, since iproute2 loads an object for one type; they are
 * judged together. Who is open then is of the type of its like, and else of `unspec`, which no verdict is given for.
 *
 * @module
 */
import type { Profile } from "../../profile/profile.ts";
import { legacyTypes, tailCallSlot } from "./legacy_sections.ts";
import type { Use } from "./use.ts";
import { PLAIN_TYPES, possibleTypes } from "./use.ts";

/** A program as far as its type depends on it. */
export interface Candidate {
  /** Its section's name. */
  readonly section: string;
  /** `unspec` if it is open. */
  readonly type: string;
  /** What it uses. */
  readonly use: Use;
  /** The program arrays it refers to. */
  readonly progArrays: readonly number[];
}

/** Types of traffic control and light-weight tunnels: their helpers differ from all others, hardly from each other. */
const OF_TRAFFIC: ReadonlySet<string> = new Set([
  "sched_cls",
  "sched_act",
  "lwt_in",
  "lwt_out",
  "lwt_xmit",
  "lwt_seg6local",
  "sk_skb",
]);

/** The type of each program, `unspec` where it stays open. `asked`: what programs are whose section says nothing. */
export function decideTypes(
  candidates: readonly Candidate[],
  options: { asked?: string; profile?: Profile },
): readonly string[] {
  const { asked, profile } = options;
  if (candidates.every(({ type }) => type !== "unspec")) return candidates.map(({ type }) => type);
  if (asked !== undefined) return candidates.map(({ type }) => type === "unspec" ? asked : type);
  if (profile === undefined) return candidates.map(({ type }) => type);
  const types: string[] = candidates.map(({ type }) => type);
  const possible = candidates.map(({ type, use }) =>
    type === "unspec" ? possibleTypes(use, profile) : [type]
  );
  for (const group of companies(candidates)) {
    const open = group.filter((i) => types[i] === "unspec");
    if (open.length === 0) continue;
    const common = PLAIN_TYPES.filter((type) => group.every((i) => possible[i].includes(type)));
    const stated = new Set(group.filter((i) => types[i] !== "unspec").map((i) => types[i]));
    const named = group.flatMap((i) => legacyTypes(candidates[i].section));
    const together = stated.size > 0
      ? [...stated].find((type) => stated.size === 1 && common.includes(type))
      : named.find((type) => common.includes(type)) ?? theOnly(common);
    for (const i of open) {
      types[i] = together ??
        legacyTypes(candidates[i].section).find((type) => possible[i].includes(type)) ??
        theOnly(possible[i]) ?? "unspec";
    }
  }
  // Sections that differ in a number alone are parts of one thing; else one loader names the types of all that libbpf would not
  // know, where more than one says so.
  for (const { kin, least } of [{ kin: familyOf, least: 1 }, { kin: () => "", least: 2 }]) {
    const found = types.map((type, i) => {
      if (type !== "unspec") return type;
      const family = kin(candidates[i].section);
      const others = types.filter((other, j) =>
        other !== "unspec" && candidates[j].type === "unspec" && kin(candidates[j].section) === family
      );
      const [one] = others;
      const agreed = others.length >= least && others.every((other) => other === one);
      return agreed && possible[i].includes(one) ? one : type;
    });
    found.forEach((type, i) => types[i] = type);
  }
  return types;
}

/** A section's name without its numbers. */
function familyOf(section: string): string {
  return section.replaceAll(/\d+/g, "#");
}

/** What a choice leaves: itself if there is one, and classifiers among the types of traffic, which loaders of unknown names make. */
function theOnly(types: readonly string[]): string | undefined {
  if (types.length === 1) return types[0];
  return types.includes("sched_cls") && types.every((type) => OF_TRAFFIC.has(type)) ? "sched_cls" : undefined;
}

/** Programs that have to be of one type, as lists of indices. */
function companies(candidates: readonly Candidate[]): number[][] {
  const leader = candidates.map((_, i) => i);
  const find = (i: number): number => {
    while (leader[i] !== i) i = leader[i] = leader[leader[i]];
    return i;
  };
  const first = new Map<number, number>();
  const isSlotted = candidates.some(({ section }) => tailCallSlot(section) !== undefined);
  candidates.forEach(({ progArrays }, i) => {
    for (const map of progArrays) {
      const other = first.get(map);
      if (other === undefined) first.set(map, i);
      else leader[find(i)] = find(other);
    }
    if (isSlotted) leader[find(i)] = find(0);
  });
  const groups = new Map<number, number[]>();
  candidates.forEach((_, i) => {
    const list = groups.get(find(i));
    if (list === undefined) groups.set(find(i), [i]);
    else list.push(i);
  });
  return [...groups.values()];
}
