/** The ledgers of claims and of bugs name what exists, completely and once. */
import { describe, expect, test } from 'vitest'
import { loadBugs, loadClaims, loadModel } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'

const claims = await loadClaims()
const bugs = await loadBugs()

/** Names of the properties of a variant. */
async function propertiesOf(model: string, name: string): Promise<readonly string[]> {
  const definition = defined(await loadModel(model), `model ${model}`)
  const variant = defined(
    definition.variants.find(v => v.name === name),
    `variant ${model} ${name}`,
  )
  type Values = Parameters<typeof definition.instantiate>[0]
  return definition.instantiate(variant.params as Values).properties.map(p => p.name)
}

const numbered = (seed: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${seed}-${String(i + 1).padStart(2, '0')}`)

describe('claims', () => {
  test('every claim of the seeds is there once, in order', () => {
    const counts = { '000': 32, '001': 17, '002': 11, '003': 13, '004': 9 }
    const ofSeeds = Object.entries(counts).flatMap(([seed, count]) => numbered(seed, count))
    const extra = Array.from({ length: 13 }, (_, i) => `X-${i + 1}`)
    expect(claims.map(claim => claim.id)).toEqual([...ofSeeds, ...extra])
  })

  test('a claim of a seed names its file, a finding none', () => {
    for (const { id, seed } of claims)
      expect(seed?.slice(0, 4) ?? 'X-').toBe(id.startsWith('X-') ? 'X-' : `${id.slice(0, 3)}_`)
  })

  test('a claim without cases is one that cannot be decided, and says why', () => {
    for (const { id, cases, expected, otherwise, why } of claims) {
      const isUndecidable = (otherwise?.verdict ?? expected) === 'undecidable'
      expect([id, cases.length === 0]).toEqual([id, isUndecidable])
      expect(why.length).toBeGreaterThan(20)
    }
  })

  test.each(claims.filter(claim => claim.cases.length > 0))(
    'the cases of $id name variants and properties that exist',
    async ({ cases }) => {
      for (const { model, variant, property } of cases) {
        const properties = await propertiesOf(model, variant)
        if (property !== undefined) expect(properties).toContain(property)
      }
    },
  )
})

describe('bugs', () => {
  test('a switch is there once', () => {
    const names = bugs.map(bug => `${bug.id} ${bug.switch}`)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  test.each(bugs.flatMap(bug => ('model' in bug ? [bug] : [])))(
    '$id $switch names a property of both variants, and a way to follow',
    async ({ model, buggy, fixed, property, follows }) => {
      expect(await propertiesOf(model, buggy)).toContain(property)
      expect(await propertiesOf(model, fixed)).toContain(property)
      expect(follows.length).toBeGreaterThanOrEqual(2)
    },
  )
})
