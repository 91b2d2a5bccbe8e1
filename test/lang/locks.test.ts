/** The locks: who gets in, who waits, and which mistakes are model errors. */
import { describe, expect, it } from 'vitest'
import {
  array,
  bool,
  defineModel,
  each,
  mutex,
  rwlock,
  srcu,
  step,
  waitUntil,
} from '../../src/index.js'
import type { ModelBuilder } from '../../src/index.js'
import { search } from '../../src/interpret/search.js'
import type { SearchResult } from '../../src/interpret/search.js'

/** The search, with the verdicts by name: the depth, or null. */
function check(build: (m: ModelBuilder) => void): SearchResult & { of: (name: string) => unknown } {
  const model = defineModel({ name: 'demo', about: '', build }).instantiate()
  const result = search(model)
  return { ...result, of: name => result.depths[model.properties.findIndex(p => p.name === name)] }
}

describe('mutex', () => {
  it('lets one owner in at a time', () => {
    const result = check(m => {
      const s = m.state({ lock: mutex('a', 'b'), anonymous: mutex() })
      const owners = (['a', 'b'] as const).map(owner =>
        m.process(owner, { repeats: true }, [
          step('lock', s.lock.acquire(owner)),
          step('inner', s.anonymous.acquire()),
          step('unlock', s.anonymous.release(), s.lock.release()),
        ]),
      )
      const [a, b] = owners.map(o => o.at('inner', 'unlock'))
      m.invariant('one at a time', a!.and(b!).not())
      m.invariant(
        'owner',
        s.lock
          .isHeldBy('a')
          .is(a!)
          .and(s.lock.isFree.is(a!.or(b!).not())),
      )
      m.reachable('both locks', s.anonymous.isFree.not().and(s.lock.isHeldBy('b')))
    })
    expect(result).toMatchObject({ states: 5, deadlocks: 0, depths: [null, null, 2, null] })
  })

  it('deadlocks where an owner takes it again', () => {
    const result = check(m => {
      const s = m.state({ lock: mutex('a') })
      m.process('a', {}, [step('lock', s.lock.acquire()), step('again', s.lock.acquire())])
    })
    expect(result.of('deadlock freedom')).toBe(1)
  })
})

describe('rwlock', () => {
  it('lets in one writer, or readers up to its limit', () => {
    const result = check(m => {
      const s = m.state({ lock: rwlock(2) })
      const readers = each(2).map(v =>
        m.process('reader', { with: { v }, repeats: true }, [
          step('lock', s.lock.acquireRead()),
          step('unlock', s.lock.releaseRead()),
        ]),
      )
      const writer = m.process('writer', { repeats: true }, [
        step('lock', s.lock.acquireWrite()),
        step('unlock', s.lock.releaseWrite()),
      ])
      const reading = readers.map(r => r.at('unlock'))
      m.invariant('exclusion', writer.at('unlock').and(s.lock.isReadHeld).not())
      m.invariant('held', s.lock.isReadHeld.is(reading[0]!.or(reading[1]!)))
      m.invariant('free', s.lock.isFree.is(s.lock.isReadHeld.or(s.lock.isWriteHeld).not()))
      m.reachable('two readers', reading[0]!.and(reading[1]!))
      m.reachable('a writer', s.lock.isWriteHeld)
    })
    expect(result).toMatchObject({ states: 5, deadlocks: 0 })
    expect(result.depths).toEqual([null, null, null, 2, 1, null])
  })

  it('meets a model error with a release too many, or more readers than declared', () => {
    const release = check(m => {
      const s = m.state({ lock: rwlock(2), done: bool() })
      m.process('p', {}, [
        step('lock', s.lock.acquireRead()),
        step('a', s.lock.releaseRead()),
        step('b', s.done, s.lock.releaseRead()),
      ])
      m.action('go').when(s.done.not()).do(s.done.set(true))
    })
    expect(release.modelErrorDepth).toBe(4)
    const readers = check(m => {
      const s = m.state({ lock: rwlock(1) })
      m.action('read').do(s.lock.acquireRead())
    })
    expect(readers.modelErrorDepth).toBe(2)
  })
})

describe('srcu', () => {
  const build = (waits: boolean) => (m: ModelBuilder) => {
    const vcpu = m.symmetric('vcpu', 2)
    const s = m.state({
      srcu: srcu(vcpu),
      holds: array(vcpu, bool()),
      old: bool(true),
      freed: bool(),
    })
    for (const v of each(vcpu)) {
      m.action('read', { v })
        .when(s.srcu.isInside(v).not())
        .do(s.srcu.enter(v), s.holds[v].set(s.old))
      m.action('done', { v }).when(s.srcu.isInside(v)).do(s.srcu.exit(v), s.holds[v].set(false))
      m.invariant(`no use after free ${v}`, s.freed.and(s.holds[v]).not())
    }
    m.process('update', {}, [
      step('replace', s.old.set(false)),
      step('publish', s.srcu.publish()),
      waitUntil('synchronized', waits ? s.srcu.isSynchronized : true),
      step('free', s.freed.set(true)),
    ])
    m.reachable('freed beside a new reader', s.freed.and(s.srcu.isInside(each(vcpu)[0]!)))
  }

  it('waits for the readers that were inside, and for no others', () => {
    const plain = (waits: boolean): SearchResult =>
      check(m => {
        const s = m.state({
          srcu: srcu(2),
          holds: array(2, bool()),
          old: bool(true),
          freed: bool(),
        })
        for (const v of each(2)) {
          m.action('read', { v })
            .when(s.srcu.isInside(v).not())
            .do(s.srcu.enter(v), s.holds[v].set(s.old))
          m.action('done', { v }).when(s.srcu.isInside(v)).do(s.srcu.exit(v), s.holds[v].set(false))
        }
        m.process('update', {}, [
          step('replace', s.old.set(false)),
          step('publish', s.srcu.publish()),
          waitUntil('synchronized', waits ? s.srcu.isSynchronized : true),
          step('free', s.freed.set(true)),
        ])
        m.invariant('no use after free', s.freed.and(s.holds[0].or(s.holds[1])).not())
        m.reachable('freed beside a new reader', s.freed.and(s.srcu.isInside(0)))
      })
    expect(plain(true).depths).toEqual([null, 5, null])
    expect(plain(false).depths[0]).toBe(5)
  })

  it('takes readers of a symmetric type, and no property of one of them', () => {
    expect(() => check(build(true))).toThrow(/breaks the symmetry of vcpu/)
  })
})
