/**
 * Every variant of every built-in model in which something is interchangeable, reduced by symmetry:
 * verdicts and depths as its author expects of the search of all states, every violation confirmed
 * by the interpreter; and the orbits of the representatives are as many states as expected.
 */
import { describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import type { Model } from '../../src/ir/model.js'
import type { Variant } from '../../src/lang/definition.js'
import { layoutOf, unpack } from '../../src/layout/layout.js'
import { orbitOf, symmetryGroup } from '../../src/reduce/symmetry-group.js'
import { checkVariant } from '../../src/report/variant-row.js'

/** Variants with more states than that are compared in verdicts and depths alone. */
const STATES_MAX = 30_000

/** Models in some of whose variants the order of vCPUs decides whether an index is out of range. */
const REFUSED = ['snp-rmp']

interface Row {
  readonly variant: Variant
  readonly model: Model
}

/** Variants of the suite with interchangeable elements. */
async function rowsOf(name: string): Promise<readonly Row[]> {
  const definition = defined(await loadModel(name))
  return definition.variants
    .filter(({ tier, reduce }) => tier !== 'large' && reduce === undefined)
    .map(variant => ({ variant, model: definition.instantiate(variant.params) }))
    .filter(({ model }) => model.sorts.some(sort => sort.size > 1))
}

/** How many states the representatives stand for. */
async function statesStoodFor(model: Model): Promise<number> {
  const group = symmetryGroup(model)
  const layout = layoutOf(model)
  const compiled = compile(model, layout, group)
  const { levels } = await explore(compiled, { workers: 1, inline: true, keepGoing: true })
  let states = 0
  for (let depth = 0; depth < levels.levelCount; depth++)
    for (const row of levels.rows(depth))
      states += orbitOf(group, model, unpack(layout, row)).length
  levels.close()
  return states
}

const rows = new Map(
  await Promise.all(modelNames.map(async name => [name, await rowsOf(name)] as const)),
)
const models = modelNames.filter(name => defined(rows.get(name)).length > 0)

test('some models have interchangeable elements', () => {
  expect(models.length).toBeGreaterThan(5)
})

describe.each(models)('%s', name => {
  test.each(defined(rows.get(name)))('$variant.name has the same verdicts', async row => {
    const definition = defined(await loadModel(name))
    const reduced: Variant = { ...row.variant, reduce: 'symmetry' }
    const options = { version: '0.0.0', peakRssBytes: () => 0 }
    const explored = { workers: 1, inline: true }
    const check = checkVariant(definition, reduced, { ...options, explore: explored })
    if (REFUSED.includes(name) && !isReducible(row.model)) {
      await expect(check).rejects.toMatchObject({ code: 'ZC305' })
      return
    }
    const { differences, matches, states: representatives } = await check
    expect(differences).toEqual([])
    expect(matches).toBe(true)
    const { states } = row.variant.expect
    if (states === undefined) return
    expect(representatives).toBeLessThanOrEqual(states)
    if (states <= STATES_MAX) expect(await statesStoodFor(row.model)).toBe(states)
  })
})

function isReducible(model: Model): boolean {
  try {
    symmetryGroup(model)
    return true
  } catch {
    return false
  }
}
