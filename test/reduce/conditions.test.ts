/**
 * Each condition of stubborn sets is needed: for each there is a small model whose witness the
 * reduced search finds, and loses when the tables are made without the condition. So the tests that
 * compare verdicts can fail.
 */
import { expect, test } from 'vitest'
import { defined } from '../../src/base/assert.js'
import { and, bool, defineModel, int } from '../../src/index.js'
import type { Model } from '../../src/ir/model.js'
import { stubbornTables } from '../../src/reduce/stubborn-tables.js'
import type { Member, StubbornTables } from '../../src/reduce/stubborn-tables.js'
import { reducedSearch } from './reduced-search.js'

/** Two processes of few steps, `p` and `q`, with a flag each and a third one. */
function twoProcesses(build: (m: Builder, s: State) => void): Model {
  const definition = defineModel({
    name: 'two-processes',
    about: 'For tests.',
    params: {},
    build(m) {
      build(m, declare(m))
      m.deadlock('allowed')
    },
  })
  return definition.instantiate({})
}

type Builder = Parameters<Parameters<typeof defineModel>[0]['build']>[0]
type State = ReturnType<typeof declare>

function declare(m: Builder) {
  return m.state({ p: int(0, 2), q: int(0, 2), a: bool(), b: bool(), c: bool() })
}

const changed = (change: (member: Member) => Partial<Member>) => {
  return (tables: StubbornTables): StubbornTables => ({
    ...tables,
    members: tables.members.map(m => ({ ...m, ...change(m) })),
  })
}

const withoutEvents = (tables: StubbornTables): StubbornTables => {
  const actions = (1n << BigInt(tables.actionCount)) - 1n
  return changed(m => ({ dependents: m.dependents & actions }))(tables)
}

const withoutEnabling = (tables: StubbornTables): StubbornTables => ({
  ...tables,
  conditions: tables.conditions.map(c => ({ ...c, enabling: 0n })),
})

const cases: [string, Model, (tables: StubbornTables) => StubbornTables][] = [
  [
    'dependence: what p does disables q',
    twoProcesses((m, s) => {
      m.action('p').when(s.p.is(0)).do(s.p.set(1), s.a.set(true))
      m.action('q').when(s.q.is(0), s.a.not()).do(s.q.set(1))
      m.reachable('witness', s.q.is(1))
    }),
    changed(() => ({ dependents: 0n })),
  ],
  [
    'necessary enabling sets: q enables a step that p disables',
    twoProcesses((m, s) => {
      m.action('p').when(s.p.is(0)).do(s.p.set(1), s.a.set(true))
      m.action('r').when(s.b, s.a.not()).do(s.c.set(true))
      m.action('q').when(s.q.is(0)).do(s.q.set(1), s.b.set(true))
      m.reachable('witness', s.c)
    }),
    withoutEnabling,
  ],
  [
    'events: the witness is true between two steps of p, and q has to happen by then',
    twoProcesses((m, s) => {
      m.action('p').when(s.p.is(0)).do(s.p.set(1), s.a.set(true))
      m.action('p2').when(s.p.is(1)).do(s.p.set(2), s.a.set(false))
      m.action('q').when(s.q.is(0)).do(s.q.set(1), s.b.set(true))
      m.reachable('witness', and(s.a, s.b))
    }),
    withoutEvents,
  ],
  [
    'stickiness: p goes round and round, and q is put off for ever',
    twoProcesses((m, s) => {
      m.action('p').when(s.p.is(0)).do(s.p.set(1))
      m.action('p2').when(s.p.is(1)).do(s.p.set(0))
      m.action('q').when(s.q.is(0)).do(s.q.set(1), s.b.set(true))
      m.reachable('witness', s.b)
    }),
    changed(() => ({ isSticky: false })),
  ],
]

function witnessFound(model: Model, tables: StubbornTables): boolean | undefined {
  const position = model.properties.findIndex(p => p.kind === 'reachable')
  return reducedSearch(model, tables).found[position]
}

test.each(cases)('%s', (_, model, leaveOut) => {
  const tables = defined(stubbornTables(model) ?? undefined)
  expect(witnessFound(model, tables)).toBe(true)
  expect(witnessFound(model, leaveOut(tables))).toBe(false)
})
