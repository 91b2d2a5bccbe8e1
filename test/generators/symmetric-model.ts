/**
 * Random models with symmetric types, for differential tests of the reduction: every form in which
 * a type can occur in a state (arrays over it, nested ones, indices, optional indices, sets,
 * program counters of processes), and actions and properties that treat all elements alike.
 */
import fc from 'fast-check'
import {
  all, and, any, array, assert, bool, choose, count, counter, defineModel, each, enumeration,
  implies, index, indexOrNone, int, next, or, set, step, when,
} from '../../src/index.js' // prettier-ignore
import type { Bool, ElementKey, Item, ModelBuilder } from '../../src/index.js'
import type { Model } from '../../src/ir/model.js'

type E = ElementKey<'e'>
type P = ElementKey<'p'>

/** Sizes and choices that a model is made from; each number picks from a list of forms. */
export interface SymmetricDraft {
  readonly size: number
  readonly pages: number
  readonly isWide: boolean
  /** Whether one page is special at first: then pages are not interchangeable. */
  readonly isPinned: boolean
  readonly hasProcesses: boolean
  /** Whether the first action uses an index that may be none, others perhaps: a model error. */
  readonly mayFail: boolean
  /** Guards past the end of the list are true: then one guard alone decides. */
  readonly actions: readonly (readonly [guard: number, other: number, updates: readonly number[]])[]
  readonly properties: readonly number[]
}

function declare(m: ModelBuilder, { size, pages, isWide, isPinned }: SymmetricDraft) {
  const e = m.symmetric('e', size)
  const p = m.symmetric('p', pages)
  const padding = isWide ? { padding: array(4, int(0, 2 ** 30 - 1)) } : {}
  const s = m.state({
    ...padding,
    n: counter(3),
    at: array(e, { mode: enumeration('idle', 'busy', 'done'), page: indexOrNone(p) }),
    owner: indexOrNone(e),
    last: indexOrNone(p),
    inside: set(e),
    dirty: set(p),
    pair: array(e, array(e, bool())),
    held: array(p, array(e, bool())),
  })
  const pin = isPinned ? m.state({ pin: index(p) }).pin : null
  return { e, p, s, pin }
}

type Declared = ReturnType<typeof declare>

/** Conditions on an element `v` and a page `x`. */
function guards({ s, e }: Declared, v: E, x: P): readonly Bool[] {
  const one = s.at[v]
  return [
    one.mode.is('idle'),
    one.mode.is('busy'),
    one.mode.isNot('done'),
    and(one.mode.is('idle'), s.owner.isNone()),
    s.owner.is(v),
    and(s.owner.isSome(), s.owner.isNot(v)),
    or(s.inside.has(v), s.n.is(0)),
    and(s.last.is(x), one.page.isNone()),
    one.page.is(x),
    and(s.dirty.has(x), s.held[x][v].not()),
    count(e, w => s.pair[v][w]).lt(2),
    and(s.n.lt(2), s.inside.size().lt(2)),
  ]
}

/** Updates by an element `v` on a page `x`; no two entries write the same variable. */
function updates({ s, e, pin }: Declared, v: E, x: P, mayFail: boolean): readonly Item[] {
  const one = s.at[v]
  return [
    one.mode.set('busy'),
    when(s.inside.has(v), one.mode.set('done'), one.mode.set('idle')),
    one.page.set(x),
    one.page.clear(),
    s.owner.set(v),
    s.owner.clear(),
    s.inside.add(v),
    s.inside.remove(v),
    [s.last.set(x), pin?.set(x) ?? []],
    s.dirty.add(x),
    when(s.owner.isSome(), s.dirty.clear()),
    each(e).map(w => when(s.inside.has(w), s.pair[v][w].set(true))),
    s.held[x][v].set(s.pair[v][v].not()),
    when(s.last.isSome(), s.held.at(s.last)[v].set(true)),
    s.n.increase(),
    assert(s.owner.isNot(v).or(s.n.isNot(2)), 'owner at 2'),
    choose({ more: s.n.set(2), none: [] }),
    when(s.owner.isSome(), s.pair.at(s.owner)[v].set(true)),
    mayFail ? s.pair.at(s.owner)[v].set(true) : [],
  ]
}

/** The kinds of state that two updates must not both write: the position of each in `updates`. */
const TARGETS = [0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 8, 6, 6] as const

/** The position in `updates` of the update that may be a model error. */
const FAILING = TARGETS.length - 1

function compatible(positions: readonly number[]): readonly number[] {
  const taken = new Set<number>()
  return positions.filter(position => {
    const target = TARGETS[position % TARGETS.length] ?? 0
    if (taken.has(target)) return false
    taken.add(target)
    return true
  })
}

function declareProperty(m: ModelBuilder, { e, p, s }: Declared, kind: number): void {
  const name = `property ${kind}`
  const one = (v: E): Bool => s.at[v].mode.is('done')
  const forms: readonly (() => void)[] = [
    () => m.invariant(name, count(e, one).lt(2)),
    () =>
      m.invariant(
        name,
        all(e, v => implies(s.owner.is(v), s.inside.has(v))),
      ),
    () =>
      m.invariant(
        name,
        all(e, v => all(e, w => implies(s.pair[v][w], s.pair[w][v]))),
      ),
    () => m.reachable(name, and(any(e, one), s.dirty.size().is(p.size))),
    () => m.reachable(name, and(s.owner.isSome(), s.at.at(s.owner).page.is(s.last))),
    () =>
      m.reachable(
        name,
        any(p, x => all(e, v => s.held[x][v])),
      ),
    () => m.step(name, () => or(s.owner.isNone(), next(s.owner).isNone(), next(s.n).isNot(2))),
    () =>
      m.step(name, ({ name: action }) =>
        or(s.inside.isEmpty(), next(s.inside).isEmpty().not(), action === 'a0'),
      ),
    () => m.deadlock(all(e, one)),
    () => m.deadlock('allowed'),
  ]
  forms[kind]?.()
}

/** The model of a draft. */
export function symmetricModel(draft: SymmetricDraft): Model {
  const build = (m: ModelBuilder): void => {
    const declared = declare(m, draft)
    const { e, p, s } = declared
    draft.actions.forEach(([guard, other, drawn], i) => {
      const chosen = draft.mayFail && i === 0 ? [FAILING, ...drawn] : drawn
      for (const v of each(e))
        for (const x of each(p)) {
          const conditions = guards(declared, v, x)
          const items = updates(declared, v, x, draft.mayFail)
          m.action(`a${i}`, { v, x })
            .when(...[guard, other].map(g => conditions[g] ?? true))
            .do(...compatible(chosen).map(u => items[u % items.length] ?? []))
        }
    })
    if (draft.hasProcesses)
      for (const v of each(e))
        for (const w of each(e))
          m.process('p', { with: { v, w } }, [
            step('one', when(s.inside.has(v), s.pair[v][w].set(true))),
            step('two', s.inside.add(w)),
          ])
    for (const kind of new Set(draft.properties)) declareProperty(m, declared, kind)
  }
  return defineModel({ name: 'symmetric', about: '', build }).instantiate()
}

/** A size from 1 to `max`; 1, where there is nothing to permute, one time in six. */
function mostlyMore(max: number): fc.Arbitrary<number> {
  const more = fc.integer({ min: Math.min(2, max), max })
  return fc.oneof({ weight: 1, arbitrary: fc.constant(1) }, { weight: 5, arbitrary: more })
}

/** Drafts of models with 1 to `sizeMax` elements and up to 2 pages. */
export function symmetricDraft(sizeMax = 3, mayFail = false): fc.Arbitrary<SymmetricDraft> {
  const action = fc.tuple(
    fc.nat(11),
    fc.nat(2 * 11),
    fc.array(fc.nat(TARGETS.length - 1), { minLength: 1, maxLength: 4, size: 'max' }),
  )
  return fc.noBias(
    fc.record({
      size: mostlyMore(sizeMax),
      pages: mostlyMore(2),
      isWide: fc.boolean(),
      isPinned: fc.integer({ min: 0, max: 3 }).map(n => n === 0),
      hasProcesses: fc.integer({ min: 0, max: 5 }).map(n => n === 0),
      actions: fc.array(action, { minLength: 2, maxLength: 5, size: 'max' }),
      mayFail: fc.constant(mayFail),
      properties: fc.array(fc.nat(9), { minLength: 4, maxLength: 12, size: 'max' }),
    }),
  )
}
