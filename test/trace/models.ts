/** Models whose properties are violated in every way that there is. */
import { assert, defineModel, enumeration, index, indexOrNone, int, next, not, set } from 'zapcheck'
import type { ModelDefinition } from 'zapcheck'

/** Each property is violated (or witnessed); its name is its kind. */
export const everyKind: ModelDefinition = defineModel({
  name: 'every-kind',
  about: 'A counter climbs and falls; every kind of property is decided.',
  build(m) {
    const s = m.state({
      x: int(0, 9),
      mode: enumeration('up', 'stuck'),
      last: indexOrNone(3),
      at: index(3),
      seen: set(3),
    })
    m.action('up')
      .when(s.mode.is('up'), s.x.lt(9))
      .do(s.x.increase(), s.last.set(s.at), assert(s.x.isNot(5), 'assertion'))
    m.action('stop').when(s.mode.is('up'), s.x.is(7)).do(s.mode.set('stuck'))
    m.action('add').when(s.mode.is('up'), s.x.is(2)).do(s.seen.add(s.at))
    m.deadlock('error')
    m.invariant('invariant', s.x.lt(4))
    m.reachable('reachable', s.x.is(6))
    m.step('step', () => not(next(s.x).is(3)))
  },
})

/** A write out of range after three steps. */
export const erroneous: ModelDefinition = defineModel({
  name: 'erroneous',
  about: 'A counter leaves its range.',
  build(m) {
    const s = m.state({ x: int(0, 3) })
    m.action('up').do(s.x.increase())
  },
})
