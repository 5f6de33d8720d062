import { assertEquals } from "@std/assert";
import { BtfBuilder } from "../../ir/btf/write.ts";
import type { ObjectExtern } from "./externs.ts";
import { kconfigMap } from "./kconfig.ts";

Deno.test("libbpf finds out about wrapped system calls with a kprobe, where the kernel has them", () => {
  const b = new BtfBuilder();
  const typeId = b.add({
    kind: "var",
    name: "LINUX_HAS_SYSCALL_WRAPPER",
    type: b.int("unsigned char", 1),
    linkage: "extern",
  });
  const extern: ObjectExtern = {
    name: "LINUX_HAS_SYSCALL_WRAPPER",
    kind: "kconfig",
    weak: true,
    typeId,
    targetBtfId: 0,
    symbol: 1,
    offset: 0,
    size: 1,
    typeless: false,
  };
  const value = (kconfig?: string) => {
    const known = {
      kernelVersion: 0x061200,
      objectName: "test",
      ...(kconfig === undefined ? {} : { kconfig }),
    };
    return kconfigMap([extern], b.build(), known)?.data?.[0];
  };
  assertEquals(value("CONFIG_KPROBE_EVENTS=y\n"), 1);
  assertEquals(value("# CONFIG_KPROBES is not set\n"), 0);
  assertEquals(value(), 1);
});
