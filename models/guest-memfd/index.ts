/**
 * guest-memfd: the life of a guest_memfd file against page faults: bind, unbind, punch, allocate,
 * memory error, close and release.
 *
 *   parameters.ts  VM type, what else happens, what is left out or moved
 *   state.ts       file, binding, folio, pages, slots; what the last put of a page does
 *   vcpu.ts        the fault path with kvm_gmem_get_pfn, the guest's accesses
 *   file.ts        CREATE and DELETE of slots, punch, allocate, memory error, release
 *   variants.ts    what is checked, with verdicts and counts
 *
 * `docs/models/guest-memfd.md` has the tables of steps and verdicts.
 */
import { and, defineModel, each, implies, not, or } from 'zapcheck'
import { noStaleMapping } from 'zapcheck/properties'
import { declareFile, declareSlot, isIdle } from './file.js'
import { parameters } from './parameters.js'
import { declareState, isFree, pages, slots } from './state.js'
import { variants } from './variants.js'
import { largeVariants } from './variants-large.js'
import { declareAccess, declareVcpu } from './vcpu.js'

export default defineModel({
  name: 'guest-memfd',
  about: 'The life of a guest_memfd file and its bindings, against page faults.',
  sources: [
    'virt/kvm/guest_memfd.c, v6.18 and v7.0: kvm_gmem_bind, kvm_gmem_unbind, kvm_gmem_release, ' +
      'kvm_gmem_punch_hole, kvm_gmem_allocate, kvm_gmem_error_folio, kvm_gmem_get_pfn',
    'arch/x86/kvm/mmu/mmu.c, v6.18: kvm_tdp_page_fault; virt/kvm/kvm_main.c: kvm_set_memslot',
  ],
  omits: [
    'A second index: no operation touches an index outside of its range',
    'Zap and flush are one step, with mmu_lock held: the page is given back in a later step only',
    'Acceptance and PVALIDATE, and the gpa in the RMP: tdx-sept and snp-rmp have them, also the ' +
      'folio that is bound again at another gfn',
    'The second synchronize_srcu of a deletion: a reader of an INVALID slot uses nothing of it',
    'Which free page a new folio gets: the first one, pages being interchangeable',
    'Attributes: every gfn is private; see memory-attributes and guest-memfd-conversion',
  ],
  params: parameters,
  variants: [...variants, ...largeVariants],
  build(m, p) {
    const s = declareState(m, p)
    for (const v of each(s.vcpus)) declareVcpu(m, s, v)
    for (const k of slots) declareAccess(m, s, k)
    const ioctls = slots.map(k => declareSlot(m, s, k))
    const { punch, failure } = declareFile(m, s)
    m.deadlock(isIdle(s))
    const { leaf, file, folio, invalidation, bindings } = s
    m.check(
      noStaleMapping(
        'no mapping of a freed page',
        pages.flatMap(page =>
          slots.map(k => ({ isPresent: leaf[k].is(page), isGone: isFree(s, page) })),
        ),
      ),
    )
    m.invariant(
      "a page that was given back is the host's",
      and(...pages.map(page => implies(isFree(s, page), not(s.isOwned[page])))),
      'the host uses a page that hardware has given to the guest: RMP #PF or a machine check',
    )
    m.invariant(
      'no slot is freed while a binding leads to it',
      and(...slots.map(k => not(and(bindings.isBoundTo(0, k), s.slot[k].life.is('freed'))))),
      'the file keeps a pointer to a memslot that was freed',
    )
    const isOpen = or(
      punch.at('P3_truncate_inode_pages_range'),
      punch.at('P4_kvm_gmem_invalidate_end', 'P4_kvm_gmem_invalidate_end_not_bound'),
    )
    if (!p.memoryError)
      m.invariant(
        'invalidations are balanced',
        and(invalidation.inProgress.ge(0), implies(not(isOpen), invalidation.inProgress.is(0))),
        'mmu_invalidate_in_progress is below zero, or stays up: every fault retries without end',
      )
    if (failure !== null) {
      const isBack = and(failure.at('E1_SetPageHWPoison'), s.left.errors.is(0))
      const isHandled = or(failure.at('E5_filemap_invalidate_unlock_shared'), isBack)
      m.invariant(
        'a poisoned page is not mapped when its error was handled',
        implies(and(s.isPoisoned, isHandled), and(...slots.map(k => leaf[k].isNone()))),
        'the guest is given a page that has a memory error',
      )
    }
    m.reachable('scenario: the guest uses a page', s.content[0].is('guest'))
    m.reachable(
      'scenario: the slot is deleted while the file is dying',
      and(file.isDying, ...ioctls.slice(0, 1).map(h => h.at('M3_kvm_arch_flush_shadow_memslot'))),
    )
    m.reachable(
      'scenario: a folio outlives its slot and is bound again',
      and(s.slot[0].life.is('freed'), s.slot[1].life.is('valid'), folio.isPresent),
    )
  },
})
