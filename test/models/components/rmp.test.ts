/**
 * The RMP component: every instruction and access check, in every state that two host pages can be
 * in, compared with the rules written down a second time over the bits of an entry.
 */
import { describe, expect, test } from 'vitest'
import { rmp, rmpStates } from '../../../models/components/rmp.js'
import type { HostOutcome, PageSize, Rmp, RmpState } from '../../../models/components/rmp.js'
import { Interpreter } from '../../../src/interpret/interpreter.js'
import { defineModel } from '../../../src/index.js'
import type { Bool, ModelBuilder } from '../../../src/index.js'

/** An entry as hardware keeps it. */
interface Entry {
  readonly assigned: boolean
  readonly asid: 'guest' | 0
  readonly immutable: boolean
  readonly validated: boolean
  readonly gfn: number
  readonly large: boolean
}
interface Pair {
  readonly entries: readonly [Entry, Entry]
  readonly busy: boolean
}
type Bits = Omit<Entry, 'gfn' | 'large'>

const bits = (assigned: boolean, asid: 'guest' | 0, immutable: boolean, validated: boolean) => ({
  assigned,
  asid,
  immutable,
  validated,
})
const named: Readonly<Record<RmpState, Bits>> = {
  HYPERVISOR: bits(false, 0, false, false),
  GUEST_INVALID: bits(true, 'guest', false, false),
  GUEST_VALID: bits(true, 'guest', false, true),
  PRE_GUEST: bits(true, 'guest', true, false),
  FIRMWARE: bits(true, 0, true, false),
  RECLAIM: bits(true, 0, false, false),
}
const nameOf = (entry: Entry): RmpState => {
  const found = rmpStates.find(name => {
    const { assigned, asid, immutable, validated } = named[name]
    return (
      entry.assigned === assigned &&
      entry.asid === asid &&
      entry.immutable === immutable &&
      entry.validated === validated
    )
  })
  if (found === undefined) throw new Error(`no name for ${JSON.stringify(entry)}`)
  return found
}

const small: readonly Entry[] = rmpStates.flatMap(name => {
  const gfns = named[name].asid === 'guest' ? [0, 1] : [0]
  return gfns.map(gfn => ({ ...named[name], gfn, large: false }))
})
const large: readonly Pair['entries'][] = rmpStates
  .filter(name => named[name].assigned)
  .map(name => {
    const first = { ...named[name], gfn: 0, large: true }
    return [first, { ...first, gfn: named[name].asid === 'guest' ? 1 : 0 }]
  })
const pairs: readonly Pair[] = [false, true].flatMap(busy =>
  [...small.flatMap(a => small.map(b => [a, b] as const)), ...large].map(entries => ({
    entries,
    busy,
  })),
)

/** The model's state for a pair, and back: state, gfn, large and busy of both pages. */
const encode = ({ entries: [a, b], busy }: Pair): readonly number[] => [
  rmpStates.indexOf(nameOf(a)),
  rmpStates.indexOf(nameOf(b)),
  a.gfn,
  b.gfn,
  Number(a.large),
  Number(b.large),
  Number(busy),
  0,
]
const show = (state: readonly number[]): string =>
  [0, 1].map(x => [rmpStates[state[x]!], state[x + 2], state[x + 4]].join('.')).join(' ') +
  (state[6] === 1 ? ' busy' : '')

/** What happens: its name, and the entries after it where they change. */
interface Result {
  readonly name: string
  readonly after?: Pair['entries']
}
const replaced = (pair: Pair, at: readonly number[], to: (x: number) => Partial<Entry>) =>
  pair.entries.map((e, x) =>
    at.includes(x) ? { ...e, ...to(x) } : e,
  ) as unknown as Pair['entries']
const hostNames = {
  isSuccess: 'success',
  failInUse: 'FAIL_INUSE',
  failPermission: 'FAIL_PERMISSION',
  failOverlap: 'FAIL_OVERLAP',
  failInput: 'FAIL_INPUT',
} as const

/** Declares an action for each way that an instruction can go. */
function declareHost(m: ModelBuilder, name: string, outcome: HostOutcome): void {
  for (const key of Object.keys(hostNames) as (keyof typeof hostNames)[])
    m.action(`${name} ${hostNames[key]}`)
      .when(outcome[key])
      .do(key === 'isSuccess' ? outcome.update : [])
}
function declareChecks(m: ModelBuilder, name: string, outcomes: Readonly<Record<string, Bool>>) {
  for (const [key, isSo] of Object.entries(outcomes)) m.action(`${name} ${key}`).when(isSo)
}

const sizes: readonly PageSize[] = ['4K', '2M']
const pages = [0, 1] as const
const targets = ['HYPERVISOR', 'FIRMWARE', 'guest', 'immutable'] as const

function declareInstructions(m: ModelBuilder, table: Rmp): void {
  for (const x of pages) {
    for (const to of targets)
      for (const size of sizes) {
        const target =
          to === 'guest' || to === 'immutable' ? { gfn: 0, immutable: to === 'immutable' } : to
        declareHost(m, `rmpupdate ${to} ${size} ${x}`, table.rmpupdate(x, target, size))
      }
    declareHost(m, `psmash ${x}`, table.psmash(x))
    for (const size of sizes)
      for (const value of [false, true])
        for (const isMapped2M of [false, true]) {
          const o = table.pvalidate(x, x, { value, size, isMapped2M })
          const name = `pvalidate ${value} ${size} ${isMapped2M} ${x}`
          m.action(`${name} changed`).when(o.isSuccess, o.isUnchanged.not()).do(o.update)
          m.action(`${name} unchanged`).when(o.isUnchanged).do(o.update)
          declareChecks(m, name, {
            NPF: o.isFault,
            NPF_SIZEM: o.isSizeFault,
            FAIL_SIZEMISMATCH: o.failSizeMismatch,
          })
        }
    for (const isMapped2M of [false, true]) {
      const access = table.privateAccess(x, x, isMapped2M)
      declareChecks(m, `private ${isMapped2M} ${x}`, {
        allowed: access.isAllowed,
        NPF: access.isFault,
        VC: access.isUnvalidated,
      })
      const allowed = table.allowsSharedAccess(x, isMapped2M)
      const allowedHost = table.allowsHostWrite(x, isMapped2M)
      declareChecks(m, `shared ${isMapped2M} ${x}`, { allowed, NPF: allowed.not() })
      declareChecks(m, `host ${isMapped2M} ${x}`, { allowed: allowedHost, PF: allowedHost.not() })
    }
  }
}

/** The rules once more: what the instruction of the name does to the pair. */
function expected(pair: Pair): readonly Result[] {
  const { entries, busy } = pair
  const results: Result[] = []
  const add = (name: string, after?: Pair['entries']) =>
    results.push(after === undefined ? { name } : { name, after })
  for (const x of pages) {
    const entry = entries[x]
    for (const to of targets)
      for (const size of sizes) {
        const at = size === '4K' ? [x] : [0, 1]
        const touched = at.map(y => entries[y]!)
        const isGuests = to === 'guest' || to === 'immutable'
        const after = replaced(pair, at, y => ({
          assigned: to !== 'HYPERVISOR',
          asid: isGuests ? 'guest' : 0,
          immutable: to === 'immutable' || to === 'FIRMWARE',
          validated: false,
          gfn: isGuests && size === '2M' ? y : 0,
          large: size === '2M' && to !== 'HYPERVISOR',
        }))
        const name = `rmpupdate ${to} ${size} ${x}`
        const overlaps = size === '4K' ? entry.large : touched.some(e => e.assigned && !e.large)
        if (busy) add(`${name} FAIL_INUSE`)
        else if (touched.some(e => e.immutable)) add(`${name} FAIL_PERMISSION`)
        else if (overlaps) add(`${name} FAIL_OVERLAP`)
        else add(`${name} success`, after)
      }
    if (busy) add(`psmash ${x} FAIL_INUSE`)
    else if (entry.immutable) add(`psmash ${x} FAIL_PERMISSION`)
    else if (!entry.large) add(`psmash ${x} FAIL_INPUT`)
    else
      add(
        `psmash ${x} success`,
        replaced(pair, [0, 1], () => ({ large: false })),
      )
    const isMine = entry.assigned && entry.asid === 'guest' && !entry.immutable && entry.gfn === x
    for (const size of sizes)
      for (const value of [false, true])
        for (const isMapped2M of [false, true]) {
          const name = `pvalidate ${value} ${size} ${isMapped2M} ${x}`
          const after = replaced(pair, size === '4K' ? [x] : [0, 1], () => ({ validated: value }))
          if (!isMine) add(`${name} NPF`)
          else if (size === '4K' && entry.large) add(`${name} NPF_SIZEM`)
          else if (size === '2M' && !(entry.large && isMapped2M)) add(`${name} FAIL_SIZEMISMATCH`)
          else add(`${name} ${entry.validated === value ? 'unchanged' : 'changed'}`, after)
        }
    for (const isMapped2M of [false, true]) {
      const fits = entry.large === isMapped2M
      const access = !isMine || !fits ? 'NPF' : entry.validated ? 'allowed' : 'VC'
      add(`private ${isMapped2M} ${x} ${access}`)
      const isFree = isMapped2M ? entries.every(e => !e.assigned) : !entry.assigned
      add(`shared ${isMapped2M} ${x} ${isFree ? 'allowed' : 'NPF'}`)
      add(`host ${isMapped2M} ${x} ${isFree ? 'allowed' : 'PF'}`)
    }
  }
  return results
}

const everything = defineModel({
  name: 'rmp',
  about: 'Two host pages and every instruction.',
  build(m) {
    const options = { sizes: true, launch: true, firmware: true, inUse: true }
    const { table } = m.state({ table: rmp({ pages: 2, gfns: 2, ...options }) })
    declareInstructions(m, table)
  },
}).instantiate()

describe('the RMP', () => {
  test('has an entry with every combination of bits that has a name', () => {
    expect(pairs).toHaveLength(2 * (9 * 9 + 5))
    expect(everything.variables.map(v => v.name)).toEqual([
      ...['state', 'gfn', 'large', 'busy'].flatMap(f => [0, 1].map(x => `table.${f}[${x}]`)),
    ])
  })

  test.each(pairs.map(pair => [show(encode(pair)), pair] as const))('obeys: %s', (_, pair) => {
    const interpreter = new Interpreter(everything)
    const state = encode(pair)
    const actual = interpreter.transitions(state).map(({ action, successor }) => ({
      name: everything.actions[action]!.name,
      after: show(successor),
    }))
    const wanted = expected(pair).map(({ name, after }) => ({
      name,
      after: show(after === undefined ? state : encode({ ...pair, entries: after })),
    }))
    const sorted = (list: readonly { name: string }[]) =>
      [...list].sort((a, b) => (a.name < b.name ? -1 : 1))
    expect(sorted(actual)).toEqual(sorted(wanted))
  })

  test('takes no state for what is left out', () => {
    const model = defineModel({
      name: 'rmp-small',
      about: 'Without sizes, launch, firmware and concurrent instructions.',
      build(m) {
        const { table } = m.state({ table: rmp({ pages: 1, gfns: 1 }) })
        const { isSuccess, update } = table.rmpupdate(0, { gfn: 0 })
        m.action('assign').when(isSuccess, table.isAssigned(0).not()).do(update)
        const o = table.pvalidate(0, 0, { value: true })
        m.action('validate').when(o.isSuccess, o.isUnchanged.not()).do(o.update)
        const share = table.rmpupdate(0, 'HYPERVISOR')
        m.action('share').when(share.isSuccess, table.isValidated(0)).do(share.update)
        m.invariant('4K', table.isLarge(0).or(table.isImmutable(0)).not())
      },
    }).instantiate()
    expect(model.variables.filter(v => v.name.startsWith('table.state'))).toMatchObject([
      { type: { labels: ['HYPERVISOR', 'GUEST_INVALID', 'GUEST_VALID'] } },
    ])
    const interpreter = new Interpreter(model)
    const path = [interpreter.initial()]
    for (let i = 0; i < 3; i++) {
      const transitions = interpreter.transitions(path[i]!)
      expect(transitions).toHaveLength(1)
      path.push(transitions[0]!.successor)
    }
    expect(path[3]).toEqual(path[0])
  })

  test('refuses a request of 2M where all entries are 4K', () => {
    const model = defineModel({
      name: 'rmp-wrong',
      about: 'A 2M request without sizes.',
      build(m) {
        m.state({ table: rmp({ pages: 2, gfns: 2 }) }).table.rmpupdate(0, { gfn: 0 }, '2M')
      },
    })
    expect(() => model.instantiate()).toThrow('needs an RMP with `sizes`')
  })

  test("names the firmware's work", () => {
    const model = defineModel({
      name: 'rmp-firmware',
      about: 'A page of the launch is measured, another one is reclaimed.',
      build(m) {
        const options = { launch: true, firmware: true, inUse: true }
        const { table } = m.state({ table: rmp({ pages: 2, gfns: 2, ...options }) })
        const on = (name: string) => m.action(name)
        for (const x of pages) {
          const { update, isSuccess } = table.rmpupdate(x, { gfn: 1, immutable: true })
          on(`assign ${x}`).when(isSuccess, table.isAssigned(x).not()).do(update)
        }
        on('measure').when(table.isState(0, 'PRE_GUEST')).do(table.launchUpdate(0))
        on('reclaim').when(table.isState(1, 'PRE_GUEST')).do(table.reclaim(1))
        on('begin').when(table.rmpupdate(0, 'HYPERVISOR').failInUse.not()).do(table.begin(0))
        on('end').when(table.rmpupdate(0, 'HYPERVISOR').failInUse).do(table.end(0))
        m.invariant('1 is never validated', table.isValidated(1).not())
        m.invariant('gfn', table.isGuests(0, 1).is(table.gfnOf(0).is(1).and(table.isValidated(0))))
      },
    }).instantiate()
    const interpreter = new Interpreter(model)
    const follow = (...names: readonly string[]) =>
      names.reduce((state, name) => {
        const found = interpreter
          .transitions(state)
          .find(({ action }) => model.actions[action]!.name === name)
        if (found === undefined) throw new Error(`${name} cannot happen`)
        return found.successor
      }, interpreter.initial())
    const end = follow('assign 0', 'assign 1', 'measure', 'reclaim', 'begin', 'end')
    expect(end.slice(0, 4)).toEqual([2, 5, 1, 0])
    for (const p of model.properties)
      if (p.kind === 'invariant') expect(interpreter.isTrueIn(p, end)).toBe(true)
  })
})
