/** The symmetry check accepts models whose elements are alike, and refuses every other one. */
import { describe, expect, it } from 'vitest'
import {
  all, and, any, array, assert, bool, choose, count, defineModel, each, enumeration, implies, index,
  indexOrNone, int, next, set, srcu, step, when,
} from '../../src/index.js' // prettier-ignore
import type { ElementKey, ModelBuilder } from '../../src/index.js'
import { Diagnostic } from '../../src/base/diagnostic.js'

/** Null if the model is accepted, else the message of its diagnostic. */
function refusal(build: (m: ModelBuilder) => void): string | null {
  try {
    defineModel({ name: 'demo', about: '', build }).instantiate()
    return null
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error
    expect(error.code).toBe('ZC305')
    return error.message
  }
}

/** State of every kind over a symmetric type of 3. */
function declare(m: ModelBuilder) {
  const vcpu = m.symmetric('vcpu', 3)
  const s = m.state({
    on: array(vcpu, bool()),
    rec: array(vcpu, { pc: enumeration('run', 'wait'), peer: index(vcpu), tlb: array(2, bool()) }),
    sent: array(vcpu, array(vcpu, bool())),
    owner: indexOrNone(vcpu),
    inside: set(vcpu),
    n: int(0, 3),
    srcu: srcu(vcpu),
  })
  return { vcpu, s }
}

const first = (vcpu: { name: 'vcpu'; size: number }): ElementKey<'vcpu'> => each(vcpu)[0]!

describe('a model is accepted', () => {
  it('where every element has the same actions', () => {
    const build = (m: ModelBuilder): void => {
      const { vcpu, s } = declare(m)
      for (const v of each(vcpu)) {
        m.action('start', { v })
          .when(s.on[v].not(), s.owner.isNone())
          .do(s.on[v].set(true), s.owner.set(v), s.inside.add(v))
        m.action('flush', { v }).do(
          when(s.rec[v].pc.is('run'), [
            s.rec[v].tlb[0].set(false),
            s.rec[v].tlb[1].set(s.on.at(s.owner)),
          ]),
          assert(s.owner.is(v), 'owner'),
          choose({ yes: s.n.set(count(vcpu, w => s.on[w])), no: s.srcu.enter(v) }),
        )
        for (const w of each(vcpu))
          m.action('send', { v, w })
            .when(s.rec[v].peer.is(w))
            .do(s.sent[v][w].set(true), s.rec[w].peer.set(v))
      }
      m.action('owner stops')
        .when(s.on.at(s.owner))
        .do(s.on.at(s.owner).set(false), s.owner.clear())
      m.invariant(
        'all',
        all(vcpu, v => implies(s.on[v], s.inside.has(v))),
      )
      m.invariant(
        'pairs',
        all(vcpu, v => any(vcpu, w => s.sent[v][w].or(s.sent[w][v].not()))),
      )
      m.reachable('many', count(vcpu, v => and(s.on[v], s.rec[v].tlb.at(s.n.mod(2)))).gt(1))
      m.step('by parameter', ({ name }) => name !== 'owner stops' || next(s.owner).isNone())
      m.deadlock(all(vcpu, v => s.on[v]))
    }
    expect(refusal(build)).toBeNull()
  })

  it('with processes of every element', () => {
    const build = (m: ModelBuilder): void => {
      const { vcpu, s } = declare(m)
      const handles = each(vcpu).map(v =>
        m.process('p', { with: { v }, repeats: true }, [
          step('enter', s.inside.add(v)),
          step('leave', s.inside.remove(v)),
        ]),
      )
      m.invariant('control', count(3, i => handles[i]?.at('leave') ?? false).is(s.inside.size()))
    }
    expect(refusal(build)).toBeNull()
  })
})

describe('a process of every pair of elements', () => {
  it('is accepted: each parameter is an axis of its own', () => {
    const build = (m: ModelBuilder): void => {
      const { vcpu, s } = declare(m)
      for (const v of each(vcpu))
        for (const w of each(vcpu))
          m.process('p', { with: { v, w } }, [
            step('send', s.sent[v][w].set(true)),
            step('answer', when(s.sent[w][v], s.inside.add(v))),
          ])
    }
    expect(refusal(build)).toBeNull()
  })
})

describe('a model is refused', () => {
  const cases: Record<string, (m: ModelBuilder) => void> = {
    'where one element has an action that others lack': m => {
      const { vcpu, s } = declare(m)
      m.action('boot').do(s.on[first(vcpu)].set(true))
    },
    'where the actions of elements differ in a value': m => {
      const { vcpu, s } = declare(m)
      each(vcpu).forEach((v, i) => m.action('a', { v }).do(s.n.set(i), s.on[v].set(true)))
    },
    'where elements have an order': m => {
      const { vcpu, s } = declare(m)
      const list = each(vcpu)
      list.forEach((v, i) => m.action('a', { v }).do(s.rec[v].peer.set(list[(i + 1) % 3]!)))
    },
    'where one element is special in a guard': m => {
      const { vcpu, s } = declare(m)
      for (const v of each(vcpu)) m.action('a', { v }).when(s.on[first(vcpu)]).do(s.on[v].set(true))
    },
    'where one element is stored': m => {
      const { vcpu, s } = declare(m)
      m.action('a').do(s.owner.set(first(vcpu)))
    },
    'where one element is a member of a set': m => {
      const { vcpu, s } = declare(m)
      m.action('a').do(s.inside.set([first(vcpu)]))
    },
    'where a choice prefers an element': m => {
      const { vcpu, s } = declare(m)
      m.action('a').do(choose({ one: s.owner.set(first(vcpu)), none: s.owner.clear() }))
    },
    'where an assertion speaks of one element': m => {
      const { vcpu, s } = declare(m)
      for (const v of each(vcpu)) m.action('a', { v }).do(assert(s.on[first(vcpu)], 'x'))
    },
    'where only some elements run a process': m => {
      const { vcpu, s } = declare(m)
      for (const v of each(vcpu).slice(1))
        m.process('p', { with: { v } }, [step('a', s.on[v].set(true))])
    },
  }
  it.each(Object.entries(cases))('%s', (_, build) => {
    expect(refusal(build)).toMatch(/^model demo, action .*: it breaks the symmetry of vcpu/)
  })

  const properties: Record<string, (m: ModelBuilder) => void> = {
    'where an invariant speaks of one element': m => {
      const { vcpu, s } = declare(m)
      m.action('a')
      m.invariant('x', s.on[first(vcpu)])
    },
    'where a witness compares with one element': m => {
      const { vcpu, s } = declare(m)
      m.action('a')
      m.reachable('x', s.owner.is(first(vcpu)))
    },
    'where a step property speaks of the action of one element': m => {
      const { vcpu, s } = declare(m)
      for (const v of each(vcpu)) m.action('a', { v }).do(s.on[v].set(true))
      m.step('x', ({ parameters }) => parameters['v'] !== '0' || s.n.is(0))
    },
    'where deadlock is allowed for one element': m => {
      const { vcpu, s } = declare(m)
      m.action('a')
      m.deadlock(s.on[first(vcpu)])
    },
  }
  it.each(Object.entries(properties))('%s', (_, build) => {
    expect(refusal(build)).toMatch(/^model demo, property '.*': it breaks the symmetry of vcpu/)
  })
})
