/**
 * German's directory cache protocol with data: n clients ask a home node for shared or exclusive
 * copies of one line, over three channels of one message for each client. With 5 clients a state
 * takes two words. `german.pml` and `german.m` are the same system with the same counts; what a
 * message or an invalid cache holds as data is 0.
 * Source: German's challenge, as in Chou, Mannava and Park, "A simple method for parameterized
 * verification of cache coherence protocols", FMCAD 2004.
 */
import { all, and, array, bool, defineModel, each, enumeration, index, int, or } from 'zapcheck'
import { implies, range, when } from 'zapcheck'
import type { ModelBuilder, SmallIndex } from 'zapcheck'

const modes = ['shared', 'exclusive'] as const

function declareState(m: ModelBuilder, n: number) {
  const command = enumeration('none', ...modes)
  return m.state({
    client: array(n, {
      cache: { mode: enumeration('invalid', ...modes), value: int(0, 1) },
      request: enumeration('none', ...modes),
      answer: { kind: enumeration('none', 'invalidate', ...modes), value: int(0, 1) },
      acknowledge: { pending: bool(), value: int(0, 1) },
      toInvalidate: bool(),
      hasCopy: bool(),
    }),
    home: { isExclusive: bool(), value: int(0, 1), command, client: index(n) },
    latest: int(0, 1),
  })
}

type State = ReturnType<typeof declareState>

/** What client i does on its own. */
function declareClient(m: ModelBuilder, i: SmallIndex, s: State): void {
  const { cache, request, answer, acknowledge } = s.client[i]
  const act = (name: string, args = {}) => m.action(name, { i, ...args }).by(`client ${i}`)
  for (const d of each(2))
    act('store', { d }).when(cache.mode.is('exclusive')).do(cache.value.set(d), s.latest.set(d))
  act('ask for shared').when(request.is('none'), cache.mode.is('invalid')).do(request.set('shared'))
  act('ask for exclusive')
    .when(request.is('none'), cache.mode.isNot('exclusive'))
    .do(request.set('exclusive'))
  act('acknowledge')
    .when(answer.kind.is('invalidate'), acknowledge.pending.not())
    .do(
      answer.kind.set('none'),
      acknowledge.pending.set(true),
      when(cache.mode.is('exclusive'), acknowledge.value.set(cache.value)),
      cache.mode.set('invalid'),
      cache.value.set(0),
    )
  for (const kind of modes)
    act(`take ${kind} grant`)
      .when(answer.kind.is(kind))
      .do(
        cache.mode.set(kind),
        cache.value.set(answer.value),
        answer.kind.set('none'),
        answer.value.set(0),
      )
}

/** What the home node does with client i. */
function declareHome(m: ModelBuilder, i: SmallIndex, n: number, s: State): void {
  const { home } = s
  const { request, answer, acknowledge, toInvalidate, hasCopy } = s.client[i]
  const { command } = home
  const act = (name: string) => m.action(name, { i }).by('home')
  for (const kind of modes)
    act(`take ${kind} request`)
      .when(command.is('none'), request.is(kind))
      .do(
        command.set(kind),
        home.client.set(i),
        request.set('none'),
        each(n).map(k => s.client[k].toInvalidate.set(s.client[k].hasCopy)),
      )
  act('invalidate')
    .when(answer.kind.is('none'), toInvalidate)
    .when(or(command.is('exclusive'), and(command.is('shared'), home.isExclusive)))
    .do(answer.kind.set('invalidate'), toInvalidate.set(false))
  act('take acknowledgement')
    .when(acknowledge.pending, command.isNot('none'))
    .do(
      acknowledge.pending.set(false),
      acknowledge.value.set(0),
      hasCopy.set(false),
      when(home.isExclusive, [home.isExclusive.set(false), home.value.set(acknowledge.value)]),
    )
  for (const kind of modes) {
    const grant = act(`grant ${kind}`)
      .when(command.is(kind), home.client.is(i), answer.kind.is('none'), home.isExclusive.not())
      .do(answer.kind.set(kind), answer.value.set(home.value), hasCopy.set(true))
      .do(command.set('none'), home.client.set(0))
    if (kind === 'shared') continue
    const nobodyElse = all(n, k => s.client[k].hasCopy.not())
    grant.when(nobodyElse).do(home.isExclusive.set(true))
  }
}

export default defineModel({
  name: 'german',
  about: 'A directory grants shared and exclusive copies of one cache line.',
  params: { n: range(2, 6, 3, 'clients') },
  build(m, { n }) {
    const s = declareState(m, n)
    for (const i of each(n)) {
      declareClient(m, i, s)
      declareHome(m, i, n, s)
    }
    m.deadlock('allowed')
    const isAlone = (i: number) =>
      all(n, k => (k === i ? true : s.client[k].cache.mode.is('invalid')))
    m.invariant(
      'one writer or any readers',
      all(n, i => s.client[i].cache.mode.is('exclusive').implies(isAlone(i))),
    )
    const isLatest = all(n, i =>
      s.client[i].cache.mode.isNot('invalid').implies(s.client[i].cache.value.is(s.latest)),
    )
    m.invariant(
      'every copy is the latest',
      and(implies(s.home.isExclusive.not(), s.home.value.is(s.latest)), isLatest),
    )
  },
})
