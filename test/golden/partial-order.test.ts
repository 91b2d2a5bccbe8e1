/**
 * The smaller variants of every built-in model, reduced by partial order: the verdicts that the
 * author expects, which a search of all states gives as well. Choosing what to explore takes some
 * microseconds a state, so the larger variants are left out.
 */
import { describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import { checkVariant } from '../../src/report/variant-row.js'

const definitions = await Promise.all(
  modelNames.map(async name => defined(await loadModel(name), name)),
)

/** States, unreduced, of the largest variants that are checked. */
const STATES_MAX = 20_000

describe.each(definitions)('$name', ({ name, variants }) => {
  const definition = defined(definitions.find(d => d.name === name))
  const included = variants.filter(v => v.tier !== 'large' && (v.expect.states ?? 0) <= STATES_MAX)

  test.each(included)('$name has the verdicts that are expected', async variant => {
    const row = await checkVariant(
      definition,
      { ...variant, reduce: 'por' },
      { explore: { workers: 1, inline: true }, version: '0.0.0', peakRssBytes: () => 0 },
    )
    expect(row.differences).toEqual([])
    expect(row.reduction.kind).toBe('por')
  })
})
