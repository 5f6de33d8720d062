/**
 * The running kernel's type information, where the kernel shows it.
 *
 * @module
 */

const PATH = "/sys/kernel/btf/vmlinux";

/** The bytes of the running kernel's BTF; undefined where there is none or it may not be read. */
export function vmlinuxBtf(): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(PATH);
  } catch {
    return undefined;
  }
}
