/**
 * Emits the updates of one action: from the words of the state to the words of the successor.
 *
 * Constant writes fuse into one and/or per word. All values are computed from the words of the
 * state before, which stay untouched, so the order of updates does not matter:
 *
 *   next[w] = (word[w] & ~cleared) | constants | (value << offset) | ...
 *
 * Conditional and dynamically indexed writes follow one by one.
 */
import { writtenVariables } from '../ir/effects.js'
import { conflictsOf } from '../ir/conflict.js'
import { and, not, or } from '../ir/expression.js'
import type { Expression, Location } from '../ir/expression.js'
import { intervalOf, isWithin } from '../ir/interval.js'
import type { Update } from '../ir/model.js'
import { rangeOf } from '../ir/type.js'
import type { Interval, ScalarType } from '../ir/type.js'
import { affineLayout, rowMajorWeights } from './expression-emitter.js'
import type { ExpressionEmitter } from './expression-emitter.js'
import type { Field } from '../layout/layout.js'
import type { Local } from './wasm/function-builder.js'

type Assignment = Update & { readonly kind: 'assign' }

const WORD_MASK = (1n << 64n) - 1n

/** An assertion with the conditions under which the action reaches it. */
interface GuardedAssertion {
  readonly property: number
  /** True where the action reaches it. */
  readonly path: Expression
  /** False where the assertion fails. */
  readonly holds: Expression
}

/** Emits the updates of one action. */
export class UpdateEmitter {
  /** The words of the successor: those of the state where nothing is written. */
  readonly nextWords: readonly Local[]

  constructor(
    private readonly emitter: ExpressionEmitter,
    private readonly updates: readonly Update[],
  ) {
    const { f, words, layout } = emitter.context
    const written = new Set(writtenVariables(updates).map(v => layout.fields[v]!.word))
    this.nextWords = words.map((word, i) => (written.has(i) ? f.local('i64') : word))
  }

  /** Leaves the successor in `nextWords`; fails where the reference semantics throws. */
  emit(): void {
    this.emitConflicts()
    const isFused = (u: Update): u is Assignment =>
      u.kind === 'assign' && u.location.indices.length === 0
    this.emitFused(this.updates.filter(isFused))
    for (const update of this.updates) if (!isFused(update)) this.emitUpdate(update, this.emitter)
  }

  /** Gives the successor's locals back. */
  release(): void {
    const { f, words } = this.emitter.context
    f.release(...this.nextWords.filter((local, i) => local !== words[i]))
  }

  /** The assertions of the action, each false where it fails. */
  assertions(): readonly GuardedAssertion[] {
    return collectAssertions(this.updates, [])
  }

  private emitConflicts(): void {
    const { f, variables, onFail } = this.emitter.context
    for (const { condition } of conflictsOf(this.updates, variables)) {
      this.emitter.emit(condition)
      f.open('if')
      onFail()
      f.end()
    }
  }

  /** Unconditional writes of variables that are known now. */
  private emitFused(assignments: readonly Assignment[]): void {
    const { f, words } = this.emitter.context
    this.nextWords.forEach((next, w) => {
      if (next === words[w]) return
      const here = assignments.filter(a => this.fieldOf(a.location).word === w)
      let cleared = 0n
      let constants = 0n
      const dynamic: Assignment[] = []
      for (const a of here) {
        const field = this.fieldOf(a.location)
        cleared |= maskOf(field) << BigInt(field.offsetBits)
        const value = this.constantValue(a)
        if (value === null) dynamic.push(a)
        else constants |= BigInt(value - field.lo) << BigInt(field.offsetBits)
      }
      f.get(words[w]!)
      const isOverwritten = (cleared & ~constants) === 0n
      if (!isOverwritten) f.i64(WORD_MASK ^ cleared).op('i64.and')
      if (constants !== 0n) f.i64(constants).op('i64.or')
      f.set(next)
      for (const a of dynamic) {
        this.emitShiftedValue(a, this.emitter)
        f.get(next).op('i64.or').set(next)
      }
    })
  }

  private emitUpdate(update: Update, emitter: ExpressionEmitter): void {
    const { f } = emitter.context
    if (update.kind === 'assert') return
    if (update.kind === 'assign') {
      this.emitAssignment(update, emitter)
      return
    }
    const { condition, then, otherwise } = update
    const isEmpty = (list: readonly Update[]): boolean => list.every(u => u.kind === 'assert')
    emitter.emit(condition)
    f.open('if')
    for (const inner of then) this.emitUpdate(inner, emitter.where(condition))
    if (!isEmpty(otherwise)) {
      f.else()
      for (const inner of otherwise) this.emitUpdate(inner, emitter.where(not(condition)))
    }
    f.end()
  }

  private emitAssignment(a: Assignment, emitter: ExpressionEmitter): void {
    const { f, layout } = emitter.context
    const { location } = a
    if (location.indices.length === 0) {
      const field = this.fieldOf(location)
      const next = this.nextWords[field.word]!
      f.get(next)
        .i64(WORD_MASK ^ (maskOf(field) << BigInt(field.offsetBits)))
        .op('i64.and')
      this.emitShiftedValue(a, emitter)
      f.op('i64.or').set(next)
      return
    }
    const affine = affineLayout(location, layout)
    if (affine === null) this.emitChainedStore(a, emitter)
    else this.emitAffineStore(a, emitter, affine)
  }

  /** Elements at regular distances: shift mask and value by the position. */
  private emitAffineStore(
    a: Assignment,
    emitter: ExpressionEmitter,
    weights: readonly number[],
  ): void {
    const { f } = emitter.context
    const field = this.fieldOf(a.location)
    const next = this.nextWords[field.word]!
    const shift = f.local('i64')
    emitter.emitWeightedIndices(a.location, weights)
    if (field.offsetBits > 0) f.i32(field.offsetBits).op('i32.add')
    f.op('i64.extend_i32_u').set(shift)
    const value = f.local('i64')
    this.emitFieldValue(a, emitter)
    f.set(value)
    f.get(next)
    f.i64(maskOf(field)).get(shift).op('i64.shl').i64(-1n).op('i64.xor', 'i64.and')
    f.get(value).get(shift).op('i64.shl', 'i64.or').set(next)
    f.release(shift, value)
  }

  /** Elements that lie irregularly: one conditional write each. */
  private emitChainedStore(a: Assignment, emitter: ExpressionEmitter): void {
    const { f, layout } = emitter.context
    const position = f.local('i32')
    const value = f.local('i64')
    emitter.emitWeightedIndices(a.location, rowMajorWeights(a.location))
    f.set(position)
    this.emitFieldValue(a, emitter)
    f.set(value)
    a.location.elements.forEach((variable, i) => {
      const field = layout.fields[variable]!
      if (field.widthBits === 0) return
      const next = this.nextWords[field.word]!
      f.get(position).i32(i).op('i32.eq')
      f.open('if')
      f.get(next)
        .i64(WORD_MASK ^ (maskOf(field) << BigInt(field.offsetBits)))
        .op('i64.and')
      f.get(value).i64(BigInt(field.offsetBits)).op('i64.shl', 'i64.or').set(next)
      f.end()
    })
    f.release(position, value)
  }

  /** Leaves the field of the value on the stack, at its place in the word. */
  private emitShiftedValue(a: Assignment, emitter: ExpressionEmitter): void {
    const { f } = emitter.context
    const { offsetBits } = this.fieldOf(a.location)
    this.emitFieldValue(a, emitter)
    if (offsetBits > 0) f.i64(BigInt(offsetBits)).op('i64.shl')
  }

  /** Leaves value - lo as an i64 on the stack, wrapped or range-checked as the type wants. */
  private emitFieldValue(a: Assignment, emitter: ExpressionEmitter): void {
    const { f, ranges, variables } = emitter.context
    const { type } = variables[a.location.elements[0]!]!
    const { lo } = this.fieldOf(a.location)
    const allowed = rangeOf(type)
    if (type.kind === 'counter') emitter.emitModulo(a.value, type.modulus)
    else {
      emitter.emit(a.value)
      if (!isWithin(intervalOf(a.value, ranges), allowed)) this.emitRangeCheck(allowed, emitter)
    }
    if (lo !== 0) f.i32(lo).op('i32.sub')
    f.op('i64.extend_i32_u')
  }

  /** Checks the value on the stack and leaves it there. */
  private emitRangeCheck({ lo, hi }: Interval, emitter: ExpressionEmitter): void {
    const { f, onFail } = emitter.context
    const value = f.local('i32')
    f.tee(value).i32(lo).op('i32.lt_s').get(value).i32(hi).op('i32.gt_s', 'i32.or')
    f.open('if')
    onFail()
    f.end()
    f.get(value)
    f.release(value)
  }

  /** The field of a location's first element: width and lower bound are those of all. */
  private fieldOf(location: Location): Field {
    return this.emitter.context.layout.fields[location.elements[0]!]!
  }

  /** The value if it is a constant that the variable can take. */
  private constantValue({ location, value }: Assignment): number | null {
    if (value.kind !== 'constant') return null
    const { type } = this.emitter.context.variables[location.elements[0]!]!
    return wrapped(value.value, type)
  }
}

/** A constant as it is stored, or null if it is out of range. */
function wrapped(value: number, type: ScalarType): number | null {
  if (type.kind === 'counter') return ((value % type.modulus) + type.modulus) % type.modulus
  const { lo, hi } = rangeOf(type)
  return value >= lo && value <= hi ? value : null
}

function maskOf({ widthBits }: Field): bigint {
  return (1n << BigInt(widthBits)) - 1n
}

function collectAssertions(
  updates: readonly Update[],
  path: readonly Expression[],
): readonly GuardedAssertion[] {
  return updates.flatMap((u): readonly GuardedAssertion[] => {
    if (u.kind === 'assign') return []
    if (u.kind === 'assert') {
      const { property, condition } = u
      return [{ property, path: and(...path), holds: or(not(and(...path)), condition) }]
    }
    return [
      ...collectAssertions(u.then, [...path, u.condition]),
      ...collectAssertions(u.otherwise, [...path, not(u.condition)]),
    ]
  })
}
