/**
 * Builds `check(input, count, context)`: evaluates the properties of states on a batch of new
 * states. An invariant is recorded where it is false, a reachability where it is true.
 */
import { not } from '../ir/expression.js'
import type { Expression } from '../ir/expression.js'
import { typeRanges } from '../ir/model.js'
import type { Model } from '../ir/model.js'
import type { Layout } from '../layout/layout.js'
import { ExpressionEmitter } from './expression-emitter.js'
import { RecordEmitter } from './record-emitter.js'
import { FunctionBuilder } from './wasm/function-builder.js'
import type { FunctionIndex } from './wasm/function-builder.js'

/** A property of states: what must be true of every state that is no candidate. */
interface StateProperty {
  readonly property: number
  readonly holds: Expression
}

function stateProperties(model: Model): readonly StateProperty[] {
  return model.properties.flatMap((p, property): readonly StateProperty[] => {
    if (p.kind === 'invariant') return [{ property, holds: p.predicate }]
    return p.kind === 'reachable' ? [{ property, holds: not(p.predicate) }] : []
  })
}

/** The function; `record` is the index of the recording function. */
export function buildCheck(model: Model, layout: Layout, record: FunctionIndex): FunctionBuilder {
  const f = new FunctionBuilder(['i32', 'i32', 'i32'])
  const [input, count, context] = [f.parameter(0), f.parameter(1), f.parameter(2)]
  const properties = stateProperties(model)
  if (properties.length === 0) return f
  const words = Array.from({ length: layout.wordCount }, () => f.local('i64'))
  const records = new RecordEmitter(f, record, context, words, model.properties.length)
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
  for (const { property, holds } of properties) {
    const skip = f.open('block')
    records.emitIsActive(property)
    f.op('i32.eqz').brIf(skip)
    const onFail = (): void => {
      records.emitModelError(-1)
      f.br(skip)
    }
    const ranges = typeRanges(model.variables)
    const { variables } = model
    new ExpressionEmitter({ f, variables, layout, words, nextWords: words, ranges, onFail }).emit(
      holds,
    )
    f.brIf(skip)
    records.emitRecord(property, -1)
    f.end()
  }
  f.br(next)
  f.end()
  f.end()
  return f
}
