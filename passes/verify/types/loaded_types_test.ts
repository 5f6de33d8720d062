/**
 * Which of an object's types the kernel keeps. What is said here of structures and maps was asked of a running Linux 6.18.
 */
import { assertEquals } from "@std/assert";
import { openBtf } from "../../../ir/btf/read.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { KernelUnit, vmlinuxBtf } from "../../../kernel/mod.ts";
import { comparable, logsIncomparable, withoutLines } from "../testing/same_log.ts";
import { verifyProgram } from "../verify.ts";
import type { Btf, BtfMember } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { emptyMap, type MapDef, type Unit } from "../../../ir/unit.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { keptTypes, loadedTypes, mapFields } from "./loaded_types.ts";

const HASH = 1, ARRAY = 2, PERCPU_ARRAY = 6;

/** A builder with the special structures, and what makes further structures of members in sequence. */
class Types {
  readonly #builder = new BtfBuilder();
  readonly #sizes = new Map<number, number>();
  readonly #ids = new Map<string, number>();
  readonly u32: number = this.#builder.int("unsigned int", 4);
  readonly u64: number = this.#builder.int("unsigned long long", 8);

  constructor() {
    this.#sizes.set(this.u32, 4).set(this.u64, 8);
  }

  /** A special structure of the kernel's. */
  special(name: string, words: number, size = 8): number {
    const before = this.#ids.get(name);
    if (before !== undefined) return before;
    const id = this.struct(name, Array<number>(words).fill(size === 4 ? this.u32 : this.u64));
    this.#ids.set(name, id);
    return id;
  }

  /** A structure; members lie one behind the other, `at` moves the last one. */
  struct(name: string, types: readonly number[], at?: number): number {
    let off = 0;
    const members: BtfMember[] = types.map((type, i) => {
      const place = at !== undefined && i === types.length - 1 ? at : off;
      off = place + this.#sizes.get(type)!;
      return { name: `m${i}`, type, bitOffset: place * 8, bitSize: 0 };
    });
    const id = this.#builder.struct(name, off, members);
    this.#sizes.set(id, off);
    return id;
  }

  /** A structure whose last member begins within a byte. */
  bits(name: string, types: readonly number[]): number {
    let off = 0;
    const members: BtfMember[] = types.map((type, i) => {
      const last = i === types.length - 1, place = off;
      off += this.#sizes.get(type)!;
      return { name: `m${i}`, type, bitOffset: place * 8 + (last ? 4 : 0), bitSize: last ? 1 : 0 };
    });
    const id = this.#builder.struct(name, off, members);
    this.#sizes.set(id, off);
    return id;
  }

  size(type: number): number {
    return this.#sizes.get(type)!;
  }

  array(type: number, count: number): number {
    const id = this.#builder.array(type, count, { index: this.u32 });
    this.#sizes.set(id, this.#sizes.get(type)! * count);
    return id;
  }

  alias(name: string, type: number): number {
    const id = this.#builder.add({ kind: "typedef", name, type });
    this.#sizes.set(id, this.#sizes.get(type)!);
    return id;
  }

  qualified(kind: "const" | "volatile", type: number): number {
    const id = this.#builder.add({ kind, type });
    this.#sizes.set(id, this.#sizes.get(type)!);
    return id;
  }

  union(name: string, types: readonly number[]): number {
    const members: BtfMember[] = types.map((type, i) => ({ name: `m${i}`, type, bitOffset: 0, bitSize: 0 }));
    const size = Math.max(...types.map((type) => this.#sizes.get(type)!));
    const id = this.#builder.union(name, size, members);
    this.#sizes.set(id, size);
    return id;
  }

  declared(name: string): number {
    return this.#builder.add({ kind: "fwd", name, union: false });
  }

  tag(name: string, type: number): number {
    return this.#builder.add({ kind: "type_tag", name, type });
  }

  plainPointer(type: number): number {
    const id = this.#builder.ptr(type);
    this.#sizes.set(id, 8);
    return id;
  }

  pointer(tag: string, type: number): number {
    const id = this.#builder.ptr(this.#builder.add({ kind: "type_tag", name: tag, type }));
    this.#sizes.set(id, 8);
    return id;
  }

  func(name: string, params: readonly string[]): void {
    const proto = this.#builder.funcProto(this.u32, params.map((param) => ({ name: param, type: this.u32 })));
    this.#builder.func(name, proto, { linkage: "static" });
  }

  contains(type: number, component: number, what: string): void {
    this.#builder.add({ kind: "decl_tag", name: `contains:${what}`, type, component });
  }

  get lock(): number {
    return this.special("bpf_spin_lock", 1, 4);
  }
  get timer(): number {
    return this.special("bpf_timer", 2);
  }
  get head(): number {
    return this.special("bpf_list_head", 2);
  }
  get node(): number {
    return this.special("bpf_list_node", 3);
  }
  get leaf(): number {
    return this.special("bpf_rb_node", 4);
  }
  get refcount(): number {
    return this.special("bpf_refcount", 1, 4);
  }

  build(): Btf {
    return this.#builder.build();
  }
}

function kernel(): Btf {
  const builder = new BtfBuilder();
  for (const name of ["task_struct", "file"]) builder.struct(name, 8, []);
  return builder.build();
}

/** What is kept of a map of such values: its fields, `untyped` for a map without types, `refused` for an object without. */
function kept(make: (types: Types) => number, map: Partial<MapDef> = {}): string {
  const types = new Types(), value = make(types), btf = types.build(), target = kernel();
  const def: MapDef = { ...emptyMap("m"), type: ARRAY, keyTypeId: types.u32, valueTypeId: value, ...map };
  const unit: Unit = { name: "t", license: "GPL", version: 0, btf, maps: [def], externs: [], programs: [] };
  const loaded = loadedTypes(unit, LINUX_6_18, target);
  askKernel(types, value, map);
  if (loaded.btf === undefined) return "refused";
  const [{ valueTypeId }] = loaded.maps;
  if (valueTypeId === 0) return "untyped";
  return mapFields(btf, valueTypeId, keptTypes(LINUX_6_18, [target]))
    .map((field) => `${field.kind}@${field.offset}`).join(" ");
}

const unavailable = logsIncomparable();
if (unavailable !== undefined) console.log(`skipped: fields in the running kernel: ${unavailable}`);
let running: Btf | undefined;

/** The running kernel says the same of a program that reads the first words of such a value, if there is one to be asked. */
function askKernel(types: Types, value: number, map: Partial<MapDef>): void {
  if (unavailable !== undefined) return;
  running ??= openBtf(vmlinuxBtf()!);
  const valueSize = types.size(value), words = Math.min(4, Math.floor(valueSize / 8));
  const loads = Array.from({ length: words }, (_, i) => `  r1 = *(u64 *)(r6 +${i * 8})\n`);
  for (const load of loads) {
    const text =
      "type sched_cls\nmap m type=hash key=4 value=8 max=1\nfunc main:\n  r1 = 0\n  *(u32 *)(r10 -4) = r1\n" +
      "  r2 = r10\n  r2 += -4\n  r1 = map m ll\n  call bpf_map_lookup_elem#1\n  if r0 == 0 goto out\n  r6 = r0\n" +
      `${load}out:\n  r0 = 0\n  exit\n`;
    const unit = parseText(text, { name: "t", helpers: LINUX_6_18 });
    const maps: MapDef[] = [
      { ...emptyMap("m"), type: ARRAY, keyTypeId: types.u32, valueTypeId: value, maxEntries: 1, ...map },
    ].map((def) => ({ ...def, keySize: def.keyTypeId === 2 ? 8 : 4, valueSize }));
    if (maps[0].type === ARRAY && maps[0].keySize !== 4) return;
    const [program] = unit.programs;
    const whole = withoutLines(
      new Program({
        unit: { ...unit, maps, btf: types.build(), targetBtf: running },
        attrs: program.attrs,
        code: program.code,
        subprogs: program.subprogs,
        nextInsnId: program.nextInsnId,
        nextSubprogId: program.nextSubprogId,
      }),
    );
    using inKernel = new KernelUnit(whole.unit);
    using theirs = inKernel.load(whole, { logLevel: 2 });
    const ours = verifyProgram(whole, { profile: LINUX_6_18, logLevel: 2 });
    assertEquals(comparable(ours.log), comparable(theirs.log));
  }
}

Deno.test("a value has the fields that its structure has", () => {
  assertEquals(kept((t) => t.struct("v", [t.lock, t.u32, t.timer])), "bpf_spin_lock@0 bpf_timer@8");
});

Deno.test("a structure with two locks leaves the whole object without types", () => {
  assertEquals(kept((t) => t.struct("v", [t.lock, t.lock])), "refused");
  assertEquals(kept((t) => t.struct("v", [t.lock, t.special("bpf_res_spin_lock", 1, 4)])), "refused");
});

Deno.test("a structure that no map has leaves the whole object without types, too", () => {
  const value = (t: Types) => {
    t.struct("other", [t.head, t.u32]);
    return t.struct("v", [t.lock, t.u32]);
  };
  assertEquals(kept(value), "refused");
});

Deno.test("an object with a name that is no identifier has no types", () => {
  const beside = (name: string) => (t: Types) => {
    t.struct(name, [t.u32]);
    return t.struct("v", [t.lock]);
  };
  assertEquals(kept(beside("a.b_c")), "bpf_spin_lock@0");
  assertEquals(kept(beside("")), "bpf_spin_lock@0");
  assertEquals(kept(beside("a$b")), "refused");
  assertEquals(kept(beside("core::Option<u32>")), "refused");
  assertEquals(kept((t) => t.alias("v$", t.struct("v", [t.lock]))), "refused");
});

Deno.test("an object with a function of a nameless parameter has no types", () => {
  const function_ = (...names: readonly string[]) => (t: Types) => {
    t.func("f", names);
    return t.struct("v", [t.lock]);
  };
  assertEquals(kept(function_("a", "b")), "bpf_spin_lock@0");
  assertEquals(kept(function_("a", "")), "refused");
});

Deno.test("two timers are none, and the map keeps its types", () => {
  assertEquals(kept((t) => t.struct("v", [t.timer, t.timer])), "");
  assertEquals(kept((t) => t.struct("v", [t.array(t.timer, 2)])), "");
});

Deno.test("fields that are not aligned are no fields", () => {
  assertEquals(kept((t) => t.struct("v", [t.u32, t.timer], 4)), "");
});

Deno.test("fields behind a name for a type are not found", () => {
  assertEquals(kept((t) => t.struct("v", [t.alias("lock", t.lock), t.u32])), "");
  assertEquals(kept((t) => t.alias("v_t", t.struct("v", [t.timer]))), "bpf_timer@0");
});

Deno.test("nodes in the values of maps are plain bytes", () => {
  assertEquals(kept((t) => t.struct("v", [t.node, t.u32])), "");
});

Deno.test("a list says what it holds and has a lock", () => {
  const list = (t: Types, ...before: number[]) => {
    t.struct("element", [t.node, t.u64]);
    const id = t.struct("v", [...before, t.head]);
    t.contains(id, before.length, "element:m0");
    return id;
  };
  assertEquals(kept((t) => list(t, t.lock, t.u32)), "bpf_spin_lock@0 bpf_list_head@8");
  assertEquals(kept((t) => list(t, t.u64)), "refused");
});

Deno.test("elements of a list do not hold lists of elements that hold lists", () => {
  const chain = (depth: number) => (t: Types): number => {
    let id = t.struct("s0", [t.node, t.u64]);
    for (let i = 1; i <= depth; i++) {
      id = t.struct(`s${i}`, [t.node, t.lock, t.u32, t.head]);
      t.contains(id, 3, `s${i - 1}:m0`);
    }
    const value = t.struct("v", [t.lock, t.u32, t.head]);
    t.contains(value, 2, `s${depth}:m0`);
    return value;
  };
  assertEquals(kept(chain(0)), "bpf_spin_lock@0 bpf_list_head@8");
  assertEquals(kept(chain(2)), "refused");
});

Deno.test("maps own what the kernel has a way to release", () => {
  const owns = (tag: string, name: string) => (t: Types) =>
    t.struct("v", [t.pointer(tag, t.struct(name, [t.u64]))]);
  assertEquals(kept(owns("kptr", "task_struct")), "kptr@0");
  assertEquals(kept(owns("kptr", "file")), "refused");
  assertEquals(kept(owns("kptr_untrusted", "file")), "kptr_untrusted@0");
  assertEquals(kept(owns("percpu_kptr", "file")), "percpu_kptr@0");
  assertEquals(kept(owns("kptr", "own")), "kptr@0");
});

Deno.test("pointers that are kept lead to structures and have one tag that is known", () => {
  assertEquals(kept((t) => t.struct("v", [t.timer, t.pointer("kptr", t.u32)])), "");
  assertEquals(kept((t) => t.struct("v", [t.timer, t.pointer("user", t.u32)])), "");
});

Deno.test("arrays of pointers are kept one by one, up to eleven fields", () => {
  const many = (count: number) => (t: Types) =>
    t.struct("v", [t.array(t.pointer("kptr", t.struct("task_struct", [t.u64])), count)]);
  assertEquals(kept(many(3)), "kptr@0 kptr@8 kptr@16");
  assertEquals(kept(many(12)), "");
});

Deno.test("a map whose values cannot have their fields is made without types", () => {
  const lock = (t: Types) => t.struct("v", [t.lock, t.u32]);
  assertEquals(kept(lock, { type: HASH }), "bpf_spin_lock@0");
  assertEquals(kept(lock, { type: PERCPU_ARRAY }), "untyped");
  assertEquals(kept(lock, { flags: 128 }), "untyped");
  assertEquals(kept((t) => t.struct("v", [t.u32, t.u32]), { flags: 128 }), "");
});

Deno.test("an array's keys are numbers of four bytes", () => {
  const lock = (t: Types) => t.struct("v", [t.lock, t.u32]);
  assertEquals(kept(lock, { keyTypeId: 2 }), "untyped");
  assertEquals(kept(lock, { keyTypeId: 2, type: HASH }), "bpf_spin_lock@0");
});

Deno.test("fields that overlap are no fields", () => {
  const task = (t: Types) => t.pointer("kptr", t.struct("task_struct", [t.u64]));
  assertEquals(kept((t) => t.struct("v", [t.timer, task(t)])), "bpf_timer@0 kptr@16");
  assertEquals(kept((t) => t.struct("v", [t.timer, task(t)], 8)), "");
});

Deno.test("a structure with a member within a byte has no fields", () => {
  assertEquals(kept((t) => t.bits("v", [t.timer, t.u32])), "");
  assertEquals(kept((t) => t.struct("v", [t.timer, t.u32])), "bpf_timer@0");
});

Deno.test("fields are found in structures within structures, not too deep", () => {
  const nested = (depth: number) => (t: Types): number => {
    let id = t.struct("s0", [t.timer]);
    for (let i = 1; i < depth; i++) id = t.struct(`s${i}`, [id]);
    return id;
  };
  assertEquals(kept(nested(32)), "bpf_timer@0");
  assertEquals(kept(nested(33)), "");
});

Deno.test("an array of nothing has no fields", () => {
  assertEquals(kept((t) => t.struct("v", [t.u64, t.array(t.timer, 0)])), "");
  assertEquals(kept((t) => t.struct("v", [t.u64, t.array(t.timer, 1)])), "bpf_timer@8");
});

Deno.test("what is a node of a list and of a tree is counted", () => {
  const both = (counted: boolean) => (t: Types): number => {
    t.struct("element", [t.node, t.leaf, ...(counted ? [t.refcount] : [])]);
    return t.struct("v", [t.lock, t.u32]);
  };
  assertEquals(kept(both(true)), "bpf_spin_lock@0");
  assertEquals(kept(both(false)), "refused");
});

Deno.test("fields are looked for by structures' names and sizes", () => {
  assertEquals(kept((t) => t.struct("v", [t.qualified("const", t.timer)])), "");
  assertEquals(kept((t) => t.struct("v", [t.qualified("volatile", t.timer)])), "");
  assertEquals(kept((t) => t.struct("v", [t.special("bpf_timer", 3), t.u64])), "");
  assertEquals(kept((t) => t.struct("v", [t.union("bpf_timer", [t.u64, t.array(t.u64, 2)]), t.u64])), "");
  assertEquals(kept((t) => t.struct("v", [t.union("either", [t.timer, t.u64]), t.u64])), "");
  assertEquals(kept((t) => t.struct("v", [t.u64, t.struct("", [t.u64, t.timer])])), "bpf_timer@16");
  assertEquals(kept((t) => t.union("v", [t.timer, t.u64])), "");
});

Deno.test("what is kept is a structure behind one tag", () => {
  const task = (t: Types) => t.struct("task_struct", [t.u64]);
  const value = (pointer: (t: Types) => number) => kept((t) => t.struct("v", [t.timer, pointer(t)]));
  assertEquals(value((t) => t.pointer("kptr", task(t))), "bpf_timer@0 kptr@16");
  assertEquals(value((t) => t.qualified("volatile", t.pointer("kptr", task(t)))), "bpf_timer@0 kptr@16");
  assertEquals(value((t) => t.qualified("const", t.pointer("kptr", task(t)))), "bpf_timer@0");
  assertEquals(value((t) => t.alias("task_t", t.pointer("kptr", task(t)))), "bpf_timer@0");
  assertEquals(value((t) => t.pointer("kptr", t.alias("task_t", task(t)))), "bpf_timer@0 kptr@16");
  assertEquals(value((t) => t.pointer("kptr", t.qualified("const", task(t)))), "bpf_timer@0 kptr@16");
  assertEquals(value((t) => t.pointer("kptr", t.declared("task_struct"))), "");
  assertEquals(value((t) => t.pointer("kptr", t.union("task_struct", [t.u64]))), "");
  assertEquals(value((t) => t.pointer("kptr", t.plainPointer(task(t)))), "");
  assertEquals(value((t) => t.pointer("kptr", t.tag("user", task(t)))), "");
  assertEquals(value((t) => t.pointer("kptr_other", task(t))), "");
  assertEquals(value((t) => t.plainPointer(task(t))), "bpf_timer@0");
});

Deno.test("pointers are kept in structures within arrays, too", () => {
  const inner = (t: Types) => t.struct("inner", [t.u64, t.pointer("kptr", t.struct("task_struct", [t.u64]))]);
  assertEquals(kept((t) => t.struct("v", [inner(t), t.u64])), "kptr@8");
  assertEquals(kept((t) => t.struct("v", [t.array(inner(t), 3)])), "kptr@8 kptr@24 kptr@40");
  assertEquals(
    kept((t) => t.struct("v", [t.array(t.array(inner(t), 2), 2)])),
    "kptr@8 kptr@24 kptr@40 kptr@56",
  );
});
