/**
 * Declarations as data: what the functions of `types.ts` make and `references.ts` places.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { rangeOf } from '../ir/type.js'
import type { ScalarType } from '../ir/type.js'

/** Anything that can be declared in a state. */
export type Declaration =
  | ScalarDeclaration<unknown>
  | ArrayDeclaration<Declaration, number | string>
  | PartDeclaration<RecordDeclaration, unknown>
  | RecordDeclaration

/** A record: field names and what they hold. */
export interface RecordDeclaration {
  readonly [field: string]: Declaration
}

/** A variable's type and initial value. `R` is the reference that it becomes. */
export class ScalarDeclaration<R> {
  /** Only for the type checker: the reference type. */
  declare readonly reference: R

  constructor(
    readonly type: ScalarType,
    readonly initial: number,
  ) {
    const { lo, hi } = rangeOf(type)
    if (!Number.isInteger(initial) || initial < lo || initial > hi)
      throw new Diagnostic('ZC301', `initial value ${initial} is outside ${lo}..${hi}`)
  }
}

/** An array of `size` equal elements; `K` are the keys that brackets accept. */
export class ArrayDeclaration<E extends Declaration, K extends number | string> {
  declare readonly keys: K

  constructor(
    readonly size: number,
    readonly element: E,
    /** The symmetric index type that the array is over; null for a plain array. */
    readonly sort: string | null,
  ) {}
}

/** A record with operations of its own; `operations` takes the references to the fields. */
export class PartDeclaration<D extends RecordDeclaration, Operations> {
  declare readonly result: Operations

  constructor(
    readonly fields: D,
    readonly operations: (fields: never) => unknown,
  ) {}
}
