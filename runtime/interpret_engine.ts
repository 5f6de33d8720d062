/**
 * Runs programs on the reference interpreter, over made-up addresses: slow, checked, and possible anywhere.
 *
 * The runtime's native functions are interpreted too, so both engines run the same helpers. A program need not have been lowered:
 * one that still speaks of `xdp_md` or `__sk_buff` gets such a structure, which is brought up to date around every call.
 *
 * @module
 */
import { type ContextField, type ContextLayout, contextOf, stepOf } from "../abi/contexts.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { Edit } from "../ir/edit.ts";
import { exceptionCallback } from "../ir/exception.ts";
import type { Callee, Imm64 } from "../ir/insn.ts";
import { type Arguments, type CallOutcome, interpret, type Machine, type Watcher } from "../ir/interpret.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import {
  describeCallee,
  type Engine,
  type EngineResult,
  type FunctionBodies,
  type Prepared,
  type PrepareOptions,
  type RunOptions,
} from "./engine.ts";
import { helperFunction, kernelFunction } from "./function_names.ts";
import { Host } from "./host.ts";
import { HOST_FUNCTIONS } from "./host_functions.ts";
import { type Block, VirtualSpace } from "./memory.ts";
import { nativeFunction } from "./native/library.ts";

const NO_FUNCTIONS: FunctionBodies = new Map();
/** `BPF_MAX_LOOPS` and `MAX_TAIL_CALL_CNT`. */
const MAX_LOOPS = 8_388_608n, MAX_TAIL_CALLS = 33;
/** Instructions of one round before the interpreter gives up. */
const FUEL = 100_000_000;
/** Stacks of functions that are called from programs lie below those of their callers. */
const STACK_TOP = 0x7ffd_0000_0000n, NESTING = 0x1000_0000n;
/** Tokens that prog arrays hold for programs. */
const FIRST_PROGRAM = 0x7e00_0000_0000, PROGRAM_STRIDE = 16;
const M32 = 0xffff_ffffn;
const FASTCALL: ReadonlySet<string> = new Set([
  "bpf_get_smp_processor_id",
  "bpf_cast_to_kern_ctx",
  "bpf_rdonly_cast",
]);

/** By body: the program that calls it with five arguments. Bodies are immutable, and most belong to the runtime itself. */
const callers = new WeakMap<Program, Program>();

/** What {@linkcode InterpretEngine} is told. */
export interface InterpretEngineOptions {
  /** Of the random numbers that programs get. */
  readonly seed: bigint;
  /** Bytes by which everything lies elsewhere, a multiple of 16; 0 if left out. */
  readonly shift?: number;
}

/** Names of a run: what addresses and functions mean. */
interface Scope extends PrepareOptions {
  readonly program: Program;
  /** The context as the program's source has it, if it was not lowered. */
  readonly source?: SourceContext;
}

/** A context that is written and read as `xdp_md` or `__sk_buff`. */
interface SourceContext {
  readonly context: ContextLayout;
  readonly block: Block;
}

/** See the module's header. */
export class InterpretEngine implements Engine {
  readonly host: Host;
  /** Told of everything that programs do (not of what their helpers do), for tests. */
  watch: Watcher | undefined;
  readonly #space: VirtualSpace;
  readonly #stackTop: bigint;
  readonly #arguments: Block;
  /** Machines of the programs under way, for callbacks; innermost last. */
  readonly #machines: Machine[] = [];
  readonly #programs: Program[] = [];
  readonly #sources = new Map<ContextLayout, SourceContext>();

  constructor(options: InterpretEngineOptions) {
    this.#space = new VirtualSpace(options.shift);
    this.#stackTop = STACK_TOP - BigInt(options.shift ?? 0);
    this.host = new Host(this.#space, options.seed);
    this.#arguments = this.#space.allocate(5 * 8, { name: "arguments" });
  }

  call(name: string, ...args: (number | bigint)[]): bigint {
    const values = [0, 1, 2, 3, 4].map((i) => BigInt.asUintN(64, BigInt(args[i] ?? 0)));
    return this.#callFunction(name, values as unknown as Arguments, {
      maps: [],
      functions: NO_FUNCTIONS,
      limited: false,
    });
  }

  prepare(program: Program, options: PrepareOptions & { lowered?: boolean }): Prepared {
    const entry = FIRST_PROGRAM + this.#programs.length * PROGRAM_STRIDE;
    this.#programs.push(program);
    const context = contextOf(program.attrs.type);
    const source = options.lowered === false && context !== undefined ? this.#sourceOf(context) : undefined;
    const scope: Scope = { ...options, program, source };
    return {
      entry,
      codeSize: 0,
      run: (address, how) => this.#run(scope, address, how),
    };
  }

  /** The memory of a context as sources have it. What a program stores there is at once cut to what the real fields hold. */
  #sourceOf(context: ContextLayout): SourceContext {
    let source = this.#sources.get(context);
    if (source === undefined) {
      const stored = () => {
        this.#takeSource(source!);
        this.#fillSource(source!);
      };
      source = { context, block: this.#space.allocate(context.size, { name: context.name, stored }) };
      this.#sources.set(context, source);
    }
    return source;
  }

  #run(scope: Scope, address: number, { repeat, restore, fuel }: RunOptions): EngineResult {
    let r0 = 0n;
    const image = this.#space.at(BigInt(address), restore).slice();
    const before = performance.now();
    for (let round = 0; round < repeat; round++) {
      if (restore > 0) this.#space.at(BigInt(address), restore).set(image);
      this.host.control.assign({ tail_calls: 0, tail_called: 0 });
      this.#fillSource(scope.source);
      try {
        ({ r0 } = interpret(scope.program, {
          r1: BigInt(scope.source?.block.address ?? address),
          memory: this.#space.memory,
          call: (callee, args, machine) => this.#answer(callee, args, { machine, scope }),
          address: (value) => this.#address(value, scope),
          packet: (offset, size) => this.host.packet?.load?.(offset, size),
          keepsArguments: (callee) => keepsArguments(callee, scope.program.attrs.type),
          fuel: fuel ?? FUEL,
          stackTop: this.#stackTop,
          watch: this.watch,
        }));
      } finally {
        this.#machines.length = 0;
      }
    }
    return { r0, ns: (performance.now() - before) * 1e6, rounds: repeat };
  }

  /** Answers a call of a program. */
  #answer(
    callee: Callee,
    args: Arguments,
    { machine, scope }: { machine: Machine; scope: Scope },
  ): CallOutcome {
    const type = scope.program.attrs.type;
    const name = callee.kind === "helper"
      ? helperFunction(callee.id, type)
      : callee.kind === "kfunc"
      ? kernelFunction(callee.func.name, type)
      : undefined;
    if (name === undefined) throw new UnsupportedError(describeCallee(callee));
    if (name === "bpf_tail_call") return this.#tailCall(args);
    if (name === "inlay_unwind") return { exit: args[0] };
    if (name === "bpf_throw") {
      const callback = exceptionCallback(machine.program);
      return { exit: callback === undefined ? args[0] : machine.invoke(callback.id, args) };
    }
    const real = scope.source === undefined ? args : this.#realArguments(args, scope.source.block);
    this.#machines.push(machine);
    const r0 = this.#callFunction(name, real, scope);
    this.#machines.pop();
    this.#fillSource(scope.source);
    return r0;
  }

  /** Pointers to the context as the source has it become pointers to what it really is. */
  #realArguments(args: Arguments, source: Block): Arguments {
    const from = BigInt(source.address);
    const to = BigInt(this.host.packet!.address);
    return args.map((value) => value === from ? to : value) as unknown as Arguments;
  }

  #callFunction(name: string, args: Arguments, options: PrepareOptions): bigint {
    if (name === "bpf_loop") return this.#loop(args);
    if (name === "inlay_invoke") return this.#invoke(args[0], [args[1], args[2], args[3], args[4], 0n]);
    const body = options.functions.get(name) ?? nativeFunction(name);
    if (body !== undefined) return this.#callBody(body, args, options);
    const js = HOST_FUNCTIONS[name];
    if (js === undefined) throw new UnsupportedError(`the function ${name} in the runtime`);
    return BigInt.asUintN(64, js(this.host, args));
  }

  /** Interprets a function with five arguments, which reach it through memory. */
  #callBody(body: Program, args: Arguments, options: PrepareOptions): bigint {
    for (const [i, value] of args.entries()) this.#arguments.view.setBigUint64(8 * i, value, true);
    const scope: Scope = { ...options, program: body };
    const depth = this.#machines.length + 1;
    return interpret(callerOf(body), {
      r1: BigInt(this.#arguments.address),
      memory: this.#space.memory,
      call: (callee, inner) => this.#answerBody(callee, inner, scope),
      address: (value) => this.#address(value, scope),
      fuel: FUEL,
      stackTop: this.#stackTop - BigInt(depth) * NESTING,
    }).r0;
  }

  /** Answers a call of a function: callbacks belong to the program that called it. */
  #answerBody(callee: Callee, args: Arguments, scope: Scope): CallOutcome {
    const name = callee.kind === "kfunc"
      ? callee.func.name
      : callee.kind === "helper"
      ? helperFunction(callee.id, scope.program.attrs.type)
      : undefined;
    if (name === undefined) throw new UnsupportedError(describeCallee(callee));
    return this.#callFunction(name, args, scope);
  }

  #loop([count, callback, context, flags]: Arguments): bigint {
    const total = count & M32;
    if (flags !== 0n) return -22n;
    if (total > MAX_LOOPS) return -7n;
    for (let i = 0n; i < total; i++) {
      if (this.#invoke(callback, [i, context, 0n, 0n, 0n]) !== 0n) return i + 1n;
    }
    return total;
  }

  #invoke(callback: bigint, args: Arguments): bigint {
    const machine = this.#machines.at(-1);
    const subprog = machine?.subprogAt(callback);
    if (machine === undefined || subprog === undefined) {
      throw new UnsupportedError(`a callback at 0x${callback.toString(16)}`);
    }
    return machine.invoke(subprog, args);
  }

  #tailCall([, mapAddress, index]: Arguments): CallOutcome {
    const map = this.host.mapAt(mapAddress);
    const at = Number(index & M32);
    if (map === undefined || at >= map.def.maxEntries) return -2n;
    const entry = Number(new DataView(map.data.buffer, map.data.byteOffset).getBigUint64(at * 8, true));
    const program = this.#programs[(entry - FIRST_PROGRAM) / PROGRAM_STRIDE];
    const done = this.host.control.get("tail_calls");
    if (program === undefined || done >= MAX_TAIL_CALLS) return -2n;
    this.host.control.set("tail_calls", done + 1);
    return { tailCall: program };
  }

  #address(value: Imm64, scope: PrepareOptions): bigint {
    switch (value.kind) {
      case "map":
        return BigInt(scope.maps[value.map].address);
      case "map_value": {
        const map = scope.maps[value.map];
        if (map.valueOffset === undefined) {
          throw new UnsupportedError(`the address of a value of map ${map.def.name}`);
        }
        return BigInt(map.address + map.valueOffset + value.offset);
      }
      case "kernel_var": {
        const address = this.host.variable(value.name);
        if (address === undefined) throw new UnsupportedError(`the kernel variable ${value.name}`);
        return BigInt(address);
      }
      case "const":
      case "func":
        throw new TypeError(`Cannot give an address for a ${value.kind}`);
    }
  }

  /** Writes the context as the source has it from the real structure. */
  #fillSource(source: SourceContext | undefined): void {
    if (source === undefined) return;
    for (const field of source.context.fields) {
      const from = this.#realField(field);
      if (from === undefined) continue;
      const to = source.block.bytes.subarray(field.offset, field.offset + field.size);
      if (field.element !== undefined) {
        to.set(from);
        continue;
      }
      to.fill(0);
      to.set(from.subarray(0, field.size));
      if (field.shift === 16) to.set([0, 0, to[0], to[1]]);
    }
  }

  /** Writes to the real structure what the program wrote to the context; only fields that lie in it directly can be written. */
  #takeSource({ context, block }: SourceContext): void {
    for (const field of context.fields) {
      if (field.path.length !== 1 || isPointer(field)) continue;
      const to = this.#realField(field)!;
      const from = block.bytes.subarray(field.offset, field.offset + Math.min(field.size, to.length));
      if (field.below !== undefined && block.view.getUint32(field.offset, true) >= field.below) continue;
      to.set(from);
    }
  }

  /** The bytes of a field in the real structure; undefined behind a null pointer. */
  #realField(field: ContextField): Uint8Array | undefined {
    let address = BigInt(this.host.packet!.address);
    for (const [i, step] of field.path.entries()) {
      const { offset, size } = stepOf(step);
      address += BigInt(offset);
      if (i === field.path.length - 1) return this.#space.at(address, size);
      const pointer = this.#space.at(address, 8);
      address = new DataView(pointer.buffer, pointer.byteOffset).getBigUint64(0, true);
      if (address === 0n) return undefined;
    }
    return undefined;
  }
}

/** Calls that become moves (`bpf_fastcall`): programs may count on r1 to r5. */
function keepsArguments(callee: Callee, type: string): boolean {
  if (callee.kind === "kfunc") return FASTCALL.has(callee.func.name);
  return callee.kind === "helper" && FASTCALL.has(helperFunction(callee.id, type) ?? "");
}

/** Fields that hold addresses: the program may not write them, and a packet's are longer than the context shows. */
function isPointer(field: ContextField): boolean {
  return stepOf(field.path[0]).size > field.size || field.name === "sk";
}

/** Loads five arguments from where r1 points; a call takes the place of the last line but one. */
const LOADER = `type syscall

func main:
    r5 = *(u64 *)(r1 +32)
    r4 = *(u64 *)(r1 +24)
    r3 = *(u64 *)(r1 +16)
    r2 = *(u64 *)(r1 +8)
    r1 = *(u64 *)(r1 +0)
    r0 = 0
    exit
`;

/** The program that loads five arguments from r1 and calls the body; made once per body. */
function callerOf(body: Program): Program {
  let caller = callers.get(body);
  if (caller === undefined) callers.set(body, caller = withArguments(body));
  return caller;
}

function withArguments(body: Program): Program {
  const [loader] = parseText(LOADER, { name: "runtime" }).programs;
  const edit = new Edit(loader, { by: "runtime" });
  const subprog = edit.cloneSubprog(body, body.subprogs[0].id, { name: "body" });
  edit.replace(loader.code.ids[5], { kind: "call", callee: { kind: "subprog", subprog } });
  return edit.commit();
}
