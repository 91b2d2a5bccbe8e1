/**
 * Builds `check(input, count, context)`: evaluates the properties of states on a batch of new
 * states. An invariant is recorded where it is false, a reachability where it is true.
 */
import { isFalse, isTrue, not } from '../ir/expression.js'
import type { Expression } from '../ir/expression.js'
import { typeRanges } from '../ir/model.js'
import type { Model } from '../ir/model.js'
import { premiseOf } from '../ir/premise.js'
import type { Layout } from '../layout/layout.js'
import { CONTEXT_FIRED } from './compiled-model.js'
import type { CoverageMode } from './compiled-model.js'
import { emitBranchIfCounted, emitCount } from './coverage-emitter.js'
import { ExpressionEmitter } from './expression-emitter.js'
import { RecordEmitter } from './record-emitter.js'
import { FunctionBuilder } from './wasm/function-builder.js'
import type { FunctionIndex } from './wasm/function-builder.js'

/** A property of states: what must be true of every state that is no candidate. */
interface StateProperty {
  readonly property: number
  readonly holds: Expression
  /** Where it is interesting. */
  readonly premise: Expression
}

/** What the function is built from. */
export interface CheckOptions {
  readonly model: Model
  readonly layout: Layout
  /** Index of the recording function. */
  readonly record: FunctionIndex
  /** What to count of the states in which properties are interesting. */
  readonly coverage: CoverageMode
}

function stateProperties(model: Model): readonly StateProperty[] {
  return model.properties.flatMap((p, property): readonly StateProperty[] => {
    if (p.kind !== 'invariant' && p.kind !== 'reachable') return []
    if (p.kind === 'reachable') return [{ property, holds: not(p.predicate), premise: p.predicate }]
    return [{ property, holds: p.predicate, premise: premiseOf(p.predicate) }]
  })
}

/** The function. */
export function buildCheck({ model, layout, record, coverage }: CheckOptions): FunctionBuilder {
  const f = new FunctionBuilder(['i32', 'i32', 'i32'])
  const [input, count, context] = [f.parameter(0), f.parameter(1), f.parameter(2)]
  const properties = stateProperties(model)
  if (properties.length === 0) return f
  const words = Array.from({ length: layout.wordCount }, () => f.local('i64'))
  const records = new RecordEmitter(f, record, context, words, model.properties.length)
  const { variables } = model
  const ranges = typeRanges(variables)
  const fired = f.local('i32')
  if (coverage !== 'none') f.get(context).memory('i32.load', CONTEXT_FIRED).set(fired)
  const done = f.open('block')
  const next = f.open('loop')
  f.get(count).op('i32.eqz').brIf(done)
  words.forEach((word, w) =>
    f
      .get(input)
      .memory('i64.load', 8 * w)
      .set(word),
  )
  f.get(input)
    .i32(8 * layout.wordCount)
    .op('i32.add')
    .set(input)
  f.get(count).i32(1).op('i32.sub').set(count)
  const emitter = (onFail: () => void): ExpressionEmitter =>
    new ExpressionEmitter({ f, variables, layout, words, nextWords: words, ranges, onFail })
  for (const { property, holds, premise } of properties) {
    const skip = f.open('block')
    records.emitIsActive(property)
    f.op('i32.eqz').brIf(skip)
    const onFail = (): void => {
      records.emitModelError(-1)
      f.br(skip)
    }
    emitter(onFail).emit(holds)
    f.brIf(skip)
    records.emitRecord(property, -1)
    f.end()
    if (coverage === 'none' || isFalse(premise)) continue
    const boring = f.open('block')
    const counter = model.actions.length + property
    if (coverage === 'witnesses') emitBranchIfCounted(f, fired, counter, boring)
    if (!isTrue(premise)) {
      emitter(() => f.br(boring)).emit(premise)
      f.op('i32.eqz').brIf(boring)
    }
    emitCount(f, fired, counter)
    f.end()
  }
  f.br(next)
  f.end()
  f.end()
  return f
}
