/**
 * Random programs that reach into maps, packets and the stack, spill, call helpers and hold references, and the running kernel: the
 * same log to the letter. Most are refused, each for another reason; about one in eight is accepted.
 */
import { assert } from "@std/assert";
import { type Random, randomOf } from "../../../ir/random_program.ts";
import { assertSameLog, logsIncomparable } from "../testing/same_log.ts";

const PROGRAMS = 150;
const REGS = ["r0", "r2", "r3", "r4", "r5", "r7", "r8", "r9"];
const NUMBERS = [0, 1, 2, 3, 4, 7, 8, 12, 15, 16, 31, 32, 64, -1, -4, -8, 255, 0xffff, 0x7fffffff];
const COMPARES = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const SIZES = ["u8", "u16", "u32", "u64"];
const MASKS = [1, 3, 7, 8, 15, 16, 31, 255];

/** What a register probably holds: jumps are not followed. */
type Kind = "number" | "memory" | "packet" | "end";

class Generator {
  readonly #random: Random;
  readonly #xdp: boolean;
  readonly #kinds = new Map<string, Kind>();
  readonly #lines: string[] = ["r6 = r1"];
  /** Labels still to be placed, and after how many more statements. */
  #labels: { name: string; left: number }[] = [];
  #labelCount = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#xdp = random(3) > 0;
  }

  text(): string {
    const flags = this.#of([0, 0, 0, 0, 8, 1]), mapFlags = this.#of(["", "", " flags=0x80"]);
    const head = [
      `type ${this.#xdp ? "xdp" : "sched_cls"}`,
      `flags ${flags}`,
      "map m type=array key=4 value=24 max=1",
      "map h type=hash key=4 value=16 max=2",
      `map q type=array key=4 value=8 max=4${mapFlags}`,
      "map rb type=ringbuf key=0 value=0 max=4096",
      "func main:",
    ];
    for (const reg of REGS) if (this.#random(3) > 0) this.#define(reg);
    for (const offset of [8, 16, 24, 32]) {
      if (this.#random(4) > 0) this.#add(`*(u64 *)(r10 -${offset}) = ${this.#of([0, 0, 1, 2, 7])}`);
    }
    for (let left = 5 + this.#random(24); left > 0; left--) {
      this.#statement();
      for (const label of this.#labels) if (--label.left < 0) this.#add(`${label.name}:`);
      this.#labels = this.#labels.filter((label) => label.left >= 0);
    }
    for (const label of this.#labels) this.#add(`${label.name}:`);
    return [...head, ...this.#lines, "out:", "r0 = 0", "exit"].join("\n");
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#random(list.length)];
  }

  #add(...lines: string[]): void {
    this.#lines.push(...lines);
  }

  /** A register of one of these kinds, the stack pointer if there is none; now and then any other. */
  #reg(...kinds: Kind[]): string {
    const any = this.#random(25) === 0;
    const fitting = REGS.filter((reg) => {
      const kind = this.#kinds.get(reg);
      return kind !== undefined && (any || kinds.includes(kind));
    });
    return fitting.length > 0 ? this.#of(fitting) : "r10";
  }

  #jumpTarget(): string {
    if (this.#random(3) === 0) return "out";
    const name = `label${this.#labelCount++}`;
    this.#labels.push({ name, left: 1 + this.#random(3) });
    return name;
  }

  #called(): void {
    for (const reg of ["r2", "r3", "r4", "r5"]) this.#kinds.delete(reg);
    this.#kinds.set("r0", "number");
  }

  #define(reg: string): void {
    const [data, , meta] = this.#xdp ? [0, 4, 8] : [76, 80, 140];
    switch (this.#random(8)) {
      case 0:
        this.#kinds.set(reg, "number");
        return this.#add(`${reg} = ${this.#of(NUMBERS)}`);
      case 1:
      case 2:
        this.#kinds.set(reg, "memory");
        return this.#add(`${reg} = map_value m+${this.#of([0, 0, 8, 16])} ll`);
      case 3:
      case 4:
        this.#kinds.set(reg, "packet");
        return this.#add(`${reg} = *(u32 *)(r6 +${this.#of([data, data, meta])})`);
      case 5:
        this.#kinds.set(reg, "memory");
        return this.#add(`${reg} = r10`, `${reg} += ${-8 * (1 + this.#random(4))}`);
      default:
        this.#kinds.set(reg, "number");
        this.#add(`${reg} = *(u32 *)(r6 +${this.#xdp ? 12 : 0})`);
        if (this.#random(3) > 0) this.#add(`${reg} &= ${this.#of(MASKS)}`);
    }
  }

  #statement(): void {
    switch (this.#random(14)) {
      case 0:
        return this.#define(this.#of(REGS));
      case 1:
      case 2:
        return this.#arithmetic();
      case 3:
      case 4: {
        const right = this.#random(3) === 0 ? this.#reg("number") : this.#of(NUMBERS);
        return this.#add(
          `if ${this.#reg("number")} ${this.#of(COMPARES)} ${right} goto ${this.#jumpTarget()}`,
        );
      }
      case 5:
      case 6:
        return this.#packetEnd();
      case 7:
      case 8:
        return this.#load();
      case 9:
      case 10:
        return this.#store();
      case 11:
        return this.#spill();
      case 12:
        return this.#lookup();
      default:
        return this.#call();
    }
  }

  #arithmetic(): void {
    const moved = this.#reg("number", "memory", "packet"), number = this.#reg("number");
    if (moved === "r10" || number === "r10") return;
    switch (this.#random(4)) {
      case 0:
        return this.#add(`${moved} += ${this.#of(NUMBERS)}`);
      case 1:
      case 2:
        return this.#add(`${moved} ${this.#of(["+=", "+=", "+=", "-="])} ${number}`);
      default: {
        const op = this.#of(["&=", "&=", "<<=", ">>=", "-=", "s>>=", "*=", "|="]);
        this.#add(`${number} ${op} ${this.#of([1, 2, 3, 7, 8])}`);
        if (this.#random(4) === 0) this.#add(`${number} = ${this.#of(["(s8)", "(s16)", "(s32)"])}${number}`);
      }
    }
  }

  #packetEnd(): void {
    const base = this.#reg("packet");
    if (base === "r10") return;
    const end = this.#of(REGS.filter((reg) => reg !== base));
    const behind = this.#of(REGS.filter((reg) => reg !== base && reg !== end));
    const [data, dataEnd] = this.#xdp ? [0, 4] : [76, 80];
    const op = this.#of([">", "<=", ">=", "<"]);
    const test = this.#random(2) === 0 ? `${behind} ${op} ${end}` : `${end} ${op} ${behind}`;
    this.#add(
      `${end} = *(u32 *)(r6 +${this.#of([dataEnd, dataEnd, data])})`,
      `${behind} = ${base}`,
      `${behind} += ${this.#of([1, 4, 8, 14, 20])}`,
      `if ${test} goto ${this.#jumpTarget()}`,
    );
    this.#kinds.set(end, "end");
    this.#kinds.set(behind, "packet");
  }

  #place(): string {
    const base = this.#reg("memory", "packet");
    return base === "r10"
      ? `(r10 -${this.#of([8, 16, 24, 4, 6])})`
      : `(${base} +${this.#of([0, 0, 0, 1, 2, 4, 8, 12])})`;
  }

  #load(): void {
    const place = this.#place(), to = this.#of(REGS);
    this.#add(`${to} = *(${this.#of([...SIZES, "s8", "s32"])} *)${place}`);
    this.#kinds.set(to, "number");
  }

  #store(): void {
    const size = this.#of(SIZES), from = this.#reg("number", "memory", "packet", "end");
    const value = this.#random(3) === 0 ? this.#of(NUMBERS) : size === "u64" ? from : from.replace("r", "w");
    if (this.#random(8) > 0) return this.#add(`*(${size} *)${this.#place()} = ${value}`);
    this.#add(`lock *(u64 *)${this.#place()} += ${from}`);
  }

  #spill(): void {
    const from = this.#reg("number", "memory", "packet", "end"), to = this.#of(REGS);
    const slot = `*(u64 *)(r10 -${this.#of([8, 16, 24])})`;
    this.#add(`${slot} = ${from}`);
    if (this.#random(2) === 0) return;
    this.#add(`${to} = ${slot}`);
    this.#kinds.set(to, this.#kinds.get(from) ?? "memory");
  }

  #lookup(): void {
    const map = this.#of(["h", "q", "m"]);
    this.#add(
      "r2 = r10",
      `r2 += -${this.#of([8, 8, 16, 4])}`,
      `r1 = map ${map} ll`,
      "call bpf_map_lookup_elem#1",
    );
    this.#called();
    if (this.#random(8) > 0) this.#add(`if r0 == 0 goto ${this.#jumpTarget()}`);
    this.#kinds.set("r0", "memory");
    const copy = this.#of(["r7", "r8", "r9"]);
    this.#add(`${copy} = r0`);
    this.#kinds.set(copy, "memory");
  }

  #call(): void {
    switch (this.#random(4)) {
      case 0:
        this.#add("call bpf_get_prandom_u32#7");
        break;
      case 1: {
        const memory = this.#reg("memory", "packet"),
          size = this.#of([this.#reg("number"), "8", "16", "4", "0"]);
        this.#add(`r1 = ${memory}`, `r2 = ${size}`, "r3 = 0", "r4 = 0", "r5 = 0", "call bpf_csum_diff#28");
        break;
      }
      case 2:
        if (this.#xdp) this.#add("r1 = r6", "r2 = 1", "call bpf_xdp_adjust_head#44");
        else {
          const size = this.#of([this.#reg("number"), "8"]), place = this.#of([8, 16, 32]);
          this.#add(`r4 = ${size}`, "r1 = r6", "r2 = 0", "r3 = r10", `r3 += -${place}`);
          this.#add("call bpf_skb_load_bytes#26");
        }
        break;
      default: {
        const end = this.#of(["submit#132", "discard#133"]);
        this.#add("r1 = map rb ll", "r2 = 8", "r3 = 0", "call bpf_ringbuf_reserve#131", "r9 = r0");
        this.#add(`if r0 == 0 goto ${this.#jumpTarget()}`, "*(u64 *)(r9 +0) = 1", "r1 = r9", "r2 = 0");
        this.#add(`call bpf_ringbuf_${end}`);
        this.#kinds.delete("r9");
      }
    }
    this.#called();
  }
}

const unavailable = logsIncomparable();
if (unavailable !== undefined) console.log(`skipped: random accesses and the running kernel: ${unavailable}`);

Deno.test({
  name: "memory is guarded as the running kernel guards it",
  ignore: unavailable !== undefined,
  fn: () => {
    let accepted = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      if (assertSameLog(new Generator(randomOf(seed)).text(), `seed ${seed}`)) accepted++;
    }
    assert(accepted > PROGRAMS / 20, `${accepted} accepted`);
  },
});
