/** One test for each way in which a finished model can be refused. */
import { describe, expect, it } from 'vitest'
import { ACTIONS_MAX, PROPERTIES_MAX, validate } from '../../src/ir/validate.js'
import {
  and,
  array,
  bool,
  counter,
  defineModel,
  each,
  int,
  next,
  set,
  when,
} from '../../src/index.js'
import type { Model } from '../../src/ir/model.js'
import { mistake } from '../lang/mistake.js'

describe('names', () => {
  it('of variables must differ', () => {
    const { text, line } = mistake(m => {
      m.state({ n: bool() })
      const s = m.state({ n: bool() })
      m.action('a').do(s.n.set(true))
    })
    expect(text).toBe('ZC301 model demo: variable n is declared twice')
    expect(line).toBe(2)
  })

  it('of properties must differ', () => {
    const { text, line } = mistake(m => {
      m.action('a')
      m.invariant('p', true)
      m.reachable('p', true)
    })
    expect(text).toBe("ZC301 model demo: property 'p' is declared twice")
    expect(line).toBe(3)
  })
})

describe('sizes', () => {
  it('include at least one action', () => {
    expect(mistake(m => void m.state({ n: bool() })).text).toMatch(
      /^ZC301 model demo: it has no action; declare one with m\.action/,
    )
  })

  it('do not pass the limit of action instances', () => {
    const { text } = mistake(m => {
      const s = m.state({ n: bool() })
      for (let i = 0; i <= ACTIONS_MAX; i++) m.action('a', { i }).when(s.n)
    })
    expect(text).toBe('ZC306 model demo: it has 65536 action instances, at most 65535 are possible')
  })

  it('do not pass the limit of properties', () => {
    const { text } = mistake(m => {
      m.action('a')
      for (let i = 0; i <= PROPERTIES_MAX; i++) m.invariant(`p${i}`, true)
      m.deadlock('allowed')
    })
    expect(text).toBe('ZC306 model demo: it has 64 properties, at most 63 are possible')
  })
})

describe('expressions', () => {
  it('read the state after only in step properties', () => {
    const inGuard = mistake(m => {
      const s = m.state({ n: bool() })
      m.action('a').when(next(s.n))
    })
    expect(inGuard.text).toMatch(/^ZC302 model demo, action a: next\(\.\.\.\) is used/)
    expect(inGuard.line).toBe(2)
    const inInvariant = mistake(m => {
      const s = m.state({ n: bool() })
      m.action('a').do(s.n.set(true))
      m.invariant('i', next(s.n))
    })
    expect(inInvariant.text).toMatch(/^ZC302 model demo, property 'i': next\(\.\.\.\) is used/)
    expect(inInvariant.line).toBe(3)
    const inValue = mistake(m => {
      const s = m.state({ n: bool(), t: array(2, bool()) })
      m.action('a').do(when(s.n, s.t[1].set(next(s.n))))
    })
    expect(inValue.text).toMatch(/^ZC302 model demo, action a, variable t\[1\]: next/)
    expect(inValue.line).toBe(2)
  })

  it('stay within 32 bits', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ n: int(0, 100_000), c: counter(5) })
      m.action('a').do(s.c.set(s.n.times(s.n)))
    })
    expect(text).toBe(
      'ZC302 model demo, action a, variable c: a number may reach 10000000000; ' +
        'numbers have 32 bits',
    )
    expect(line).toBe(2)
  })
})

describe('assignments', () => {
  it('must be able to fit', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ list: array(2, { n: int(0, 3) }), i: int(0, 1) })
      m.action('a', { v: 1 }).do(s.list.at(s.i).n.set(4))
    })
    expect(text).toBe(
      'ZC302 model demo, action a(v=1): variable list[..].n (int(0, 3)) is given 4; ' +
        'it must be in 0..3',
    )
    expect(line).toBe(2)
  })

  it('are judged where guard and conditions hold', () => {
    const { text } = mistake(m => {
      const s = m.state({ n: int(0, 3) })
      m.action('a').when(s.n.ge(2)).do(s.n.increase(2))
    })
    expect(text).toMatch(/variable n \(int\(0, 3\)\) is given 4\.\.5/)
    const other = mistake(m => {
      const s = m.state({ n: int(0, 3) })
      m.action('a').do(when(s.n.is(3), s.n.increase()))
    })
    expect(other.text).toMatch(/variable n \(int\(0, 3\)\) is given 4;/)
    const otherwise = mistake(m => {
      const s = m.state({ n: int(0, 3) })
      m.action('a').do(when(s.n.isNot(3), [], s.n.increase()))
    })
    expect(otherwise.text).toMatch(/variable n \(int\(0, 3\)\) is given 4;/)
  })

  it('are not judged where they can never happen', () => {
    const model = defineModel({
      name: 'demo',
      about: '',
      build(m) {
        const s = m.state({ n: int(0, 3) })
        m.action('a')
          .when(s.n.is(3))
          .do(when(s.n.is(3), s.n.set(0), s.n.increase()))
        m.action('b').do(when(false, s.n.set(9)), when(s.n.gt(3), s.n.set(9)))
      },
    })
    expect(() => model.instantiate()).not.toThrow()
  })

  it('may leave the range in some states, and always wrap in counters', () => {
    const model = defineModel({
      name: 'demo',
      about: '',
      build(m) {
        const s = m.state({ n: int(0, 3), c: counter(3) })
        m.action('a').do(s.n.increase(3), s.c.set(100))
      },
    })
    expect(() => model.instantiate()).not.toThrow()
  })

  it('write each variable once', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ t: array(3, bool()), i: int(0, 2) })
      m.action('a').do(
        s.t.at(s.i).set(true),
        s.t.at(s.i).set(true), // line 4
      )
    })
    expect(text).toMatch(/^ZC303 model demo, action a: variable t\[\.\.\] is written twice/)
    expect(line).toBe(4)
  })
})

describe('symmetric types', () => {
  it('may not be told apart', () => {
    const { text, line } = mistake(m => {
      const vcpu = m.symmetric('vcpu', 2)
      const s = m.state({ on: array(vcpu, bool()) })
      for (const v of each(vcpu)) m.action('start', { v }).do(s.on[v].set(true))
      m.action('boot').do(s.on['vcpu#0'].set(true))
    })
    expect(text).toMatch(/^ZC305 model demo, action boot: it breaks the symmetry of vcpu/)
    expect(line).toBe(4)
  })
})

describe('deadlock', () => {
  const model = defineModel({
    name: 'demo',
    about: '',
    build(m) {
      const s = m.state({ on: set(2) })
      m.action('a').when(and(s.on.has(0), s.on.has(1)))
    },
  }).instantiate()

  it('has one rule at most', () => {
    const twice: Model = { ...model, properties: [...model.properties, ...model.properties] }
    expect(() => validate(twice)).toThrow(/declared twice/)
    const [rule] = model.properties
    const other: Model = { ...model, properties: [rule!, { ...rule!, name: 'another' }] }
    expect(() => validate(other)).toThrow('model demo: deadlock is ruled twice')
  })
})
