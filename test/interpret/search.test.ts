/** The reference search counts what the words mean, and ends at model errors. */
import { describe, expect, it } from 'vitest'
import { array, bool, choose, defineModel, each, int, next } from '../../src/index.js'
import type { ModelBuilder } from '../../src/index.js'
import { search } from '../../src/interpret/search.js'
import type { SearchResult } from '../../src/interpret/search.js'
import septZap from '../../models/sept-zap.js'

/** What the search finds in the model that `build` declares. */
function found(build: (m: ModelBuilder) => void): SearchResult {
  return search(defineModel({ name: 'demo', about: '', build }).instantiate())
}

describe('search', () => {
  it('counts states, transitions with stutters and choices, depth from 0, and deadlocks', () => {
    const result = found(m => {
      const s = m.state({ n: int(0, 3) })
      m.action('up').when(s.n.lt(2)).do(s.n.increase())
      m.action('stay').when(s.n.is(1))
      m.action('either')
        .when(s.n.is(0))
        .do(choose({ a: s.n.set(3), b: s.n.set(3) }))
    })
    expect(result).toMatchObject({ states: 4, transitions: 5, depth: 2, deadlocks: 2 })
    expect(result.fired).toEqual([true, true, true, true])
  })

  it('gives the least depth at which a property is decided', () => {
    const result = found(m => {
      const s = m.state({ n: int(0, 5) })
      m.action('up').when(s.n.lt(5)).do(s.n.increase())
      m.invariant('below 3', s.n.lt(3))
      m.invariant('not 0', s.n.isNot(0))
      m.invariant('fine', s.n.le(5))
      m.reachable('4', s.n.is(4))
      m.reachable('never', s.n.gt(5))
      m.step('not from 1 to 2', s.n.is(1).and(next(s.n).is(2)).not())
    })
    // The last one is deadlock freedom: the state that is stuck has depth 5.
    expect(result.depths).toEqual([3, 0, null, 4, null, 2, 5])
  })

  it('lets a stutter save a state from deadlock', () => {
    const result = found(m => {
      const s = m.state({ b: bool() })
      m.action('a').when(s.b.not()).do(s.b.set(true))
      m.action('stutter').when(s.b)
    })
    expect(result).toMatchObject({ states: 2, transitions: 2, deadlocks: 0, depths: [null] })
  })

  it('ends with the level of the first model error, and counts the rest of that level', () => {
    const result = found(m => {
      const s = m.state({ n: int(0, 2), t: array(2, bool()) })
      m.action('up').do(s.n.increase())
      for (const i of each(2)) m.action('set', { i }).when(s.n.is(2)).do(s.t[i].set(true))
    })
    expect(result).toMatchObject({ states: 5, transitions: 4, depth: 3, modelErrorDepth: 3 })
  })

  it('takes a property of states that fails for a model error of that depth', () => {
    const build = (start: number) => (m: ModelBuilder) => {
      const s = m.state({ n: int(0, 2, start), t: array(2, bool()) })
      m.action('up').when(s.n.lt(2)).do(s.n.increase())
      m.invariant('i', s.t.at(s.n).not())
      m.deadlock('allowed')
    }
    expect(found(build(0))).toMatchObject({ states: 3, depth: 2, modelErrorDepth: 2 })
    expect(found(build(2))).toMatchObject({ states: 1, transitions: 0, modelErrorDepth: 0 })
  })

  it('gives up above a limit of states', () => {
    const model = defineModel({
      name: 'demo',
      about: '',
      build(m) {
        const s = m.state({ n: int(0, 99) })
        m.action('up').when(s.n.lt(99)).do(s.n.increase())
      },
    }).instantiate()
    expect(search(model, 99)).toBeNull()
    expect(search(model, 100)?.states).toBe(100)
  })

  it('agrees with the published counts of sept-zap', () => {
    const result = search(septZap.instantiate({ vcpus: 1, gfns: 1 }))
    expect(result).toMatchObject({ deadlocks: 0, modelErrorDepth: null })
    expect(search(septZap.instantiate())).toMatchObject({
      states: 22_772,
      transitions: 49_156,
      depth: 74,
    })
  })
})
