/**
 * Random expressions. A draft is an untyped tree of numbers; `ExpressionBuilder` reads one as an
 * expression of the type that is wanted. Drafts are independent of the variables, so a failing
 * model shrinks in all its parts at once, and every draft means something.
 */
import fc from 'fast-check'
import { ModelError, evaluate } from '../../src/interpret/evaluate.js'
import { not } from '../../src/ir/expression.js'
import { intervalOf, isWithin } from '../../src/ir/interval.js'
import { typeRanges } from '../../src/ir/model.js'
import type { Variable } from '../../src/ir/model.js'
import type { Expression, Location, LocationIndex } from '../../src/ir/expression.js'
import { rangeOf } from '../../src/ir/type.js'
import type { ScalarType } from '../../src/ir/type.js'
import { valueAt } from './random-type.js'

const INT32_MAX = 2 ** 31 - 1
const COMPARE = ['eq', 'ne', 'lt', 'le'] as const
const ARITHMETIC = ['add', 'sub', 'mul'] as const
const BITS = ['or', 'and', 'andnot'] as const

/** An expression before its type is known. Shrinks towards a leaf. */
export interface Draft {
  /** Chooses the kind of expression. */
  readonly op: number
  /** Chooses variable, constant or operator. */
  readonly pick: number
  readonly children: readonly Draft[]
}

/** Drafts with at most `depth` levels below the top. */
export function drafts(depth: number): fc.Arbitrary<Draft> {
  const none = fc.constant<readonly Draft[]>([])
  const some = fc.array(depth > 0 ? drafts(depth - 1) : fc.constant(LEAF), { maxLength: 3 })
  const children =
    depth === 0 ? none : fc.oneof({ weight: 1, arbitrary: none }, { weight: 2, arbitrary: some })
  return fc.record({ op: fc.nat(63), pick: fc.nat(63), children })
}

const LEAF: Draft = { op: 0, pick: 0, children: [] }

/** Drafts of at most four levels. */
export const draft: fc.Arbitrary<Draft> = drafts(3)

/** A declaration whose variables have positions: `first` and the ones after it, row-major. */
export interface Declared {
  readonly type: ScalarType
  readonly dimensions: readonly number[]
  readonly first: number
}

/** What the expressions of a model are made from. */
export interface Surroundings {
  readonly declarations: readonly Declared[]
  readonly variables: readonly Variable[]
  /** False: no index, member or value may be out of range. */
  readonly mayFail: boolean
  /** True inside step properties. */
  readonly allowsNext: boolean
}

/** Reads drafts as expressions. */
export class ExpressionBuilder {
  private readonly ranges

  constructor(private readonly around: Surroundings) {
    this.ranges = typeRanges(around.variables)
  }

  /** A disjunction; every other one with two parts or more is an implication. */
  private disjunction(d: Draft): Expression {
    const [premise, ...others] = d.children.map(x => this.bool(x))
    if (premise === undefined || others.length === 0 || d.pick % 2 === 0)
      return { kind: 'or', operands: d.children.map(x => this.bool(x)) }
    return { kind: 'or', operands: [not(premise), ...others], premiseCount: 1 }
  }

  /** A truth value. */
  bool(d: Draft): Expression {
    const [a, b, c] = children(d)
    if (d.children.length === 0) return this.boolLeaf(d)
    switch (d.op % 9) {
      case 0:
        return { kind: 'not', operand: this.bool(a) }
      case 1:
        return { kind: 'and', operands: d.children.map(x => this.bool(x)) }
      case 2:
        return this.disjunction(d)
      case 3:
      case 4:
        return comparison(COMPARE[d.pick % 4]!, this.number(a), this.number(b))
      case 5: {
        const size = this.setSize(d.pick)
        return comparison(d.pick % 2 === 0 ? 'eq' : 'ne', this.set(a, size), this.set(b, size))
      }
      case 6: {
        const size = Math.max(1, this.setSize(d.pick))
        return { kind: 'member', set: this.set(a, size), member: this.index(b, size), size }
      }
      case 7:
        return {
          kind: 'ite',
          condition: this.bool(a),
          then: this.bool(b),
          otherwise: this.bool(c),
        }
      default:
        return this.protectedRead(a, d.pick)
    }
  }

  /** A truth value that is often true, also in the initial state. */
  condition(d: Draft): Expression {
    const e = this.bool(d)
    const initial = this.around.variables.map(v => v.initial)
    try {
      return evaluate(e, initial) !== 0 || d.pick % 3 === 0 ? e : not(e)
    } catch (error) {
      if (error instanceof ModelError) return e
      throw error
    }
  }

  /** A number; its interval stays within 32 bits. */
  number(d: Draft): Expression {
    const [a, b, c] = children(d)
    if (d.children.length === 0) return this.numberLeaf(d)
    switch (d.op % 8) {
      case 0:
      case 1:
        return this.read(
          this.pickDeclared(d.pick, t => t.kind !== 'set'),
          d,
        )
      case 2:
      case 3:
      case 4:
        return this.arithmetic(ARITHMETIC[d.op % 3]!, this.number(a), this.number(b))
      case 5:
        return { kind: 'modulo', operand: this.number(a), modulus: 1 + (d.pick % 6) }
      case 6:
        return {
          kind: 'ite',
          condition: this.bool(a),
          then: this.number(b),
          otherwise: this.number(c),
        }
      default:
        return { kind: 'cardinality', set: this.set(a, this.setSize(d.pick)) }
    }
  }

  /** A set of `size` possible members. */
  set(d: Draft, size: number): Expression {
    const [a, b, c] = children(d)
    const type: ScalarType = { kind: 'set', size, sort: null }
    if (d.children.length === 0) {
      if (d.op % 2 === 0) return { kind: 'constant', value: valueAt(type, d.pick), type }
      return this.read(
        this.pickDeclared(d.pick, t => t.kind === 'set' && t.size === size),
        d,
        type,
      )
    }
    switch (d.op % 6) {
      case 0:
      case 1:
      case 2: {
        const operator = BITS[d.op % 3]!
        return { kind: 'bits', operator, left: this.set(a, size), right: this.set(b, size) }
      }
      case 3:
        if (size === 0) return { kind: 'constant', value: 0, type }
        return { kind: 'singleton', member: this.index(a, size), size }
      case 4:
        return this.read(
          this.pickDeclared(d.pick, t => t.kind === 'set' && t.size === size),
          d,
          type,
        )
      default:
        return {
          kind: 'ite',
          condition: this.bool(a),
          then: this.set(b, size),
          otherwise: this.set(c, size),
        }
    }
  }

  /** A value for a variable of type `type`; may be out of its range in a model that may fail. */
  valueFor(type: ScalarType, d: Draft): Expression {
    if (type.kind === 'bool') return this.bool(d)
    if (type.kind === 'set') return this.set(d, type.size)
    const value = this.number(d)
    if (type.kind === 'counter' || (this.around.mayFail && d.pick % 3 === 0)) return value
    const { lo, hi } = rangeOf(type)
    if (isWithin(intervalOf(value, this.ranges), { lo, hi })) return value
    // Few values of a wide type, so that the space stays small.
    const modulus = Math.min(hi - lo + 1, 5)
    const offset: Expression = { kind: 'modulo', operand: value, modulus }
    return lo === 0 ? offset : sum(offset, lo)
  }

  /** A value that differs from what `location` holds, so that actions lead somewhere. */
  changeOf(location: Location, type: ScalarType, d: Draft): Expression {
    const old: Expression = { kind: 'read', location }
    if (type.kind === 'bool') return { kind: 'not', operand: old }
    if (type.kind === 'set') {
      if (type.size === 0) return old
      const operator = d.pick % 3 === 0 ? 'andnot' : 'or'
      const member = this.index(d, type.size)
      const right: Expression = { kind: 'singleton', member, size: type.size }
      return { kind: 'bits', operator, left: old, right }
    }
    const { lo, hi } = rangeOf(type)
    const changed = this.arithmetic('add', old, constant(d.pick % 4 === 0 ? 2 : 1))
    if (type.kind === 'counter' || (this.around.mayFail && d.op % 4 === 0)) return changed
    const offset = this.arithmetic('sub', changed, constant(lo))
    const modulus = Math.min(hi - lo + 1, 7)
    const wrapped: Expression = { kind: 'modulo', operand: offset, modulus }
    return lo === 0 ? wrapped : sum(wrapped, lo)
  }

  /** A place of a declaration: each dimension is fixed, or picked by an expression. */
  location({ dimensions, first }: Declared, d: Draft): Location {
    let positions = [0]
    const indices: LocationIndex[] = []
    dimensions.forEach((size, axis) => {
      const child = d.children[axis]
      if (child === undefined || child.pick % 4 === 0) {
        const fixed = (d.pick + axis + (child?.op ?? 0)) % size
        positions = positions.map(p => p * size + fixed)
        return
      }
      indices.push({ expression: this.index(child, size), size })
      positions = positions.flatMap(p => Array.from({ length: size }, (_, i) => p * size + i))
    })
    return { elements: positions.map(p => first + p), indices }
  }

  /** The declaration that `pick` means among those of a type that suits; undefined if none is. */
  pickDeclared(pick: number, suits: (type: ScalarType) => boolean): Declared | undefined {
    const suitable = this.around.declarations.filter(({ type }) => suits(type))
    return suitable[pick % Math.max(1, suitable.length)]
  }

  private boolLeaf(d: Draft): Expression {
    if (d.op % 8 === 7) return { kind: 'constant', value: d.pick % 2, type: { kind: 'bool' } }
    const declared = this.pickDeclared(d.pick, t => t.kind !== 'set')
    if (declared === undefined) return { kind: 'constant', value: 1, type: { kind: 'bool' } }
    const read = this.read(declared, d)
    if (declared.type.kind === 'bool' && d.op % 2 === 0) return read
    const value = valueAt(declared.type, d.op)
    const type = d.op % 2 === 0 ? declared.type : null
    return comparison(COMPARE[d.op % 4]!, read, { kind: 'constant', value, type })
  }

  private numberLeaf(d: Draft): Expression {
    const declared = this.pickDeclared(d.pick, t => t.kind !== 'set')
    if (declared === undefined || d.op % 3 === 0)
      return { kind: 'constant', value: (d.pick % 8) - 2, type: null }
    return this.read(declared, d)
  }

  private read(
    declared: Declared | undefined,
    d: Draft,
    type: ScalarType | null = null,
  ): Expression {
    if (declared === undefined) return { kind: 'constant', value: 0, type }
    const kind = this.around.allowsNext && (d.pick >> 2) % 2 === 1 ? 'next' : 'read'
    return { kind, location: this.location(declared, d) }
  }

  /** A number that is 0..size-1 wherever the model must not fail. */
  private index(d: Draft, size: number): Expression {
    const value = this.number(d)
    if (this.around.mayFail && d.pick % 2 === 0) return value
    if (isWithin(intervalOf(value, this.ranges), { lo: 0, hi: size - 1 })) return value
    return { kind: 'modulo', operand: value, modulus: size }
  }

  /** `0 <= i & i < size & a[i] = c`, where `i` alone may be outside of the array. */
  private protectedRead(d: Draft, pick: number): Expression {
    const arrays = this.around.declarations.filter(a => a.dimensions.length === 1)
    const array = arrays[pick % Math.max(1, arrays.length)]
    if (array === undefined) return this.bool(d)
    const size = array.dimensions[0]!
    const i = this.number(d)
    const elements = Array.from({ length: size }, (_, k) => array.first + k)
    const read: Expression = {
      kind: 'read',
      location: { elements, indices: [{ expression: i, size }] },
    }
    const value: Expression = { kind: 'constant', value: valueAt(array.type, pick), type: null }
    const low = comparison('le', { kind: 'constant', value: 0, type: null }, i)
    const high = comparison('lt', i, { kind: 'constant', value: size, type: null })
    return { kind: 'and', operands: [low, high, comparison('eq', read, value)] }
  }

  private arithmetic(
    operator: 'add' | 'sub' | 'mul',
    left: Expression,
    right: Expression,
  ): Expression {
    const e: Expression = { kind: 'arithmetic', operator, left, right }
    return isWithin(intervalOf(e, this.ranges), { lo: -INT32_MAX, hi: INT32_MAX }) ? e : left
  }

  private setSize(pick: number): number {
    const sets = this.around.declarations.flatMap(({ type }) =>
      type.kind === 'set' ? [type.size] : [],
    )
    return sets[pick % Math.max(1, sets.length)] ?? 1 + (pick % 3)
  }
}

function children(d: Draft): readonly [Draft, Draft, Draft] {
  const child = (i: number): Draft =>
    d.children[i] ?? { op: d.op + i, pick: d.pick + i, children: [] }
  return [child(0), child(1), child(2)]
}

function comparison(
  operator: 'eq' | 'ne' | 'lt' | 'le',
  left: Expression,
  right: Expression,
): Expression {
  return { kind: 'compare', operator, left, right }
}

function constant(value: number): Expression {
  return { kind: 'constant', value, type: null }
}

function sum(left: Expression, by: number): Expression {
  return { kind: 'arithmetic', operator: 'add', left, right: constant(by) }
}
