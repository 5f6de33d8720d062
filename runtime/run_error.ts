/**
 * Why a test run does not start.
 *
 * @module
 */

/** The input of a test run is refused, as the kernel refuses it; `errno` is positive. */
export class RunError extends Error {
  /** The class's name. */
  override readonly name = "RunError";
  /** Positive. */
  readonly errno: number;
  /** @ignore */
  constructor(message: string, errno: number) {
    super(message);
    this.errno = errno;
  }
}

/** `EINVAL`. */
export const EINVAL = 22;
