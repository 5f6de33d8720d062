/**
 * The word that a program was proven safe, passed from the pipeline to whoever runs it.
 *
 * A proof stands for the very code of one version: any change of the program makes it void, and it cannot be read from a file or
 * made by assigning a property. It is issued where a verified program leaves the pipeline, and demanded where code is loaded.
 *
 * @module
 */
import type { Code, Program } from "../ir/program.ts";

declare const proofBrand: unique symbol;

/** See the module's header. */
export interface Proof {
  readonly [proofBrand]: true;
}

const codeOf = new WeakMap<Proof, Code>();

/** Issues the proof for a program. For the pipeline, right after its last pass: whoever calls this vouches for the program. */
export function issueProof(program: Program): Proof {
  const proof = Object.freeze({}) as Proof;
  codeOf.set(proof, program.code);
  return proof;
}

/** Whether the proof was issued for this version of the program. */
export function proves(proof: Proof | undefined, program: Program): boolean {
  return proof !== undefined && codeOf.get(proof) === program.code;
}
