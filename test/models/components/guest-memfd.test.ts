/**
 * The parts of guest_memfd by themselves: each operation does what its kernel function does, and a
 * folio that is gone is forgotten in every field.
 */
import { expect, test } from 'vitest'
import { and, array, defineModel, each, implies, not } from 'zapcheck'
import type { ModelDefinition } from 'zapcheck'
import {
  filemapInvalidateLock,
  gmemBindings,
  gmemFile,
  gmemFolio,
} from '../../../models/components/guest-memfd.js'
import { search } from '../../../src/interpret/search.js'

/** The names of the properties that a model violates, and its number of states. */
function explore(definition: ModelDefinition) {
  const model = definition.instantiate({})
  const { depths, states } = search(model)
  const violated = model.properties.flatMap((p, i) =>
    (p.kind === 'reachable') === (depths[i] === null) ? [p.name] : [],
  )
  return { states, violated }
}

test('a file goes from open over dying to released', () => {
  const definition = defineModel({
    name: 'file',
    about: 'The life of a file.',
    build(m) {
      const { file } = m.state({ file: gmemFile() })
      m.action('fput').when(file.isActive).do(file.close())
      m.action('kvm_gmem_release').when(file.isDying).do(file.release())
      m.deadlock(file.isReleased)
    },
  })
  expect(explore(definition)).toEqual({ states: 3, violated: [] })
})

test('a folio has one page of a symmetric type, and forgets it when it is truncated', () => {
  const definition = defineModel({
    name: 'folio',
    about: 'Folios of two indices and three pages.',
    build(m) {
      const pfn = m.symmetric('pfn', 3)
      const { folio } = m.state({ folio: array(2, gmemFolio(pfn)) })
      for (const i of each(2)) {
        for (const p of each(pfn))
          m.action('get_folio', { i, p })
            .when(folio[i].isAbsent, ...each(2).map(j => folio[j].hasPage(p).not()))
            .do(folio[i].create(p))
        m.action('mark', { i }).when(folio[i].isPresent).do(folio[i].markUptodate())
        m.action('truncate', { i }).when(folio[i].isPresent).do(folio[i].truncate())
      }
      m.invariant('up to date means present', implies(folio[0].isUptodate, folio[0].isPresent))
      m.invariant(
        'a page belongs to one folio',
        and(...each(pfn).map(p => not(and(folio[0].hasPage(p), folio[1].hasPage(p))))),
      )
    },
  })
  // None present, one of two with one of three pages in two states, both with different pages.
  expect(explore(definition)).toEqual({ states: 1 + 2 * 3 * 2 + 6 * 4, violated: [] })
})

test('bindings lead from index to slot until that slot is unbound', () => {
  const definition = defineModel({
    name: 'bindings',
    about: 'Two indices and two slots.',
    build(m) {
      const s = m.state({ bindings: gmemBindings(2, 2), lock: filemapInvalidateLock(1) })
      const { bindings } = s
      for (const i of each(2)) {
        for (const k of each(2))
          m.action('bind', { i, k }).when(bindings.isBound(i).not()).do(bindings.bind(i, k))
        m.action('unbind_index', { i }).when(bindings.isBound(i)).do(bindings.unbind(i))
      }
      for (const k of each(2))
        m.action('unbind', { k })
          .when(bindings.refersTo(k), s.lock.isFree)
          .do(bindings.unbindSlot(k))
      const isBoundTo = (k: number) => bindings.isBoundTo(0, k).or(bindings.isBoundTo(1, k))
      m.invariant('refers to what is bound', bindings.refersTo(1).is(isBoundTo(1)))
      m.invariant('empty means unbound', bindings.isEmpty.is(not(isBoundTo(0).or(isBoundTo(1)))))
      m.invariant('slot', implies(bindings.isBoundTo(0, 1), bindings.slotAt(0).is(1)))
    },
  })
  expect(explore(definition)).toEqual({ states: 9, violated: [] })
})
