/**
 * The compiled `canonicalize` finds the representative that the reference finds by trying all
 * permutations: on random states of generated models and of all models with symmetric types.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { compile } from '../../src/compile/compile.js'
import type { Model } from '../../src/ir/model.js'
import { rangeOf } from '../../src/ir/type.js'
import { layoutOf } from '../../src/layout/layout.js'
import { canonicalState, permuteState, symmetryGroup } from '../../src/reduce/symmetry-group.js'
import type { SymmetryGroup } from '../../src/reduce/symmetry-group.js'
import { defined } from '../../src/base/assert.js'
import { symmetricDraft, symmetricModel } from '../generators/symmetric-model.js'
import { printModel } from '../generators/print-model.js'
import { randomValue } from '../generators/random-type.js'
import { CompiledCode } from './compiled-code.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 100)

/** Variants of a model that are looked at; most of the others have the same state. */
const VARIANTS_MAX = 20

type States = readonly (readonly number[])[]

/** Any states, reachable or not. */
function randomStates(model: Model): fc.Arbitrary<States> {
  // fast-check may draw -0, which no packed state has.
  const state = fc.tuple(...model.variables.map(v => randomValue(v.type).map(n => n + 0)))
  return fc.array(state, { minLength: 1, maxLength: 20, size: 'max' })
}

/** Compares compiled code and reference on states, all rows in one call. */
function compare(model: Model, group: SymmetryGroup, states: States): void {
  const code = new CompiledCode(model, group)
  const canonical = code.canonicalize(states)
  const byReference = states.map(s => canonicalState(group, model, code.layout, s))
  expect(canonical, printModel(model)).toEqual(byReference)
  expect(code.canonicalize(canonical), 'idempotent').toEqual(canonical)
  const element = defined(group.elements.at(-1))
  const images = states.map(s => permuteState(element, model, s))
  expect(code.canonicalize(images), 'the same for all of an orbit').toEqual(canonical)
}

test('finds the representative that the reference finds', () => {
  let compared = 0
  fc.assert(
    fc.property(
      symmetricDraft(4)
        .map(symmetricModel)
        .chain(model => randomStates(model).map(states => ({ model, states }))),
      ({ model, states }) => {
        const group = symmetryGroup(model)
        if (group.elements.length === 1) return
        compared++
        compare(model, group, states)
      },
    ),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(RUNS / 2)
})

test('takes the largest group, of six elements', () => {
  const draft = {
    size: 6,
    pages: 1,
    isWide: false,
    isPinned: false,
    hasProcesses: false,
    mayFail: false,
  }
  const model = symmetricModel({ ...draft, actions: [[0, 0, [0]]], properties: [] })
  const group = symmetryGroup(model)
  expect(group.elements).toHaveLength(720)
  const states = fc.sample(randomStates(model), { numRuns: 3, seed: 1 }).flat()
  compare(model, group, states)
})

test.each(modelNames)('does so in the variants of %s with symmetric types', async name => {
  const definition = defined(await loadModel(name))
  const seen = new Set<string>()
  for (const { params } of definition.variants.slice(0, VARIANTS_MAX)) {
    const model = definition.instantiate(params)
    const form = JSON.stringify([model.variables.map(v => rangeOf(v.type)), model.sorts])
    if (model.sorts.every(sort => sort.size < 2) || seen.has(form)) continue
    seen.add(form)
    const group = symmetryGroupOrNull(model)
    if (group === null) continue
    const states = fc.sample(randomStates(model), { numRuns: 2, seed: seen.size }).flat()
    compare(model, group, states)
  }
})

/** Null if the model cannot be reduced: errors of it may depend on the order of elements. */
function symmetryGroupOrNull(model: Model): SymmetryGroup | null {
  try {
    return symmetryGroup(model)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ZC305' })
    return null
  }
}

test('is left out if there is nothing to merge', () => {
  const draft = {
    size: 1,
    pages: 1,
    isWide: false,
    isPinned: false,
    hasProcesses: false,
    mayFail: false,
  }
  const model = symmetricModel({ ...draft, actions: [[0, 0, [0]]], properties: [] })
  const reduced = compile(model, layoutOf(model), symmetryGroup(model))
  expect(reduced).toEqual(compile(model))
})
