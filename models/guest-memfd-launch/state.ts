/**
 * The state of the model, and what its parts share: which page is free, who owns it, what the last
 * put of a page does, and getting the folio ready.
 *
 *   file ──index 0──▶ folio (page, uptodate) ──▶ page 0..2: content, owner in RMP or PAMT
 *   gfn 0: attribute, leaf in the NPT or in the mirror, entry of the Secure-EPT
 */
import { and, array, assert, bool, enumeration, indexOrNone, int, mutex } from 'zapcheck'
import { not, or, rwlock, when } from 'zapcheck'
import type { Bool, IndexVariable, Int, IntLike, Item, ModelBuilder } from 'zapcheck'
import { filemapInvalidateLock, gmemFolio } from '../components/guest-memfd.js'
import { invalidation } from '../components/invalidation.js'
import { rmp } from '../components/rmp.js'
import { TdxModule, entryPages, septEntry, tdOpState } from '../components/tdx-module/index.js'
import type { Parameters } from './parameters.js'

/** Page frames: that of the folio, one that a fault holds, one that populate holds. */
export const pages = [0, 1, 2] as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const s = m.state({
    /** A software-protected VM has no launch: pre_fault_allowed is true from the beginning. */
    phase: enumeration('prelaunch', 'finalized').initially(
      p.vm === 'sw' ? 'finalized' : 'prelaunch',
    ),
    slot: enumeration('valid', 'freed'),
    isPrivate: bool(true),
    slotsLock: mutex('populate', 'ioctl'),
    invalidateLock: filemapInvalidateLock(1),
    folioLock: mutex('fault', 'populate'),
    mmuLock: rwlock(1),
    folio: gmemFolio(pages.length),
    content: array(pages.length, enumeration('stale', 'zero', 'image', 'guest')),
    /** The NPT's leaf; for a TD the leaf of the mirror. */
    leaf: indexOrNone(pages.length),
    invalidation: invalidation({ sections: 1, sequence: 4, gfns: 0 }),
    /** The page that a fault, and that populate, holds a reference to. */
    fault: { page: indexOrNone(pages.length), seen: int(0, 3) },
    populate: { page: indexOrNone(pages.length) },
    /** How often the image of the page that is there was measured. */
    measured: int(0, 2),
    /** Since the page is there: it was prefaulted; a populate of it failed for the moment. */
    prefaulted: bool(),
    failed: bool(),
    left: { busy: int(0, 1, p.busy), fails: int(0, 1, p.fails), punches: int(0, 2, p.punches) },
  })
  const tdx = p.vm === 'tdx' ? declareTd(m) : null
  const snp = p.vm === 'snp' ? m.state({ rmp: rmp({ pages: 3, gfns: 1, launch: true }) }) : null
  return { ...s, tdx, snp, p }
}

function declareTd(m: ModelBuilder) {
  const s = m.state({
    entry: array(1, septEntry()),
    opState: tdOpState().initially('INITIALIZED'),
    pamt: entryPages(1, pages.length),
    /** nr_premapped, of one page. */
    premapped: bool(),
  })
  const module = new TdxModule({ leafs: 1, entries: s.entry, opState: s.opState, pages: s.pamt })
  return { ...s, module }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** Nobody has a reference to the page: it is the host's. */
export function isFree(s: State, page: IntLike): Bool {
  return not(or(s.folio.hasPage(page), s.fault.page.is(page), s.populate.page.is(page)))
}

/** Hardware keeps the host from writing the page: RMP, or the key of a TD. */
export function isGuestOwned(s: State, page: IntLike): Bool {
  if (s.tdx !== null) return s.tdx.pamt.isOwned(page)
  return s.snp === null ? or() : s.snp.rmp.isAssigned(page)
}

/** kvm_gmem_get_folio: the folio's page, or a new one, which is the first free one. */
export function folioPage(s: State): Int {
  const fresh = isFree(s, 0).pick(0, isFree(s, 1).pick(1, 2))
  return s.folio.isPresent.pick(s.folio.page.number(), fresh)
}

/** Takes the folio with a reference in `holder`, and makes one if there is none. */
export function getFolio(s: State, holder: IndexVariable<never>): Item {
  const page = folioPage(s)
  return [holder.set(page), when(s.folio.isAbsent, s.folio.create(page))]
}

/** folio_put by `holder`; the last one is sev_gmem_invalidate, and the host uses the page. */
export function put(s: State, holder: IndexVariable<never>): Item {
  const others = [s.folio.page, s.fault.page, s.populate.page].filter(other => other !== holder)
  return [
    holder.clear(),
    pages.map(p => {
      const isLast = and(holder.is(p), ...others.map(other => other.isNot(p)))
      return when(isLast, free(s, p))
    }),
  ]
}

/** truncate_inode_pages_range: the page cache drops the folio. */
export function truncate(s: State): Item {
  const holders = [s.fault.page, s.populate.page]
  return [
    s.folio.truncate(),
    pages.map(p =>
      when(and(s.folio.hasPage(p), ...holders.map(holder => holder.isNot(p))), free(s, p)),
    ),
  ]
}

function free(s: State, page: number): Item {
  const owner = s.snp?.rmp.rmpupdate(page, 'HYPERVISOR').update ?? []
  return [s.content.at(page).set('stale'), owner]
}

/** Clearing must not hit what the guest has, nor a page that hardware has given to the guest. */
export function clear(s: State, page: Int): Item {
  return [
    assert(
      and(s.content.at(page).isNot('image', 'guest'), not(isGuestOwned(s, page))),
      'clearing never hits guest content',
      'the host clears a page that has the launch image or data of the guest, or that hardware ' +
        'has given to the guest: the content is lost, or the write is a machine check or #PF',
    ),
    s.content.at(page).set('zero'),
  ]
}

/** What G3 does if the preparation succeeds; and if it fails, null where it cannot. */
export interface Preparation {
  readonly ok: Item
  readonly fails: Item | null
}

/**
 * G3, with the folio lock held: clear, kvm_arch_gmem_prepare, mark, as the versions do it.
 * @param marks  whether the folio becomes up to date
 */
export function prepareFolio(s: State, page: Int, marks: boolean | Bool): Preparation {
  const { p, folio, snp } = s
  const fresh = not(folio.isUptodate)
  const owned = isGuestOwned(s, page)
  const clears = p.clears === 'common' || p.vm === 'snp'
  const rmpupdate = snp?.rmp.rmpupdate(page, { gfn: 0 }).update ?? []
  // uptodate means prepared: nothing is done to a folio that is up to date.
  const isOnce = p.bug === 'prepare-again' ? and() : not(owned)
  const isNeeded = p.uptodate === 'initialised' ? isOnce : and(fresh, isOnce)
  const prepared = assert(
    not(owned),
    'a page is prepared once',
    "RMPUPDATE of a page that is the guest's already takes its validation: the guest gets #VC " +
      'for a page that it has validated, or that was part of the launch',
  )
  const isRmpFirst = p.bug === 'clear-after-rmpupdate'
  const cleared = clears ? when(fresh, isRmpFirst ? lateClear(s, page) : clear(s, page)) : []
  const mark = when(marks, folio.markUptodate())
  const early = p.bug === 'uptodate-early' ? mark : []
  return {
    ok: [cleared, snp === null ? [] : when(isNeeded, [prepared, rmpupdate]), mark],
    fails:
      snp === null ? null : [s.left.fails.gt(0), isNeeded, s.left.fails.decrease(), cleared, early],
  }
}

/** Clearing after the page was assigned to the guest. */
function lateClear(s: State, page: Int): Item {
  return [
    assert(
      or(),
      'clearing never hits guest content',
      'the host clears a page that has the launch image or data of the guest, or that hardware ' +
        'has given to the guest: the content is lost, or the write is a machine check or #PF',
    ),
    s.content.at(page).set('zero'),
  ]
}
