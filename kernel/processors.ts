/**
 * How many processors the running kernel reckons with.
 *
 * @module
 */

const PATH = "/sys/devices/system/cpu/possible";

/** `nr_cpu_ids` of the running kernel; undefined where it does not show it. */
export function runningProcessors(): number | undefined {
  try {
    // Ranges like 0-3,8-11: it is the last that counts.
    const last = /(\d+)\s*$/.exec(Deno.readTextFileSync(PATH));
    return last === null ? undefined : Number(last[1]) + 1;
  } catch {
    return undefined;
  }
}
