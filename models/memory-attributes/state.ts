/**
 * The state of the model: attributes, page tables, the invalidation protocol, and what the calls
 * and the faults carry.
 *
 *   gfn        0  1 | 2  3        hugepage h has the gfns 2h and 2h+1
 *   attribute  S  P | P  P        kvm->mem_attr_array
 *   mixed       yes | no          KVM_LPAGE_MIXED_FLAG of the slot's lpage_info
 *   leafs      -  P |  P          4K entries, or one 2M entry for both
 */
import { and, array, bool, counter, each, enumeration, index, int, mutex, or } from 'zapcheck'
import { rwlock } from 'zapcheck'
import type { Bool, ModelBuilder, SmallIndex, SymmetricType } from 'zapcheck'
import { invalidation } from '../components/invalidation.js'
import type { Parameters } from './parameters.js'

/** Two kinds of page, as attributes and faults have them. */
export const kinds = ['shared', 'private'] as const
/** One of the kinds. */
export type Kind = (typeof kinds)[number]

const kind = (first: Kind = 'shared') => enumeration(...kinds).initially(first)
const leaf = () => enumeration('none', ...kinds)

/** gfns of a hugepage. */
export const gfnsPerHugepage = 2

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const gfns = p.hugepages * gfnsPerHugepage
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const hasSecond = p.secondInvalidator !== 'none'
  const sections = p.setters + (hasSecond ? 1 : 0)
  const pairs = p.endPlacement === 'twoPairs' ? 2 : 1
  const ends = p.setters * p.calls * pairs + (hasSecond ? 1 : 0)
  const canMiscount = p.endPlacement === 'unlocked' || p.bug === 'no-slots-lock'
  const s = m.state({
    slotsLock: mutex('set 0', 'set 1', 'memslots', 'fault'),
    // The ioctl is one more reader where it takes the lock for read.
    mmuLock: rwlock(p.vcpus + 1),
    invalidation: invalidation({
      sections,
      // A snapshot that is cut to two bits needs a number that is wider.
      sequence: p.bug === 'narrow-seq' ? 8 : ends + 1,
      gfns,
      // Unlike a lost update, a range that only part of a call sees loses one end for each call.
      canMiscount: canMiscount || p.postRange === 'prefix-by-slots',
    }),
    attribute: array(gfns, kind(p.initially)),
    mixed: array(p.hugepages, bool()),
    small: array(gfns, leaf()),
    large: array(p.hugepages, leaf()),
    set: array(p.setters, {
      /** The range [lo, hi), the next gfn to store, the new attribute. */
      lo: index(gfns + 1),
      hi: index(gfns + 1),
      next: index(gfns + 1),
      value: kind(),
    }),
    vcpu: array(vcpus, { gfn: index(gfns), kind: kind(), seen: counter(ends + 1) }),
  })
  const optional = declareOptional(m, p, { vcpus, gfns, ends, hasSecond })
  const { memslot } = optional
  const [first, end] = slotBounds(p, gfns)
  return {
    ...s,
    p,
    vcpus,
    gfns,
    ends,
    ...optional,
    /** gfns of the slot: [first, end). */
    slot: {
      first,
      end,
      isPresent: memslot === null ? or(true) : memslot.is('present'),
      /** Marked KVM_MEMSLOT_INVALID: still found, by faults to retry. */
      isInvalid: memslot === null ? or() : memslot.is('invalid'),
      isAbsent: memslot === null ? or() : memslot.is('absent'),
    },
  }
}

/** What the declaration of the optional state has to know. */
interface Scope {
  readonly vcpus: SymmetricType<'vcpu'>
  readonly gfns: number
  readonly ends: number
  readonly hasSecond: boolean
}

/** Declares what only some choices of parameters have; null if they do not. */
function declareOptional(m: ModelBuilder, p: Parameters, scope: Scope) {
  const { vcpus, gfns, ends, hasSecond } = scope
  const mirror = p.vm === 'tdx' ? m.state({ mirror: array(gfns, bool()) }).mirror : null
  const memslot = p.memslotChanges
    ? m.state({ memslot: enumeration('present', 'invalid', 'absent') })
    : null
  const unlocked = p.endPlacement === 'unlocked' ? m.state({ loaded: int(-1, ends + 1, 0) }) : null
  const partial = p.store === 'reserve-first' ? null : m.state({ failed: array(p.setters, bool()) })
  const cut = p.bug === 'no-alignment-check' ? m.state({ cut: array(p.setters, bool()) }) : null
  const tlb = p.tlb ? m.state({ tlb: array(vcpus, array(gfns, leaf())) }).tlb : null
  const second = hasSecond
    ? m.state({
        /** The unit of memory that is taken away, and whether it is gone. */
        taken: { unit: index(gfns), isGone: bool() },
        /** The fault has found its page when the old one was gone. */
        isFresh: array(vcpus, bool()),
      })
    : null
  return {
    mirror,
    memslot: memslot?.memslot ?? null,
    loaded: unlocked?.loaded ?? null,
    failed: partial?.failed ?? null,
    cut: cut?.cut ?? null,
    tlb,
    second,
  }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

function slotBounds(p: Parameters, gfns: number): readonly [number, number] {
  switch (p.slot) {
    case 'aligned':
      return [0, gfns]
    case 'head':
      return [1, gfns]
    case 'tail':
      return [0, gfns - 1]
    case 'small':
      return [0, gfnsPerHugepage]
  }
}

/** All gfns that are in the slot while it is there. */
export function slotGfns(s: State): readonly SmallIndex[] {
  return each(s.gfns).filter(g => g >= s.slot.first && g < s.slot.end)
}

/** All hugepages that are wholly in the slot while it is there. */
export function slotHugepages(s: State): readonly SmallIndex[] {
  return each(s.p.hugepages).filter(h => gfnsOf(h).every(g => slotGfns(s).includes(g)))
}

/** The gfns of a hugepage. */
export function gfnsOf(h: number): readonly SmallIndex[] {
  return [h * gfnsPerHugepage, h * gfnsPerHugepage + 1] as readonly number[] as SmallIndex[]
}

/** The hugepage of a gfn. */
export function hugepageOf(g: number): SmallIndex {
  return Math.floor(g / gfnsPerHugepage) as SmallIndex
}

/** The gfns of the hugepage have different attributes. */
export function differs(s: State, h: number): Bool {
  const [a, b] = gfnsOf(h).map(g => s.attribute[g])
  return a === undefined || b === undefined ? or() : a.isNot(b)
}

/** All gfns of the slot's part of the hugepage have the attribute. */
export function hasAttribute(s: State, h: number, value: State['attribute'][0]): Bool {
  return and(...gfnsOf(h).map(g => s.attribute[g].is(value)))
}

/**
 * What the second invalidator takes away at once: pages of the backing, or single gfns of them.
 * A unit is the list of its gfns in the slot.
 */
export function units(s: State): readonly (readonly SmallIndex[])[] {
  if (s.p.backing === 'small' || s.p.takes === 'gfn') return slotGfns(s).map(g => [g])
  return each(s.p.hugepages).map(h => gfnsOf(h).filter(g => slotGfns(s).includes(g)))
}

/** The second invalidator takes the gfn away. */
export function isTaken(s: State, g: number): Bool {
  const { second } = s
  if (second === null) return or()
  return or(
    ...units(s).flatMap((gfns, i) => (gfns.some(x => x === g) ? [second.taken.unit.is(i)] : [])),
  )
}
