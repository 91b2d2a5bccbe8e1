/**
 * Random types, values and declarations: the state of a random model. Everything shrinks towards
 * one boolean that is false.
 */
import fc from 'fast-check'
import { rangeOf } from '../../src/ir/type.js'
import type { ScalarType } from '../../src/ir/type.js'

const LABELS = ['idle', 'busy', 'done', 'lost']
const INT32_MAX = 2 ** 31 - 1

/** Types with at most eight values, so that a few variables of them make a small space. */
export const smallType: fc.Arbitrary<ScalarType> = fc.oneof(
  { withCrossShrink: true },
  fc.constant<ScalarType>({ kind: 'bool' }),
  fc
    .tuple(fc.integer({ min: -3, max: 3 }), fc.nat(4))
    .map(([lo, span]): ScalarType => ({ kind: 'int', lo, hi: lo + span })),
  fc.integer({ min: 1, max: 5 }).map((modulus): ScalarType => ({ kind: 'counter', modulus })),
  fc
    .integer({ min: 1, max: 4 })
    .map((count): ScalarType => ({ kind: 'enumeration', labels: LABELS.slice(0, count) })),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.boolean())
    .map(([size, optional]): ScalarType => ({ kind: 'index', size, sort: null, optional })),
  fc.nat(3).map((size): ScalarType => ({ kind: 'set', size, sort: null })),
)

/** Types of 17 to 32 bits, the widest of each kind among them. */
export const wideType: fc.Arbitrary<ScalarType> = fc.constantFrom<ScalarType>(
  { kind: 'int', lo: 0, hi: 99_999 },
  { kind: 'int', lo: -1_000_000, hi: 1_000_000 },
  { kind: 'int', lo: 0, hi: INT32_MAX },
  { kind: 'int', lo: -INT32_MAX, hi: INT32_MAX },
  { kind: 'counter', modulus: 2 ** 30 },
  { kind: 'set', size: 20, sort: null },
  { kind: 'set', size: 31, sort: null },
)

/** Any type. */
export const anyType: fc.Arbitrary<ScalarType> = fc.oneof(
  { weight: 4, arbitrary: smallType },
  { weight: 1, arbitrary: wideType },
)

/** The value at some position of a type's range, counted from its low end and wrapping. */
export function valueAt(type: ScalarType, position: number): number {
  const { lo, hi } = rangeOf(type)
  return lo + (position % (hi - lo + 1))
}

/** A value of a type; the ends of the range are likely. */
export function randomValue(type: ScalarType): fc.Arbitrary<number> {
  const { lo, hi } = rangeOf(type)
  return fc.oneof(fc.constantFrom(lo, hi), fc.integer({ min: lo, max: hi }))
}

/** A type together with one of its values; the ends of the range are likely. */
export const typedValue: fc.Arbitrary<{ readonly type: ScalarType; readonly value: number }> =
  anyType.chain(type => randomValue(type).map(value => ({ type, value })))

/** A declared scalar or array, before its variables have positions. */
export interface DeclarationDraft {
  readonly type: ScalarType
  /** Sizes of the dimensions, outermost first; none for a scalar. */
  readonly dimensions: readonly number[]
  /** Positions of the initial values, taken in turn. */
  readonly initials: readonly number[]
}

const dimensions: fc.Arbitrary<readonly number[]> = fc.oneof(
  { withCrossShrink: true },
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }).map(n => [n]) },
  { weight: 2, arbitrary: fc.constantFrom([2, 2], [1, 2], [2, 3]) },
)

const initials = fc.array(fc.nat(7), { minLength: 1, maxLength: 3 })

/** A declaration of small variables. */
export const smallDeclaration: fc.Arbitrary<DeclarationDraft> = fc.record({
  type: smallType,
  dimensions,
  initials,
})

/** A declaration of wide variables: two of them, or five, fill more than one word. */
export const wideDeclaration: fc.Arbitrary<DeclarationDraft> = fc.record({
  type: wideType,
  dimensions: fc.constantFrom([], [2], [5], [3, 2]),
  initials,
})
