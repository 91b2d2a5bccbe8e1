/** How far a row of the suite explores, and what it takes for a difference. */
import { describe, expect, test } from 'vitest'
import type { Expectation } from '../../src/lang/definition.js'
import { checkVariant } from '../../src/report/variant-row.js'
import type { VariantRow } from '../../src/report/variant-row.js'
import { erroneous, everyKind } from '../trace/models.js'

const options = {
  explore: { workers: 1, inline: true },
  version: '1.2.3',
  peakRssBytes: () => 0,
} as const

/** Checks a variant without parameters. */
const check = (definition: typeof everyKind, expectation: Expectation): Promise<VariantRow> =>
  checkVariant(definition, { name: 'v', params: {}, expect: expectation }, options)

const all = {
  assertion: 'violated',
  invariant: 'violated',
  step: 'violated',
  'deadlock freedom': 'violated',
} as const

describe('checkVariant', () => {
  test('explores on if a violation is expected that the first level did not show', async () => {
    const row = await check(everyKind, { properties: all })
    expect(row.differences).toEqual([])
    expect([row.matches, row.exhaustive]).toEqual([true, true])
  })

  test('explores everything for a reachability that is expected never to happen', async () => {
    const { step: _, ...others } = all
    const row = await check(everyKind, { properties: { step: 'violated', reachable: 'violated' } })
    expect(row.exhaustive).toBe(true)
    expect(row.matches).toBe(false)
    expect(row.differences.length).toBe(Object.keys(others).length + 1)
  })

  test('compares counts of the whole space', async () => {
    const { states } = await check(everyKind, { properties: all })
    const same = await check(everyKind, { properties: all, states })
    const other = await check(everyKind, { properties: all, states: states + 1 })
    expect([same.matches, other.matches]).toEqual([true, false])
  })

  test('names the actions that happened, and those that did not', async () => {
    const row = await check(everyKind, { properties: all })
    expect(row.firedActions.toSorted()).toEqual(['add', 'stop', 'up'])
    expect(row.deadActions).toEqual([])
  })

  test('takes a model error for a difference', async () => {
    const row = await check(erroneous, {})
    expect(row.matches).toBe(false)
    expect(row.error).toMatchObject({ code: 'ZC401', depth: 4 })
  })

  test('matches nothing if it is cut short', async () => {
    const variant = { name: 'v', params: {}, expect: { properties: all } }
    const limited = { ...options, explore: { ...options.explore, timeMs: 1e-6 } }
    const row = await checkVariant(everyKind, variant, limited)
    expect([row.limit, row.matches, row.differences]).toEqual(['time', false, []])
  })
})
