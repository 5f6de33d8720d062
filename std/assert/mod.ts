/**
 * `@std/assert` where JSR is out of reach: a typed door to the real package's JavaScript, as npm carries it.
 *
 * Delete `links` from deno.json and the published package takes this folder's place.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
// @ts-types="./impl.d.ts"
import * as impl from "npm:deno-std@1.4.0/assert/mod.js";

/** Throws unless `value` is truthy. */
export function assert(value: unknown, message = ""): asserts value {
  impl.assert(value, message);
}
/** Throws unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  impl.assertEquals(actual, expected, message);
}
/** Throws if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  impl.assertNotEquals(actual, expected, message);
}
/** Throws unless both are the same value. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  impl.assertStrictEquals(actual, expected, message);
}
/** Throws unless `fn` throws an error of the class, whose message includes the text; gives the error back. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: abstract new (...args: any[]) => E,
  includes?: string,
  message?: string,
): E {
  return errorClass === undefined
    ? impl.assertThrows(fn)
    : impl.assertThrows(fn, errorClass, includes, message);
}
/** Rejects unless the promise `fn` gives rejects with an error of the class, whose message includes the text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: abstract new (...args: any[]) => E,
  includes?: string,
  message?: string,
): Promise<E> {
  return errorClass === undefined
    ? impl.assertRejects(fn)
    : impl.assertRejects(fn, errorClass, includes, message);
}
/** Throws unless `actual` matches. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  impl.assertMatch(actual, expected, message);
}
/** Throws unless `actual` includes `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  impl.assertStringIncludes(actual, expected, message);
}
/** Throws unless `actual` is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expected: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is T {
  impl.assertInstanceOf(actual, expected, message);
}
/** Throws if `actual` is null or undefined. */
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  impl.assertExists(actual, message);
}
/** Throws unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  impl.assertGreater(actual, expected, message);
}
/** Throws unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  impl.assertGreaterOrEqual(actual, expected, message);
}
/** Throws unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  impl.assertLess(actual, expected, message);
}
/** Throws unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  impl.assertLessOrEqual(actual, expected, message);
}
/** Always throws. */
export function fail(message?: string): never {
  impl.fail(message);
  throw new Error("unreachable");
}
