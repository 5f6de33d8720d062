/** Allocated objects, and the lists and trees that hold them: what is held, in which order it comes out, what is given back. */
import { assert, assertEquals } from "@std/assert";
import { BtfBuilder } from "../ir/btf/write.ts";
import { parseText } from "../ir/parse_text.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { VirtualSpace } from "./memory.ts";
import { nativeUnavailable, Runtime, testRun } from "./mod.ts";
import { Objects } from "./objects.ts";

/** A structure with a list's head, a tree's root, a pointer to another and a node, and one with a number. */
function types(): {
  readonly btf: ReturnType<BtfBuilder["build"]>;
  readonly outer: number;
  readonly plain: number;
} {
  const builder = new BtfBuilder();
  const u64 = builder.int("u64", 8);
  const head = builder.struct("bpf_list_head", 16, [{ name: "a", type: u64, bitOffset: 0, bitSize: 0 }]);
  const root = builder.struct("bpf_rb_root", 16, [{ name: "a", type: u64, bitOffset: 0, bitSize: 0 }]);
  const plain = builder.struct("plain", 24, [{ name: "a", type: u64, bitOffset: 0, bitSize: 0 }]);
  const kept = builder.ptr(builder.add({ kind: "type_tag", name: "kptr", type: plain }));
  const heads = builder.array(head, 2, { index: u64 });
  const outer = builder.struct("outer", 64, [
    { name: "heads", type: heads, bitOffset: 0, bitSize: 0 },
    { name: "root", type: root, bitOffset: 8 * 32, bitSize: 0 },
    { name: "kept", type: kept, bitOffset: 8 * 48, bitSize: 0 },
  ]);
  return { btf: builder.build(), outer, plain };
}

Deno.test("an object is there until its last holder releases it, through any address in it", () => {
  const { btf, plain } = types(), objects = new Objects(new VirtualSpace());
  const object = objects.create(btf, plain);
  assert(objects.hold(object + 8n));
  objects.release(object);
  assertEquals(objects.count, 1);
  objects.release(object + 16n);
  assertEquals(objects.count, 0);
  assert(!objects.hold(object));
});

Deno.test("memory of an object that is gone is given out again, zeroed", () => {
  const { btf, plain } = types(), space = new VirtualSpace(), objects = new Objects(space);
  const object = objects.create(btf, plain);
  space.at(object, 24).fill(1);
  objects.release(object);
  assertEquals(objects.create(btf, plain), object);
  assertEquals([...space.at(object, 24)], new Array(24).fill(0));
});

Deno.test("with an object go those that its lists, tree and pointers hold", () => {
  const { btf, outer, plain } = types();
  using runtime = new Runtime();
  const { host } = runtime.engine, { objects } = host;
  const owner = objects.create(btf, outer), made = [1, 2, 3, 4].map(() => objects.create(btf, plain));
  runtime.engine.call("bpf_list_push_back_impl", owner + 16n, made[0]);
  runtime.engine.call("bpf_list_push_front_impl", owner + 16n, made[1]);
  assertEquals(runtime.engine.call("bpf_kptr_xchg", owner + 48n, made[2]), 0n);
  assertEquals(objects.count, 5);
  objects.release(owner);
  assertEquals(objects.count, 1);
  assert(objects.hold(made[3]));
});

Deno.test("lists give back in order, from both ends, and take no node twice", () => {
  const { btf, plain } = types();
  using runtime = new Runtime();
  const { engine } = runtime, { objects } = engine.host;
  const head = BigInt(engine.host.space.allocate(16, { name: "head" }).address);
  const [a, b, c] = [1, 2, 3].map(() => objects.create(btf, plain));
  assertEquals(engine.call("bpf_list_pop_front", head), 0n);
  assertEquals(engine.call("bpf_list_push_back_impl", head, a), 0n);
  assertEquals(engine.call("bpf_list_push_back_impl", head, b), 0n);
  assertEquals(engine.call("bpf_list_push_front_impl", head, c), 0n);
  objects.hold(a);
  assertEquals(BigInt.asIntN(64, engine.call("bpf_list_push_front_impl", head, a)), -22n);
  assertEquals(engine.call("bpf_list_front", head), c);
  assertEquals(engine.call("bpf_list_back", head), b);
  assertEquals(engine.call("bpf_list_pop_back", head), b);
  assertEquals(engine.call("bpf_list_pop_front", head), c);
  assertEquals(engine.call("bpf_list_pop_front", head), a);
  assertEquals(engine.call("bpf_list_pop_front", head), 0n);
  // The failed push gave up the hold that came with it.
  objects.release(a);
  assert(!objects.hold(a));
});

/**
 * A program over its context: the count, a root, and as many nodes with their keys behind them, 40 bytes each. It puts all nodes into
 * the tree, then takes the first out until there is none, and writes the keys to byte 4096 on.
 */
const SORT = `type syscall
func main:
  r6 = r1
  r7 = *(u64 *)(r6 + 0)
  r8 = r6
  r8 += 32
add:
  if r7 == 0 goto take
  r1 = r6
  r1 += 16
  r2 = r8
  r3 = func less ll
  r4 = 0
  r5 = 0
  call kfunc bpf_rbtree_add_impl
  r8 += 40
  r7 += -1
  goto add
take:
  r9 = 0
more:
  r1 = r6
  r1 += 16
  call kfunc bpf_rbtree_first
  if r0 == 0 goto out
  r8 = r0
  r1 = r6
  r1 += 16
  r2 = r0
  call kfunc bpf_rbtree_remove
  if r0 != r8 goto wrong
  r1 = *(u64 *)(r8 + 32)
  r2 = r9
  r2 *= 8
  r2 += r6
  *(u64 *)(r2 + 4096) = r1
  r9 += 1
  goto more
out:
  r0 = r9
  exit
wrong:
  r0 = -1
  exit
func less:
  r3 = *(u64 *)(r1 + 32)
  r4 = *(u64 *)(r2 + 32)
  r0 = 1
  if r3 < r4 goto done
  r0 = 0
done:
  exit
`;

for (const back of ["interpret", "x86_64"] as const) {
  Deno.test({
    name: `a tree gives its nodes back in the order of the program's comparison (${back})`,
    ignore: back === "x86_64" && nativeUnavailable() !== undefined,
    fn() {
      using runtime = new Runtime(back === "x86_64" ? { compile: compileX86 } : {});
      const [program] = parseText(SORT, { name: "sort" }).programs;
      const loaded = runtime.prepare(program, {});
      let seed = 1;
      for (const count of [1, 2, 3, 10, 60]) {
        for (const kind of ["random", "rising", "falling", "equal"]) {
          const ctx = new Uint8Array(8192), view = new DataView(ctx.buffer), keys: bigint[] = [];
          view.setBigUint64(0, BigInt(count), true);
          for (let i = 0; i < count; i++) {
            seed = (seed * 1103515245 + 12345) & 0x7fffffff;
            const key = kind === "random"
              ? seed % 50
              : kind === "rising"
              ? i
              : kind === "falling"
              ? count - i
              : 7;
            keys.push(BigInt(key));
            view.setBigUint64(32 + 40 * i + 32, BigInt(key), true);
          }
          const run = testRun(loaded, { ctx });
          assertEquals(run.retval, count, `${kind} ${count}`);
          const out = new DataView(run.ctxOut!.buffer, run.ctxOut!.byteOffset);
          const got = keys.map((_, i) => out.getBigUint64(4096 + 8 * i, true));
          assertEquals(got, keys.toSorted((a, b) => Number(a - b)));
        }
      }
    },
  });
}
