/**
 * Typed expressions as authors see them. Each class wraps one IR expression and offers only the
 * operations that its type has, so that a wrong label or a wrong type is a compile error in the
 * author's editor. The same mistakes are caught at run time for authors who silence the compiler.
 */
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import * as ir from '../ir/expression.js'
import type { Expression } from '../ir/expression.js'
import { SET_SIZE_MAX } from '../ir/type.js'
import type { ScalarType } from '../ir/type.js'

/** A truth value, or a literal. */
export type BoolLike = Bool | boolean

/** A number, or a literal. */
export type IntLike = Int | number

/** Names the elements of a symmetric index type: `vcpu#0`, `vcpu#1`, ... */
export type Element<S extends string> = `${S}#${number}`

/** An index of a plain array: a number; of a symmetric array: an element of its sort. */
export type IndexLike<S extends string> = [S] extends [never]
  ? IntLike | Index<never>
  : Element<S> | Index<S>

/** A truth value in some state. */
export class Bool {
  constructor(readonly ir: Expression) {}

  /** True where this is false. */
  not(): Bool {
    return new Bool(ir.not(this.ir))
  }
  /** True where this and all others are; the others are not evaluated where this is false. */
  and(...others: readonly BoolLike[]): Bool {
    return new Bool(ir.and(this.ir, ...others.map(boolOf)))
  }
  /** True where this or any other is; the others are not evaluated where this is true. */
  or(...others: readonly BoolLike[]): Bool {
    return new Bool(ir.or(this.ir, ...others.map(boolOf)))
  }
  /** False only where this is true and `other` is false. */
  implies(other: BoolLike): Bool {
    return new Bool(ir.implies(this.ir, boolOf(other)))
  }
  /** True where both have the same value. */
  is(other: BoolLike): Bool {
    if (typeof other === 'boolean') return other ? new Bool(this.ir) : this.not()
    return new Bool(ir.compare('eq', this.ir, other.ir))
  }
  /** True where the values differ. */
  isNot(other: BoolLike): Bool {
    return this.is(other).not()
  }
  /** One of two numbers, chosen by this. */
  pick(then: IntLike, otherwise: IntLike): Int {
    return new Int(ir.ite(this.ir, intOf(then), intOf(otherwise)))
  }
}

/** A whole number: the value of an `int` or `counter`, or arithmetic on them. */
export class Int {
  constructor(readonly ir: Expression) {}

  plus(other: IntLike): Int {
    return new Int(ir.arithmetic('add', this.ir, intOf(other)))
  }
  minus(other: IntLike): Int {
    return new Int(ir.arithmetic('sub', this.ir, intOf(other)))
  }
  times(other: IntLike): Int {
    return new Int(ir.arithmetic('mul', this.ir, intOf(other)))
  }
  /** Remainder in 0..modulus-1, also of a negative number. */
  mod(modulus: number): Int {
    if (!Number.isInteger(modulus) || modulus < 1)
      throw new Diagnostic('ZC302', `mod(${modulus}): the modulus must be a whole number above 0`)
    return new Int({ kind: 'modulo', operand: this.ir, modulus })
  }
  is(other: IntLike): Bool {
    return new Bool(ir.compare('eq', this.ir, intOf(other)))
  }
  isNot(other: IntLike): Bool {
    return new Bool(ir.compare('ne', this.ir, intOf(other)))
  }
  /** Less than. */
  lt(other: IntLike): Bool {
    return new Bool(ir.compare('lt', this.ir, intOf(other)))
  }
  /** Less than or equal. */
  le(other: IntLike): Bool {
    return new Bool(ir.compare('le', this.ir, intOf(other)))
  }
  /** Greater than. */
  gt(other: IntLike): Bool {
    return new Bool(ir.compare('lt', intOf(other), this.ir))
  }
  /** Greater than or equal. */
  ge(other: IntLike): Bool {
    return new Bool(ir.compare('le', intOf(other), this.ir))
  }
}

/** One of the labels `L`. */
export class Label<L extends string> {
  /** Only for the type checker: labels of another enumeration do not fit. */
  declare protected readonly brand: (label: L) => L

  constructor(
    readonly ir: Expression,
    readonly labels: readonly L[],
  ) {}

  /** True where the value is one of `options`: labels, or another expression of the same type. */
  is(...options: readonly (L | Label<L>)[]): Bool {
    return new Bool(ir.or(...options.map(o => ir.compare('eq', this.ir, labelOf(this.labels, o)))))
  }
  /** True where the value is none of `options`. */
  isNot(...options: readonly (L | Label<L>)[]): Bool {
    return new Bool(ir.and(...options.map(o => ir.compare('ne', this.ir, labelOf(this.labels, o)))))
  }
}

/**
 * An index: of plain arrays (`S` is never) it is also a number with arithmetic, see `Int.plus` on
 * `number()`; of a symmetric type it can only be compared for equality, stored and used as index.
 */
export class Index<S extends string> {
  /** Only for the type checker: indices of another sort do not fit. */
  declare protected readonly brand: (element: Element<S>) => Element<S>

  constructor(
    readonly ir: Expression,
    readonly type: ScalarType & { readonly kind: 'index' },
  ) {}

  is(other: IndexLike<S>): Bool {
    return new Bool(ir.compare('eq', this.ir, indexOf(this.type, other)))
  }
  isNot(other: IndexLike<S>): Bool {
    return new Bool(ir.compare('ne', this.ir, indexOf(this.type, other)))
  }
  /** True where an optional index points nowhere. */
  isNone(this: Index<S>): Bool {
    return new Bool(ir.compare('eq', this.ir, noneOf(this.type)))
  }
  /** True where an optional index points somewhere. */
  isSome(): Bool {
    return this.isNone().not()
  }
  /** The index as a number, for arithmetic; of plain index types only. */
  number(this: Index<never>): Int {
    return new Int(this.ir)
  }
}

/** A set of indices. */
export class Members<S extends string> {
  /** Only for the type checker: sets over another sort do not fit. */
  declare protected readonly brand: (element: Element<S>) => Element<S>

  constructor(
    readonly ir: Expression,
    readonly type: ScalarType & { readonly kind: 'set' },
  ) {}

  has(member: IndexLike<S>): Bool {
    const { size } = this.type
    return new Bool({ kind: 'member', set: this.ir, member: indexOf(this.type, member), size })
  }
  isEmpty(): Bool {
    return new Bool(ir.compare('eq', this.ir, ir.constant(0, this.type)))
  }
  /** Number of members. */
  size(): Int {
    return new Int({ kind: 'cardinality', set: this.ir })
  }
  is(other: Members<S>): Bool {
    return new Bool(ir.compare('eq', this.ir, setOf(this.type, other)))
  }
  isNot(other: Members<S>): Bool {
    return this.is(other).not()
  }
  /** True where every member of this is in `other`. */
  isSubsetOf(other: Members<S>): Bool {
    return this.minus(other).isEmpty()
  }
  union(other: Members<S>): Members<S> {
    return this.combine('or', other)
  }
  intersect(other: Members<S>): Members<S> {
    return this.combine('and', other)
  }
  /** The members of this that `other` does not have. */
  minus(other: Members<S>): Members<S> {
    return this.combine('andnot', other)
  }
  /** This and `member`. */
  with(member: IndexLike<S>): Members<S> {
    return this.combine('or', this.single(member))
  }
  /** This without `member`. */
  without(member: IndexLike<S>): Members<S> {
    return this.combine('andnot', this.single(member))
  }

  private single(member: IndexLike<S>): Members<S> {
    const { size } = this.type
    return new Members({ kind: 'singleton', member: indexOf(this.type, member), size }, this.type)
  }
  private combine(operator: ir.BitsOperator, other: Members<S>): Members<S> {
    return new Members(
      { kind: 'bits', operator, left: this.ir, right: setOf(this.type, other) },
      this.type,
    )
  }
}

/** The IR of a truth value. */
export function boolOf(value: BoolLike): Expression {
  if (value instanceof Bool) return value.ir
  if (value === true) return ir.TRUE
  if (value === false) return ir.FALSE
  throw new Diagnostic('ZC302', `${describe(value)} is not a truth value`, {
    hint: 'write a comparison, for example x.is(...)',
  })
}

/** The IR of a number. */
export function intOf(value: IntLike | Index<never>): Expression {
  if (value instanceof Int || value instanceof Index) return value.ir
  if (Number.isInteger(value)) return ir.constant(value)
  throw new Diagnostic('ZC302', `${describe(value)} is not a whole number`)
}

/** The IR of a label, checked against the labels of its type. */
export function labelOf<L extends string>(labels: readonly L[], value: L | Label<L>): Expression {
  const type: ScalarType = { kind: 'enumeration', labels }
  if (value instanceof Label) {
    if (value.labels.join() !== labels.join())
      throw new Diagnostic('ZC302', `labels ${value.labels.join(', ')} meet ${labels.join(', ')}`)
    return value.ir
  }
  const position = labels.indexOf(value)
  if (position < 0)
    throw new Diagnostic('ZC302', `'${String(value)}' is not a label of ${labels.join(', ')}`, {
      hint: `did you mean '${nearest(String(value), labels)}'?`,
    })
  return ir.constant(position, type)
}

/** The IR of an index, checked against size and sort. */
export function indexOf(
  type: { readonly size: number; readonly sort: string | null },
  value: IntLike | Element<string> | Pick<Index<never>, 'ir' | 'type'>,
): Expression {
  const { size, sort } = type
  if (value instanceof Index) {
    if (value.type.sort !== sort)
      throw new Diagnostic(
        'ZC305',
        `an index of ${value.type.sort ?? 'no sort'} meets ${sort ?? 'a plain index'}`,
      )
    return value.ir
  }
  if (value instanceof Int || typeof value === 'number') {
    if (sort !== null)
      throw new Diagnostic('ZC305', `a number is used as an element of the symmetric type ${sort}`)
    return checkedConstant(intOf(value), size)
  }
  const [name, position] = String(value).split('#')
  if (sort === null || name !== sort)
    throw new Diagnostic(
      'ZC305',
      `'${String(value)}' is not an element of ${sort ?? 'a plain index type'}`,
    )
  const indexType: ScalarType = { kind: 'index', size, sort, optional: false }
  return checkedConstant(ir.constant(Number(position), indexType), size)
}

function checkedConstant(e: Expression, size: number): Expression {
  if (e.kind === 'constant' && (e.value < 0 || e.value >= size))
    throw new Diagnostic('ZC402', `index ${e.value} is outside 0..${size - 1}`)
  return e
}

/** The IR of a set, checked against the sort of another. */
export function setOf(
  type: { readonly sort: string | null },
  value: Pick<Members<never>, 'ir' | 'type'>,
): Expression {
  if (value.type.sort !== type.sort)
    throw new Diagnostic(
      'ZC305',
      `a set over ${value.type.sort ?? 'no sort'} meets one over ${type.sort ?? 'no sort'}`,
    )
  return value.ir
}

/** The IR of "points nowhere". */
export function noneOf(type: ScalarType & { readonly kind: 'index' }): Expression {
  if (!type.optional)
    throw new Diagnostic('ZC302', 'only an index declared with indexOrNone can be none')
  return ir.constant(type.size, type)
}

/** The value of a set literal. */
export function setValue(
  type: { readonly size: number; readonly sort: string | null },
  members: readonly (number | Element<string>)[],
): number {
  let value = 0
  for (const member of members) {
    const e = indexOf(type, member)
    if (e.kind === 'constant') value |= 1 << e.value
  }
  return value
}

/** Refuses a set type that does not fit the representation. */
export function checkSetSize(size: number): void {
  if (!Number.isInteger(size) || size < 0 || size > SET_SIZE_MAX)
    throw new Diagnostic('ZC301', `a set has 0 to ${SET_SIZE_MAX} possible members, not ${size}`)
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? `a ${value.constructor.name}`
    : JSON.stringify(value)
}
