/**
 * Leader election in a ring of n nodes with channels: a node sends its name, passes greater names
 * on and drops smaller ones; whose own name comes back is the leader. Channels are queues of n
 * names, which makes the state wide: n * (n + 1) small fields. The names fall along the ring, the
 * order with most messages. `leader.pml` and `leader.m` are the same system with the same counts.
 * Source: Chang and Roberts, "An improved algorithm for decentralized extrema-finding in circular
 * configurations of processes", 1979.
 */
import { all, and, array, defineModel, each, enumeration, int, range, when } from 'zapcheck'
import type { IntLike, SmallIndex } from 'zapcheck'

export default defineModel({
  name: 'leader',
  about: 'Nodes of a ring elect the one with the greatest name.',
  params: { n: range(2, 9, 4, 'nodes') },
  build(m, { n }) {
    const channel = { length: int(0, n), name: array(n, int(0, n - 1)) }
    const s = m.state({
      mode: array(n, enumeration('idle', 'active', 'passive', 'leader')),
      inbox: array(n, int(-1, n - 1, -1)),
      to: array(n, channel),
    })
    for (const i of each(n)) {
      const own = n - 1 - i
      const next = ((i + 1) % n) as SmallIndex
      const { [i]: mode } = s.mode
      const { [i]: inbox } = s.inbox
      const { [i]: from, [next]: to } = s.to
      const send = (name: IntLike) => [to.name.at(to.length).set(name), to.length.increase()]
      const shift = each(n).map(k =>
        from.name[k].set(k === n - 1 ? 0 : from.name[(k + 1) as SmallIndex]),
      )
      const act = (name: string) => m.action(name, { i }).by(`node ${i}`)
      const start = [mode.set('active'), send(own)]
      act('start').when(mode.is('idle')).do(start)
      act('receive')
        .when(from.length.gt(0), inbox.is(-1))
        .do(inbox.set(from.name[0]), shift, from.length.decrease())
      act('handle')
        .when(inbox.ge(0))
        .do(
          inbox.set(-1),
          when(inbox.gt(own), [mode.set('passive'), send(inbox)]),
          when(inbox.is(own), mode.set('leader')),
          when(and(inbox.lt(own), mode.is('idle')), start),
        )
    }
    m.deadlock('allowed')
    m.invariant(
      'only the greatest name leads',
      all(n, i => (i === 0 ? true : s.mode[i].isNot('leader'))),
    )
  },
})
