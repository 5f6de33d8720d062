/**
 * Stores to kernel structures: the few fields that programs of some types may write (`btf_struct_access` of their operations in
 * Linux 6.18).
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import type { StructOpsRules } from "../../../profile/profile.ts";
import { targetOf } from "../context/target.ts";
import { EACCES, type Env } from "../env.ts";

/** A store through a pointer to a kernel structure; offset and size in bytes. */
export interface KernelStore {
  readonly btf: Btf;
  readonly typeId: number;
  /** The structure's name. */
  readonly name: string;
  readonly off: number;
  readonly size: number;
}

/** Types whose programs may write to connections that they allocated. */
const MAY_WRITE_CONNECTIONS: ReadonlySet<string> = new Set(["sched_cls", "sched_act", "xdp"]);

/** Whether the program may store to a kernel structure: 0 or `-errno`. */
export function checkKernelWrite(env: Env, store: KernelStore): number {
  const { name, off, size } = store,
    onlyRead = (): number => env.fail(EACCES, "read-only", "only read is supported");
  if (MAY_WRITE_CONNECTIONS.has(env.rules.name)) return checkConnectionWrite(env, store);
  const { writes: all, wording = "fields" } = targetOf(env)?.structOps ?? {};
  if (all === undefined) return onlyRead();
  if (wording !== "fields") return checkRanges(env, store, { writes: all, wording });
  const writes = all.find(({ struct }) => struct === name);
  if (writes === undefined) {
    const [{ struct, fields }] = all;
    return fields !== undefined
      ? onlyRead()
      : env.fail(EACCES, "read-only", `only access to ${struct} is supported`);
  }
  if (writes.fields === undefined) {
    if (off + size <= store.btf.sizeOf(store.typeId)) return 0;
    return env.fail(EACCES, "read-only", `write access at off ${off} with size ${size}`);
  }
  for (const path of writes.fields) {
    const field = fieldOf(store.btf, path);
    if (field === undefined) continue;
    if (field.many ? off < field.off || off >= field.end : off !== field.off) continue;
    if (off + size <= field.end) return 0;
    const beyond = `beyond the member of ${name} ended at ${field.end}`;
    return env.fail(EACCES, "read-only", `write access at off ${off} with size ${size} ${beyond}`);
  }
  return env.fail(EACCES, "read-only", `no write support to ${name} at off ${off}`);
}

/** Stores that lie within a field, refused by the structure's range or without a word. */
function checkRanges(
  env: Env,
  store: KernelStore,
  rules: { readonly writes: NonNullable<StructOpsRules["writes"]>; readonly wording: "ranges" | "none" },
): number {
  const { name, off, size, btf } = store, writes = rules.writes.find(({ struct }) => struct === name);
  const refuse = (message: string): number =>
    rules.wording === "none" ? env.failSilently(EACCES, "read-only") : env.fail(EACCES, "read-only", message);
  if (writes === undefined) return refuse("write access to this struct is not supported");
  if (off + size > btf.sizeOf(store.typeId)) {
    return refuse(`write access for struct ${name} at off ${off} with size ${size}`);
  }
  for (const path of writes.fields ?? []) {
    const text = path.endsWith("*"), field = fieldOf(btf, text ? path.slice(0, -1) : path);
    if (field !== undefined && off >= field.off && off + size <= field.end - (text ? 1 : 0)) return 0;
  }
  return refuse(`write access at off ${off} with size ${size} on read-only part of ${name}`);
}

/** Connection tracking, where it is built in, lets programs mark connections, also ones still under construction. */
function checkConnectionWrite(env: Env, store: KernelStore): number {
  const { btf, name, off, size } = store;
  if (btf.find("nf_conn", "struct") === 0) {
    return name.startsWith("nf_conn") ? env.unsupported("stores to connections") : -EACCES;
  }
  if (name !== "nf_conn" && name !== "nf_conn___init") {
    return env.fail(EACCES, "read-only", "only read is supported");
  }
  const mark = fieldOf(btf, "nf_conn.mark");
  if (off !== mark?.off) return env.fail(EACCES, "read-only", `no write support to nf_conn at off ${off}`);
  if (off + size <= mark.end) return 0;
  const beyond = `beyond the member of nf_conn ended at ${mark.end}`;
  return env.fail(EACCES, "read-only", `write access at off ${off} with size ${size} ${beyond}`);
}

interface Field {
  readonly off: number;
  readonly end: number;
  /** An array or a structure: a store may begin anywhere in it. */
  readonly many: boolean;
}

const fields = new WeakMap<Btf, Map<string, Field | undefined>>();

function fieldOf(btf: Btf, path: string): Field | undefined {
  let known = fields.get(btf);
  if (known === undefined) fields.set(btf, known = new Map());
  if (!known.has(path)) known.set(path, findField(btf, path));
  return known.get(path);
}

function findField(btf: Btf, path: string): Field | undefined {
  let off = 0, id = 0;
  for (const part of path.split("+")) {
    const [struct, ...names] = part.split(".");
    id = btf.find(struct, "struct");
    for (const name of names) {
      const found = memberNamed(btf, id, name);
      if (found === undefined) return undefined;
      off += found.off;
      id = found.type;
    }
  }
  if (id === 0) return undefined;
  const { kind } = btf.type(btf.resolve(id));
  return { off, end: off + btf.sizeOf(id), many: kind === "array" || kind === "struct" };
}

/** A member by name, also of anonymous structures within. */
function memberNamed(btf: Btf, id: number, name: string): { off: number; type: number } | undefined {
  const type = btf.type(btf.resolve(id));
  if (type.kind !== "struct" && type.kind !== "union") return undefined;
  for (const member of type.members) {
    const off = Math.floor(member.bitOffset / 8);
    if (member.name === name) return { off, type: member.type };
    const inner = member.name === "" ? memberNamed(btf, member.type, name) : undefined;
    if (inner !== undefined) return { off: off + inner.off, type: inner.type };
  }
  return undefined;
}
