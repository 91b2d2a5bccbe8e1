/**
 * The models snp-integrity and snp-psc: the trace cards of the design notes about a malicious host,
 * and what the variants say together.
 */
import { describe, expect, test } from 'vitest'
import integrity from '../../models/snp-integrity/index.js'
import { parameters } from '../../models/snp-integrity/parameters.js'
import psc from '../../models/snp-psc.js'
import type { Model } from '../../src/ir/model.js'
import type { ModelDefinition } from '../../src/index.js'
import { checkVariant } from '../../src/report/variant-row.js'
import { replay, shortestViolation } from './paths.js'

const modelOf = (definition: ModelDefinition, name: string): Model => {
  const variant = definition.variants.find(v => v.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  return definition.instantiate(variant.params)
}

describe.each([integrity, psc])('the variants of $name', definition => {
  const { variants } = definition
  const violatedIn = (name: string): readonly string[] =>
    Object.keys(variants.find(v => v.name === name)?.expect.properties ?? {})
  const properties = new Map(
    variants.map(({ name, params }) => [
      name,
      definition
        .instantiate(params)
        .properties.filter(p => p.kind !== 'reachable' && p.kind !== 'deadlock')
        .map(p => p.name),
    ]),
  )
  const names = variants.map(v => v.name)

  test.each([...new Set([...properties.values()].flat())])('violate and keep "%s"', property => {
    const having = names.filter(name => properties.get(name)?.includes(property))
    const violating = having.filter(name => violatedIn(name).includes(property))
    expect(violating).not.toEqual([])
    expect(violating.length).toBeLessThan(having.length)
  })

  test('have no action between them that never happens', async () => {
    const fired = new Set<string>()
    const dead = new Set<string>()
    for (const variant of variants.filter(v => v.tier !== 'large')) {
      const row = await checkVariant(definition, variant, {
        explore: { workers: 1, inline: true },
        version: '0.0.0',
        peakRssBytes: () => 0,
      })
      for (const action of row.firedActions) fired.add(action)
      for (const action of row.deadActions) dead.add(action)
    }
    expect([...dead].filter(action => !fired.has(action))).toEqual([])
  })
})

test('the variants of snp-integrity use every value of every option', () => {
  for (const [name, parameter] of Object.entries(parameters)) {
    const used = new Set(
      integrity.variants.map(
        v => (v.params as Readonly<Record<string, unknown>>)[name] ?? parameter.default,
      ),
    )
    if (parameter.kind === 'option') expect(used).toEqual(new Set(parameter.options))
    else expect(used.size).toBeGreaterThan(1)
  }
})

/** The host assigns page `x` to gfn 0 and maps it. */
const give = (x: number) => [`RMPUPDATE_private(page=${x}, g=0`, `host_maps(g=0, page=${x}`]

describe('the trace cards of snp-integrity', () => {
  const replayed = [
    ...give(0),
    'PVALIDATE_1(g=0, page=0',
    'G_write(g=0, page=0, choice=D1',
    ...give(1),
    'VC_PVALIDATE_1(g=0, page=1',
    'G_write(g=0, page=1, choice=D2',
    'host_maps(g=0, page=0',
    'G_read(g=0, page=0',
  ]

  test('card 1: a guest that validates on #VC reads old data', () => {
    const model = modelOf(integrity, 'Y2-lazy')
    expect([...replay(model, replayed)]).toEqual([
      ['a gfn is validated on one page only', 7],
      ['no silent remap', replayed.length],
      ['a read returns the last write', replayed.length],
    ])
  })

  test('card 1: a guest that keeps book terminates at the first #VC', () => {
    const model = modelOf(integrity, 'Y2-bookkeeping')
    const start = replayed.slice(0, 6)
    expect(() => replay(model, [...start, 'VC_PVALIDATE_1'])).toThrow('0 actions fit')
    expect([...replay(model, [...start, 'VC_terminates(g=0, page=1'])]).toEqual([])
  })

  test('it is replayed all the same if it does not mind that a rescind changes nothing', () => {
    const path = shortestViolation(
      modelOf(integrity, 'Y2-ignores-unchanged'),
      'a gfn is validated on one page only',
    )
    expect(path).toHaveLength(8)
    const names = (path ?? []).map(name => name.replace(/\(.*/, ''))
    expect(names.slice(-3)).toEqual(['PVALIDATE_0_and_psc_shared', 'G_psc_private', 'PVALIDATE_1'])
  })

  test('card 8: a page that never left the guest holds its old data, and no flag tells', () => {
    const path = [
      ...give(0),
      'PVALIDATE_1(g=0, page=0',
      'G_write(g=0, page=0, choice=D1',
      'PVALIDATE_0_and_psc_shared(g=0, page=0',
      'G_psc_private(g=0',
      'PVALIDATE_1(g=0, page=0',
      'G_read(g=0, page=0',
    ]
    expect([...replay(modelOf(integrity, 'Y2-bookkeeping'), path)]).toEqual([
      ['a page that becomes private again is fresh', path.length],
    ])
  })

  test('old ciphertext of the same page does not help the host: the page is not validated', () => {
    const path = [
      ...give(0),
      'PVALIDATE_1(g=0, page=0',
      'G_write(g=0, page=0, choice=D1',
      'G_write(g=0, page=0, choice=D2',
      'RMPUPDATE_shared(page=0',
      'host_writes_old_ciphertext_back(page=0, copy=1',
      'RMPUPDATE_private(page=0, g=0',
    ]
    const model = modelOf(integrity, 'Y2-bookkeeping')
    expect(() => replay(model, [...path, 'G_read'])).toThrow('0 actions fit')
    expect([...replay(model, [...path, 'VC_terminates(g=0, page=0'])]).toEqual([])
  })
})

test('Y16: a batch that fails in the middle is converted in part', () => {
  const path = shortestViolation(modelOf(psc, 'Y16'), 'entries from cur_entry on are untouched')
  expect((path ?? []).map(name => name.replace(/\(.*/, ''))).toEqual([
    'psc.VMGEXIT_PSC',
    'psc.all.C1_snp_begin_psc',
    'psc.all.C3_KVM_SET_MEMORY_ATTRIBUTES_page',
    'psc.all.C3_KVM_SET_MEMORY_ATTRIBUTES_fails',
    'psc.all.C4_PSC_ERROR_GENERIC',
  ])
})
