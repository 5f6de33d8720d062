/**
 * Checks of a program's BTF that the kernel makes and a reader has no need of: names are identifiers, parameters of functions have
 * names. A compiler can break them (C23 lets parameters be nameless, dollars and generic types make odd names); the kernel then takes
 * no BTF at all.
 *
 * Mirrors `btf_name_valid_identifier` and `btf_func_check` of Linux 6.18's `kernel/bpf/btf.c`; that types, sizes and offsets make
 * sense is taken for granted.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";

/** An identifier as the kernel has it, dots included, of at most `KSYM_NAME_LEN` characters. */
const IDENTIFIER = /^[A-Za-z_.][A-Za-z0-9_.]{0,511}$/;

/** Whether the kernel finds nothing wrong with the names in a program's BTF. */
export function isWellNamed(btf: Btf): boolean {
  for (let id = 1; id < btf.count; id++) if (!isTypeWellNamed(btf, btf.type(id))) return false;
  return true;
}

/** Nothing is a name where none is needed. */
function isOptional(name: string): boolean {
  return name === "" || IDENTIFIER.test(name);
}

function isTypeWellNamed(btf: Btf, type: BtfType): boolean {
  switch (type.kind) {
    case "struct":
    case "union":
      return isOptional(type.name) && type.members.every((member) => isOptional(member.name));
    case "enum":
    case "enum64":
      return isOptional(type.name) && type.values.every((value) => IDENTIFIER.test(value.name));
    case "fwd":
    case "typedef":
    case "var":
      return IDENTIFIER.test(type.name);
    case "func": {
      const proto = btf.type(type.type);
      const named = proto.kind === "func_proto" && proto.params.every((param) => param.name !== "");
      return named && IDENTIFIER.test(type.name);
    }
    case "func_proto":
      return type.params.every((param) => isOptional(param.name));
    case "void":
    case "int":
    case "ptr":
    case "array":
    case "volatile":
    case "const":
    case "restrict":
    case "datasec":
    case "float":
    case "decl_tag":
    case "type_tag":
      return true;
  }
}
