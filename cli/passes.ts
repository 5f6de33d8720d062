/**
 * `inlay passes`: the list of passes with the reason for every constraint.
 *
 * @module
 */
import { describePasses } from "../passes/mod.ts";
import { type Command, readOptions, UsageError } from "./command.ts";

/** The command. */
export const command: Command = {
  name: "passes",
  summary: "prints the passes in their order, each constraint with its reason",
  help: `inlay passes

Prints the stages and passes in the order in which they run: what each does, which must come
before and after it and why, and the facts it needs, gives and ends.`,
  run(args) {
    if (readOptions(args, {}).positional.length > 0) throw new UsageError("takes no arguments");
    console.log(describePasses().trimEnd());
    return Promise.resolve(0);
  },
};
