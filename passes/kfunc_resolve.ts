/**
 * kfunc-resolve: the calls of kernel functions that are still calls go to the function that answers.
 *
 * A device-bound function is a stub; the driver of the device the program is bound to may have a function of its own. Where that was
 * not inlined (it has no body, its body was not trusted, its stack did not fit), the call is one of the driver's function. Calls
 * inside of inlined bodies are looked at like any other.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Program } from "../ir/program.ts";
import type { Pass, PassContext } from "./pass.ts";

/** The pass. */
export function kfuncResolve(): Pass {
  return {
    name: "kfunc-resolve",
    summary: "Points the remaining calls of kernel functions at the functions that answer them",
    after: {
      verify: "verify speaks of the function the program calls, not of the one that answers",
      "kfunc-instantiate": "bodies are looked up by the function the program calls",
      "kfunc-inline": "bodies that were spliced in bring calls of their own",
    },
    run: resolve,
  };
}

function resolve(program: Program, context: PassContext): Program {
  const edit = new Edit(program, { by: "kfunc-resolve" });
  const { insns, ids } = program.code;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    if (insn.kind !== "call" || insn.callee.kind !== "kfunc") continue;
    const resolution = context.kfuncs.resolve(insn.callee.func, program.attrs);
    if (resolution.kind === "none") continue;
    const name = resolution.kind === "call" ? resolution.name : resolution.body.name;
    if (name === insn.callee.func.name) continue;
    edit.replace(ids[i], { ...insn, callee: { kind: "kfunc", func: { name, btfId: 0, module: 0 } } });
  }
  return edit.commit();
}
