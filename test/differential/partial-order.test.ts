/**
 * Reduced by partial order, alone and with symmetry = not reduced, on generated models: the same
 * verdict on every property, the same deadlocks, the same actions that never happen; and the same
 * counts for any number of workers. Traces replay.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile, successorOrder } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import type { ExploreOptions, ExploreResult } from '../../src/explore/explore.js'
import type { Model } from '../../src/ir/model.js'
import { layoutOf } from '../../src/layout/layout.js'
import type { Reduction } from '../../src/lang/definition.js'
import { prepareReduction } from '../../src/reduce/reduction.js'
import { rebuildTrace } from '../../src/trace/rebuild.js'
import { replayTrace } from '../../src/trace/replay.js'
import { isPackable } from '../compile/compiled-code.js'
import { printModel } from '../generators/print-model.js'
import { processModel } from '../generators/process-model.js'
import { boundedSearch, randomModel } from '../generators/random-model.js'
import { symmetricDraft, symmetricModel } from '../generators/symmetric-model.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 60)
const STATES_MAX = 6_000

const inline: ExploreOptions = { workers: 1, inline: true, keepGoing: true }

/** What must be the same with and without the reduction. */
function decided({ candidates, fired }: ExploreResult) {
  return { found: candidates.map(c => c !== null), fired: [...fired] }
}

/** What must not depend on the number of workers. */
function comparable(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, candidates, modelError, fired } = result
  return { states, transitions, depth, deadlocks, candidates, modelError, fired: [...fired] }
}

/** Compares a reduced search with the full one; the states saved. */
async function compareSearches(model: Model, kind: Reduction, workers: number): Promise<number> {
  const text = printModel(model)
  const whole = await explore(compile(model), inline)
  const { group, stubborn } = prepareReduction(model, kind, successorOrder)
  const compiled = compile(model, layoutOf(model), group, { stubborn })
  const less = await explore(compiled, inline)
  const several = await explore(compiled, { workers, keepGoing: true })
  expect(comparable(several), text).toEqual(comparable(less))
  expect(less.modelError === null, text).toBe(whole.modelError === null)
  if (less.modelError !== null) return 0
  expect(decided(less).found, text).toEqual(decided(whole).found)
  if (kind === 'por') {
    expect(decided(less).fired, text).toEqual(decided(whole).fired)
    expect(less.deadlocks, text).toBe(whole.deadlocks)
  }
  expect(less.deadlocks > 0, text).toBe(whole.deadlocks > 0)
  for (const [property, candidate] of less.candidates.entries()) {
    if (candidate === null) continue
    const subject = { kind: 'property', property } as const
    const evidence = { model, compiled, levels: less.levels, candidate, subject, group }
    replayTrace(model, await rebuildTrace(evidence, { zapcheck: 'test', file: null }))
  }
  return whole.states - less.states
}

/** Compares on models; the states saved altogether. */
async function compareAll(models: fc.Arbitrary<Model>, kind: Reduction): Promise<number> {
  let saved = 0
  const property = fc.asyncProperty(
    models,
    fc.integer({ min: 2, max: 4 }),
    async (model, workers) => {
      fc.pre(isPackable(model) && boundedSearch(model, STATES_MAX) !== null)
      saved += await compareSearches(model, kind, workers)
    },
  )
  await fc.assert(property, { numRuns: RUNS })
  return saved
}

test('decides the same on models of processes', async () => {
  expect(await compareAll(processModel, 'por')).toBeGreaterThan(RUNS)
})

test('decides the same on arbitrary models', async () => {
  expect(await compareAll(randomModel(), 'por')).toBeGreaterThanOrEqual(0)
})

test('decides the same together with symmetry', async () => {
  const models = symmetricDraft().map(symmetricModel)
  expect(await compareAll(models, 'all')).toBeGreaterThan(RUNS)
})
