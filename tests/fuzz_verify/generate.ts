/**
 * Random programs that give a verifier something to do: numbers with ranges, branches that narrow them, counted loops, spills and fills
 * of every width, packets and map values at variable offsets, subprograms, callbacks.
 *
 * A program knows roughly what each of its registers holds, so that about half of all programs are safe; on purpose some bounds are
 * one off and some checks are missing. No address ever becomes a number and all stack that is read was written, so that runs at
 * different addresses give the same results.
 *
 * @module
 */
import { type Random, randomOf } from "../../ir/random_program.ts";

/** The types of generated programs. */
export const TYPES = ["xdp", "socket_filter", "sched_cls", "cgroup_skb"] as const;

/** What a register holds. */
type Kind =
  | "none"
  | "num"
  | "ctx"
  /** A value of map `a` (64 bytes), `m` (48) or `h` (16), at an offset that is known. */
  | "a0"
  | "m0"
  | "h0"
  /** A pointer to the caller's stack, 16 bytes. */
  | "arg"
  | "data"
  | "end";

const VALUE_SIZES = { a0: 64, m0: 48, h0: 16, arg: 16 } as const;
const SIZES = [1, 2, 4, 8];
const COMPARISONS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const NUMBERS = [0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 48, 63, 64, 127, 128, 255, 256, 4095, 65535, 65536]
  .concat([0x7fffffff, -0x80000000, -1, -2, -7, -8, -16, -64, -255, -256, -65536]);
/** Bytes of the frame that hold numbers; three slots for pointers follow after a gap. */
const NUMBER_BYTES = 64, POINTERS = [-104, -112, -120];

/** A program's text. Equal seeds give equal programs. */
export function generateText(seed: number): string {
  return new Generator(randomOf(Math.imul(seed, 0x9e3779b1))).program();
}

class Generator {
  readonly #random: Random;
  readonly #type: typeof TYPES[number];
  /** Of a hundred checks, how many are wrong. */
  readonly #faults: number;
  #lines: string[] = [];
  readonly #functions: string[] = [];
  #labels = 0;
  #kinds: Kind[] = [];
  /** What the pointer slots hold. */
  #slots: Kind[] = [];
  /** Registers that a loop relies on. */
  readonly #locked = new Set<number>();
  #main = true;
  #depth = 0;

  constructor(random: Random) {
    this.#random = random;
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 8; i++) random(2);
    this.#type = this.#of(TYPES);
    this.#faults = random(4) === 0 ? 0 : 3 + random(25);
  }

  program(): string {
    const attach = this.#type === "cgroup_skb" ? [`attach ${this.#random(2)}`] : [];
    const head = [
      `type ${this.#type}`,
      ...attach,
      "map a type=array key=4 value=64 max=1",
      "map m type=array key=4 value=48 max=4",
      "map h type=hash key=4 value=16 max=8",
      "func main:",
    ];
    this.#begin(["none", "ctx"]);
    this.#put("r6 = r1");
    this.#kinds[6] = "ctx";
    this.#locked.add(6);
    this.#statements(5 + this.#random(14));
    const r0 = this.#number();
    if (r0 !== 0) this.#put(`r0 = r${r0}`);
    if (this.#type === "cgroup_skb" && !this.#fault()) this.#put("r0 &= 1");
    this.#put("exit");
    const main = this.#lines;
    return [...head, ...main, ...this.#functions].join("\n") + "\n";
  }

  /** A function of its own; its name. */
  #function(kind: "number" | "pointer" | "global" | "callback"): string {
    const outer = {
      lines: this.#lines,
      kinds: this.#kinds,
      slots: this.#slots,
      locked: [...this.#locked],
      main: this.#main,
      depth: this.#depth,
    };
    const name = `f${this.#labels++}`;
    this.#lines = [`func ${name}:${kind === "global" ? " global" : ""}`];
    if (kind === "global") this.#lines = [`func ${name} global:`];
    this.#locked.clear();
    this.#main = false;
    this.#depth++;
    const args: Kind[] = kind === "pointer"
      ? ["none", "arg", "num"]
      : kind === "callback"
      ? ["none", "num", "arg"]
      : ["none", "num", "num"];
    this.#begin(args);
    if (args.includes("arg") && this.#random(2) === 0) {
      const from = args.indexOf("arg"), to = 6 + this.#random(4);
      this.#put(`r${to} = r${from}`);
      this.#kinds[to] = "arg";
    }
    this.#statements(2 + this.#random(6));
    if (kind === "callback") {
      this.#put(
        this.#random(2) === 0 ? "r0 = 0" : `r0 = r${this.#number()}`,
        this.#fault() ? "r0 &= 3" : "r0 &= 1",
      );
    } else {
      const r = this.#number();
      if (r !== 0) this.#put(`r0 = r${r}`);
    }
    this.#put("exit");
    this.#functions.push(...this.#lines);
    this.#lines = outer.lines;
    this.#kinds = outer.kinds;
    this.#slots = outer.slots;
    this.#locked.clear();
    for (const r of outer.locked) this.#locked.add(r);
    this.#main = outer.main;
    this.#depth = outer.depth;
    return name;
  }

  #begin(kinds: readonly Kind[]): void {
    this.#kinds = Array.from({ length: 10 }, (_, i) => kinds[i] ?? "none");
    this.#slots = POINTERS.map(() => "none");
    for (let at = 8; at <= NUMBER_BYTES; at += 8) {
      if (this.#random(4) === 0) this.#put(`*(u64 *)(r10 -${at}) = ${this.#constant()}`);
      else this.#put(`*(u64 *)(r10 -${at}) = ${this.#random(3)}`);
    }
  }

  #put(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  #of<T>(items: readonly T[]): T {
    return items[this.#random(items.length)];
  }

  #fault(): boolean {
    return this.#random(100) < this.#faults;
  }

  #constant(): number {
    return this.#random(3) === 0 ? this.#random(64) - 8 : this.#of(NUMBERS);
  }

  #label(): string {
    return `l${this.#labels++}`;
  }

  /** A register that may be overwritten. */
  #free(): number {
    for (;;) {
      const r = this.#random(10);
      if (!this.#locked.has(r) && (this.#kinds[r] !== "ctx" || this.#random(4) === 0)) return r;
    }
  }

  /** A register with a number; made if there is none. */
  #number(): number {
    const have = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((r) => this.#kinds[r] === "num");
    if (have.length > 0 && this.#random(12) !== 0) return this.#of(have);
    const r = this.#free();
    this.#put(`r${r} = ${this.#constant()}`);
    this.#kinds[r] = "num";
    return r;
  }

  /** A register with a number that may be changed. */
  #changeable(): number {
    const have = [0, 1, 2, 3, 4, 5, 7, 8, 9].filter((r) => this.#kinds[r] === "num" && !this.#locked.has(r));
    if (have.length > 0 && this.#random(8) !== 0) return this.#of(have);
    const r = this.#free();
    if (this.#kinds[r] === "num") return r;
    this.#put(`r${r} = ${this.#constant()}`);
    this.#kinds[r] = "num";
    return r;
  }

  #statements(count: number): void {
    for (let i = 0; i < count; i++) this.#statement();
  }

  #statement(): void {
    switch (this.#random(25)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return this.#arithmetic();
      case 4:
      case 5:
      case 6:
        return this.#branch();
      case 7:
        return this.#loop();
      case 8:
      case 9:
        return this.#store();
      case 10:
      case 11:
        return this.#load();
      case 12:
        return this.#variableStack();
      case 13:
        return this.#spillPointer();
      case 14:
        return this.#fillPointer();
      case 15:
      case 16:
        return this.#value();
      case 17:
        return this.#lookup();
      case 18:
      case 19:
        return this.#main ? this.#packet() : this.#value();
      case 20:
        return this.#atomic();
      case 21:
        return this.#depth < 3 ? this.#call() : this.#arithmetic();
      case 22:
        return this.#depth < 2 ? this.#callback() : this.#unknown();
      case 23:
        return this.#unknown();
      default:
        return this.#main ? this.#context() : this.#unknown();
    }
  }

  #arithmetic(): void {
    const r = this.#changeable(), wide = this.#random(3) !== 0 ? "r" : "w";
    const choice = this.#random(16);
    if (choice === 0) return this.#put(`${wide}${r} = -${wide}${r}`);
    if (choice === 1) {
      return this.#put(
        `r${r} = ${
          this.#of(["be16", "be32", "be64", "le16", "le32", "bswap16", "bswap32", "bswap64"])
        } r${r}`,
      );
    }
    if (choice === 2) {
      const s = this.#number();
      return this.#put(
        `${wide}${r} = (${this.#of(wide === "r" ? ["s8", "s16", "s32"] : ["s8", "s16"])})${wide}${s}`,
      );
    }
    if (choice === 3) return this.#put(`r${r} = ${this.#random(0xffffffff)}${this.#random(0xffffff)} ll`);
    if (choice < 6) {
      const op = this.#of(["<<=", ">>=", "s>>="]), bits = wide === "r" ? 64 : 32;
      const right = this.#random(4) === 0 ? `${wide}${this.#number()}` : this.#random(bits);
      return this.#put(`${wide}${r} ${op} ${right}`);
    }
    if (choice === 6) {
      const op = this.#of(["/=", "%=", "s/=", "s%="]);
      return this.#put(
        `${wide}${r} ${op} ${this.#random(3) === 0 ? `${wide}${this.#number()}` : this.#constant() || 3}`,
      );
    }
    const op = this.#of(["+=", "-=", "*=", "&=", "|=", "^=", "=", "+=", "&="]);
    if (this.#random(2) === 0) return this.#put(`${wide}${r} ${op} ${this.#constant()}`);
    this.#put(`${wide}${r} ${op} ${wide}${this.#number()}`);
  }

  #condition(): string {
    const wide = this.#random(3) !== 0 ? "r" : "w";
    const right = this.#random(3) === 0 ? `${wide}${this.#number()}` : this.#constant();
    return `if ${wide}${this.#number()} ${this.#of(COMPARISONS)} ${right}`;
  }

  #branch(): void {
    const end = this.#label();
    const condition = this.#condition();
    const kinds = [...this.#kinds], slots = [...this.#slots];
    const meet = (a: readonly Kind[], b: readonly Kind[]) =>
      a.map((kind, i) => kind === b[i] ? kind : "none");
    if (this.#random(3) === 0) {
      const other = this.#label();
      this.#put(`${condition} goto ${other}`);
      this.#statements(this.#random(3));
      this.#put(`goto ${end}`, `${other}:`);
      const left = this.#kinds, leftSlots = this.#slots;
      this.#kinds = [...kinds];
      this.#slots = [...slots];
      this.#statements(1 + this.#random(2));
      this.#kinds = meet(left, this.#kinds);
      this.#slots = meet(leftSlots, this.#slots);
    } else {
      this.#put(`${condition} goto ${end}`);
      this.#statements(1 + this.#random(3));
      this.#kinds = meet(kinds, this.#kinds);
      this.#slots = meet(slots, this.#slots);
    }
    this.#put(`${end}:`);
  }

  /** A loop that a register counts, or a slot of the frame. */
  #loop(): void {
    if (this.#depth > 1) return this.#arithmetic();
    const before = new Set(this.#locked);
    const counter = this.#changeable(), top = this.#label(), count = 1 + this.#random(9);
    // What is no number at the beginning stays what it is.
    this.#kinds.forEach((kind, r) => kind !== "num" && kind !== "none" && this.#locked.add(r));
    const body = (): void => {
      this.#put(`${top}:`);
      const kinds = [...this.#kinds], slots = [...this.#slots];
      this.#depth++;
      this.#statements(1 + this.#random(3));
      this.#depth--;
      kinds.forEach((kind, r) => {
        if (kind === this.#kinds[r]) return;
        // A call may have taken a pointer: the loop is then none that anybody accepts.
        if (kind === "num") this.#put(`r${r} = ${this.#constant()}`);
        this.#kinds[r] = kind === "num" ? "num" : "none";
      });
      this.#slots = this.#slots.map((kind, i) => kind === slots[i] ? kind : "none");
    };
    if (this.#random(3) !== 0) {
      const kept = counter > 5 ? counter : this.#of([7, 8, 9].filter((r) => !before.has(r)).concat(counter));
      this.#put(`r${kept} = ${this.#random(2)}`);
      this.#kinds[kept] = "num";
      this.#locked.add(kept);
      body();
      const wide = this.#random(2) === 0 ? "r" : "w";
      this.#put(`${wide}${kept} += ${1 + this.#random(2)}`);
      this.#put(`if ${wide}${kept} ${this.#of(["<", "s<", "<="])} ${count} goto ${top}`);
    } else {
      const at = 8 * (1 + this.#random(8)), r = this.#changeable();
      this.#put(`*(u64 *)(r10 -${at}) = 0`);
      body();
      this.#put(`r${r} = *(u64 *)(r10 -${at})`, `r${r} += 1`);
      this.#kinds[r] = "num";
      this.#put(`*(u64 *)(r10 -${at}) = r${r}`, `if r${r} < ${count} goto ${top}`);
    }
    this.#locked.clear();
    for (const r of before) this.#locked.add(r);
  }

  #slotOf(size: number): number {
    return -(size * (1 + this.#random(NUMBER_BYTES / size)));
  }

  #store(): void {
    const size = this.#of(SIZES), at = this.#slotOf(size);
    if (this.#random(3) === 0) this.#put(`*(u${size * 8} *)(r10 ${at}) = ${this.#constant()}`);
    else this.#put(`*(u${size * 8} *)(r10 ${at}) = r${this.#number()}`);
  }

  #load(): void {
    const size = this.#of(SIZES), signed = size < 8 && this.#random(3) === 0;
    const r = this.#free();
    this.#put(`r${r} = *(${signed ? "s" : "u"}${size * 8} *)(r10 ${this.#slotOf(size)})`);
    this.#kinds[r] = "num";
  }

  /** Bounds a number to 0..limit (or nearly), by leaving if it is not, or by arithmetic; the register. */
  #bounded(limit: number, keep?: number): number {
    let r = this.#changeable();
    if (r === keep) {
      r = [7, 8, 9, 0, 1].find((other) => other !== keep && !this.#locked.has(other)) ?? 0;
      this.#put(`r${r} = ${this.#constant()}`);
      this.#kinds[r] = "num";
    }
    const wrong = this.#fault() ? this.#of([1, 8, 64, 1000]) : 0;
    const most = limit + wrong;
    switch (this.#random(5)) {
      case 0: {
        const mask = 2 ** Math.floor(Math.log2(most + 1)) - 1;
        this.#put(`r${r} &= ${mask}`);
        break;
      }
      case 1:
        if (this.#fault()) this.#put(`r${r} %= ${most + 1}`);
        else this.#put(`r${r} >>= ${64 - Math.floor(Math.log2(most + 1))}`);
        break;
      case 2: {
        const on = this.#label();
        this.#put(`if r${r} <= ${most} goto ${on}`, `r${r} = ${this.#random(most + 1)}`, `${on}:`);
        break;
      }
      case 3: {
        const on = this.#label(), off = this.#label();
        this.#put(`if r${r} s> ${most} goto ${off}`);
        if (!this.#fault()) this.#put(`if r${r} s>= 0 goto ${on}`);
        else this.#put(`goto ${on}`);
        this.#put(`${off}:`, `r${r} = ${this.#random(most + 1)}`, `${on}:`);
        break;
      }
      default: {
        const on = this.#label();
        this.#put(`w${r} = w${r}`);
        this.#put(`if w${r} < ${most + 1} goto ${on}`, `r${r} = 0`, `${on}:`);
      }
    }
    return r;
  }

  /** Frame memory at an offset that is a number. Overruns go up, where there is no stack any more. */
  #variableStack(): void {
    const p = this.#other();
    const size = this.#random(2) === 0 ? 1 : this.#of(SIZES);
    const r = this.#bounded(NUMBER_BYTES - size, p);
    if (size > 1) this.#put(`r${r} &= ${-size}`);
    this.#put(`r${p} = r10`, `r${p} += -${NUMBER_BYTES}`, `r${p} += r${r}`);
    const choice = this.#random(3);
    if (choice === 0) this.#put(`*(u${size * 8} *)(r${p} +0) = ${this.#constant()}`);
    else if (choice === 1) this.#put(`*(u${size * 8} *)(r${p} +0) = r${r}`);
    this.#kinds[p] = "num";
    if (choice === 2) this.#put(`r${p} = *(u${size * 8} *)(r${p} +0)`);
    else this.#put(`r${p} = ${this.#constant()}`);
  }

  /** A register for a pointer that is made and used at once. */
  #other(): number {
    const r = this.#free();
    this.#kinds[r] = "none";
    return r;
  }

  #pointers(): number[] {
    return this.#kinds.flatMap((kind, r) => kind !== "none" && kind !== "num" ? [r] : []);
  }

  #spillPointer(): void {
    const have = this.#pointers();
    if (have.length === 0) return this.#store();
    const r = this.#of(have), slot = this.#random(POINTERS.length);
    this.#put(`*(u64 *)(r10 ${POINTERS[slot]}) = r${r}`);
    this.#slots[slot] = this.#kinds[r];
  }

  #fillPointer(): void {
    const have = this.#slots.flatMap((kind, i) => kind === "none" ? [] : [i]);
    if (have.length === 0) return this.#load();
    const slot = this.#of(have), r = this.#free();
    this.#put(`r${r} = *(u64 *)(r10 ${POINTERS[slot]})`);
    this.#kinds[r] = this.#slots[slot];
  }

  /** A value of a map, or the caller's stack, at a known or a variable offset. */
  #value(): void {
    const have = this.#kinds.flatMap((kind, r) => kind in VALUE_SIZES ? [r] : []);
    let p: number;
    if (have.length === 0 || this.#random(4) === 0) {
      p = this.#free();
      this.#put(`r${p} = map_value a+0 ll`);
      this.#kinds[p] = "a0";
    } else p = this.#of(have);
    const kind = this.#kinds[p] as keyof typeof VALUE_SIZES;
    const bytes = VALUE_SIZES[kind];
    let size = this.#of(SIZES), base = p, offset: number;
    if (this.#random(2) === 0 && kind !== "arg") {
      const room = this.#random(2) === 0 ? 0 : this.#random(8);
      const r = this.#bounded(bytes - size - room, p);
      base = this.#free();
      for (let i = 0; i < 20 && (base === p || base === r); i++) base = this.#free();
      if (base === p || base === r) return;
      this.#put(`r${base} = r${p}`, `r${base} += r${r}`);
      offset = this.#random(room + 1);
      this.#kinds[base] = "none";
    } else {offset = size * this.#random(bytes / size) +
        (this.#fault() && kind !== "arg" ? this.#of([1, 8, -8]) : 0);}
    if (kind === "arg") size = Math.min(size, 8);
    this.#access(base, offset, size);
    if (base !== p) {
      this.#put(`r${base} = ${this.#constant()}`);
      this.#kinds[base] = "num";
    }
  }

  #access(base: number, offset: number, size: number, writable = true): void {
    const where = `*(u${size * 8} *)(r${base} ${offset < 0 ? offset : `+${offset}`})`;
    const choice = writable ? this.#random(3) : 2;
    if (choice === 0) return this.#put(`${where} = ${this.#constant()}`);
    if (choice === 1) {
      const s = this.#number();
      if (s !== base) this.#put(`${where} = r${s}`);
      return;
    }
    let r = this.#free();
    for (let i = 0; i < 20 && r === base; i++) r = this.#free();
    if (r === base) return;
    this.#put(`r${r} = ${size < 8 && this.#random(4) === 0 ? where.replace("(u", "(s") : where}`);
    this.#kinds[r] = "num";
  }

  #clobber(): void {
    for (let r = 1; r <= 5; r++) {
      this.#kinds[r] = "none";
    }
    this.#kinds[0] = "num";
  }

  /** Whether a call may take r0 to r5. */
  #callable(): boolean {
    for (let r = 0; r <= 5; r++) if (this.#locked.has(r)) return false;
    return true;
  }

  #lookup(): void {
    if (!this.#callable()) return this.#value();
    const map = this.#of(["m", "h"] as const);
    const size = 4, at = this.#slotOf(size);
    if (this.#random(2) === 0) this.#put(`*(u32 *)(r10 ${at}) = ${this.#random(6)}`);
    this.#put("r2 = r10", `r2 += ${at}`, `r1 = map ${map} ll`, "call bpf_map_lookup_elem#1");
    this.#clobber();
    const kind: Kind = `${map}0`;
    if (this.#fault()) {
      this.#kinds[0] = kind;
      return;
    }
    const end = this.#label();
    const r = this.#random(3) === 0 ? this.#of([0, 7, 8, 9].filter((r) => !this.#locked.has(r))) : 0;
    if (r !== 0) this.#put(`r${r} = r0`);
    this.#kinds[0] = "none";
    const tested = this.#random(2) === 0 ? r : 0;
    if (this.#random(2) === 0) {
      this.#put(`if r${tested} == 0 goto ${end}`);
      const kinds = [...this.#kinds], slots = [...this.#slots];
      kinds[r] = "none";
      this.#kinds[r] = kind;
      this.#statements(1 + this.#random(2));
      this.#kinds = this.#kinds.map((k, i) => k === kinds[i] ? k : "none");
      this.#slots = this.#slots.map((k, i) => k === slots[i] ? k : "none");
      this.#put(`${end}:`);
      this.#kinds[0] = "num";
      this.#put(`r0 = ${this.#constant()}`);
      if (r !== 0) this.#kinds[r] = "none";
    } else {
      // Without one the program goes no further.
      this.#put(`if r${tested} != 0 goto ${end}`, "r0 = 0", "exit", `${end}:`);
      this.#kinds[r] = kind;
    }
  }

  #packet(): void {
    const fields = this.#type === "xdp" ? [0, 4] : [76, 80];
    if (this.#type === "socket_filter") return this.#legacy();
    const p = this.#free();
    let e = this.#free();
    for (let i = 0; i < 20 && e === p; i++) e = this.#free();
    if (e === p || this.#kinds[6] !== "ctx") return;
    let n = -1;
    const want = 1 + this.#random(40);
    if (this.#random(2) === 0) {
      n = this.#bounded(this.#of([15, 31, 63, 255]), p);
      if (n === e || n === p) return;
    }
    this.#kinds[p] = this.#kinds[e] = "none";
    this.#put(`r${p} = *(u32 *)(r6 +${fields[0]})`, `r${e} = *(u32 *)(r6 +${fields[1]})`);
    if (n >= 0) this.#put(`r${p} += r${n}`);
    let t = this.#free();
    for (let i = 0; i < 20 && (t === p || t === e || t === n); i++) t = this.#free();
    if (t === p || t === e || t === n) return;
    this.#kinds[t] = "none";
    this.#put(`r${t} = r${p}`, `r${t} += ${want}`);
    const end = this.#label();
    const test = this.#fault()
      ? `r${t} ${this.#of([">=", "<", "<=", "!="])} r${e}`
      : this.#of([`r${t} > r${e}`, `r${e} < r${t}`, `r${t} >= r${e}`]);
    this.#put(`if ${test} goto ${end}`);
    const kinds = [...this.#kinds];
    const locked = this.#locked.has(p);
    this.#locked.add(p);
    for (let i = 1 + this.#random(3); i > 0; i--) {
      const size = Math.min(this.#of(SIZES), 2 ** Math.floor(Math.log2(want)));
      const wrong = this.#fault() ? this.#of([1, 2, -1]) : 0;
      this.#access(p, this.#random(want - size + 1) + wrong, size, this.#type !== "cgroup_skb");
    }
    if (!locked) this.#locked.delete(p);
    this.#kinds = this.#kinds.map((kind, i) => kind === kinds[i] ? kind : "none");
    this.#put(`${end}:`);
  }

  #legacy(): void {
    if (!this.#callable() || this.#kinds[6] !== "ctx") return this.#value();
    const size = this.#of(["u8", "u16", "u32"]);
    if (this.#random(2) === 0) this.#put(`r0 = *(${size} *)skb[${this.#random(40)}]`);
    else this.#put(`r0 = *(${size} *)skb[r${this.#number()} + ${this.#random(8)}]`);
    this.#clobber();
  }

  #atomic(): void {
    let where: string;
    const values = this.#kinds.flatMap((kind, r) => kind in VALUE_SIZES && kind !== "arg" ? [r] : []);
    const size = this.#of([4, 8]);
    if (values.length > 0 && this.#random(2) === 0) {
      const p = this.#of(values), bytes = VALUE_SIZES[this.#kinds[p] as keyof typeof VALUE_SIZES];
      where = `(u${size * 8} *)(r${p} +${size * this.#random(bytes / size)})`;
    } else where = `(u${size * 8} *)(r10 ${this.#slotOf(size)})`;
    const r = this.#changeable(), prefix = size === 8 ? "atomic64_" : "atomic_";
    switch (this.#random(4)) {
      case 0:
        return this.#put(`lock *${where} ${this.#of(["+=", "|=", "&=", "^="])} r${r}`);
      case 1:
        return this.#put(`r${r} = ${prefix}fetch_${this.#of(["add", "or", "and", "xor"])}(${where}, r${r})`);
      case 2:
        if (this.#locked.has(0)) return;
        if (this.#kinds[0] !== "num") this.#put(`r0 = ${this.#constant()}`);
        this.#kinds[0] = "num";
        if (where.includes("(r0 ")) return;
        return this.#put(`r0 = ${prefix}cmpxchg(${where}, r0, r${r})`);
      default:
        return this.#put(`r${r} = ${prefix}xchg(${where}, r${r})`);
    }
  }

  #call(): void {
    if (!this.#callable()) return this.#arithmetic();
    const kind = this.#of(["number", "pointer", "global"] as const);
    const name = this.#function(kind);
    if (kind === "pointer") {
      const s = this.#number();
      if (s !== 2) this.#put(`r2 = r${s}`);
      this.#put("r1 = r10", `r1 += -${16 * (1 + this.#random(4))}`);
    } else {
      const s = this.#number();
      if (s !== 1) this.#put(`r1 = r${s}`);
      this.#kinds[1] = "num";
      const t = this.#number();
      if (t !== 2) this.#put(`r2 = r${t}`);
    }
    this.#put(`call ${name}`);
    this.#clobber();
  }

  #callback(): void {
    if (!this.#callable()) return this.#unknown();
    const name = this.#function("callback");
    if (this.#random(2) === 0) this.#put(`r1 = ${this.#random(6)}`);
    else {
      const r = this.#bounded(7);
      // Beyond 8388608 the inlined loop gives another 64-bit number than the helper: see docs/kernel_divergences.md.
      this.#put(`r${r} &= ${this.#of([7, 15])}`);
      if (r !== 1) this.#put(`r1 = r${r}`);
    }
    this.#put(`r2 = func ${name} ll`, "r3 = r10", `r3 += -${16 * (1 + this.#random(4))}`);
    this.#put(this.#fault() ? `r4 = ${this.#random(2)}` : "r4 = 0", "call bpf_loop#181");
    this.#clobber();
  }

  #unknown(): void {
    if (!this.#callable()) return this.#load();
    this.#put("call bpf_get_prandom_u32#7");
    this.#clobber();
  }

  #context(): void {
    if (this.#kinds[6] !== "ctx") return;
    const r = this.#free();
    this.#kinds[r] = "num";
    if (this.#type === "xdp") {
      return this.#put(`r${r} = *(u32 *)(r6 +${this.#fault() ? 24 : this.#of([12, 16])})`);
    }
    const field = this.#of([0, 8, 16]);
    if (this.#type !== "socket_filter" && this.#random(3) === 0) {
      return this.#put(`r${r} = ${this.#constant()}`, `*(u32 *)(r6 +8) = r${r}`);
    }
    if (this.#random(4) === 0) {
      return this.#put(
        `r${r} = *(u32 *)(r6 +${this.#fault() ? this.#of([2, 192, 200]) : 48 + 4 * this.#random(5)})`,
      );
    }
    this.#put(`r${r} = *(u32 *)(r6 +${field})`);
  }
}
