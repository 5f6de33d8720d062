/**
 * The kernel functions that golden files may call: those of the mailing list's tests of inlinable kfuncs, with the bodies they have
 * there, and the modules that come with Inlay, with a device of each driver.
 *
 * @module
 */
import { dynptrModule } from "../plugins/dynptr/mod.ts";
import { defineModule, type Module } from "../plugins/module.ts";
import { ModuleRegistry } from "../plugins/registry.ts";
import { mlx5Module, vethModule, xdpMetadataModule } from "../plugins/xdp_metadata/mod.ts";

/** The eight functions of "selftests/bpf: tests to verify handling of inlined kfuncs" (RFC bpf-next, 2024), patch 10. */
const TEST_KFUNCS: Module = defineModule({
  name: "bpf_testmod",
  kfuncs: [
    {
      name: "bpf_test_inline_kfunc1",
      signature: "int (int p)",
      trust: "asks",
      body: `
        r0 = 42
        if r1 != 1 goto +1
        r0 = 11
        if r1 != 2 goto +1
        r0 = 22
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc2",
      signature: "int (int *p)",
      trust: "asks",
      body: `
        r0 = 42
        if r1 != 0 goto +1
        r0 = 24
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc3",
      signature: "int (void *p, u64 p__sz)",
      trust: "asks",
      body: `
        r1 = *(u64 *)(r1 +0)
        *(u64 *)(r1 +0) = 42
        r0 = 0
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc4",
      signature: "int (void)",
      trust: "asks",
      body: `
        r0 = 0
        r1 = 1
        r2 = 2
        r6 = 3
        r7 = 4
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc5",
      signature: "int (struct bpf_dynptr *p)",
      trust: "asks",
      body: `
        r1 = *(u32 *)(r1 +8)
        r1 &= 0x7fffffff
        r1 >>= 28
        if r1 != 3 goto other
        r0 = 1
        goto out
      other:
        if r1 != 4 goto neither
        r0 = 2
        goto out
      neither:
        r0 = 3
      out:
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc6",
      signature: "int (void)",
      trust: "asks",
      body: `
        r0 = 0
        *(u64 *)(r10 -8) = r0
        r0 = *(u64 *)(r10 -8)
        r6 = 1
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc7",
      signature: "int (void)",
      trust: "asks",
      body: `
        r0 = 0
        *(u64 *)(r10 -8) = r10
        exit`,
    },
    {
      name: "bpf_test_inline_kfunc8",
      signature: "int (void)",
      trust: "asks",
      body: `
        r0 = 0
        r1 = r10
        exit`,
    },
    // Constructors, as the kernel declares them: verify knows what they make by their names.
    {
      name: "bpf_dynptr_from_xdp",
      signature: "int (struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)",
    },
    {
      name: "bpf_dynptr_from_skb",
      signature: "int (struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)",
    },
    {
      name: "flow_mix",
      signature: "__u32 (__u32 hash, __u32 value)",
      body: `
        w0 = w1
        w0 ^= w2
        w0 *= 0x9e3779b1
        exit`,
    },
  ],
});

async function registry(): Promise<ModuleRegistry> {
  const modules = new ModuleRegistry();
  modules.register(TEST_KFUNCS, { trust: true });
  for (const make of [dynptrModule, xdpMetadataModule, vethModule, mlx5Module]) {
    modules.register(await make(), { trust: true });
  }
  modules.addDevice({ name: "veth0", driver: "veth", features: [] });
  modules.addDevice({ name: "mlx0", driver: "mlx5", features: [] });
  modules.addDevice({ name: "plain0", driver: "plain", features: [] });
  return modules;
}

/** What the passes of golden files ask about kernel functions. */
export const GOLDEN_KFUNCS: ModuleRegistry = await registry();
