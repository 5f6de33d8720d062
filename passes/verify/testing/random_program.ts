/**
 * Random programs that get far: registers are mostly used as what they hold, so that verdicts come from what is interesting (stacks,
 * branches, loops, callees, packets, maps) and not from the first instruction.
 *
 * @module
 */

/** Numbers that bounds, shifts and offsets are sensitive to. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  16,
  42,
  63,
  64,
  255,
  256,
  1000,
  0x7fffffff,
  -1,
  -2,
  -8,
  -16,
  -100,
  65536,
];
const SIZES = [8, 8, 8, 4, 2, 1] as const;
const ALU = ["+=", "-=", "*=", "|=", "&=", "<<=", ">>=", "^=", "s>>=", "/=", "%="] as const;
const COMPARE = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"] as const;

/** A generator of numbers below `n`, the same for the same seed. */
function random(seed: number): (n: number) => number {
  let state = (Math.imul(seed, 2654435761) + 12345) >>> 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
}

/** A random program for {@linkcode programOf}, of type `sched_cls`. */
export function randomProgram(seed: number): string {
  const below = random(seed);
  for (let i = 0; i < 5; i++) below(7);
  const callees = Array.from({ length: below(3) }, (_, i) => `sub${i}`);
  const funcs = [new Func(below, { name: "main", callees }).text];
  for (let i = 0; i < callees.length; i++) {
    funcs.push(new Func(below, { name: callees[i], callees: callees.slice(i + 1) }).text);
  }
  // A callee nobody calls would be unreachable.
  let kept = funcs[0];
  for (let i = 0; i < callees.length; i++) if (kept.includes(`call ${callees[i]}\n`)) kept += funcs[i + 1];
  return `map values type=array key=4 value=48 max=4\n${kept}`;
}

interface Pending {
  readonly label: string;
  left: number;
}

interface Loop extends Pending {
  /** The register that counts; nothing else writes it meanwhile. */
  readonly counter: number;
}

class Func {
  readonly #below: (n: number) => number;
  readonly #name: string;
  readonly #callees: readonly string[];
  readonly #numbers: Set<number> = new Set();
  readonly #labels: Pending[] = [];
  #loops: Loop[] = [];
  #label = 0;
  readonly text: string;
  #lines = "";

  constructor(below: (n: number) => number, what: { name: string; callees: readonly string[] }) {
    this.#below = below;
    this.#name = what.name;
    this.#callees = what.callees;
    const main = what.name === "main";
    if (main) {
      this.#emit("r6 = r1", "r7 = *(u32 *)(r6 +0)", "call bpf_get_prandom_u32#7");
      this.#numbers.add(7).add(0);
    } else this.#numbers.add(1).add(2);
    const count = 8 + below(main ? 34 : 14);
    for (let i = 0; i < count; i++) this.#step();
    for (const loop of this.#loops) this.#close(loop);
    for (const { label, left } of this.#labels) if (left > 0) this.#lines += `${label}:\n`;
    const result = this.#number();
    this.#emit(below(2) === 0 && result >= 0 ? `r0 = r${result}` : "r0 = 0", "exit");
    this.text = `func ${what.name}:\n${this.#lines}`;
  }

  #emit(...lines: string[]): void {
    for (const line of lines) this.#lines += `  ${line}\n`;
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)];
  }

  #newLabel(): string {
    return `${this.#name}_${this.#label++}`;
  }

  #busy(r: number): boolean {
    return this.#loops.some((loop) => loop.counter === r);
  }

  /** A register that holds a number, or -1. */
  #number(): number {
    return this.#numbers.size === 0 ? -1 : this.#pick([...this.#numbers]);
  }

  #slot(size: number): string {
    return `(r10 -${size * (1 + this.#below(Math.floor(40 / size)))})`;
  }

  #close(loop: Loop): void {
    const w = this.#below(2) === 0 ? "r" : "w";
    this.#emit(`r${loop.counter} += 1`, `if ${w}${loop.counter} < ${2 + this.#below(6)} goto ${loop.label}`);
  }

  #step(): void {
    for (const label of this.#labels) if (--label.left === 0) this.#lines += `${label.label}:\n`;
    for (const loop of this.#loops) {
      if (--loop.left > 0) continue;
      this.#close(loop);
      this.#numbers.add(loop.counter);
    }
    this.#loops = this.#loops.filter((loop) => loop.left > 0);
    const dst = this.#pick([0, 2, 3, 4, 5, 7, 8, 9]), src = this.#number(), kind = this.#below(108);
    if (this.#busy(dst)) return;
    if (kind < 14) this.#move(dst, String(this.#pick(NUMBERS)));
    else if (src < 0) return;
    else if (kind < 22) this.#move(dst, `${this.#below(3) === 0 ? "w" : "r"}${src}`);
    else if (kind < 38) this.#arithmetic(src);
    else if (kind < 56) this.#store(src);
    else if (kind < 68) this.#load(dst);
    else if (kind < 74) this.#pointer(dst, src);
    else if (kind < 88) this.#branch(src);
    else if (kind < 91) this.#loop();
    else if (kind < 95) this.#call(src);
    else if (kind < 99) this.#helper();
    else if (kind < 102) this.#packet(dst, src);
    else if (kind < 105) this.#lookup(dst, src);
    else this.#mayGoto();
  }

  #move(dst: number, from: string): void {
    this.#emit(from.startsWith("w") ? `w${dst} = ${from}` : `r${dst} = ${from}`);
    this.#numbers.add(dst);
  }

  #arithmetic(r: number): void {
    if (this.#busy(r)) return;
    const op = this.#pick(ALU), w = this.#below(3) === 0 ? "w" : "r";
    if (this.#below(2) === 0) {
      this.#emit(`${w}${r} ${op} ${w}${this.#number()}`);
      return;
    }
    let number = this.#pick(NUMBERS);
    if (op.includes("<<") || op.includes(">>")) number = this.#below(w === "r" ? 64 : 32);
    if ((op === "/=" || op === "%=") && number === 0) number = 3;
    this.#emit(`${w}${r} ${op} ${number}`);
  }

  #store(src: number): void {
    const size = this.#pick(SIZES);
    if (this.#below(3) === 0) {
      this.#emit(`*(u${size * 8} *)${this.#slot(size)} = ${this.#pick([0, 0, 1, -1, 255])}`);
    } else if (this.#below(7) === 0) this.#emit(`*(u64 *)${this.#slot(8)} = r10`);
    else this.#emit(`*(u${size * 8} *)${this.#slot(size)} = r${src}`);
  }

  #load(dst: number): void {
    const size = this.#pick(SIZES);
    this.#emit(`r${dst} = *(u${size * 8} *)${this.#slot(size)}`);
    this.#numbers.add(dst);
  }

  /** An access through a pointer into the stack, perhaps at a variable offset. */
  #pointer(at: number, src: number): void {
    this.#numbers.delete(at);
    this.#emit(`r${at} = r10`, `r${at} += -${8 * (1 + this.#below(5))}`);
    if (this.#below(2) === 0 && !this.#busy(src) && src !== at) {
      this.#emit(`r${src} &= ${this.#pick([7, 8, 15, 24])}`, `r${at} += r${src}`);
    }
    this.#access(at, "");
  }

  #access(at: number, only: string): void {
    const size = this.#pick([1, 8, 4]), offset = this.#pick(["+0", "+0", "-8", "+8"]), src = this.#number();
    if (this.#below(2) === 0 && src >= 0 && only !== "load") {
      this.#emit(`*(u${size * 8} *)(r${at} ${only === "" ? offset : "+0"}) = r${src}`);
      return;
    }
    const dst = this.#pick([0, 2, 3, 4, 5, 7, 8, 9]);
    if (this.#busy(dst) || dst === at) return;
    this.#emit(`r${dst} = *(u${size * 8} *)(r${at} ${only === "" ? offset : "+0"})`);
    this.#numbers.add(dst);
  }

  #branch(left: number): void {
    const label = this.#newLabel(), w = this.#below(3) === 0 ? "w" : "r";
    const right = this.#below(3) === 0 ? `${w}${this.#number()}` : String(this.#pick(NUMBERS));
    this.#emit(`if ${w}${left} ${this.#pick(COMPARE)} ${right} goto ${label}`);
    this.#labels.push({ label, left: 1 + this.#below(6) });
  }

  #loop(): void {
    const counter = this.#pick([7, 8, 9]);
    if (this.#loops.length > 1 || this.#busy(counter)) return;
    const label = this.#newLabel();
    this.#emit(`r${counter} = 0`);
    this.#lines += `${label}:\n`;
    this.#loops.push({ label, counter, left: 2 + this.#below(6) });
    this.#numbers.delete(counter);
  }

  #afterCall(): void {
    for (let r = 1; r <= 5; r++) this.#numbers.delete(r);
    this.#numbers.add(0);
  }

  #call(src: number): void {
    if (this.#callees.length === 0) return;
    this.#emit(`r1 = r${src}`, `r2 = r${this.#number()}`);
    if (this.#below(3) === 0) this.#emit("r1 = r10", `r1 += -${8 * (1 + this.#below(5))}`);
    this.#emit(`call ${this.#pick(this.#callees)}`);
    this.#afterCall();
  }

  #helper(): void {
    this.#emit(this.#pick(["call bpf_get_prandom_u32#7", "call bpf_ktime_get_ns#5"]));
    this.#afterCall();
  }

  /** An access to the packet behind a test of its length. */
  #packet(at: number, src: number): void {
    if (this.#name !== "main" || at === 5 || at === 4) return;
    const label = this.#newLabel(), length = this.#pick([1, 8, 14, 20]);
    this.#emit(`r${at} = *(u32 *)(r6 +76)`, "r5 = *(u32 *)(r6 +80)");
    if (this.#below(2) === 0 && !this.#busy(src) && src !== at && src !== 5) {
      this.#emit(`r${src} &= ${this.#pick([7, 31])}`, `r${at} += r${src}`);
    }
    this.#emit(`r4 = r${at}`, `r4 += ${length}`, `if r4 > r5 goto ${label}`);
    for (const r of [4, 5, at]) this.#numbers.delete(r);
    this.#access(at, this.#below(2) === 0 ? "load" : "packet");
    this.#labels.push({ label, left: 1 + this.#below(3) });
    for (const r of [4, 5, at]) this.#numbers.delete(r);
  }

  /** An access to a map's value behind a test for null. */
  #lookup(at: number, src: number): void {
    if (at === 0) return;
    this.#emit(
      `*(u32 *)(r10 -4) = r${src}`,
      "r2 = r10",
      "r2 += -4",
      "r1 = map values ll",
      "call bpf_map_lookup_elem#1",
    );
    this.#afterCall();
    this.#numbers.delete(0);
    const label = this.#newLabel(), index = this.#number();
    this.#emit(`if r0 == 0 goto ${label}`, `r${at} = r0`);
    this.#numbers.delete(at);
    if (this.#below(2) === 0 && index >= 0 && !this.#busy(index) && index !== at) {
      this.#emit(`r${index} &= ${this.#pick([7, 31, 63])}`, `r${at} += r${index}`);
    }
    this.#access(at, "value");
    this.#labels.push({ label, left: 1 + this.#below(3) });
  }

  #mayGoto(): void {
    const label = this.#newLabel(), out = this.#newLabel();
    this.#lines += `${label}:\n`;
    this.#emit(`may_goto ${out}`);
    const src = this.#number();
    if (src >= 0 && !this.#busy(src)) this.#emit(`r${src} += ${this.#pick([0, 1, 8])}`);
    this.#emit(`goto ${label}`);
    this.#lines += `${out}:\n`;
  }
}
