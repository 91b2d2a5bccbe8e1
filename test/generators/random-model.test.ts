/** The generator of random models covers the whole IR, and keeps its promises. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { walk } from '../../src/ir/expression.js'
import type { Expression } from '../../src/ir/expression.js'
import { walkUpdates } from '../../src/ir/model.js'
import type { Model } from '../../src/ir/model.js'
import { rangeOf } from '../../src/ir/type.js'
import { boundedSearch, modelAndStates, randomModel, stateBits } from './random-model.js'
import { typedValue } from './random-type.js'

const SEED = 20_250_607

/** Everything of interest that occurs in a model, as words. */
function featuresOf(model: Model): Set<string> {
  const features = new Set<string>()
  const visit = (e: Expression): void =>
    walk(e, inner => {
      features.add(inner.kind)
      if ('operator' in inner) features.add(`${inner.kind} ${inner.operator}`)
      if ('location' in inner) features.add(`${inner.kind} ${inner.location.indices.length}d`)
      if (inner.kind === 'constant') features.add(`constant ${inner.type?.kind ?? 'untyped'}`)
    })
  for (const { type } of model.variables) {
    features.add(`type ${type.kind}`)
    if (type.kind === 'index' && type.optional) features.add('type optional index')
    const { lo, hi } = rangeOf(type)
    if (lo === hi) features.add('type of one value')
    if (lo < 0) features.add('type with negative values')
    if (hi - lo > 2 ** 31) features.add('type of 32 bits')
  }
  for (const action of model.actions) {
    for (const e of action.guard) visit(e)
    walkUpdates(action.updates, u => {
      features.add(`update ${u.kind}`)
      if (u.kind === 'assign') {
        features.add(`assign ${u.location.indices.length}d`)
        for (const { expression } of u.location.indices) visit(expression)
        visit(u.value)
      } else visit(u.condition)
    })
  }
  for (const p of model.properties) {
    features.add(`property ${p.kind}`)
    if (p.kind === 'step') for (const e of p.predicates) visit(e)
    if (p.kind === 'invariant' || p.kind === 'reachable') visit(p.predicate)
    if (p.kind === 'deadlock') visit(p.allowed)
  }
  return features
}

// prettier-ignore
const FEATURES = [
  'constant', 'read', 'next', 'not', 'and', 'or', 'compare', 'arithmetic', 'modulo', 'ite', 'bits',
  'singleton', 'member', 'cardinality',
  'compare eq', 'compare ne', 'compare lt', 'compare le', 'arithmetic add', 'arithmetic sub',
  'arithmetic mul', 'bits and', 'bits or', 'bits andnot',
  'read 0d', 'read 1d', 'read 2d', 'next 0d', 'next 1d', 'assign 0d', 'assign 1d', 'assign 2d',
  'update assign', 'update if', 'update assert',
  'type bool', 'type int', 'type counter', 'type enumeration', 'type index', 'type set',
  'type optional index', 'type of one value', 'type with negative values', 'type of 32 bits',
  'constant untyped', 'constant bool', 'constant set', 'constant enumeration',
  'property invariant', 'property step', 'property assertion', 'property deadlock',
  'property reachable',
]

describe('randomModel', () => {
  const models = fc.sample(randomModel(), { numRuns: 300, seed: SEED })
  const results = models.map(model => boundedSearch(model))

  it('makes every kind of expression, update, type and property', () => {
    const found = new Set(models.flatMap(m => [...featuresOf(m)]))
    expect(FEATURES.filter(feature => !found.has(feature))).toEqual([])
  })

  it('makes mostly small spaces, and few that have one state only', () => {
    const complete = results.filter(r => r !== null)
    expect(complete.length).toBeGreaterThan(270)
    expect(complete.filter(r => r.states > 10).length).toBeGreaterThan(60)
    expect(complete.filter(r => r.depth > 3).length).toBeGreaterThan(60)
  })

  it('makes models wider than one word, and some that run into model errors', () => {
    expect(models.filter(m => stateBits(m) > 64).length).toBeGreaterThan(15)
    expect(results.filter(r => r !== null && r.modelErrorDepth !== null).length).toBeGreaterThan(8)
  })

  it('makes properties of every kind that hold, and ones that are violated', () => {
    const found = new Set<string>()
    models.forEach((model, m) =>
      model.properties.forEach((p, i) =>
        found.add(`${p.kind} ${results[m]?.depths[i] === null ? 'no' : 'yes'}`),
      ),
    )
    const kinds = ['invariant', 'step', 'assertion', 'deadlock', 'reachable']
    expect([...found].sort()).toEqual(kinds.flatMap(k => [`${k} no`, `${k} yes`]).sort())
  })

  it('makes no model errors when it is told not to, in any state', () => {
    fc.assert(
      fc.property(modelAndStates({ mayFail: false }), ({ model, states }) => {
        const interpreter = new Interpreter(model)
        for (const state of states) interpreter.transitions(state)
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  it('makes only wide models when it is told to', () => {
    for (const model of fc.sample(randomModel({ isWide: true }), { numRuns: 30, seed: SEED }))
      expect(stateBits(model)).toBeGreaterThan(64)
  })

  it('shows a failing model as text, and shrinks it', () => {
    const failure = fc.check(
      fc.property(randomModel({ isWide: false }), model => model.actions.length < 2),
      { seed: SEED },
    )
    expect(failure.failed).toBe(true)
    const [smallest] = failure.counterexample ?? []
    expect(smallest?.actions.length).toBe(2)
    expect(smallest?.variables.length).toBe(1)
    expect(fc.stringify(smallest)).toMatch(/^model random\n {2}var v0: bool = false\n {2}action a0/)
  })
})

describe('typedValue', () => {
  it('gives values in the range of their types', () => {
    fc.assert(
      fc.property(typedValue, ({ type, value }) => {
        const { lo, hi } = rangeOf(type)
        expect(value).toBeGreaterThanOrEqual(lo)
        expect(value).toBeLessThanOrEqual(hi)
      }),
    )
  })
})
