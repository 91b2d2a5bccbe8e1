/**
 * The algebra of encrypted memory: laws of the pure functions, and the same laws of a model that is
 * built on them, stepped by the reference semantics.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { and, bool, defineModel, or } from 'zapcheck'
import { memoryContent, read, termsOf, write } from '../../../models/components/memory-content.js'
import { search } from '../../../src/interpret/search.js'

const alphabet = { values: ['OLD', 'Z'], keys: ['Ks', 'Kd'] } as const
const terms = termsOf(alphabet)
const someTerm = fc.constantFrom(...terms)
const someValue = fc.constantFrom(...alphabet.values)
const someKey = fc.constantFrom(...alphabet.keys, null)

describe('the terms', () => {
  test('are each value in plain text and under each key, and garbage', () => {
    expect(terms).toEqual(['P(OLD)', 'P(Z)', 'C(Ks,OLD)', 'C(Ks,Z)', 'C(Kd,OLD)', 'C(Kd,Z)', 'X'])
  })

  test('are read as they were written', () => {
    fc.assert(
      fc.property(someKey, someValue, (key, value) => {
        expect(read(alphabet, write(key, value), key)).toBe(value)
      }),
    )
  })

  test('give garbage under every other key, and without one', () => {
    fc.assert(
      fc.property(someKey, someKey, someValue, (key, other, value) => {
        fc.pre(key !== other)
        expect(read(alphabet, write(key, value), other)).toBeNull()
      }),
    )
  })

  test('give a value under one key at most', () => {
    fc.assert(
      fc.property(someTerm, term => {
        const keys = [...alphabet.keys, null].filter(key => read(alphabet, term, key) !== null)
        expect(keys.length).toBe(term === 'X' ? 0 : 1)
      }),
    )
  })
})

/**
 * Two cells that are written in every way and copied to a third one; `copied` says how, and
 * `flipped` which kind of access reads the first one.
 */
const cells = defineModel({
  name: 'cells',
  about: 'Memory is written in every way, and copied.',
  build(m) {
    const s = m.state({
      here: memoryContent(alphabet, 'C(Ks,OLD)'),
      there: memoryContent(alphabet),
      cBit: bool(true),
      copied: bool(),
      sent: bool(),
    })
    const source = { key: 'Ks', isEncrypted: s.cBit } as const
    const target = { key: 'Kd', isEncrypted: s.cBit } as const
    const isOld = s.copied.not().and(s.sent.not())
    m.action('flip').do(s.cBit.set(s.cBit.not()))
    for (const value of alphabet.values) {
      m.action('write_by', { value }).when(isOld).do(s.here.writeBy(source, value))
      for (const key of ['Ks', 'Kd', null] as const)
        m.action('write', { value, key: String(key) })
          .when(isOld)
          .do(s.here.write(key, value))
    }
    m.action('spoil').when(isOld).do(s.here.spoil())
    m.action('copy').when(isOld).do(s.there.copyBytes(s.here), s.copied.set(true))
    m.action('send')
      .when(isOld)
      .do(s.there.reencrypt(s.here, 'Ks', 'Kd'), s.sent.set(true))
    const { here, there } = s
    m.invariant('a copy has the same bytes', s.copied.implies(here.raw.is(there.raw)))
    m.invariant(
      'what is sent reads there as it reads here',
      s.sent.implies(
        and(
          ...[...alphabet.values, null].map(v => there.readsAs('Kd', v).is(here.readsAs('Ks', v))),
        ),
      ),
    )
    m.invariant('what is sent is never plain', s.sent.implies(there.readsAs(null, null)))
    m.invariant(
      'private data arrives, whatever the C-bit shows',
      and(s.sent, s.cBit).implies(there.readsLike(target, here, source)),
    )
    m.invariant(
      'a copy never reads as private data did',
      s.copied.implies(or(here.readsAs('Ks', null), there.readsAs('Kd', null))),
    )
    m.reachable('a send loses plain text', and(s.sent, here.readsAs(null, 'Z'), there.isGarbage))
    m.reachable('a copy keeps plain text', and(s.copied, there.isSeen(target, 'Z'), s.cBit.not()))
    m.reachable(
      'a copy loses private data',
      and(s.copied, s.cBit, there.readsLike(target, here, source).not()),
    )
  },
})

describe('a piece of memory', () => {
  test('obeys the algebra in a model', () => {
    const model = cells.instantiate({})
    const { depths } = search(model)
    const wrong = model.properties.filter((p, i) =>
      p.kind === 'reachable' ? depths[i] === null : depths[i] !== null,
    )
    expect(wrong.map(p => p.name)).toEqual([])
  })
})
