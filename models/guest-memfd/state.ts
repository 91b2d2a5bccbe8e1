/**
 * The state of the model, and what its parts share.
 *
 *   slot 0 at gfn 0, slot 1 at gfn 1 ──bound to──▶ index 0 of the file ──▶ folio ──▶ page 0..2
 *
 * One index is enough: both slots want it, so each can find it bound, or bound to the other.
 */
import { and, array, assert, bool, each, enumeration, index, indexOrNone, int } from 'zapcheck'
import { mutex, not, or, rwlock, srcu, when } from 'zapcheck'
import type { Bool, ElementKey, IndexVariable, Int, IntLike, Item, ModelBuilder } from 'zapcheck'
import {
  filemapInvalidateLock,
  gmemBindings,
  gmemFile,
  gmemFolio,
} from '../components/guest-memfd.js'
import { invalidation } from '../components/invalidation.js'
import type { Parameters } from './parameters.js'

/** Page frames: that of the folio, and one for each fault that holds one. */
export const pages = [0, 1, 2] as const
/** Slot objects; slot k is at gfn k. */
export const slots = [0, 1] as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const s = m.state({
    file: gmemFile(),
    bindings: gmemBindings(1, slots.length),
    slot: array(slots.length, {
      life: enumeration('none', 'binding', 'created', 'valid', 'invalid', 'freed'),
      /** slot->gmem.file. */
      hasFile: bool(),
      /** The file is another VM's, so its invalidations do not reach this VM. */
      isForeign: bool(),
    }),
    srcu: srcu(vcpus),
    slotsLock: mutex('ioctl', 'release'),
    invalidateLock: filemapInvalidateLock(1),
    folioLock: mutex('fault'),
    mmuLock: rwlock(p.vcpus),
    folio: gmemFolio(pages.length),
    isPoisoned: bool(),
    content: array(pages.length, enumeration('stale', 'zero', 'guest')),
    isOwned: array(pages.length, bool()),
    leaf: array(slots.length, indexOrNone(pages.length)),
    // Two punches, an error and the release: fewer than 8, so the number never wraps.
    invalidation: invalidation({ sections: 2, sequence: 8, gfns: 0, canMiscount: true }),
    fault: array(vcpus, {
      slot: index(slots.length),
      seen: int(0, 7),
      page: indexOrNone(pages.length),
      mustClear: bool(),
    }),
    left: { punches: int(0, 2, p.punches), errors: int(0, 1, p.memoryError ? 1 : 0) },
  })
  return { ...s, p, vcpus }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>
/** One vCPU. */
export type Vcpu = ElementKey<'vcpu'>

/** Nobody has a reference to the page: it is the host's. */
export function isFree(s: State, page: IntLike): Bool {
  return not(or(s.folio.hasPage(page), ...each(s.vcpus).map(v => s.fault[v].page.is(page))))
}

/** kvm_gmem_get_folio: the folio's page, or a new one, which is the first free one. */
export function folioPage(s: State): Int {
  const fresh = isFree(s, 0).pick(0, isFree(s, 1).pick(1, 2))
  return s.folio.isPresent.pick(s.folio.page.number(), fresh)
}

/** folio_put of a fault; the last one gives the page back to the host. */
export function put(s: State, v: Vcpu): Item {
  const { page } = s.fault[v]
  const others = each(s.vcpus).filter(w => w !== v)
  return [
    page.clear(),
    pages.map(p => {
      const isLast = and(
        page.is(p),
        not(s.folio.hasPage(p)),
        ...others.map(w => s.fault[w].page.isNot(p)),
      )
      return when(isLast, giveBack(s, p))
    }),
  ]
}

/** truncate_inode_pages_range: the page cache drops the folio. */
export function truncate(s: State): Item {
  const isHeld = (p: number): Bool => or(...each(s.vcpus).map(v => s.fault[v].page.is(p)))
  return [
    s.folio.truncate(),
    s.isPoisoned.set(false),
    pages.map(p => when(and(s.folio.hasPage(p), not(isHeld(p))), giveBack(s, p))),
  ]
}

/** The free hook makes the page the host's (SNP); a TD's page was removed before. */
function giveBack(s: State, page: number): Item {
  const hook = s.p.vm === 'snp' ? s.isOwned.at(page).set(false) : []
  return [s.content.at(page).set('stale'), hook]
}

/** kvm_mmu_unmap_gfn_range of one slot; of a TD also block, track, remove, clear. */
export function zapSlot(s: State, k: 0 | 1): Item {
  const leaf: IndexVariable<never> = s.leaf[k]
  if (s.p.vm !== 'tdx') return leaf.clear()
  const remove = pages.map(p =>
    when(leaf.is(p), [s.isOwned[p].set(false), s.content[p].set('zero')]),
  )
  return [leaf.clear(), remove]
}

/** The same for the slots that the file's bindings lead to; another VM's are not reached. */
export function zapBound(s: State): Item {
  return slots.map(k =>
    when(and(s.bindings.isBoundTo(0, k), not(s.slot[k].isForeign)), zapSlot(s, k)),
  )
}

/** Clearing must not hit what the guest has. */
export function clear(s: State, page: Int): Item {
  return [
    assert(
      and(s.content.at(page).isNot('guest'), s.p.vm === 'sw' ? and() : not(s.isOwned.at(page))),
      'clearing never hits guest content',
      'the host clears a page that has data of the guest, or that hardware has given to the guest',
    ),
    s.content.at(page).set('zero'),
  ]
}
