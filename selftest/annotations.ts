/**
 * What a program's author expects of it, from the declaration tags on its function.
 *
 * The tags are those of the kernel's own tests (`progs/bpf_misc.h`, read by `parse_test_spec` of `test_loader.c`): any object can
 * carry them. Load flags (`test_prog_flags`) are applied where objects are parsed, not here.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { type Pattern, pattern } from "./match.ts";

/** What is expected of one program. */
export interface TestSpec {
  /** The description, else the function's name. */
  readonly name: string;
  /** The verdict. */
  readonly expects: "success" | "failure";
  /** In the verifier's log. */
  readonly messages: readonly Pattern[];
  /** In the rewritten program's listing. */
  readonly xlated: readonly Pattern[];
  /** How many expectations there are about machine code. */
  readonly jited: number;
  /** How many there are about what the program prints. */
  readonly printed: number;
  /** What a test run returns, 32 bits signed; `any` is whatever it may be; undefined: it is not run. */
  readonly retval: number | "any" | undefined;
  /** As in `union bpf_attr`; 0 if not stated. */
  readonly logLevel: number;
  /** Loaded along with the others of its object, and no test by itself. */
  readonly auxiliary: boolean;
  /** There are expectations for loading with all rights. */
  readonly privileged: boolean;
  /** There are expectations for loading without. */
  readonly unprivileged: boolean;
  /** The machines it is meant for, lower case (`x86_64`); empty for all. */
  readonly architectures: readonly string[];
  /** Loads only where a JIT is on, or only where it is off. */
  readonly loadMode: "jited" | "no_jited" | undefined;
  /** Another kernel's BTF to relocate against. */
  readonly btfPath: string | undefined;
  /** Test tags of which nothing is known. */
  readonly unknown: readonly string[];
}

const PREFIX = "comment:";
const MIN_INT = -(2 ** 31);
/** Names that stand for results; `POINTER_VALUE` stands for any. */
const NAMED_RESULTS: Readonly<Record<string, number | "any">> = {
  INT_MIN: MIN_INT,
  TEST_DATA_LEN: 64,
  POINTER_VALUE: "any",
};

/**
 * Reads a function's annotations; undefined if it has none.
 *
 * @throws {SyntaxError} If an annotation has a value that it cannot have.
 */
export function readAnnotations(btf: Btf, funcId: number): TestSpec | undefined {
  const tags = btf.tags(funcId).filter((tag) => /^comment:(test_|load_mode=)/.test(tag));
  if (tags.length === 0) return undefined;
  const messages: Pattern[] = [], architectures: string[] = [], unknown: string[] = [];
  const xlated = new Listing();
  let name = btf.name(funcId), expects: TestSpec["expects"] = "success", retval: TestSpec["retval"];
  let jited = 0, printed = 0, logLevel = 0, auxiliary = false, privileged = false, unprivileged = false;
  let loadMode: TestSpec["loadMode"], btfPath: string | undefined;
  for (const tag of tags) {
    const text = tag.slice(PREFIX.length);
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? "" : text.slice(equals + 1);
    if (key.endsWith("_unpriv")) {
      unprivileged = true;
      continue;
    }
    switch (key) {
      case "test_description":
        name = value;
        break;
      case "test_expect_success":
      case "test_expect_failure":
        expects = key === "test_expect_success" ? "success" : "failure";
        privileged = true;
        break;
      case "test_auxiliary":
        auxiliary = privileged = true;
        break;
      case "test_expect_msg":
      case "test_expect_not_msg":
        messages.push(pattern(counted(value), { absent: key === "test_expect_not_msg" }));
        privileged = true;
        break;
      case "test_expect_xlated":
        xlated.add(counted(value));
        privileged = true;
        break;
      case "test_jited":
        jited++;
        privileged = true;
        break;
      case "test_expect_stderr":
      case "test_expect_stdout":
        printed++;
        privileged = true;
        break;
      case "test_retval":
        retval = Object.hasOwn(NAMED_RESULTS, value) ? NAMED_RESULTS[value] : integer(value, tag) | 0;
        privileged = true;
        break;
      case "test_log_level":
        logLevel = integer(value, tag);
        break;
      case "test_arch":
        architectures.push(value.toLowerCase());
        break;
      case "load_mode":
      case "test_load_mode":
        if (value === "jited" || value === "no_jited") loadMode = value;
        else unknown.push(tag);
        break;
      case "test_btf_path":
        btfPath = value;
        break;
      case "test_prog_flags":
        break;
      default:
        unknown.push(tag);
    }
  }
  return {
    name,
    expects,
    messages,
    xlated: xlated.patterns,
    jited,
    printed,
    retval,
    logLevel,
    auxiliary,
    privileged: privileged || !unprivileged,
    unprivileged,
    architectures,
    loadMode,
    btfPath,
    unknown,
  };
}

/** Lines that follow each other, unless `...` stands between them. */
class Listing {
  readonly patterns: Pattern[] = [];
  #nextLine = true;

  add(text: string): void {
    if (text === "...") {
      this.#nextLine = false;
      return;
    }
    this.patterns.push(pattern(text, { nextLine: this.#nextLine }));
    this.#nextLine = true;
  }
}

/** A value without the number that makes equal tags different: `7=text` is `text`. */
function counted(value: string): string {
  return value.slice(value.indexOf("=") + 1);
}

function integer(text: string, tag: string): number {
  if (!/^[-+]?\d+$|^0[xX][0-9a-fA-F]+$/.test(text)) {
    throw new SyntaxError(`Cannot read annotation "${tag}": not a number`);
  }
  return Number(text);
}
