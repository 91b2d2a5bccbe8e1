/**
 * Leader election in a ring whose channels lose messages: a node sends its name, passes greater
 * names on and drops smaller ones; whose own name comes back is the leader. A few messages may get
 * lost, and a node whose election came to nothing may start again. With 7 nodes a state takes 206
 * bits: n * (n + 2) small fields. To measure wide states.
 * Source: Chang and Roberts, "An improved algorithm for decentralized extrema-finding in circular
 * configurations of processes", 1979.
 */
import { all, and, array, defineModel, each, enumeration, int, range, when } from 'zapcheck'
import type { IntLike, SmallIndex } from 'zapcheck'

export default defineModel({
  name: 'lossy-leader',
  about: 'Nodes of a ring elect the one with the greatest name, though messages get lost.',
  params: { n: range(2, 8, 4, 'nodes'), losses: range(0, 7, 2, 'messages that may get lost') },
  build(m, { n, losses }) {
    const channel = { length: int(0, n), name: array(n, int(0, n - 1)) }
    const s = m.state({
      node: array(n, {
        mode: enumeration('idle', 'active', 'passive', 'leader'),
        inbox: int(-1, n - 1, -1),
        channel,
      }),
      lost: int(0, losses),
    })
    for (const i of each(n)) {
      const own = n - 1 - i
      const next = ((i + 1) % n) as SmallIndex
      const { [i]: node, [next]: receiver } = s.node
      const { mode, inbox, channel: from } = node
      const { channel: to } = receiver
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
      act('lose')
        .when(inbox.ge(0), s.lost.lt(losses))
        .do(inbox.set(-1), s.lost.increase(), when(mode.is('active'), mode.set('idle')))
    }
    m.deadlock('allowed')
    m.invariant(
      'only the greatest name leads',
      all(n, i => (i === 0 ? true : s.node[i].mode.isNot('leader'))),
    )
  },
})
