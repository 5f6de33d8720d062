/**
 * Which licenses may use what the kernel keeps for GPL programs (`license_is_gpl_compatible` of Linux).
 *
 * @module
 */

const GPL_LICENSES: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

/** Whether a license makes a program GPL compatible. */
export function isGplCompatible(license: string): boolean {
  return GPL_LICENSES.has(license);
}
