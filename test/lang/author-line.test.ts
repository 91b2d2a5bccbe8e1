/**
 * Mistakes of an author are reported with model, action, variable and the author's line. The wrong
 * words get past the type checker here, as they do for an author who silences it.
 */
import { describe, expect, it } from 'vitest'
import {
  all, array, assert, bool, choose, each, enumeration, index, int, mutex, step, when,
} from '../../src/index.js' // prettier-ignore
import { mistake, wrong } from './mistake.js'

describe('a mistake in an action', () => {
  it('names model, action, variable and line for a wrong label in set', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ vcpu: array(2, { pc: enumeration('run', 'lock') }) })
      for (const v of each(2))
        m.action('map', { v })
          .when(s.vcpu[v].pc.is('run'))
          .do(
            s.vcpu[v].pc.set(wrong('lokc')), // line 6
          )
    })
    expect(text).toBe(
      "ZC302 model demo, action map(v=0): variable vcpu[0].pc: 'lokc' is not a label " +
        "of run, lock; did you mean 'lock'?",
    )
    expect(line).toBe(6)
  })

  it('names them for a wrong label in a guard', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ pc: enumeration('run', 'lock') })
      m.action('map').when(s.pc.is(wrong('rum')))
    })
    expect(text).toMatch(/^ZC302 model demo, action map: variable pc: 'rum' is not a label/)
    expect(line).toBe(2)
  })

  it('names them for a value of the wrong type', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ slot: bool(), n: int(0, 3) })
      m.action('a').do(s.slot.set(true))
      m.action('b').do(s.n.set(wrong('one')))
    })
    expect(text).toBe('ZC302 model demo, action b: variable n: "one" is not a whole number')
    expect(line).toBe(3)
  })

  it('names the array for an index outside of it', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ tlb: array(2, bool()) })
      m.action('a').do(s.tlb.at(2).set(true))
    })
    expect(text).toBe('ZC402 model demo, action a: array tlb: index 2 is outside 0..1')
    expect(line).toBe(2)
  })

  it('does not blame the action before a mistake in a property', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ pc: enumeration('run', 'lock') })
      m.action('a').do(s.pc.set('lock'))
      m.invariant(
        'i',
        all(2, () => s.pc.is(wrong('x'))),
      )
    })
    expect(text).toMatch(/^ZC302 model demo: variable pc: 'x' is not a label/)
    expect(line).toBe(5)
  })

  it('names the action for a choice inside a condition', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ b: bool() })
      m.action('a', { v: 1 }).do(when(s.b, choose({ x: s.b.set(false) })))
    })
    expect(text).toMatch(/^ZC302 model demo, action a\(v=1\): a choice cannot stand inside when/)
    expect(line).toBe(2)
  })

  it('names the action and the line of the second write for a variable written twice', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ b: bool() })
      m.action('a').do(
        s.b.set(false),
        s.b.set(true), // line 4
      )
    })
    expect(text).toMatch(/^ZC303 model demo, action a: variable b is written twice/)
    expect(line).toBe(4)
  })

  it("gives the author's line for an update that a lock makes", () => {
    const { text, line } = mistake(m => {
      const s = m.state({ lock: mutex('a', 'b') })
      m.action('take').do(
        s.lock.acquire('a'),
        s.lock.acquire('b'), // line 4
      )
    })
    expect(text).toMatch(/^ZC303 model demo, action take: variable lock.owner is written twice/)
    expect(line).toBe(4)
  })

  it('names property and action for a value that is always out of range', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ n: int(0, 3), g: index(2) })
      m.action('a').do(s.n.set(s.g.number().plus(4)))
    })
    expect(text).toBe(
      'ZC302 model demo, action a: variable n (int(0, 3)) is given 4..5; it must be in 0..3',
    )
    expect(line).toBe(2)
  })
})

describe('a mistake in a process', () => {
  it('names process and line for a choice inside a condition of a step', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ b: bool() })
      m.process('zap', { with: { v: 1 } }, [
        step('first', s.b.set(true)),
        step('second', when(s.b, choose({ x: s.b.set(false) }))), // line 4
      ])
    })
    expect(text).toMatch(/^ZC302 model demo, process zap\[1\]: a choice cannot stand inside when/)
    expect(line).toBe(4)
  })

  it('names the line of a wrong label in a step', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ pc: enumeration('run', 'lock') })
      m.process('zap', {}, [
        step('first', s.pc.set(wrong('rnu'))), // line 3
      ])
    })
    expect(text).toMatch(/variable pc: 'rnu' is not a label of run, lock; did you mean 'run'\?$/)
    expect(line).toBe(3)
  })
})

describe('a mistake in a property', () => {
  it('names the property and its line when a predicate over actions is wrong', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ b: bool() })
      m.action('a').do(s.b.set(true))
      m.step('p', () => wrong(3))
    })
    expect(text).toMatch(/^ZC302 model demo, property 'p': 3 is not a truth value/)
    expect(line).toBe(3)
  })

  it('gives the line of an assertion whose name is taken', () => {
    const { text, line } = mistake(m => {
      const s = m.state({ b: bool() })
      m.invariant('same', true)
      m.action('a').do(
        s.b.set(true),
        assert(s.b.not(), 'same'), // line 5
      )
    })
    expect(text).toBe("ZC301 model demo: property 'same' is declared twice")
    expect(line).toBe(5)
  })
})
