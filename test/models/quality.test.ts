/**
 * What every model owes its reader: properties that something breaks, witnesses that are reached,
 * texts that say where it comes from, a page in docs/models with its variants. All of it is read
 * from the variants' expectations, which the golden tests compare with runs.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import type { ModelDefinition } from '../../src/lang/definition.js'
import type { PropertyKind } from '../../src/ir/model.js'

const definitions = await Promise.all(
  modelNames.map(async name => defined(await loadModel(name), name)),
)

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const pages = readdirSync(fileURLToPath(new URL('../../docs/models', import.meta.url))).map(name =>
  read(`docs/models/${name}`),
)

/** A kernel version, a version of patches, or a year. */
const version = /\bv?\d+\.\d+\b|RFC v\d+|\b20\d\d\b/

/** How the variants of a model judge a property. */
interface Judged {
  readonly kind: PropertyKind
  holds: number
  violated: number
}

/** The properties of all variants of the suite; one may exist in some variants only. */
function judge({ variants, instantiate }: ModelDefinition): ReadonlyMap<string, Judged> {
  const properties = new Map<string, Judged>()
  for (const { params, expect: expected, tier } of variants) {
    if (tier === 'large') continue
    for (const { name, kind } of instantiate(params).properties) {
      const judged = properties.get(name) ?? { kind, holds: 0, violated: 0 }
      const verdict = expected.properties?.[name] ?? 'holds'
      judged[typeof verdict === 'string' ? verdict : verdict.verdict] += 1
      properties.set(name, judged)
    }
  }
  return properties
}

/** The pages that have the model in a heading. */
function pagesOf(name: string): readonly string[] {
  const heading = new RegExp(`^#+ (.*[^\\w-])?${name}([^\\w-].*)?$`, 'm')
  return pages.filter(page => heading.test(page))
}

describe.each(definitions)('$name', definition => {
  const { name, about, sources, omits, variants, parameters } = definition
  const judged = [...judge(definition)]

  test('has properties that each hold in some variant and are violated in another', () => {
    const claims = judged.filter(([, { kind }]) => kind !== 'reachable')
    const wrong = claims.filter(([, { holds, violated }]) => holds === 0 || violated === 0)
    expect(claims).not.toEqual([])
    expect(wrong).toEqual([])
  })

  test('has witnesses that are reached', () => {
    const never = judged.filter(([, { kind, holds }]) => kind === 'reachable' && holds === 0)
    expect(never).toEqual([])
  })

  test('says what a violation means', () => {
    const { properties } = definition.instantiate()
    expect(properties.filter(p => p.kind !== 'reachable' && p.meaning === null)).toEqual([])
  })

  test('names its sources with versions, what is left out and why, and its parameters', () => {
    expect(about).toMatch(/^[A-Z].*\.$/)
    expect(sources.join('\n')).toMatch(version)
    expect(omits).not.toEqual([])
    for (const text of omits) expect(text.length, text).toBeGreaterThan(25)
    for (const [word, parameter] of Object.entries(parameters))
      expect(parameter.about, word).not.toBeNull()
  })

  test('has variants that say what they show, with counts where the space is explored', () => {
    for (const variant of variants) {
      const verdicts = Object.values(variant.expect.properties ?? {})
      expect(variant.about ?? '', variant.name).toMatch(/\S/)
      const { states, reduced } = variant.expect
      if (verdicts.length === 0) expect(states ?? reduced?.states, variant.name).toBeGreaterThan(0)
    }
  })

  test('opens with its subject and the kernel version', () => {
    const path = `models/${name}`
    const file = readdirSync(fileURLToPath(new URL('../../models', import.meta.url))).includes(
      `${name}.ts`,
    )
    const text = read(file ? `${path}.ts` : `${path}/index.ts`)
    expect(text).toMatch(/^\/\*\*\n \* [^\n]/)
    expect(text).toMatch(version)
  })

  test('has a page that names every variant', () => {
    const own = pagesOf(name)
    expect(own.length).toBeGreaterThan(0)
    const text = own.join('\n')
    expect(text).toMatch(/^```/m)
    const missing = variants.filter(v => !text.includes(v.name))
    expect(missing.map(v => v.name)).toEqual([])
  })
})

test('every component has a test of its own', () => {
  const names = (path: string, end: RegExp): readonly string[] =>
    readdirSync(fileURLToPath(new URL(path, import.meta.url))).map(name => name.replace(end, ''))
  const components = names('../../models/components', /\.ts$/).filter(name => name !== 'row')
  expect(names('./components', /\.test\.ts$/)).toEqual(expect.arrayContaining([...components]))
})
