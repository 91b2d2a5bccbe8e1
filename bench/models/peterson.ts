/**
 * Peterson's lock for n processes (the filter lock): a process climbs n - 1 levels, and waits on
 * each until another one comes after it or nobody else is as high. `peterson.pml` and `peterson.m`
 * are the same system, one action = one atomic step, with the same counts.
 * Source: Peterson, "Myths about the mutual exclusion problem", 1981.
 */
import { all, array, count, defineModel, each, enumeration, index, int, or, range } from 'zapcheck'
import { when } from 'zapcheck'

export default defineModel({
  name: 'peterson',
  about: 'Processes pass n - 1 levels, each of which holds one of them back.',
  params: { n: range(2, 7, 4, 'processes') },
  build(m, { n }) {
    const s = m.state({
      process: array(n, {
        pc: enumeration('idle', 'enter', 'wait', 'critical'),
        level: int(0, n - 1),
      }),
      last: array(n - 1, index(n)),
    })
    for (const i of each(n)) {
      const { pc, level } = s.process[i]
      const last = s.last.at(level.minus(1))
      const isHighest = all(n, k => (k === i ? true : s.process[k].level.lt(level)))
      const isTop = level.is(n - 1)
      const act = (name: string) => m.action(name, { i }).by(`process ${i}`)
      act('start').when(pc.is('idle')).do(level.set(1), pc.set('enter'))
      act('enter').when(pc.is('enter')).do(last.set(i), pc.set('wait'))
      act('pass')
        .when(pc.is('wait'), or(last.isNot(i), isHighest))
        .do(when(isTop, pc.set('critical'), [level.increase(), pc.set('enter')]))
      act('leave').when(pc.is('critical')).do(level.set(0), pc.set('idle'))
    }
    m.invariant('mutual exclusion', count(n, i => s.process[i].pc.is('critical')).le(1))
  },
})
