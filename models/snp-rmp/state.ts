/**
 * The state of the model, and what its parts share: parameters, pages, address translation.
 *
 *   gfn ── memslot ── index of a file ── folio ── page ── RMP entry
 *    └──── nested page table entry ───────────────┘
 *
 * With 4K folios gfn g is index g of the file, unless the memslot is bound again. With 2M folios
 * gfns 0 and 1 are one aligned 2M range, index i has page i, and both pages are one 2M page.
 */
import { and, any, array, bool, each, enumeration, indexOrNone, int, mutex, not } from 'zapcheck'
import { or, rwlock, set, when } from 'zapcheck'
import type { Bool, IntLike, Item, ModelBuilder, SmallIndex } from 'zapcheck'
import { gmemBindings, gmemFolio } from '../components/guest-memfd.js'
import { invalidation } from '../components/invalidation.js'
import { rmp } from '../components/rmp.js'
import type { PrivateAccess } from '../components/rmp.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import type { Parameters } from './parameters.js'

/** How the guest sees a gfn. */
export const views = ['unaccepted', 'private', 'shared', 'converting', 'gone'] as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const isHuge = p.folio === '2M'
  const folios = Math.max(p.gfns, p.rebind === 'other-file' ? 2 : 1)
  const pages = isHuge ? 2 : folios + 1 + (p.directMap ? (folios + 1) % 2 : 0)
  // More values than sections can end during one fault: two for each conversion to shared, one
  // for each 2M entry that is split (or seen by two vCPUs), one for a memslot that is deleted.
  const sequence = 2 * p.conversions + (isHuge ? 3 : 1) + (p.rebind === 'none' ? 0 : 1)
  const s = m.state({
    rmp: rmp({ pages, gfns: p.gfns, sizes: isHuge || p.directMap }),
    /** Leafs of the nested page table: a page, or (the last) the VMM's page of a shared gfn. */
    npt: array(p.gfns, indexOrNone(pages + 1)),
    /** The leafs of gfns 0 and 1 are one 2M leaf. */
    npt2M: int(0, isHuge ? 1 : 0),
    /** Memory attributes: the gfns that are PRIVATE. */
    attr: set(p.gfns, each(p.gfns)),
    folio: array(folios, gmemFolio(pages)),
    /** The folios of indices 0 and 1 are one folio of order 9. */
    isOneFolio: int(0, isHuge ? 1 : 0),
    folioLock: array(folios, mutex()),
    /** A page that left the page cache and is not with the page allocator yet. */
    punched: indexOrNone(pages),
    leaked: set(p.failure === 'leaked' ? pages : 0),
    /** Pages with lines in the cache that the guest wrote. */
    dirty: set(pages),
    slotsLock: mutex(),
    invalidateLock: mutex(),
    mmuLock: rwlock(p.vcpus),
    mmu: invalidation({ sections: 2, sequence, gfns: 0 }),
    view: array(
      p.gfns,
      p.rebind === 'none' ? enumeration(...views) : enumeration(...views).initially('gone'),
    ),
    conversions: int(0, p.conversions, p.conversions),
    vcpu: array(vcpus, {
      /** What the guest does on this vCPU with `gfn`; none: nothing that it has to finish. */
      phase: enumeration('run', 'validate', 'validate-2M', 'rescind', 'rescind-offline'),
      gfn: indexOrNone(p.gfns),
      fault: {
        isPrivate: bool(),
        isWrite: bool(),
        /** PFERR_GUEST_RMP_MASK. */
        rmp: bool(),
        page: indexOrNone(pages + 1),
        seen: int(0, sequence - 1),
        /** The level that the RMP allows was 2M. */
        large: int(0, isHuge ? 1 : 0),
      },
    }),
  })
  const binding =
    p.rebind === 'none' ? null : m.state({ binding: gmemBindings(folios, p.gfns) }).binding
  const directMap = p.directMap
    ? m.state({ directMap: array((pages + 1) >> 1, enumeration('2M', '4K')) }).directMap
    : null
  const list = p.walk === 'none' ? null : m.state({ list: set(p.gfns), rmpLock: mutex('walk') })
  return { ...s, binding, directMap, list, p, vcpus, isHuge, folios, pages, sharedPage: pages }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** The folio behind a gfn. */
export function folioOf(s: State, g: IntLike) {
  if (s.p.rebind === 'other-file' && s.binding !== null)
    return s.folio.at(s.binding.isBoundTo(1, 0).pick(1, 0))
  return s.folio.at(s.p.rebind === 'none' ? g : 0)
}

/** The folio lock of the folio behind a gfn: a 2M folio has one lock. */
export function lockOf(s: State, g: IntLike, isOneFolio = s.isOneFolio.is(1)) {
  if (s.p.rebind !== 'none') return s.folioLock[0]
  return s.folioLock.at(s.isHuge ? isOneFolio.pick(0, g) : g)
}

/** A folio that is made now is of order 9: nothing is there yet, and both pages are free. */
export function becomesOneFolio(s: State): Bool {
  if (!s.isHuge) return or()
  return and(s.folio[0].isAbsent, s.folio[1].isAbsent, isFree(s, 0), isFree(s, 1))
}

/** The nested page table maps the gfn to `page`. */
export function maps(s: State, g: IntLike, page: IntLike): Bool {
  return s.npt.at(g).is(page)
}

/** The gfn is mapped to a private page. */
export function mapsPrivate(s: State, g: IntLike): Bool {
  return and(s.npt.at(g).isSome(), s.npt.at(g).isNot(s.sharedPage))
}

/** What hardware does with an access to the gfn with C=1 where it is mapped to a private page. */
export function privateAccess(s: State, g: IntLike): PrivateAccess {
  return s.rmp.privateAccess(s.npt.at(g).number(), g, s.npt2M.is(1))
}

/** Zaps the leafs of the gfn; a 2M leaf goes as a whole. */
export function zap(s: State, g: IntLike): Item {
  const isLarge = s.npt2M.is(1)
  return [
    s.isHuge ? s.npt2M.set(0) : [],
    each(s.p.gfns).map(h => when(isSame(g, h).or(isLarge), s.npt[h].clear())),
  ]
}

/** Zaps the leafs of all gfns. */
export function zapAll(s: State): Item {
  return [s.isHuge ? s.npt2M.set(0) : [], each(s.p.gfns).map(h => s.npt[h].clear())]
}

function isSame(g: IntLike, h: SmallIndex): Bool {
  return typeof g === 'number' ? constant(g === h) : g.is(h)
}

/** A truth value that does not depend on the state. */
export function constant(value: boolean): Bool {
  return value ? and() : or()
}

/** Nobody has the page: it is with the page allocator, or the host uses it for something else. */
export function isFree(s: State, x: IntLike): Bool {
  return and(
    ...each(s.folios).map(i => not(s.folio[i].hasPage(x))),
    s.punched.isNot(x),
    s.p.failure === 'leaked' ? not(s.leaked.has(x)) : true,
    not(any(s.vcpus, v => s.vcpu[v].fault.page.is(x))),
  )
}

/** Some other vCPU is at work for the gfn. */
export function isUsedByOther(s: State, self: Vcpu, g: SmallIndex): Bool {
  return or(
    ...each(s.vcpus)
      .filter(v => v !== self)
      .map(v => s.vcpu[v].gfn.is(g)),
  )
}

/** Whether attributes make the gfn PRIVATE. */
export function isPrivateAttr(s: State, g: IntLike): Bool {
  return s.attr.has(g)
}

/** Waits while somebody reads the RMP under its lock. */
export function outsideOfWalk(s: State): Item {
  return s.list !== null && s.p.walk === 'rmp-lock' ? s.list.rmpLock.isFree : []
}
