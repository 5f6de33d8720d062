/**
 * The word that a program was proven safe, passed from the pipeline to whoever runs it.
 *
 * A proof stands for the very code of one version: any change of the program makes it void, and it cannot be read from a file or
 * made by assigning a property. It is issued where a verified program leaves the pipeline, and demanded where code is loaded.
 *
 * @module
 */
import type { Code, Program } from "../ir/program.ts";

let issue: (code: Code) => Proof;
let covers: (proof: Proof, code: Code) => boolean;

/** See the module's header. Nothing but {@linkcode issueProof} makes one. */
export class Proof {
  readonly #code: Code;

  private constructor(code: Code) {
    this.#code = code;
  }

  static {
    issue = (code) => new Proof(code);
    covers = (proof, code) => #code in proof && proof.#code === code;
  }
}

/** Issues the proof for a program. For the pipeline, right after its last pass: whoever calls this vouches for the program. */
export function issueProof(program: Program): Proof {
  return issue(program.code);
}

/** Whether the proof was issued for this version of the program. */
export function proves(proof: Proof | undefined, program: Program): boolean {
  return proof !== undefined && covers(proof, program.code);
}
