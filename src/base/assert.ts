/** Assertions: promises of our own code. A failing one is an internal error (exit 70). */

/** Thrown when our own code breaks a promise. */
export class InternalError extends Error {
  override readonly name = 'InternalError'
}

/** Throws InternalError unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InternalError(message)
}

/** Marks a branch that the types rule out; throws when it is reached all the same. */
export function unreachable(value: never): never {
  throw new InternalError(`unreachable: ${JSON.stringify(value)}`)
}

/** The value of an array element or map entry that must exist. Throws InternalError otherwise. */
export function defined<T>(value: T | undefined, message = 'a value is missing'): T {
  if (value === undefined) throw new InternalError(message)
  return value
}
