/**
 * Stubborn sets by the reference semantics: a reduced search decides everything as the full one, on
 * generated models of processes and on arbitrary ones.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Model } from '../../src/ir/model.js'
import { stubbornTables } from '../../src/reduce/stubborn-tables.js'
import { printModel } from '../generators/print-model.js'
import { processModel } from '../generators/process-model.js'
import { boundedSearch, randomModel } from '../generators/random-model.js'
import { defined } from '../../src/base/assert.js'
import { reducedSearch } from './reduced-search.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 150)

/** Compares; the states saved, null if the model is too large. */
function compareSearches(model: Model): number | null {
  const full = boundedSearch(model)
  if (full === null) return null
  const text = printModel(model)
  const reduced = reducedSearch(model, defined(stubbornTables(model) ?? undefined))
  expect(reduced.failed, text).toBe(full.modelErrorDepth !== null)
  if (reduced.failed) return 0
  expect(reduced.found, text).toEqual(full.depths.map(depth => depth !== null))
  expect(reduced.deadlocks, text).toBe(full.deadlocks)
  expect(reduced.states, text).toBeLessThanOrEqual(full.states)
  return full.states - reduced.states
}

test('decides what the full search decides, on models of processes', () => {
  let saved = 0
  fc.assert(
    fc.property(processModel, model => {
      saved += compareSearches(model) ?? 0
    }),
    { numRuns: RUNS },
  )
  expect(saved).toBeGreaterThan(RUNS)
})

test('decides what the full search decides, on arbitrary models', () => {
  fc.assert(
    fc.property(randomModel(), model => {
      compareSearches(model)
    }),
    { numRuns: RUNS },
  )
})
