import { assertEquals, assertThrows } from "@std/assert";
import { fieldOf, layoutOf, runtimeBtf, runtimeHeader, structureNames } from "./layouts.ts";

Deno.test("fields lie where C puts them", () => {
  assertEquals(layoutOf("xdp_buff").size, 56);
  assertEquals(fieldOf("xdp_buff", "data_end").offset, 8);
  assertEquals(fieldOf("veth_xdp_buff", "skb").offset, 56);
  assertEquals(layoutOf("mlx5_cqe64").size, 64);
  assertEquals(fieldOf("mlx5_cqe64", "timestamp").offset, 48);
  assertEquals(fieldOf("sock", "__sk_common.skc_v6_daddr"), {
    name: "skc_v6_daddr",
    type: "__u32",
    offset: 16,
    size: 16,
    count: 4,
  });
  assertEquals(fieldOf("bpf_skb_data_end", "data_meta").offset, 32);
  assertEquals(layoutOf("hwtstamp_config").align, 4);
});

Deno.test("the control block of qdiscs fits into the packet's", () => {
  assertEquals(layoutOf("bpf_skb_data_end").size <= fieldOf("sk_buff", "cb").size, true);
  assertEquals(fieldOf("sk_buff", "cb").offset % 8, 0);
});

Deno.test("what is not there is named", () => {
  assertThrows(() => layoutOf("task_struct"), RangeError, "task_struct");
  assertThrows(() => fieldOf("xdp_buff", "nonsense"), RangeError, "nonsense");
});

Deno.test("BTF says the same as the layouts", () => {
  const btf = runtimeBtf();
  for (const name of structureNames()) {
    const layout = layoutOf(name);
    const id = btf.find(name, "struct");
    const type = btf.type(id);
    if (type.kind !== "struct") throw new Error(`${name} is a ${type.kind}`);
    assertEquals(type.size, layout.size, name);
    assertEquals(type.members.map((m) => m.name), layout.fields.map((f) => f.name));
    for (const [i, member] of type.members.entries()) {
      assertEquals(member.bitOffset, layout.fields[i].offset * 8, `${name}.${member.name}`);
      assertEquals(btf.sizeOf(member.type), layout.fields[i].size, `${name}.${member.name}`);
    }
  }
});

Deno.test("the committed header is the generated one", () => {
  assertEquals(Deno.readTextFileSync(new URL("./inlay_runtime.h", import.meta.url)), runtimeHeader());
});
