/**
 * Reduced by symmetry = not reduced, on generated models: the same verdicts at the same depths, the
 * same depth of the space, traces of the same length that replay; and the orbits of the
 * representatives are exactly the states of the search that keeps them apart, level by level.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { defined } from '../../src/base/assert.js'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import type { ExploreOptions, ExploreResult } from '../../src/explore/explore.js'
import type { Model } from '../../src/ir/model.js'
import { layoutOf, unpack } from '../../src/layout/layout.js'
import { orbitOf, symmetryGroup } from '../../src/reduce/symmetry-group.js'
import type { SymmetryGroup } from '../../src/reduce/symmetry-group.js'
import { deadActions } from '../../src/report/check-report.js'
import { rebuildTrace } from '../../src/trace/rebuild.js'
import type { Subject } from '../../src/trace/confirm.js'
import { replayTrace } from '../../src/trace/replay.js'
import { printModel } from '../generators/print-model.js'
import { boundedSearch } from '../generators/random-model.js'
import { symmetricDraft, symmetricModel } from '../generators/symmetric-model.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 60)
const STATES_MAX = 6_000

const inline: ExploreOptions = { workers: 1, inline: true, keepGoing: true }

/** The part of a result that must not depend on the number of workers. */
function comparable(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, candidates, modelError, fired } = result
  return { states, transitions, depth, deadlocks, candidates, modelError, fired: [...fired] }
}

/** Sizes of levels: of the states themselves, or of the orbits of representatives. */
function levelSizes(model: Model, { levels }: ExploreResult, group: SymmetryGroup | null) {
  const layout = layoutOf(model)
  return Array.from({ length: levels.levelCount }, (_, depth) => {
    if (group === null) return levels.rowCount(depth)
    const orbits = [...levels.rows(depth)].map(row => orbitOf(group, model, unpack(layout, row)))
    return orbits.reduce((sum, orbit) => sum + orbit.length, 0)
  })
}

/** Length of the trace to a candidate, which is confirmed and replays after that; null for none. */
async function traceLength(
  model: Model,
  group: SymmetryGroup,
  { levels, candidates, modelError }: ExploreResult,
  property: number | null,
): Promise<number | null> {
  const candidate = property === null ? modelError : defined(candidates[property])
  if (candidate === null) return null
  const compiled = compile(model, layoutOf(model), group)
  const subject: Subject =
    property === null ? { kind: 'error', action: candidate.action } : { kind: 'property', property }
  const evidence = { model, compiled, levels, candidate, subject, group }
  const trace = await rebuildTrace(evidence, { zapcheck: 'test', file: null })
  replayTrace(model, trace)
  // The action that fails is no step of the trace.
  return trace.steps.length + (property === null && candidate.action !== null ? 1 : 0)
}

test('finds the same verdicts at the same depths, and the orbits are the states', async () => {
  let reduced = 0
  let decided = 0
  const models = symmetricDraft().map(symmetricModel)
  const property = fc.asyncProperty(
    models,
    fc.integer({ min: 2, max: 4 }),
    async (model, workers) => {
      const reference = boundedSearch(model, STATES_MAX)
      fc.pre(reference !== null)
      const group = symmetryGroup(model)
      const text = printModel(model)
      const whole = await explore(compile(model), inline)
      const compiled = compile(model, layoutOf(model), group)
      const less = await explore(compiled, inline)
      const depths = less.candidates.map(c => c?.depth ?? null)
      expect(depths, text).toEqual(reference.depths)
      expect([less.depth, less.exhaustive], text).toEqual([reference.depth, true])
      expect(deadActions(model, less.fired), text).toEqual(deadActions(model, whole.fired))
      expect(levelSizes(model, less, group), text).toEqual(levelSizes(model, whole, null))
      expect(less.deadlocks > 0, text).toBe(whole.deadlocks > 0)
      const several = await explore(compiled, { workers, keepGoing: true })
      expect(comparable(several), text).toEqual(comparable(less))
      for (const property of model.properties.keys())
        expect(await traceLength(model, group, less, property), text).toBe(depths[property])
      if (less.states < whole.states) reduced++
      decided += depths.filter(depth => depth !== null).length
    },
  )
  await fc.assert(property, { numRuns: RUNS })
  expect(reduced).toBeGreaterThan(RUNS / 6)
  expect(decided).toBeGreaterThan(RUNS / 4)
})

test('ends with the level of the first violation or error, as a search of all does', async () => {
  let failed = 0
  const models = symmetricDraft(3, true).map(symmetricModel)
  const property = fc.asyncProperty(models, async model => {
    const options: ExploreOptions = { workers: 1, inline: true, statesMax: 20_000 }
    const whole = await explore(compile(model), options)
    fc.pre(whole.limit === null)
    const group = symmetryGroup(model)
    const less = await explore(compile(model, layoutOf(model), group), options)
    const verdicts = ({ candidates, depth, exhaustive, modelError }: ExploreResult) => ({
      depths: candidates.map(c => c?.depth ?? null),
      modelError: modelError?.depth ?? null,
      depth,
      exhaustive,
    })
    expect(verdicts(less), printModel(model)).toEqual(verdicts(whole))
    const errorLength = await traceLength(model, group, less, null)
    expect(errorLength, printModel(model)).toBe(whole.modelError?.depth ?? null)
    if (errorLength !== null) failed++
  })
  await fc.assert(property, { numRuns: RUNS })
  expect(failed).toBeGreaterThan(RUNS / 20)
})
