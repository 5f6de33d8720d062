/**
 * Programs that are attached to a function of another program: those that replace it (`freplace`), and those that run before or
 * after it (`fentry`, `fexit`). Mirrors the part of `bpf_check_attach_target` that is about them, and `btf_check_func_type_match`, of
 * Linux 6.18.
 *
 * Functions of tracing programs, of security hooks and of callbacks can be traced; what may replace them is not decided about.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import { EFAULT, EINVAL, type Env, SUB_CHANGES_PACKET, SUB_MIGHT_SLEEP } from "../env.ts";
import type { LoadedFunc, LoadedProgram } from "./loaded_program.ts";
import { kindName, protoOf, setTarget } from "./target.ts";

/** `enum bpf_attach_type`. */
const TRACE_RAW_TP = 23, TRACE_FENTRY = 24, TRACE_FEXIT = 25, MODIFY_RETURN = 26, TRACE_ITER = 28;

/** Checks the function that a program is attached to and remembers it: 0 or `-errno`. */
export function checkProgramTarget(env: Env, host: LoadedProgram, sleeps: boolean): number {
  const { attachBtfId: id, device } = env.program.attrs, { btf } = host;
  const refuse = (message: string): number => env.fail(EINVAL, "attach-target", message);
  if (id === 0) return refuse("Tracing programs must provide btf_id");
  if (btf === undefined) {
    return refuse("FENTRY/FEXIT program can only be attached to another program annotated with BTF");
  }
  if (id < 0 || id >= btf.count) return refuse(`attach_btf_id ${id} is invalid`);
  const name = btf.name(id);
  if (device !== undefined && device !== host.program.attrs.device) {
    return env.failUnterminated(EINVAL, "attach-target", "Target program bound device mismatch");
  }
  const func = host.funcs.find(({ btfId }) => btfId === id);
  if (func === undefined) return refuse(`Subprog ${name} doesn't exist`);
  if (func.exceptionCallback) {
    const who = env.extension ? "Extension" : "FENTRY/FEXIT";
    return refuse(`${who} programs cannot attach to exception callback`);
  }
  if (env.extension) return checkReplaced(env, host, { func, btf, id, name });
  if (host.program.attrs.type === "tracing" && host.host?.program.attrs.type === "tracing") {
    return refuse("Cannot nest tracing program attach more than once");
  }
  return checkTraced(env, host, { func, btf, id, name, sleeps });
}

/** A function of another program. */
interface Place {
  readonly func: LoadedFunc;
  readonly btf: Btf;
  /** Its FUNC. */
  readonly id: number;
  readonly name: string;
}

function checkReplaced(env: Env, host: LoadedProgram, place: Place): number {
  const { func, btf, id, name } = place, flags = env.subprogFlags[0], { type } = host.program.attrs;
  const refuse = (message: string): number => env.fail(EINVAL, "replacement", message);
  if (func.unreliable) return refuse("Cannot replace static functions");
  if ((flags & SUB_CHANGES_PACKET) !== 0 && !func.changesPacket) {
    return refuse("Extension program changes packet data, while original does not");
  }
  if ((flags & SUB_MIGHT_SLEEP) !== 0 && !func.mightSleep) {
    return refuse("Extension program may sleep, while original does not");
  }
  if (type === "ext") return refuse("Cannot recursively attach");
  if (type === "tracing" && (host.attachType === TRACE_FENTRY || host.attachType === TRACE_FEXIT)) {
    return refuse("Cannot extend fentry/fexit");
  }
  const failed = checkSameType(env, btf, id);
  if (failed < 0) return failed;
  const proto = protoOf(env, btf, id);
  if (typeof proto === "number") return proto;
  // It is taken for a program of an iterator then, which it is not by its name.
  if (type === "tracing" && host.attachType === TRACE_ITER && !name.startsWith("bpf_iter_")) {
    return env.failSilently(EINVAL, "attach-target");
  }
  if (host.rules.typedContext) return env.unsupported(`replacing functions of programs of type ${type}`);
  return 0;
}

function checkTraced(env: Env, host: LoadedProgram, place: Place & { readonly sleeps: boolean }): number {
  const { func, btf, id, name, sleeps } = place;
  const refuse = (message: string): number => env.fail(EINVAL, "attach-target", message);
  switch (env.attachType) {
    case TRACE_RAW_TP:
      return refuse("Only FENTRY/FEXIT progs are attachable to another BPF prog");
    case TRACE_FENTRY:
    case TRACE_FEXIT:
    case MODIFY_RETURN:
      break;
    case TRACE_ITER:
      return env.unsupported("iterators in other programs");
    default:
      return env.failSilently(EINVAL, "attach-target");
  }
  if (btf.type(id).kind !== "func") return refuse(`attach_btf_id ${id} is not a function`);
  const proto = func.unreliable ? undefined : protoOf(env, btf, id);
  if (typeof proto === "number") return proto;
  // No program is on the list of what may be made to fail.
  if (sleeps) return env.fail(EINVAL, "not-sleepable", `${name} is not sleepable`);
  if (env.attachType === MODIFY_RETURN) return refuse("can't modify return codes of BPF programs");
  setTarget(env, {
    name,
    btf,
    params: proto?.params ?? [],
    ret: proto?.ret ?? 0,
    trusted: false,
    typed: [],
    host,
    ...(proto === undefined ? { unknown: true } : {}),
  });
  return 0;
}

/** Whether the program's own function can be called in the place of the function `id`: 0 or `-errno`. */
function checkSameType(env: Env, btf: Btf, id: number): number {
  const own = env.program.subprogs[0].btfId;
  if (env.btf === undefined || own === 0) {
    return env.fail(EINVAL, "replacement", "Program extension requires BTF");
  }
  const mine = env.btf.type(own), other = btf.type(id);
  if (mine.kind !== "func") return env.failSilently(EFAULT, "replacement");
  if (other.kind !== "func") {
    return env.fail(EINVAL, "replacement", `attach_btf_id ${id} is not a function`);
  }
  for (const { linkage, name } of [mine, other]) {
    if (linkage !== "global") return env.fail(EINVAL, "replacement", `${name}() is not a global function`);
  }
  const a = env.btf.type(mine.type), b = btf.type(other.type);
  if (a.kind !== "func_proto" || b.kind !== "func_proto") return env.failSilently(EFAULT, "replacement");
  const difference = differenceOf(
    { btf: env.btf, name: mine.name, params: a.params, ret: a.ret },
    { btf, name: other.name, params: b.params, ret: b.ret },
  );
  return difference === undefined ? 0 : env.fail(EINVAL, "replacement", difference);
}

/** A function by its prototype. */
interface Signature {
  readonly btf: Btf;
  readonly name: string;
  readonly params: readonly { readonly type: number }[];
  readonly ret: number;
}

/** In what two functions differ; undefined if the one can stand in for the other. */
function differenceOf(a: Signature, b: Signature): string | undefined {
  if (a.params.length !== b.params.length) {
    return `${a.name}() has ${a.params.length} args while ${b.name}() has ${b.params.length} args`;
  }
  const returns = a.btf.type(a.btf.resolve(a.ret)), wanted = b.btf.type(b.btf.resolve(b.ret));
  if (!sameForm(returns, wanted)) {
    const what = `Return type ${kindName(returns)} of ${a.name}()`;
    return `${what} doesn't match type ${kindName(wanted)} of ${b.name}()`;
  }
  for (let i = 0; i < a.params.length; i++) {
    const difference = argumentDiffers(a, b, i);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function argumentDiffers(a: Signature, b: Signature, i: number): string | undefined {
  const own = a.btf.type(a.btf.resolve(a.params[i].type)),
    other = b.btf.type(b.btf.resolve(b.params[i].type));
  if (!sameForm(own, other)) {
    return `arg${i} in ${a.name}() is ${kindName(own)} while ${b.name}() has ${kindName(other)}`;
  }
  if ("size" in own && "size" in other && own.size !== other.size) {
    return `arg${i} in ${a.name}() has size ${own.size} while ${b.name}() has ${other.size}`;
  }
  if (own.kind === "int" || own.kind === "enum" || own.kind === "enum64") return undefined;
  if (own.kind !== "ptr" || other.kind !== "ptr") return `arg${i} in ${a.name}() has unrecognized type`;
  const pointee = a.btf.type(a.btf.resolve(own.type)), wanted = b.btf.type(b.btf.resolve(other.type));
  for (const [{ name }, { kind }] of [[a, pointee], [b, wanted]] as const) {
    if (kind !== "struct" && kind !== "union") return `arg${i} in ${name}() is not a pointer to context`;
  }
  const names = [pointee, wanted].map((type) => "name" in type ? type.name : "");
  if (names[0] === names[1]) return undefined;
  return `arg${i} ${a.name}(struct ${names[0]} *) doesn't match ${b.name}(struct ${names[1]} *)`;
}

/** Whether two types are of one kind, with as many members (`info` of `struct btf_type`). */
function sameForm(a: BtfType, b: BtfType): boolean {
  if (a.kind !== b.kind) return false;
  if ("members" in a && "members" in b) return a.members.length === b.members.length;
  if ("values" in a && "values" in b) return a.values.length === b.values.length && a.signed === b.signed;
  return true;
}
