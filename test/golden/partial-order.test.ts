/**
 * Every variant of every built-in model, reduced by partial order: the verdicts that its author
 * expects, which a search of all states gives as well.
 */
import { describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import { checkVariant } from '../../src/report/variant-row.js'

const definitions = await Promise.all(
  modelNames.map(async name => defined(await loadModel(name), name)),
)

describe.each(definitions)('$name', ({ name, variants }) => {
  const definition = defined(definitions.find(d => d.name === name))
  const included = variants.filter(v => v.tier !== 'large')

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
