/**
 * Functions and types that programs cannot be attached to, for tests: some of Linux 6.18's own, and some that no kernel has.
 *
 * @module
 */
import type { BtfBuilder } from "../../../ir/btf/write.ts";

/**
 * Adds functions that are kept from tracing or never return, with too many, too large or variable arguments, or with a structure as their
 * result; and, named `invented_…`, one with a nameless gap in its arguments and one with a long result.
 */
export function addAttachTargets(
  builder: BtfBuilder,
  types: { readonly int: number; readonly u64: number },
): void {
  const { int, u64 } = types, pointer = builder.ptr(0);
  const func = (name: string, ret: number, params: readonly number[], variadic = false): void => {
    const proto = builder.add({
      kind: "func_proto",
      ret,
      params: params.map((type, i) => ({ name: `a${i}`, type })),
      variadic,
    });
    builder.func(name, proto, { linkage: "global" });
  };
  func("migrate_disable", 0, []);
  func("do_exit", 0, [u64]);
  func("rtnl_fill_ifinfo", int, Array<number>(14).fill(int));
  func("_printk", int, [pointer], true);
  func("ZSTD_cParam_getBounds", builder.struct("ZSTD_bounds", 16, []), [int]);
  func("ZSTD_CCtx_setCParams", u64, [pointer, builder.struct("ZSTD_compressionParameters", 28, [])]);
  func("invented_gap", int, [int, 0]);
  func("invented_twelve", int, Array<number>(12).fill(int));
  func("invented_long", builder.int("__int128", 16, { signed: true }), [int]);
  func("invented_array", int, [builder.array(int, 2, { index: int })]);
  func("invented_table", builder.array(int, 2, { index: int }), []);
  builder.add({ kind: "typedef", name: "gfp_t", type: int });
}
