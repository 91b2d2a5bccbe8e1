/**
 * sev-migration: the verdict table and the trace cards of the design notes, written down here a
 * second time, and what the rows have in common.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import definition from '../../models/sev-migration/index.js'
import { parameters } from '../../models/sev-migration/parameters.js'
import type { Parameters } from '../../models/sev-migration/parameters.js'
import { defined } from '../../src/base/assert.js'
import { Interpreter } from '../../src/interpret/interpreter.js'
import { search } from '../../src/interpret/search.js'
import { formatAction } from '../../src/ir/model.js'
import type { Model } from '../../src/ir/model.js'
import { shortestViolation } from './paths.js'

const contracts = ['N', 'F', 'H'] as const

const variantOf = (name: string) =>
  defined(
    definition.variants.find(v => v.name === name),
    name,
  )
const instantiate = (params: Partial<Parameters>): Model => definition.instantiate(params)
const modelOf = (name: string): Model => instantiate(variantOf(name).params)
const violatedIn = (name: string): readonly string[] =>
  Object.keys(variantOf(name).expect.properties ?? {})

/** Names of the properties that a search finds violated, and of witnesses that it does not find. */
function wrongIn(model: Model): readonly string[] {
  const { depths } = search(model)
  return model.properties.flatMap((p, i) =>
    (p.kind === 'reachable') === (depths[i] === null) ? [p.name] : [],
  )
}

/** The contracts under which a guest loses data: some of `NFH`. */
function losesUnder(params: Partial<Parameters>): string {
  const wrong = wrongIn(instantiate(params))
  return contracts.filter(c => wrong.includes(`transparent under contract ${c}`)).join('')
}

/** Takes the actions in turn; the properties of states and assertions that the last one breaks. */
function brokenByLast(model: Model, names: readonly string[]): readonly string[] {
  const interpreter = new Interpreter(model)
  let state = interpreter.initial()
  let broken: readonly string[] = []
  for (const name of names) {
    const transition = interpreter
      .transitions(state)
      .find(({ action }) => formatAction(defined(model.actions[action])) === name)
    if (transition === undefined) throw new Error(`${name} cannot happen`)
    state = transition.successor
    broken = model.properties.flatMap((p, i) => {
      const isBad =
        (p.kind === 'invariant' && !interpreter.isTrueIn(p, transition.successor)) ||
        transition.failedAssertions.includes(i)
      return isBad ? [p.name] : []
    })
  }
  return broken
}

/** Section (d) of the notes: by guest, the contracts that are violated in four columns. */
const table: Readonly<Record<Parameters['guest'], readonly [string, string, string, string]>> = {
  //            LD     LD+resync  DL    DL+resync
  O2: ['NFH', 'NFH', 'NFH', 'NFH'],
  O1: ['NFH', 'NF', '', 'NF'],
  'O1+': ['NFH', 'NF', 'NF', 'NF'],
  O4: ['NFH', '', '', ''],
  'O4+': ['NFH', '', '', ''],
  'O1-bail': ['NF', 'NF', 'NF', 'NF'],
  'O4-bail': ['N', 'N', 'N', 'N'],
  O3: ['', '', '', ''],
  'O3-write': ['NFH', '', '', ''],
  // The notes have no row for LD without resync there and back.
  'O4-back': ['NFH', '', '', ''],
  'O1-back': ['NFH', 'NF', 'NF', 'NF'],
}
const guests = Object.keys(table) as readonly Parameters['guest'][]
const columns = [
  { order: 'LD', resync: false },
  { order: 'LD', resync: true },
  { order: 'DL', resync: false },
  { order: 'DL', resync: true },
] as const

describe('the verdict table of sev-migration', () => {
  test.each(guests)('has the verdicts of the notes for %s', guest => {
    const found = columns.map(column => losesUnder({ guest, hypercall: 'kernel-list', ...column }))
    expect(found).toEqual(table[guest])
  })

  test.each(guests)('does not depend on the number of live rounds for %s', guest => {
    for (const rounds of [1, 3])
      expect(columns.map(column => losesUnder({ guest, rounds, ...column }))).toEqual(table[guest])
  })

  test('has a variant for each cell, with the same verdict', () => {
    for (const guest of guests)
      columns.forEach(({ order, resync }, i) => {
        const violated = violatedIn(`${guest}-${order}${resync ? '-resync' : ''}`)
        const under = contracts.filter(c => violated.includes(`transparent under contract ${c}`))
        expect([guest, order, resync, under.join('')]).toEqual([
          guest,
          order,
          resync,
          table[guest][i],
        ])
      })
  })

  test('a late list is as good as the dirty log first, with and without a resync', () => {
    for (const guest of guests)
      for (const resync of [false, true])
        for (const order of ['LD', 'DL'] as const)
          expect(losesUnder({ guest, order, resync, list: 'at-send' })).toBe(
            losesUnder({ guest, order: 'DL', resync }),
          )
  })

  test('X1: with the vCPU paused the order of the final round is free', () => {
    for (const guest of guests)
      expect(losesUnder({ guest, final: 'LD' })).toBe(losesUnder({ guest, final: 'DL' }))
  })

  test('X4: a list only where pages are dirty loses no more than one in each round', () => {
    for (const guest of guests)
      expect(losesUnder({ guest, list: 'snapshot-if-dirty' })).toBe(losesUnder({ guest }))
  })

  test('X5: sending a page in halves changes nothing', () => {
    for (const guest of guests)
      for (const order of ['LD', 'DL'] as const)
        expect(losesUnder({ guest, order, partialSend: true })).toBe(losesUnder({ guest, order }))
  })

  test('with hardware that refuses, no guest loses anything in any order', () => {
    for (const guest of guests)
      for (const column of columns)
        expect(losesUnder({ guest, awareness: 'hw', ...column })).toBe('')
  })
})

const liveRound = (...steps: readonly string[]) => steps.map(s => `migration.live1.${s}`)
const [dirty, list] = ['KVM_GET_DIRTY_LOG', 'KVM_GET_SHARED_PAGES_LIST'] as const
const [privately, shared] = ['SEND_UPDATE_DATA', 'copy_as_shared'] as const
/** Pause and resume with a final round that finds nothing to send. */
const moves = (...final: readonly string[]) => [
  'migration.pause_vcpu',
  ...final.map(s => `migration.final.${s}`),
  'migration.resume_vcpu_on_DST',
]

describe('the trace cards of sev-migration', () => {
  const reads = (contract: string) => `reads are right under contract ${contract}`

  test('scenario 1 is the shortest counterexample, step by step', () => {
    const card = [
      'guest.g1_flip_C_bit',
      'guest.g2_write_lo_Z',
      ...liveRound(dirty, list, privately),
      ...moves(dirty, list),
      'guest.g3_write_hi_Z',
      'guest.g4_KVM_HC_MAP_GPA_RANGE_shared',
      'guest.g5_read_lo',
    ]
    const model = modelOf('O2-DL')
    expect(brokenByLast(model, card)).toEqual(expect.arrayContaining([reads('N'), reads('F')]))
    expect(brokenByLast(model, card)).not.toContain(reads('H'))
    expect(shortestViolation(model, reads('N'))).toHaveLength(card.length)
    expect(variantOf('O2-DL').expect.properties).toMatchObject({ [reads('N')]: { depth: 12 } })
    // Contract H does not help: what is lost shows before the call already.
    expect(brokenByLast(model, card.slice(0, 9))).toContain('transparent under contract H')
  })

  test('scenario 2 is the shortest counterexample, step by step', () => {
    const card = [
      ...liveRound(list),
      'guest.g1_KVM_HC_MAP_GPA_RANGE_shared',
      'guest.g2_flip_C_bit',
      'guest.g3_write_lo_Z',
      'guest.g4_write_hi_Z',
      ...liveRound(dirty, privately),
      ...moves(list, dirty),
      'guest.g5_read_lo',
    ]
    const model = modelOf('O1-LD')
    for (const contract of contracts) {
      expect(brokenByLast(model, card)).toContain(reads(contract))
      expect(shortestViolation(model, reads(contract))).toHaveLength(card.length)
    }
  })

  test('scenario 3 is the shortest counterexample, step by step', () => {
    const card = [
      'guest.g1_write_lo_W',
      ...liveRound(dirty),
      'guest.g2_KVM_HC_MAP_GPA_RANGE_shared',
      ...liveRound(list, shared),
      ...moves(dirty, list),
      'guest.g3_KVM_HC_MAP_GPA_RANGE_private',
      'guest.g4_read_lo',
    ]
    const model = modelOf('O1-bail-DL')
    for (const contract of ['N', 'F']) {
      expect(brokenByLast(model, card)).toContain(reads(contract))
      expect(shortestViolation(model, reads(contract))).toHaveLength(card.length)
    }
    expect(shortestViolation(model, reads('H'))).toBeNull()
  })

  test("scenario 3' is the shortest counterexample: the read at its end would be wrong", () => {
    const card = [
      'guest.g1_write_lo_W',
      'guest.g2_KVM_HC_MAP_GPA_RANGE_shared',
      ...liveRound(dirty, list, shared),
      ...moves(dirty, list),
    ]
    const model = modelOf('O1+-DL')
    expect(shortestViolation(model, 'transparent under contract F')).toHaveLength(card.length)
    expect(brokenByLast(model, card)).toEqual(
      expect.arrayContaining(['transparent under contract N', 'transparent under contract F']),
    )
    expect(brokenByLast(model, card)).not.toContain('transparent under contract H')
  })

  test('the final resync makes a copy that nobody asked for', () => {
    const path = shortestViolation(modelOf('O1-DL-resync'), 'transparent under contract F')
    expect(path?.at(-2)).toBe('migration.resync.copy_as_shared')
    expect(path).not.toContain('migration.live1.copy_as_shared')
  })
})

describe('the properties of sev-migration', () => {
  const models = new Map(definition.variants.map(v => [v.name, instantiate(v.params)]))
  const names = new Set(
    [...models.values()].flatMap(({ properties }) =>
      properties.filter(p => p.kind !== 'reachable').map(p => p.name),
    ),
  )
  /** It is decided as a deadlock, and every state that is one is an end. */
  const neverViolated = 'deadlock freedom'

  test.each([...names].filter(name => name !== neverViolated))('violate and keep "%s"', name => {
    const having = [...models].filter(([, { properties }]) => properties.some(p => p.name === name))
    const violating = having.filter(([variant]) => violatedIn(variant).includes(name))
    expect(violating).not.toEqual([])
    expect(violating.length).toBeLessThan(having.length)
  })

  test('are in the documentation with the counts of each variant', () => {
    const page = readFileSync('docs/models/sev-migration.md', 'utf8')
    for (const { name, expect: expected } of definition.variants) {
      const { states, transitions, depth } = expected
      const line = page.split('\n').find(l => l.startsWith(`| \`${name}\` |`))
      expect(line?.endsWith(`| ${states} | ${transitions} | ${depth} |`)).toBe(true)
    }
  })

  test('use every value of every parameter', () => {
    for (const [name, parameter] of Object.entries(parameters)) {
      const used = new Set(definition.variants.map(v => v.params[name] ?? parameter.default))
      if (parameter.kind === 'option') expect(used).toEqual(new Set(parameter.options))
      else if (name !== 'rounds') expect(used.size).toBeGreaterThan(1)
    }
  })

  test('L1: every run ends, because no state comes again, but for retries', () => {
    const cyclic = [...models].filter(([, model]) => hasCycle(model)).map(([name]) => name)
    // A send is refused until the vCPU's exit tells the migration of its conversion.
    expect(cyclic).toEqual(['HW-zap-first', 'HW-zap-first-back'])
  })
})

describe('the argument checks of sev-migration', () => {
  const transparent = 'transparent under contract H'

  test.each(['no-align-check', 'no-npages-check', 'no-wrap-check'])('%s loses data', check => {
    expect(violatedIn(`X7-${check}`)).toContain(transparent)
    expect(violatedIn('X7-arguments')).not.toContain(transparent)
    const path = defined(shortestViolation(modelOf(`X7-${check}`), transparent) ?? undefined)
    const kind = { 'no-align-check': 'unaligned', 'no-npages-check': 'npages_0' }[check] ?? 'wrap'
    expect(path.some(step => step.includes(`KVM_HC_MAP_GPA_RANGE_shared_${kind}`))).toBe(true)
  })

  test('-KVM_EINVAL changes nothing', () => {
    const model = modelOf('X7-arguments')
    const { depths } = search(model)
    model.properties.forEach((p, i) => {
      if (p.kind === 'invariant') expect([p.name, depths[i]]).toEqual([p.name, null])
    })
    const kinds = model.actions.filter(a => a.name.endsWith('KVM_EINVAL')).map(formatAction)
    expect(kinds.map(k => k.replace(/.*choice=(\w+)\)/, '$1'))).toEqual([
      'unaligned',
      'npages_0',
      'wrap',
    ])
  })

  test('-KVM_ENOSYS and -ENOENT keep the guest where it is', () => {
    for (const name of ['X6-enosys', 'dirty-log-off'])
      expect(modelOf(name).actions.some(a => a.name.includes('resume'))).toBe(false)
  })
})

/** Some state of the model can be reached from itself; a stutter does not count. */
function hasCycle(model: Model): boolean {
  const interpreter = new Interpreter(model)
  const finished = new Set<string>()
  const open = new Set<string>()
  const visit = (state: readonly number[]): boolean => {
    const key = state.join()
    if (finished.has(key)) return false
    if (open.has(key)) return true
    open.add(key)
    const successors = interpreter.transitions(state).map(t => t.successor)
    const cycle = successors.some(next => next.join() !== key && visit(next))
    open.delete(key)
    finished.add(key)
    return cycle
  }
  return visit(interpreter.initial())
}
