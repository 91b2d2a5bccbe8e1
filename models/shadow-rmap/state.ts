/**
 * The state of the model: shadow pages of a nested guest, each with one SPTE for one gfn, and the
 * reverse map of that gfn.
 *
 *   guest's PTE k ──▶ the gfn of a memslot, or an MMIO address
 *   shadow page k: free ─get─▶ active, on the list ─unlink─▶ zapped ─commit─▶ free
 *        its SPTE: none, page (then it is in the rmap), or MMIO (never in the rmap)
 */
import { and, array, bool, count, each, enumeration, index, rwlock, set } from 'zapcheck'
import type { Bool, ElementKey, ModelBuilder } from 'zapcheck'
import type { Parameters } from './parameters.js'

/** One of the vCPUs. */
export type Vcpu = ElementKey<'vcpu'>

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const s = m.state({
    mmuLock: rwlock(p.vcpus),
    gpte: array(p.pages, enumeration('ram', 'mmio')),
    sp: array(p.pages, {
      state: enumeration('free', 'active', 'zapped'),
      spte: enumeration('none', 'page', 'mmio'),
    }),
    /** The rmap of the gfn: the shadow pages whose SPTE is in it. */
    rmap: set(p.pages),
    vcpu: array(vcpus, {
      /** The shadow page of the fault, and the one that is recycled. */
      page: index(p.pages),
      victim: index(p.pages),
      seen: enumeration('ram', 'mmio'),
      wasPresent: bool(),
    }),
  })
  return { ...s, p, vcpus }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** kvm_mmu_available_pages is too small, and some shadow page can go. */
export function isFull(s: State): Bool {
  return count(s.p.pages, k => s.sp[k].state.is('active')).ge(s.p.limit)
}

/** The oldest shadow page, where any active one may be the oldest. */
export function activePages(s: State) {
  return each(s.p.pages).map(k => ({ k, isActive: s.sp[k].state.is('active') }))
}

/** The rmap has exactly the SPTEs that map the gfn's page. */
export function rmapIsRight(s: State): Bool {
  return and(...each(s.p.pages).map(k => s.rmap.has(k).is(s.sp[k].spte.is('page'))))
}
