/**
 * lower-calls: helper calls that are no calls, or not only calls, become what they are.
 *
 * - Lookups in array maps become an address computation, as in Linux (`array_map_gen_lookup`); lookups in hash maps call the hash
 *   function directly. Both need to know the map (the fact `call_map`).
 * - `bpf_get_smp_processor_id` is 0, `bpf_cast_to_kern_ctx` and `bpf_rdonly_cast` are moves. They have to be: programs rely on these
 *   calls leaving r1 to r5 alone (`bpf_fastcall`).
 * - A tail call runs the target as a call and then leaves with its result, if the runtime says that it happened.
 * - Where a program throws and has a callback for that, the callback is called first, and what it gives ends the run.
 * - Legacy packet loads (`ld_abs`, `ld_ind`) become calls that leave with 0 where the packet ends.
 *
 * What it does not do: all other calls stay, the linker finds their functions by name.
 *
 * @module
 */
import { fieldOf } from "../../abi/layouts.ts";
import { ARRAY_VALUES, arrayStride, isPlainArray } from "../../abi/map_layout.ts";
import { Edit, type NewCode } from "../../ir/edit.ts";
import { exceptionCallback } from "../../ir/exception.ts";
import { bpf, type Fragment } from "../../ir/fragment.ts";
import type { Insn, InsnId, KfuncRef } from "../../ir/insn.ts";
import type { Program } from "../../ir/program.ts";
import type { MapDef } from "../../ir/unit.ts";
import { callMap, NO_MAP } from "../facts.ts";
import type { Pass } from "../pass.ts";

/** Numbers of `enum bpf_func_id`. */
const MAP_LOOKUP_ELEM = 1, GET_SMP_PROCESSOR_ID = 8, TAIL_CALL = 12;
/** `BPF_MAP_TYPE_HASH`, `_PERCPU_HASH`, `_LRU_HASH`, `_LRU_PERCPU_HASH`. */
const HASHES: readonly number[] = [1, 5, 9, 10];
/** Kernel functions that are moves. */
const CASTS: readonly string[] = ["bpf_cast_to_kern_ctx", "bpf_rdonly_cast"];

/** The pass. */
export function lowerCalls(): Pass {
  return {
    name: "lower-calls",
    summary:
      "Inlines lookups in arrays and calls that are moves; tail calls and legacy packet loads become calls",
    after: {
      verify: "it knows which map a call uses",
      "fastcall-remove": "it looks for the calls that become moves here",
    },
    needs: [callMap],
    run: lower,
  };
}

function lower(program: Program): Program {
  const edit = new Edit(program, { by: "lower-calls" });
  const { insns, ids } = program.code;
  for (let i = 0; i < insns.length; i++) {
    const code = replacement(program, insns[i], ids[i]);
    if (code !== undefined) edit.replace(ids[i], code);
  }
  return edit.changed ? edit.commit() : program;
}

function replacement(program: Program, insn: Insn, id: InsnId): NewCode | undefined {
  if (insn.kind === "ldabs") return packetLoad(insn);
  if (insn.kind !== "call") return undefined;
  const { callee } = insn;
  switch (callee.kind) {
    case "subprog":
      return undefined;
    case "kfunc":
      if (callee.func.name === "bpf_throw") return thrown(program);
      return CASTS.includes(callee.func.name) ? bpf`r0 = r1` : undefined;
    case "helper":
      switch (callee.id) {
        case GET_SMP_PROCESSOR_ID:
          return bpf`w0 = 0`;
        case TAIL_CALL:
          return tailCall(insn);
        case MAP_LOOKUP_ELEM: {
          // Inner maps of maps of maps have numbers beyond the unit's own: which of them it is shows at run time.
          const map = program.get(callMap, id);
          return map === NO_MAP || map >= program.unit.maps.length
            ? undefined
            : lookup(program.unit.maps[map]);
        }
        default:
          return undefined;
      }
  }
}

function lookup(def: MapDef): Fragment | undefined {
  if (isPlainArray(def)) return arrayLookup(def);
  return HASHES.includes(def.type) ? bpf`call ${native("inlay_htab_lookup")}` : undefined;
}

/** r1 is the map, r2 points to the index. */
function arrayLookup(def: MapDef): Fragment {
  const stride = arrayStride(def.valueSize);
  const shift = Math.log2(stride);
  const scale = Number.isInteger(shift) ? bpf`r0 <<= ${shift}` : bpf`r0 *= ${stride}`;
  return bpf`
      r1 += ${ARRAY_VALUES}
      r0 = *(u32 *)(r2 +0)
      if r0 >= ${def.maxEntries} goto none
      ${scale}
      r0 += r1
      goto end
    none:
      r0 = 0
    end:
  `;
}

function tailCall(call: Insn): Fragment {
  const { offset } = fieldOf("inlay_control", "tail_called");
  const control: Insn = {
    kind: "imm64",
    dst: 1,
    value: { kind: "kernel_var", name: "inlay_control", btfId: 0, module: 0 },
  };
  return bpf`
      ${call}
      ${control}
      r2 = *(u32 *)(r1 +${offset})
      if r2 == 0 goto end
      *(u32 *)(r1 +${offset}) = 0
      exit
    end:
  `;
}

/** r1 is what is thrown. The kernel calls the callback in the place of the main function, here it is called by who throws. */
function thrown(program: Program): Fragment | undefined {
  const callback = exceptionCallback(program);
  if (callback === undefined) return undefined;
  const call: Insn = { kind: "call", callee: { kind: "subprog", subprog: callback.id } };
  return bpf`
      ${call}
      r1 = r0
      call ${native("inlay_unwind")}
  `;
}

/** r6 is the context; the index register may be any, so it is read before others are written. */
function packetLoad(insn: Extract<Insn, { kind: "ldabs" }>): Fragment {
  const offset = insn.mode === "ind" ? bpf`w2 = w${insn.index}\nw2 += ${insn.imm}` : bpf`r2 = ${insn.imm}`;
  return bpf`
      ${offset}
      r1 = r6
      r3 = ${insn.size}
      call ${native("inlay_load_packet")}
      if r0 != -1 goto end
      r0 = 0
      exit
    end:
  `;
}

/** A function of the runtime, by name. */
function native(name: string): KfuncRef {
  return { name, btfId: 0, module: 0 };
}
