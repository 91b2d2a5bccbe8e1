/**
 * Declarations of state: the types that an author writes in `m.state({...})`. A declaration is a
 * scalar, a record (a plain object of declarations), an array, or a part (a record with operations
 * of its own, such as a lock).
 */
import { Diagnostic } from '../base/diagnostic.js'
import { ArrayDeclaration, PartDeclaration, ScalarDeclaration } from './declarations.js'
import type { Declaration, RecordDeclaration } from './declarations.js'
import { checkSetSize, setValue } from './values.js'
import type { Element } from './values.js'
import type {
  BoolVariable,
  IndexVariable,
  IntVariable,
  LabelVariable,
  RecordReference,
  SetVariable,
} from './references.js'

/** The indices that brackets accept on a plain array; larger ones go through `at(i)`. */
export type SmallIndex =
  // prettier-ignore
  | 0
  | 1
  | 2
  | 3
  | 4
  | 5
  | 6
  | 7
  | 8
  | 9
  | 10
  | 11
  | 12
  | 13
  | 14
  | 15
  // prettier-ignore
  | 16
  | 17
  | 18
  | 19
  | 20
  | 21
  | 22
  | 23
  | 24
  | 25
  | 26
  | 27
  | 28
  | 29
  | 30
  | 31

/** A symmetric index type: `size` interchangeable values. Made by `m.symmetric`. */
export interface SymmetricType<S extends string> {
  readonly name: S
  readonly size: number
}

/** The elements of a symmetric type as brackets accept them. */
export type ElementKey<S extends string> = `${S}#${SmallIndex}`

/** A truth value, at first `initial`. */
export function bool(initial = false): ScalarDeclaration<BoolVariable> {
  return new ScalarDeclaration({ kind: 'bool' }, initial ? 1 : 0)
}

/** A whole number in lo..hi, both included, at first `initial` (lo). Others are model errors. */
export function int(lo: number, hi: number, initial = lo): ScalarDeclaration<IntVariable> {
  const safe = (n: number): boolean => Number.isInteger(n) && Math.abs(n) < 2 ** 31
  if (!safe(lo) || !safe(hi) || lo > hi)
    throw new Diagnostic('ZC301', `int(${lo}, ${hi}) is not a range of 32-bit numbers`)
  return new ScalarDeclaration({ kind: 'int', lo, hi }, initial)
}

/** A number modulo `modulus`: every write wraps around. */
export function counter(modulus: number, initial = 0): ScalarDeclaration<IntVariable> {
  if (!Number.isInteger(modulus) || modulus < 1 || modulus > 2 ** 30)
    throw new Diagnostic('ZC301', `counter(${modulus}): the modulus must be in 1..2^30`)
  return new ScalarDeclaration({ kind: 'counter', modulus }, initial)
}

/** A declaration of a label that can be given another initial label than the first. */
export class LabelDeclaration<L extends string> extends ScalarDeclaration<LabelVariable<L>> {
  constructor(
    readonly labels: readonly L[],
    initial: number,
  ) {
    super({ kind: 'enumeration', labels }, initial)
  }
  /** The same type, at first `label`. */
  initially(label: L): LabelDeclaration<L> {
    const position = this.labels.indexOf(label)
    if (position < 0)
      throw new Diagnostic('ZC301', `'${label}' is not a label of ${this.labels.join(', ')}`)
    return new LabelDeclaration(this.labels, position)
  }
}

/** One of the labels, at first the first one. */
export function enumeration<const L extends string>(...labels: readonly L[]): LabelDeclaration<L> {
  if (labels.length === 0) throw new Diagnostic('ZC301', 'an enumeration needs a label')
  const twice = labels.find((label, i) => labels.indexOf(label) !== i)
  if (twice !== undefined) throw new Diagnostic('ZC301', `label '${twice}' is there twice`)
  return new LabelDeclaration(labels, 0)
}

/** What an index type or a set is over: a size, or a symmetric type. */
type Over<S extends string> = number | SymmetricType<S>

function overOf(over: Over<string>): { size: number; sort: string | null } {
  return typeof over === 'number'
    ? { size: checkedSize(over), sort: null }
    : { size: over.size, sort: over.name }
}

/** An index of an array of `over` elements, at first 0. */
export function index(over: number, initial?: number): ScalarDeclaration<IndexVariable<never>>
export function index<S extends string>(over: SymmetricType<S>): ScalarDeclaration<IndexVariable<S>>
export function index(over: Over<string>, initial = 0): ScalarDeclaration<unknown> {
  const { size, sort } = overOf(over)
  if (size < 1) throw new Diagnostic('ZC301', 'an index needs an array of at least 1 element')
  return new ScalarDeclaration({ kind: 'index', size, sort, optional: false }, initial)
}

/** An index, or none; at first none. */
export function indexOrNone(over: number): ScalarDeclaration<IndexVariable<never>>
export function indexOrNone<S extends string>(
  over: SymmetricType<S>,
): ScalarDeclaration<IndexVariable<S>>
export function indexOrNone(over: Over<string>): ScalarDeclaration<unknown> {
  const { size, sort } = overOf(over)
  return new ScalarDeclaration({ kind: 'index', size, sort, optional: true }, size)
}

/** A set of indices, at first with the members given (none). */
export function set(
  over: number,
  initial?: readonly number[],
): ScalarDeclaration<SetVariable<never>>
export function set<S extends string>(
  over: SymmetricType<S>,
  initial?: readonly Element<S>[],
): ScalarDeclaration<SetVariable<S>>
export function set(
  over: Over<string>,
  initial: readonly (number | Element<string>)[] = [],
): ScalarDeclaration<unknown> {
  const type = overOf(over)
  checkSetSize(type.size)
  return new ScalarDeclaration({ kind: 'set', ...type }, setValue(type, initial))
}

/** `over` equal elements, or one for each element of a symmetric type. */
export function array<const E extends Declaration>(
  over: number,
  element: E,
): ArrayDeclaration<E, SmallIndex>
export function array<S extends string, const E extends Declaration>(
  over: SymmetricType<S>,
  element: E,
): ArrayDeclaration<E, ElementKey<S>>
export function array<E extends Declaration>(
  over: Over<string>,
  element: E,
): ArrayDeclaration<E, number | string> {
  const { size, sort } = overOf(over)
  return new ArrayDeclaration(size, element, sort)
}

/**
 * A record with operations of its own: `operations` gets the references to the fields and returns
 * what authors use in their place. Locks are parts; so are components that models share.
 */
export function part<D extends RecordDeclaration, Operations>(
  fields: D,
  operations: (fields: RecordReference<D>) => Operations,
): PartDeclaration<D, Operations> {
  return new PartDeclaration(fields, operations as (fields: never) => unknown)
}

function checkedSize(size: number): number {
  if (!Number.isInteger(size) || size < 0 || size > 4096)
    throw new Diagnostic('ZC301', `a size is a whole number in 0..4096, not ${size}`)
  return size
}
