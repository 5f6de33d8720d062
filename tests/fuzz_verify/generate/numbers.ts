/**
 * Numbers: arithmetic of every kind and width, comparisons, and numbers within bounds.
 *
 * @module
 */
import type { Builder } from "./builder.ts";

const COMPARISONS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const BYTE_ORDERS = ["be16", "be32", "be64", "le16", "le32", "bswap16", "bswap32", "bswap64"];

/** One instruction on numbers. */
export function arithmetic(g: Builder): void {
  const r = g.changeable(), wide = g.random(3) !== 0 ? "r" : "w";
  const choice = g.random(18);
  if (choice === 0) return g.put(`${wide}${r} = -${wide}${r}`);
  if (choice === 1) return g.put(`r${r} = ${g.of(BYTE_ORDERS)} r${r}`);
  if (choice === 2) {
    const s = g.number();
    return g.put(`${wide}${r} = (${g.of(wide === "r" ? ["s8", "s16", "s32"] : ["s8", "s16"])})${wide}${s}`);
  }
  if (choice === 3) return g.put(`r${r} = ${g.random(0xffffffff)}${g.random(0xffffff)} ll`);
  if (choice < 6) {
    const op = g.of(["<<=", ">>=", "s>>="]), bits = wide === "r" ? 64 : 32;
    return g.put(
      `${wide}${r} ${op} ${g.random(4) === 0 ? `${wide}${g.number()}` : g.random(bits)}`,
    );
  }
  if (choice === 6) {
    const op = g.of(["/=", "%=", "s/=", "s%="]);
    return g.put(
      `${wide}${r} ${op} ${g.random(3) === 0 ? `${wide}${g.number()}` : g.constant() || 3}`,
    );
  }
  if (choice === 7) return linked(g, r);
  const op = g.of(["+=", "-=", "*=", "&=", "|=", "^=", "=", "+=", "&="]);
  if (g.random(2) === 0) return g.put(`${wide}${r} ${op} ${g.constant()}`);
  g.put(`${wide}${r} ${op} ${wide}${g.number()}`);
}

/** Two registers that stay a constant apart, one of which is then bounded: what is learnt of one is learnt of the other. */
function linked(g: Builder, r: number): void {
  const other = g.freeBut(r);
  if (other === undefined) return;
  const wide = g.random(3) !== 0 ? "r" : "w";
  if (wide === "w" && g.random(2) === 0) g.put(`w${r} = w${r}`);
  g.put(`${wide}${other} = ${wide}${r}`);
  g.set(other, "num");
  for (let i = g.random(3); i > 0; i--) {
    g.put(`${g.random(4) === 0 ? "w" : wide}${g.of([r, other])} += ${g.constant()}`);
  }
  const end = g.label();
  g.put(`if ${g.random(3) !== 0 ? "r" : "w"}${r} ${g.of(COMPARISONS)} ${g.constant()} goto ${end}`);
  g.maybe(() => g.statements(1 + g.random(2)));
  g.put(`${end}:`);
}

/** `if … goto`, without the target. */
export function condition(g: Builder): string {
  const wide = g.random(3) !== 0 ? "r" : "w";
  const right = g.random(3) === 0 ? `${wide}${g.number()}` : g.constant();
  return `if ${wide}${g.number()} ${g.of(COMPARISONS)} ${right}`;
}

/** Bounds a number to 0..limit (or nearly), by leaving if it is not, or by arithmetic; the register. */
export function bounded(g: Builder, limit: number, keep?: number): number {
  let r = g.changeable();
  if (r === keep) {
    r = [7, 8, 9, 0, 1].find((other) => other !== keep && !g.isLocked(other)) ?? 0;
    g.put(`r${r} = ${g.constant()}`);
    g.set(r, "num");
  }
  const wrong = g.fault() ? g.of([1, 8, 64, 1000]) : 0;
  const most = limit + wrong;
  const on = g.label(), off = g.label();
  switch (g.random(6)) {
    case 0: {
      g.put(`r${r} &= ${2 ** Math.floor(Math.log2(most + 1)) - 1}`);
      break;
    }
    case 1:
      if (g.fault()) g.put(`r${r} %= ${most + 1}`);
      else g.put(`r${r} >>= ${64 - Math.floor(Math.log2(most + 1))}`);
      break;
    case 2:
      g.put(`if r${r} <= ${most} goto ${on}`, `r${r} = ${g.random(most + 1)}`, `${on}:`);
      break;
    case 3:
      g.put(`if r${r} s> ${most} goto ${off}`);
      if (!g.fault()) g.put(`if r${r} s>= 0 goto ${on}`);
      else g.put(`goto ${on}`);
      g.put(`${off}:`, `r${r} = ${g.random(most + 1)}`, `${on}:`);
      break;
    case 4:
      // The lower half says something of the whole where the upper is known.
      g.put(`if w${r} s< 0 goto ${off}`, `if w${r} <= ${most} goto ${on}`);
      g.put(`${off}:`, `r${r} = ${g.random(most + 1)}`, `${on}:`);
      if (!g.fault()) g.put(`w${r} = w${r}`);
      break;
    default:
      g.put(`w${r} = w${r}`);
      g.put(`if w${r} < ${most + 1} goto ${on}`, `r${r} = 0`, `${on}:`);
  }
  return r;
}
