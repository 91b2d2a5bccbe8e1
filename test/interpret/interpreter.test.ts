/** The reference semantics of actions: together, checked, in the author's order. */
import { describe, expect, it } from 'vitest'
import {
  array, assert, bool, choose, counter, defineModel, enumeration, index, int, next, set, when,
} from '../../src/index.js' // prettier-ignore
import type { ModelBuilder } from '../../src/index.js'
import { ModelError } from '../../src/interpret/evaluate.js'
import { Interpreter } from '../../src/interpret/interpreter.js'

/** An interpreter of the model that `build` declares. */
function interpreterOf(build: (m: ModelBuilder) => void): Interpreter {
  return new Interpreter(defineModel({ name: 'demo', about: '', build }).instantiate())
}

/** The message of the model error that taking the only action meets in a state. */
function failure(interpreter: Interpreter, state = interpreter.initial()): string {
  try {
    interpreter.transitions(state)
  } catch (error) {
    if (error instanceof ModelError) return `${error.code} ${error.message}`
    throw error
  }
  return 'none'
}

describe('updates', () => {
  it('read the state before and take effect together', () => {
    const i = interpreterOf(m => {
      const s = m.state({ a: int(0, 9, 1), b: int(0, 9, 2), t: array(10, bool()) })
      m.action('swap').do(s.a.set(s.b), s.b.set(s.a), s.t.at(s.a).set(true))
    })
    const { successor } = i.take(0, i.initial())
    expect(successor.slice(0, 2)).toEqual([2, 1])
    expect(successor.slice(2).indexOf(1)).toBe(1)
  })

  it('leave the given state alone', () => {
    const i = interpreterOf(m => {
      const s = m.state({ a: int(0, 9) })
      m.action('a').do(s.a.increase())
    })
    const state = Object.freeze([3])
    expect(i.take(0, state).successor).toEqual([4])
    expect(state).toEqual([3])
  })

  it('wrap counters in both directions', () => {
    const i = interpreterOf(m => {
      const s = m.state({ up: counter(3, 2), down: counter(3), far: counter(3) })
      m.action('a').do(s.up.increase(), s.down.decrease(), s.far.set(-7))
    })
    expect(i.take(0, i.initial()).successor).toEqual([0, 2, 2])
  })

  it('of a branch depend on the state before', () => {
    const i = interpreterOf(m => {
      const s = m.state({ b: bool(), n: int(0, 3) })
      m.action('a').do(s.b.set(true), when(s.b, s.n.set(1), [s.n.set(2), when(true, [])]))
    })
    expect(i.take(0, [0, 0]).successor).toEqual([1, 2])
    expect(i.take(0, [1, 0]).successor).toEqual([1, 1])
  })

  it('change elements in several dimensions', () => {
    const i = interpreterOf(m => {
      const s = m.state({
        g: array(2, { row: array(3, int(0, 5)) }),
        x: index(2, 1),
        y: index(3, 2),
      })
      m.action('a').do(
        s.g.at(s.x).row.at(s.y).set(5),
        s.g.at(s.x).row[0].set(s.g[0].row.at(s.y).plus(1)),
      )
    })
    expect(i.take(0, i.initial()).successor).toEqual([0, 0, 0, 1, 0, 5, 1, 2])
  })
})

describe('model errors', () => {
  it('name model, action, variable, type and value for a write out of range', () => {
    const i = interpreterOf(m => {
      const s = m.state({ refs: array(2, int(0, 2, 2)), i: index(2, 1) })
      m.action('get', { v: 1 }).do(s.refs.at(s.i).increase())
    })
    expect(failure(i)).toBe(
      'ZC401 model demo, action get(v=1): variable refs[1] (int(0, 2)) is given 3',
    )
  })

  it('name action and bounds for an index outside of its array', () => {
    const i = interpreterOf(m => {
      const s = m.state({ t: array(2, bool()), n: int(0, 5, 4), mask: set(3) })
      m.action('a').when(s.t.at(s.n))
      m.action('b').when(s.n.is(3)).do(s.mask.add(s.n))
    })
    expect(failure(i)).toBe('ZC402 model demo, action a: index 4 is outside 0..1')
    const j = interpreterOf(m => {
      const s = m.state({ n: int(0, 5, 3), mask: set(3) })
      m.action('b').do(s.mask.add(s.n))
    })
    expect(failure(j)).toBe('ZC402 model demo, action b: member 3 is outside 0..2')
  })

  it('name the variable that is written twice', () => {
    const i = interpreterOf(m => {
      const s = m.state({ t: array(2, bool()), a: index(2), b: index(2) })
      m.action('a').do(s.t.at(s.a).set(true), s.t.at(s.b).set(true))
    })
    expect(failure(i)).toBe(
      'ZC403 model demo, action a: variable t[0] is written twice (through t[..])',
    )
    expect(failure(i, [0, 0, 0, 1])).toBe('none')
  })
})

describe('guards', () => {
  it('that cannot fail come first', () => {
    const i = interpreterOf(m => {
      const s = m.state({ t: array(2, bool(true)), n: int(0, 5, 4) })
      m.action('a').when(s.t.at(s.n), s.n.lt(2)).do(s.n.set(0))
    })
    expect(i.transitions(i.initial())).toEqual([])
    expect(i.isEnabled(0, [1, 0, 0])).toBe(true)
  })

  it('stop at the first false one', () => {
    const i = interpreterOf(m => {
      const s = m.state({ a: array(2, bool()), b: array(2, bool()), n: index(2), k: int(0, 5, 4) })
      m.action('a')
        .when(s.a.at(s.n.number().minus(1).plus(1)), s.b.at(s.k))
        .do(s.n.set(0))
    })
    // Both can fail as far as is known; the first is false and protects the second.
    expect(i.isEnabled(0, [0, 0, 0, 0, 0, 4])).toBe(false)
  })
})

describe('choices', () => {
  it('are instances of their own, with their guards', () => {
    const i = interpreterOf(m => {
      const s = m.state({ pc: enumeration('a', 'b', 'c'), ok: bool() })
      m.action('go', { v: 0 }).do(
        choose({ left: s.pc.set('b'), right: [s.ok, s.pc.set('c')] }),
        choose({ x: [], y: s.ok.set(true) }),
      )
    })
    const names = i.model.actions.map(a => a.parameters.map(p => p.join('=')).join())
    expect(names).toEqual([
      'v=0,choice=left.x',
      'v=0,choice=left.y',
      'v=0,choice=right.x',
      'v=0,choice=right.y',
    ])
    expect(i.transitions([0, 0]).map(t => [t.action, t.successor])).toEqual([
      [0, [1, 0]],
      [1, [1, 1]],
    ])
    expect(i.transitions([0, 1])).toHaveLength(4)
  })
})

describe('assertions', () => {
  it('are judged in the state before, where they are reached', () => {
    const i = interpreterOf(m => {
      const s = m.state({ b: bool(), deep: bool() })
      m.invariant('i', true)
      m.action('a').do(
        s.b.set(true),
        assert(s.b, 'first'),
        when(s.deep, assert(s.b.not(), 'second')),
      )
    })
    expect(i.model.properties.map(p => p.name)).toEqual([
      'i',
      'first',
      'second',
      'deadlock freedom',
    ])
    expect(i.take(0, [0, 0]).failedAssertions).toEqual([1])
    expect(i.take(0, [1, 0]).failedAssertions).toEqual([])
    expect(i.take(0, [1, 1]).failedAssertions).toEqual([2])
  })
})

describe('properties', () => {
  it('of steps see both states and the action', () => {
    const i = interpreterOf(m => {
      const s = m.state({ n: int(0, 3) })
      m.action('up').when(s.n.lt(3)).do(s.n.increase())
      m.action('reset').do(s.n.set(0))
      m.step('grows', ({ name }) => name === 'reset' || next(s.n).gt(s.n))
      m.step(
        'small steps',
        next(s.n)
          .minus(s.n)
          .le(1)
          .and(s.n.minus(next(s.n)).le(1)),
      )
    })
    const [grows, small] = i.model.properties
    if (grows?.kind !== 'step' || small?.kind !== 'step') throw new Error('no step properties')
    const [up, reset] = i.transitions([2])
    expect([i.isTrueOf(grows, [2], up!), i.isTrueOf(grows, [2], reset!)]).toEqual([true, true])
    expect([i.isTrueOf(small, [2], up!), i.isTrueOf(small, [2], reset!)]).toEqual([true, false])
  })
})
