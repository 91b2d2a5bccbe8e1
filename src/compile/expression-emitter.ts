/**
 * Emits expressions: each leaves one i32 on the stack. Reads come from locals that hold the words
 * of the state; `next` reads come from the words of the successor.
 */
import type { Atom } from '../ir/atom.js'
import { asAtom, asNegatedAtom } from '../ir/atom.js'
import { assert, unreachable } from '../base/assert.js'
import { compare, constant, not } from '../ir/expression.js'
import type { Expression, Location, VariableIndex } from '../ir/expression.js'
import { assume, intervalOf, isTotal, isWithin } from '../ir/interval.js'
import type { Ranges } from '../ir/interval.js'
import type { Interval } from '../ir/type.js'
import type { Variable } from '../ir/model.js'
import type { Layout } from '../layout/layout.js'
import { fuseAtoms } from './atoms.js'
import type { MaskTest } from './atoms.js'
import type { FunctionBuilder, Local } from './wasm/function-builder.js'
import type { SimpleOpcode } from './wasm/opcodes.js'

/** What an emitter needs to know of its surroundings. */
export interface EmitterContext {
  readonly f: FunctionBuilder
  readonly variables: readonly Variable[]
  readonly layout: Layout
  /** The words of the state. */
  readonly words: readonly Local[]
  /** The words of the successor, for `next`. */
  readonly nextWords: readonly Local[]
  /** What is known of the variables here; spares range checks. */
  readonly ranges: Ranges
  /** Emits what happens when an index is out of range; must leave the code by a branch. */
  readonly onFail: () => void
}

const COMPARE: Record<'eq' | 'ne' | 'lt' | 'le', SimpleOpcode> = {
  eq: 'i32.eq',
  ne: 'i32.ne',
  lt: 'i32.lt_s',
  le: 'i32.le_s',
}
const ARITHMETIC: Record<'add' | 'sub' | 'mul', SimpleOpcode> = {
  add: 'i32.add',
  sub: 'i32.sub',
  mul: 'i32.mul',
}

/** Emits expressions into one function. */
export class ExpressionEmitter {
  constructor(readonly context: EmitterContext) {}

  /** The same emitter where `condition` is known to be true. */
  where(condition: Expression): ExpressionEmitter {
    const ranges = assume(condition, this.context.ranges)
    return new ExpressionEmitter({ ...this.context, ranges })
  }

  /** Leaves the value of `e` on the stack; truth values are 0 or 1. */
  emit(e: Expression): void {
    const { f } = this.context
    switch (e.kind) {
      case 'constant':
        f.i32(e.value)
        return
      case 'read':
        this.emitRead(e.location, this.context.words)
        return
      case 'next':
        this.emitRead(e.location, this.context.nextWords)
        return
      case 'not':
        this.emit(e.operand)
        f.op('i32.eqz')
        return
      case 'and':
      case 'or':
        this.emitJunction(e.operands, e.kind)
        return
      case 'compare':
        this.emitComparison(e)
        return
      case 'arithmetic':
        this.emit(e.left)
        this.emit(e.right)
        f.op(ARITHMETIC[e.operator])
        return
      case 'modulo':
        this.emitModulo(e.operand, e.modulus)
        return
      case 'ite':
        this.emit(e.condition)
        f.open('if', 'i32')
        this.where(e.condition).emit(e.then)
        f.else()
        this.where(not(e.condition)).emit(e.otherwise)
        f.end()
        return
      case 'bits':
        this.emit(e.left)
        this.emit(e.right)
        if (e.operator === 'andnot') f.i32(-1).op('i32.xor')
        f.op(e.operator === 'or' ? 'i32.or' : 'i32.and')
        return
      case 'singleton':
        f.i32(1)
        this.emitIndex(e.member, e.size)
        f.op('i32.shl')
        return
      case 'member':
        this.emit(e.set)
        this.emitIndex(e.member, e.size)
        f.op('i32.shr_u').i32(1).op('i32.and')
        return
      case 'cardinality':
        this.emit(e.set)
        f.op('i32.popcnt')
        return
      default:
        unreachable(e)
    }
  }

  /** Leaves `value mod modulus` of an expression on the stack, 0..modulus-1. */
  emitModulo(e: Expression, modulus: number): void {
    const { f, ranges } = this.context
    const { lo, hi } = intervalOf(e, ranges)
    this.emit(e)
    if (lo >= 0 && hi < modulus) return
    if ((modulus & (modulus - 1)) === 0) f.i32(modulus - 1).op('i32.and')
    else if (lo >= 0) f.i32(modulus).op('i32.rem_u')
    else f.i32(modulus).op('i32.rem_s').i32(modulus).op('i32.add').i32(modulus).op('i32.rem_u')
  }

  /** Leaves `(word & mask) == value`, or `!=` if negated, on the stack. */
  emitMaskTest({ word, mask, value }: MaskTest, isNegated = false): void {
    const { f, words } = this.context
    f.get(words[word]!).i64(mask).op('i64.and')
    if (value === 0n) {
      f.op('i64.eqz')
      if (isNegated) f.op('i32.eqz')
    } else f.i64(value).op(isNegated ? 'i64.ne' : 'i64.eq')
  }

  /** Leaves an index on the stack, checked against 0..size-1 unless it cannot be outside. */
  emitIndex(e: Expression, size: number): void {
    const { f, ranges, onFail } = this.context
    this.emit(e)
    if (isWithin(intervalOf(e, ranges), { lo: 0, hi: size - 1 })) return
    const index = f.local('i32')
    f.tee(index).i32(size).op('i32.ge_u')
    f.open('if')
    onFail()
    f.end()
    f.get(index)
    f.release(index)
  }

  /** Leaves the stored field (value - lo) of a variable on the stack. */
  emitField(variable: VariableIndex, words: readonly Local[]): void {
    const { f, layout } = this.context
    const { word, offsetBits, widthBits } = layout.fields[variable]!
    if (widthBits === 0) {
      f.i32(0)
      return
    }
    f.get(words[word]!)
    if (offsetBits + widthBits <= 32) {
      f.op('i32.wrap_i64')
      if (offsetBits > 0) f.i32(offsetBits).op('i32.shr_u')
    } else f.i64(BigInt(offsetBits)).op('i64.shr_u', 'i32.wrap_i64')
    if (offsetBits + widthBits !== 64 && widthBits < 32) f.i32(2 ** widthBits - 1).op('i32.and')
  }

  /**
   * Leaves the position of a location's element on the stack: the sum of index times weight, where
   * `weights` has one weight per index. All indices are checked.
   */
  emitWeightedIndices(location: Location, weights: readonly number[]): void {
    const { f } = this.context
    location.indices.forEach(({ expression, size }, i) => {
      this.emitIndex(expression, size)
      const weight = weights[i]!
      if (weight !== 1) f.i32(weight).op('i32.mul')
      if (i > 0) f.op('i32.add')
    })
  }

  private emitRead(location: Location, words: readonly Local[]): void {
    const { f, layout } = this.context
    const first = layout.fields[location.elements[0]!]!
    if (location.indices.length === 0) this.emitField(location.elements[0]!, words)
    else {
      const affine = affineLayout(location, layout)
      if (affine === null) this.emitChainedRead(location, words)
      else {
        f.get(words[first.word]!)
        this.emitWeightedIndices(location, affine)
        if (first.offsetBits > 0) f.i32(first.offsetBits).op('i32.add')
        f.op('i64.extend_i32_u', 'i64.shr_u', 'i32.wrap_i64')
        f.i32(2 ** first.widthBits - 1).op('i32.and')
      }
    }
    if (first.lo !== 0) f.i32(first.lo).op('i32.add')
  }

  /** Elements that lie irregularly: a chain of selects over the position. */
  private emitChainedRead(location: Location, words: readonly Local[]): void {
    const { f } = this.context
    const position = f.local('i32')
    this.emitWeightedIndices(location, rowMajorWeights(location))
    f.set(position)
    location.elements.forEach((variable, i) => {
      this.emitField(variable, words)
      if (i > 0) f.get(position).i32(i).op('i32.ne', 'select')
    })
    f.release(position)
  }

  private emitComparison(e: Expression & { readonly kind: 'compare' }): void {
    const { f, variables, layout, ranges } = this.context
    const atom = asAtom(e, variables)
    const negated = atom === null ? asNegatedAtom(e, variables) : null
    const [test] =
      fuseAtoms(
        [atom ?? negated].filter(a => a !== null),
        layout,
      ) ?? []
    if (test !== undefined) {
      this.emitMaskTest(test, atom === null)
      return
    }
    const known = decide(e.operator, intervalOf(e.left, ranges), intervalOf(e.right, ranges))
    if (known !== null && isTotal(e, ranges)) {
      f.i32(known ? 1 : 0)
      return
    }
    this.emit(e.left)
    this.emit(e.right)
    f.op(COMPARE[e.operator])
  }

  /** A conjunction or disjunction: total operands are combined without branches. */
  private emitJunction(operands: readonly Expression[], kind: 'and' | 'or'): void {
    const { f, ranges } = this.context
    const [first] = operands
    assert(first !== undefined, 'a junction has operands')
    // As many total operands as stand in front, at least one operand in all.
    const partialAt = operands.findIndex(o => !isTotal(o, ranges))
    const split = partialAt < 0 ? operands.length : Math.max(partialAt, 1)
    if (partialAt === 0) this.emit(first)
    else this.emitTotalJunction(operands.slice(0, split), kind)
    const rest = operands.slice(split)
    if (rest.length === 0) return
    const known = operands.slice(0, split).map(o => (kind === 'and' ? o : not(o)))
    const inner = known.reduce<ExpressionEmitter>((emitter, o) => emitter.where(o), this)
    f.open('if', 'i32')
    if (kind === 'and') inner.emitJunction(rest, kind)
    else f.i32(1)
    f.else()
    if (kind === 'and') f.i32(0)
    else inner.emitJunction(rest, kind)
    f.end()
  }

  private emitTotalJunction(operands: readonly Expression[], kind: 'and' | 'or'): void {
    const { f, variables, layout } = this.context
    const isAnd = kind === 'and'
    // In a conjunction atoms fuse; in a disjunction negated atoms do: a | b = !(!a & !b).
    const fusable: Atom[] = []
    const perVariable = new Map<VariableIndex, number[]>()
    const others: Expression[] = []
    for (const o of operands) {
      const atom = isAnd ? asAtom(o, variables) : asNegatedAtom(o, variables)
      const single = isAnd ? asNegatedAtom(o, variables) : asAtom(o, variables)
      if (atom !== null) fusable.push(atom)
      else if (single !== null && this.isSmall(single.variable))
        perVariable.set(single.variable, [
          ...(perVariable.get(single.variable) ?? []),
          single.value,
        ])
      else others.push(o)
    }
    const tests = fuseAtoms(fusable, layout)
    const emitted: (() => void)[] = (tests ?? []).map(t => () => this.emitMaskTest(t, !isAnd))
    if (tests === null) emitted.push(() => f.i32(isAnd ? 0 : 1))
    for (const [variable, values] of perVariable)
      emitted.push(() => this.emitValueTest(variable, values, isAnd))
    for (const o of others) emitted.push(() => this.emit(o))
    if (emitted.length === 0) f.i32(isAnd ? 1 : 0)
    emitted.forEach((emit, i) => {
      emit()
      if (i > 0) f.op(isAnd ? 'i32.and' : 'i32.or')
    })
  }

  private isSmall(variable: VariableIndex): boolean {
    return this.context.layout.fields[variable]!.widthBits <= 5
  }

  /** `variable is one of values` (or none of them, if negated) as one bit test. */
  private emitValueTest(
    variable: VariableIndex,
    values: readonly number[],
    isNegated: boolean,
  ): void {
    const { f, layout, words } = this.context
    const { lo } = layout.fields[variable]!
    const bits = values.reduce((set, v) => set | (1 << (v - lo)), 0)
    f.i32(isNegated ? ~bits : bits)
    this.emitField(variable, words)
    f.op('i32.shr_u').i32(1).op('i32.and')
  }
}

/** The result of a comparison that intervals decide, or null. */
function decide(operator: 'eq' | 'ne' | 'lt' | 'le', a: Interval, b: Interval): boolean | null {
  const apart = a.hi < b.lo || b.hi < a.lo
  const equal = a.lo === a.hi && b.lo === b.hi && a.lo === b.lo
  if (operator === 'eq' || operator === 'ne') {
    if (!apart && !equal) return null
    return (operator === 'eq') === equal
  }
  const [sure, never] =
    operator === 'lt' ? [a.hi < b.lo, a.lo >= b.hi] : [a.hi <= b.lo, a.lo > b.hi]
  return sure ? true : never ? false : null
}

/** Weights of the indices in an element's position, row-major. */
export function rowMajorWeights(location: Location): readonly number[] {
  const weights: number[] = []
  let weight = 1
  for (const { size } of [...location.indices].reverse()) {
    weights.unshift(weight)
    weight *= size
  }
  return weights
}

/**
 * Distances in bits by which each index moves the field, if all elements lie in one word at
 * regular distances with one width and lower bound; null otherwise.
 */
export function affineLayout(location: Location, layout: Layout): readonly number[] | null {
  const fields = location.elements.map(v => layout.fields[v]!)
  const first = fields[0]!
  const weights = rowMajorWeights(location)
  const distances = weights.map((weight, i) => {
    const size = location.indices[i]!.size
    return size === 1 ? 0 : (fields[weight]?.offsetBits ?? 0) - first.offsetBits
  })
  const isRegular = fields.every((field, position) => {
    let rest = position
    const offset = weights.reduce((sum, weight, i) => {
      const index = Math.floor(rest / weight)
      rest %= weight
      return sum + index * distances[i]!
    }, first.offsetBits)
    return (
      field.word === first.word &&
      field.offsetBits === offset &&
      field.widthBits === first.widthBits &&
      field.lo === first.lo
    )
  })
  return isRegular && first.widthBits > 0 && first.widthBits < 32 ? distances : null
}

/** The comparison of a variable with a value, as the decision tree makes it. */
export function equals(variable: VariableIndex, value: number): Expression {
  return compare(
    'eq',
    { kind: 'read', location: { elements: [variable], indices: [] } },
    constant(value),
  )
}
