/**
 * One search, three ways, on generated models: reference interpreter, compiled code with 1 worker
 * in the calling thread, compiled code with several worker threads, the latter also with nearly all
 * states on disk. Same counts, depth, verdicts with their depths, fired actions, and the same
 * candidates for any number of workers.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import type { ExploreResult } from '../../src/explore/explore.js'
import { isPackable } from '../compile/compiled-code.js'
import { printModel } from '../generators/print-model.js'
import { boundedSearch, randomModel } from '../generators/random-model.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 60)

/** The part of a result that must not depend on the number of workers. */
function comparable({
  states,
  transitions,
  depth,
  deadlocks,
  candidates,
  modelError,
  fired,
}: ExploreResult) {
  return { states, transitions, depth, deadlocks, candidates, modelError, fired: [...fired] }
}

test('finds what the interpreter finds, with any number of workers', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(
      randomModel({ mayFail: false }),
      fc.integer({ min: 2, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (model, workers, logBlockRows) => {
        fc.pre(isPackable(model))
        const reference = boundedSearch(model)
        fc.pre(reference !== null)
        compared++
        const text = printModel(model)
        const compiled = compile(model)
        const options = { keepGoing: true, tableBytesInitial: 4096 }
        const one = await explore(compiled, { ...options, workers: 1, inline: true })
        expect(one.exhaustive, text).toBe(true)
        expect(one.states, text).toBe(reference.states)
        expect(one.transitions, text).toBe(reference.transitions)
        expect(one.depth, text).toBe(reference.depth)
        expect(one.deadlocks, text).toBe(reference.deadlocks)
        expect(
          one.candidates.map(c => c?.depth ?? null),
          text,
        ).toEqual(reference.depths)
        expect([...one.fired].map(Boolean), text).toEqual(reference.fired)
        // With some, the visited set leaves the first memory as soon as its table would grow.
        const spread = workers === 3 ? { spreadBytes: 4096 } : {}
        const several = await explore(compiled, { ...options, ...spread, workers })
        expect(comparable(several), text).toEqual(comparable(one))
        const onDisk = { ...options, logBytesMemory: 0, logBlockRows, workers: workers - 1 }
        const spilled = await explore(compiled, onDisk)
        spilled.levels.close()
        expect(comparable(spilled), text).toEqual(comparable(one))
      },
    ),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(RUNS / 2)
})

test('stops with the level of the first violation, for any number of workers', async () => {
  let violated = 0
  await fc.assert(
    fc.asyncProperty(randomModel(), fc.integer({ min: 2, max: 4 }), async (model, workers) => {
      fc.pre(isPackable(model))
      const reference = boundedSearch(model)
      fc.pre(reference !== null)
      const compiled = compile(model)
      const one = await explore(compiled, { workers: 1, inline: true })
      const several = await explore(compiled, { workers, logBytesMemory: 0, logBlockRows: 3 })
      several.levels.close()
      const text = printModel(model)
      expect(comparable(several), text).toEqual(comparable(one))
      const isViolated = one.candidates.some(
        (c, i) => c !== null && compiled.properties[i]!.isViolation,
      )
      if (isViolated) violated++
      // A violation ends the search with its level, maybe before a model error is met.
      const found = one.modelError?.depth ?? null
      if (!isViolated || found !== null) expect(found, text).toBe(reference.modelErrorDepth)
      if (!isViolated && found === null) expect(one.exhaustive, text).toBe(true)
    }),
    { numRuns: RUNS },
  )
  expect(violated).toBeGreaterThan(0)
})
