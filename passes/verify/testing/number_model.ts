/**
 * The numbers of a register over BigInt, rule by rule as the stable Linux 6.18.44 has them: what the word arithmetic of `tnum.ts`,
 * `scalar.ts` and `scalar_ops.ts` is compared with. Slow and obvious, for tests only.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { S32MAX, S32MIN, SMAX, SMIN, TMASK, TVAL, U32MAX, U32MIN, UMAX, UMIN } from "../states/layout.ts";

/** An abstract number. */
export interface Num {
  smin: bigint;
  smax: bigint;
  umin: bigint;
  umax: bigint;
  value: bigint;
  mask: bigint;
  u32min: bigint;
  u32max: bigint;
  s32min: bigint;
  s32max: bigint;
}

/** A tnum. */
export interface Tnum {
  value: bigint;
  mask: bigint;
}

export const U64 = (1n << 64n) - 1n;
export const U32 = (1n << 32n) - 1n;
const S64MIN = -(1n << 63n),
  S64MAX = (1n << 63n) - 1n,
  S32MINIMUM = -(1n << 31n),
  S32MAXIMUM = (1n << 31n) - 1n;

/** Unsigned 64 bits. */
export function u64(x: bigint): bigint {
  return BigInt.asUintN(64, x);
}
/** Signed 64 bits. */
export function s64(x: bigint): bigint {
  return BigInt.asIntN(64, x);
}
function u32(x: bigint): bigint {
  return BigInt.asUintN(32, x);
}
function s32(x: bigint): bigint {
  return BigInt.asIntN(32, x);
}
function max(...x: bigint[]): bigint {
  return x.reduce((a, b) => (a > b ? a : b));
}
function min(...x: bigint[]): bigint {
  return x.reduce((a, b) => (a < b ? a : b));
}

/** Nothing known. */
export function unknown(): Num {
  return {
    smin: S64MIN,
    smax: S64MAX,
    umin: 0n,
    umax: U64,
    value: 0n,
    mask: U64,
    u32min: 0n,
    u32max: U32,
    s32min: S32MINIMUM,
    s32max: S32MAXIMUM,
  };
}

/** One value. */
export function known(v: bigint): Num {
  const u = u64(v), s = s64(v);
  return {
    smin: s,
    smax: s,
    umin: u,
    umax: u,
    value: u,
    mask: 0n,
    u32min: u32(u),
    u32max: u32(u),
    s32min: s32(u),
    s32max: s32(u),
  };
}

/** Whether a concrete value is one of the number's. */
export function contains(n: Num, v: bigint): boolean {
  const u = u64(v), s = s64(v);
  return s >= n.smin && s <= n.smax && u >= n.umin && u <= n.umax && (u & ~n.mask & U64) === n.value &&
    u32(u) >= n.u32min && u32(u) <= n.u32max && s32(u) >= n.s32min && s32(u) <= n.s32max;
}

function put64(at: number, v: bigint): void {
  W[at] = Number(s32(v));
  W[at + 1] = Number(s32(v >> 32n));
}
function get64(at: number): bigint {
  return (BigInt(W[at + 1] >>> 0) << 32n) | BigInt(W[at] >>> 0);
}

/** Writes the number words of the register at `o`. */
export function store(o: number, n: Num): void {
  put64(o + SMIN, n.smin);
  put64(o + SMAX, n.smax);
  put64(o + UMIN, n.umin);
  put64(o + UMAX, n.umax);
  put64(o + TVAL, n.value);
  put64(o + TMASK, n.mask);
  W[o + U32MIN] = Number(s32(n.u32min));
  W[o + U32MAX] = Number(s32(n.u32max));
  W[o + S32MIN] = Number(n.s32min);
  W[o + S32MAX] = Number(n.s32max);
}

/** Reads the number words of the register at `o`. */
export function load(o: number): Num {
  return {
    smin: s64(get64(o + SMIN)),
    smax: s64(get64(o + SMAX)),
    umin: get64(o + UMIN),
    umax: get64(o + UMAX),
    value: get64(o + TVAL),
    mask: get64(o + TMASK),
    u32min: BigInt(W[o + U32MIN] >>> 0),
    u32max: BigInt(W[o + U32MAX] >>> 0),
    s32min: BigInt(W[o + S32MIN]),
    s32max: BigInt(W[o + S32MAX]),
  };
}

/** Reads the tnum at `at`. */
export function loadTnum(at: number): Tnum {
  return { value: get64(at), mask: get64(at + 2) };
}

/** Writes a tnum to `at`. */
export function storeTnum(at: number, t: Tnum): void {
  put64(at, t.value);
  put64(at + 2, t.mask);
}

/** The tnum operations. */
export const T = {
  range(lo: bigint, hi: bigint): Tnum {
    const bits = (u64(lo) ^ u64(hi)).toString(2).replace(/^0$/, "").length;
    const delta = (1n << BigInt(bits)) - 1n;
    return { value: u64(lo) & ~delta & U64, mask: delta };
  },
  add(a: Tnum, b: Tnum): Tnum {
    const sv = u64(a.value + b.value), sigma = u64(a.mask + b.mask + sv);
    const mu = (sigma ^ sv) | a.mask | b.mask;
    return { value: sv & ~mu & U64, mask: mu };
  },
  sub(a: Tnum, b: Tnum): Tnum {
    const dv = u64(a.value - b.value);
    const mu = (u64(dv + a.mask) ^ u64(dv - b.mask)) | a.mask | b.mask;
    return { value: dv & ~mu & U64, mask: mu };
  },
  and(a: Tnum, b: Tnum): Tnum {
    const v = a.value & b.value;
    return { value: v, mask: (a.value | a.mask) & (b.value | b.mask) & ~v & U64 };
  },
  or(a: Tnum, b: Tnum): Tnum {
    const v = a.value | b.value;
    return { value: v, mask: (a.mask | b.mask) & ~v & U64 };
  },
  xor(a: Tnum, b: Tnum): Tnum {
    const mu = a.mask | b.mask;
    return { value: (a.value ^ b.value) & ~mu & U64, mask: mu };
  },
  union(a: Tnum, b: Tnum): Tnum {
    const mu = (a.value ^ b.value) | a.mask | b.mask;
    return { value: a.value & b.value & ~mu & U64, mask: mu };
  },
  intersect(a: Tnum, b: Tnum): Tnum {
    const mu = a.mask & b.mask;
    return { value: (a.value | b.value) & ~mu & U64, mask: mu };
  },
  mul(a: Tnum, b: Tnum): Tnum {
    let sum: Tnum = { value: 0n, mask: 0n };
    for (let bit = 0n; bit < 64n; bit++) {
      const shifted = { value: u64(b.value << bit), mask: u64(b.mask << bit) };
      if ((a.value >> bit) & 1n) sum = T.add(sum, shifted);
      else if ((a.mask >> bit) & 1n) sum = T.union(sum, T.add(sum, shifted));
    }
    return sum;
  },
  lsh(a: Tnum, n: bigint): Tnum {
    return { value: u64(a.value << n), mask: u64(a.mask << n) };
  },
  rsh(a: Tnum, n: bigint): Tnum {
    return { value: a.value >> n, mask: a.mask >> n };
  },
  arsh(a: Tnum, n: bigint, bits: number): Tnum {
    return bits === 32
      ? { value: u32(s32(a.value) >> n), mask: u32(s32(a.mask) >> n) }
      : { value: u64(s64(a.value) >> n), mask: u64(s64(a.mask) >> n) };
  },
  /** The least member above `z`, bit by bit from the top: the greatest if there is none. */
  step(a: Tnum, z: bigint): bigint {
    const greatest = a.value | a.mask;
    if (z >= greatest) return greatest;
    let best = greatest;
    // A member above z agrees with it in some bits from the top, has a 1 where z has a 0, and is least below.
    for (let bit = 0n; bit < 64n; bit++) {
      const above = U64 ^ ((2n << bit) - 1n), one = 1n << bit;
      if (((z ^ a.value) & above & ~a.mask & U64) !== 0n || (z & one) !== 0n || (greatest & one) === 0n) {
        continue;
      }
      const member = (z & above) | one | (a.value & (one - 1n));
      if (member < best) best = member;
    }
    return best;
  },
  low(a: Tnum): Tnum {
    return { value: a.value & U32, mask: a.mask & U32 };
  },
};

function setTnum(n: Num, t: Tnum): void {
  n.value = t.value;
  n.mask = t.mask;
}

function update32(n: Num): void {
  const v = n.value & U32, m = n.mask & U32;
  n.s32min = max(n.s32min, s32(v | (m & 0x80000000n)));
  n.s32max = min(n.s32max, s32(v | (m & 0x7fffffffn)));
  n.u32min = max(n.u32min, v);
  n.u32max = min(n.u32max, v | m);
}

function update64(n: Num): void {
  const sign = 1n << 63n;
  n.smin = max(n.smin, s64(n.value | (n.mask & sign)));
  n.smax = min(n.smax, s64(n.value | (n.mask & ~sign)));
  n.umin = max(n.umin, n.value);
  n.umax = min(n.umax, n.value | n.mask);
  const next = T.step(n, n.umin), inside = (n.umin & ~n.mask & U64) === n.value, greatest = n.value | n.mask;
  if (inside && next > n.umax) Object.assign(n, known(n.umin));
  else if (!inside && next === greatest) Object.assign(n, known(greatest));
  else if (!inside && next <= n.umax && T.step(n, next) > n.umax) Object.assign(n, known(next));
}

function deduce(n: Num): void {
  const narrowS = (lo: bigint, hi: bigint) => {
    n.s32min = max(n.s32min, s32(lo));
    n.s32max = min(n.s32max, s32(hi));
  };
  const narrowU = (lo: bigint, hi: bigint) => {
    n.u32min = max(n.u32min, u32(lo));
    n.u32max = min(n.u32max, u32(hi));
  };
  if (n.umin >> 32n === n.umax >> 32n) {
    narrowU(n.umin, n.umax);
    if (s32(n.umin) <= s32(n.umax)) narrowS(n.umin, n.umax);
  }
  if (n.smin >> 32n === n.smax >> 32n) {
    if (u32(n.smin) <= u32(n.smax)) narrowU(n.smin, n.smax);
    if (s32(n.smin) <= s32(n.smax)) narrowS(n.smin, n.smax);
  }
  if (u32((n.umin >> 32n) + 1n) === n.umax >> 32n && s32(n.umin) < 0n && s32(n.umax) >= 0n) {
    narrowS(n.umin, n.umax);
  }
  if (u32((n.smin >> 32n) + 1n) === u32(n.smax >> 32n) && s32(n.smin) < 0n && s32(n.smax) >= 0n) {
    narrowS(n.smin, n.smax);
  }
  if (s32(n.u32min) <= s32(n.u32max)) narrowS(n.u32min, n.u32max);
  if (u32(n.s32min) <= u32(n.s32max)) narrowU(n.s32min, n.s32max);
  else if (n.u32max < u32(n.s32min)) {
    n.s32min = s32(n.u32min);
    n.u32max = min(n.u32max, u32(n.s32max));
  } else if (u32(n.s32max) < n.u32min) {
    n.s32max = s32(n.u32max);
    n.u32min = max(n.u32min, u32(n.s32min));
  }

  if (s64(n.umin) <= s64(n.umax)) {
    n.smin = max(n.smin, s64(n.umin));
    n.smax = min(n.smax, s64(n.umax));
  }
  if (u64(n.smin) <= u64(n.smax)) {
    n.umin = max(n.umin, u64(n.smin));
    n.umax = min(n.umax, u64(n.smax));
  } else if (n.umax < u64(n.smin)) {
    n.smin = s64(n.umin);
    n.umax = min(n.umax, u64(n.smax));
  } else if (u64(n.smax) < n.umin) {
    n.smax = s64(n.umax);
    n.umin = max(n.umin, u64(n.smin));
  }

  const high = ~U32;
  n.umin = max(n.umin, (n.umin & high) | n.u32min);
  n.umax = min(n.umax, (n.umax & high) | n.u32max);
  n.smin = max(n.smin, (n.smin & high) | n.u32min);
  n.smax = min(n.smax, (n.smax & high) | n.u32max);
  if (n.s32min >= 0n && n.smin >= S32MINIMUM && n.smax <= S32MAXIMUM) {
    n.smin = n.s32min;
    n.smax = n.s32max;
    n.umin = u64(n.s32min);
    n.umax = u64(n.s32max);
    setTnum(n, T.intersect(n, T.range(n.smin, n.smax)));
  }
}

/** `reg_bounds_sync`. */
export function sync(n: Num): Num {
  update32(n);
  update64(n);
  deduce(n);
  deduce(n);
  deduce(n);
  const whole = T.intersect(n, T.range(n.umin, n.umax));
  const low = T.intersect(T.low(whole), T.range(n.u32min, n.u32max));
  setTnum(n, { value: (whole.value & ~U32) | low.value, mask: (whole.mask & ~U32 & U64) | low.mask });
  update32(n);
  update64(n);
  return n;
}

/** Zero extension of a 32-bit result. */
export function zext(n: Num): Num {
  setTnum(n, T.low(n));
  n.umin = n.u32min;
  n.umax = n.u32max;
  const positive = n.s32min >= 0n && n.s32max >= 0n;
  n.smin = positive ? n.s32min : 0n;
  n.smax = positive ? n.s32max : U32;
  return n;
}

function fits(lo: bigint, hi: bigint, ...x: bigint[]): boolean {
  return x.every((v) => v >= lo && v <= hi);
}

function arith(d: Num, s: Num, op: "add" | "sub" | "mul"): void {
  const corners = (a: bigint, b: bigint, e: bigint, f: bigint): bigint[] =>
    op === "add" ? [a + e, b + f] : op === "sub" ? [a - f, b - e] : [a * e, a * f, b * e, b * f];
  const s32c = corners(d.s32min, d.s32max, s.s32min, s.s32max);
  const s64c = corners(d.smin, d.smax, s.smin, s.smax);
  const fits32 = fits(S32MINIMUM, S32MAXIMUM, ...s32c), fits64 = fits(S64MIN, S64MAX, ...s64c);
  d.s32min = fits32 ? (op === "mul" ? min(...s32c) : s32c[0]) : S32MINIMUM;
  d.s32max = fits32 ? (op === "mul" ? max(...s32c) : s32c[1]) : S32MAXIMUM;
  d.smin = fits64 ? (op === "mul" ? min(...s64c) : s64c[0]) : S64MIN;
  d.smax = fits64 ? (op === "mul" ? max(...s64c) : s64c[1]) : S64MAX;
  const unsigned = (lo: bigint, hi: bigint, slo: bigint, shi: bigint, top: bigint): [bigint, bigint] => {
    if (op === "mul") return lo * slo > top || hi * shi > top ? [0n, top] : [lo * slo, hi * shi];
    const a = op === "add" ? lo + slo : lo - shi, b = op === "add" ? hi + shi : hi - slo;
    const aOut = a < 0n || a > top, bOut = b < 0n || b > top;
    if (op === "add" ? !aOut && bOut : aOut && !bOut) return [0n, top];
    return [a & top, b & top];
  };
  [d.u32min, d.u32max] = unsigned(d.u32min, d.u32max, s.u32min, s.u32max, U32);
  [d.umin, d.umax] = unsigned(d.umin, d.umax, s.umin, s.umax, U64);
}

function bitwise(d: Num, s: Num, op: "and" | "or" | "xor"): void {
  setTnum(d, T[op](d, s));
  const known32 = (s.mask & U32) === 0n && (d.mask & U32) === 0n;
  if (known32) {
    d.u32min = d.u32max = d.value & U32;
    d.s32min = d.s32max = s32(d.value);
  } else {
    const v = d.value & U32, m = d.mask & U32;
    d.u32min = op === "or" ? max(d.u32min, s.u32min) : v;
    d.u32max = op === "and" ? min(d.u32max, s.u32max) : v | m;
    const same = s32(d.u32min) <= s32(d.u32max);
    d.s32min = same ? s32(d.u32min) : S32MINIMUM;
    d.s32max = same ? s32(d.u32max) : S32MAXIMUM;
  }
  if (s.mask === 0n && d.mask === 0n) {
    Object.assign(d, known(d.value));
    return;
  }
  d.umin = op === "or" ? max(d.umin, s.umin) : d.value;
  d.umax = op === "and" ? min(d.umax, s.umax) : d.value | d.mask;
  const same = s64(d.umin) <= s64(d.umax);
  d.smin = same ? s64(d.umin) : S64MIN;
  d.smax = same ? s64(d.umax) : S64MAX;
  update32(d);
  update64(d);
}

function lsh32bounds(d: Num, n: bigint): void {
  d.s32min = S32MINIMUM;
  d.s32max = S32MAXIMUM;
  if (n > 31n || d.u32max > 1n << (31n - n)) {
    d.u32min = 0n;
    d.u32max = U32;
  } else {
    d.u32min <<= n;
    d.u32max <<= n;
  }
}

function unbound(d: Num, which: "64" | "32" | "s64" | "u64"): void {
  const u = unknown();
  if (which === "64" || which === "s64") {
    d.smin = u.smin;
    d.smax = u.smax;
  }
  if (which === "64" || which === "u64") {
    d.umin = u.umin;
    d.umax = u.umax;
  }
  if (which === "32") {
    Object.assign(d, { u32min: u.u32min, u32max: u.u32max, s32min: u.s32min, s32max: u.s32max });
  }
}

/** An operator on abstract numbers, without sync and zero extension. Shifts take a known source. */
export function apply(d: Num, s: Num, op: string, width: 32 | 64): void {
  switch (op) {
    case "add":
    case "sub": {
      const t = T[op](d, s);
      arith(d, s, op);
      setTnum(d, t);
      return;
    }
    case "mul":
      setTnum(d, T.mul(d, s));
      arith(d, s, op);
      return;
    case "and":
    case "or":
    case "xor":
      bitwise(d, s, op);
      return;
  }
  const n = width === 32 ? s.u32min : s.umin;
  if (width === 32) {
    if (op === "lsh") {
      lsh32bounds(d, n);
      setTnum(d, T.low(T.lsh(T.low(d), n)));
    } else if (op === "rsh") {
      d.s32min = S32MINIMUM;
      d.s32max = S32MAXIMUM;
      d.u32min >>= n;
      d.u32max >>= n;
      setTnum(d, T.rsh(T.low(d), n));
    } else {
      d.s32min >>= n;
      d.s32max >>= n;
      d.u32min = 0n;
      d.u32max = U32;
      setTnum(d, T.arsh(T.low(d), n, 32));
    }
    unbound(d, "64");
    update32(d);
    return;
  }
  if (op === "lsh") {
    d.smax = n === 32n ? d.s32max << 32n : S64MAX;
    d.smin = n === 32n ? d.s32min << 32n : S64MIN;
    if (d.umax > 1n << (63n - n)) {
      unbound(d, "u64");
    } else {
      d.umin <<= n;
      d.umax <<= n;
    }
    lsh32bounds(d, n);
    setTnum(d, T.lsh(d, n));
  } else if (op === "rsh") {
    unbound(d, "s64");
    d.umin >>= n;
    d.umax >>= n;
    setTnum(d, T.rsh(d, n));
    unbound(d, "32");
  } else {
    d.smin >>= n;
    d.smax >>= n;
    unbound(d, "u64");
    setTnum(d, T.arsh(d, n, 64));
    unbound(d, "32");
  }
  update32(d);
  update64(d);
}

/** A source of pseudo-random numbers, the same in every run. */
export class Rng {
  #state: bigint;
  constructor(seed: number) {
    this.#state = BigInt(seed) * 0x9e3779b97f4a7c15n;
  }
  /** 64 random bits. */
  next(): bigint {
    this.#state = u64(this.#state + 0x9e3779b97f4a7c15n);
    let z = this.#state;
    z = u64((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = u64((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }
  /** 0 to n-1. */
  below(n: number): number {
    return Number(this.next() % BigInt(n));
  }
  /** 64 bits, of a magnitude that occurs: small, near a power of two, near the ends, anything. */
  value(): bigint {
    const x = this.next();
    switch (this.below(6)) {
      case 0:
        return x & 0xffn;
      case 1:
        return u64(-(x & 0xffn));
      case 2:
        return u64((1n << (x & 63n)) + ((x >> 6n) & 7n) - 3n);
      case 3:
        return x & U32;
      case 4:
        return u64(s32(x));
      default:
        return x;
    }
  }
  /** A synced number that contains `v`, and how little is known about it varies. */
  around(v: bigint): Num {
    const n = unknown();
    const u = u64(v), s = s64(v);
    if (this.below(5) === 0) return known(v);
    if (this.below(2)) {
      n.mask = [this.value(), this.next() & this.next(), U64 ^ (this.next() & this.next())][this.below(3)];
      n.value = u & ~n.mask & U64;
    }
    const width = () =>
      [this.next() & 0xfn, this.next() & U32, this.next() >> BigInt(this.below(64))][this.below(3)];
    if (this.below(2)) {
      n.umin = max(0n, u - width());
      n.umax = min(U64, u + width());
    }
    if (this.below(2)) {
      n.smin = max(S64MIN, s - width());
      n.smax = min(S64MAX, s + width());
    }
    if (this.below(3) === 0) {
      n.u32min = max(0n, u32(u) - (width() & U32));
      n.u32max = min(U32, u32(u) + (width() & U32));
    }
    if (this.below(3) === 0) {
      n.s32min = max(S32MINIMUM, s32(u) - (width() & U32));
      n.s32max = min(S32MAXIMUM, s32(u) + (width() & U32));
    }
    return this.below(8) === 0 ? n : sync(n);
  }
}
