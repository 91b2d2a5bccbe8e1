/**
 * shadow-rmap: shadow pages of a nested guest, and the reverse map that leads from a gfn to the
 * SPTEs that map it. Whoever changes either holds mmu_lock for write.
 *
 *   TDP fault        mmu_lock for read: must leave shadow pages alone
 *   nested fault     mmu_lock for write: recycle the oldest ─▶ get a shadow page ─▶ mmu_set_spte
 *   mmu_notifier     mmu_lock for write: rmap ─▶ SPTE
 *
 *   parameters.ts  scope and bug
 *   state.ts       shadow pages and rmap
 *   faults.ts      the faults, the recycler, and what else changes
 *   variants.ts    what is checked, with verdicts and counts
 *
 * Kernel: v6.16, and mmu_set_spte of 7.0; T10 is a bug of v5.12 to v6.0.
 */
import { and, defineModel, each, implies, invariant, or, reachable } from 'zapcheck'
import { noUseAfterFree } from 'zapcheck/properties'
import { declareOthers, declareVcpu } from './faults.js'
import { parameters } from './parameters.js'
import { declareState, isFull, rmapIsRight } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'shadow-rmap',
  about: 'Shadow pages of a nested guest are mapped, recycled and found through the rmap.',
  sources: [
    'arch/x86/kvm/mmu/mmu.c: direct_page_fault, make_mmu_pages_available, ' +
      'kvm_mmu_zap_oldest_mmu_pages, __kvm_mmu_prepare_zap_page, mmu_page_zap_pte, drop_spte, ' +
      'pte_list_remove (v6.0); mmu_set_spte, mark_mmio_spte, kvm_zap_rmap (v6.16)',
    'arch/x86/kvm/mmu/paging_tmpl.h, v6.16: FNAME(page_fault), FNAME(fetch), FNAME(walk_addr)',
    'commits 47b0c2e4c220 (v6.1) and aad885e77496 (7.0)',
  ],
  omits: [
    'Parents of shadow pages, unsync pages, write-protection: none of them decides whether an ' +
      'SPTE is in the rmap',
    'Order of the list of active pages: any active page may be the oldest, which is more than ' +
      'the kernel does',
    'Why the nested guest faults: with a present SPTE it does for want of a permission',
    'Flushes: they decide when the guest sees a change, not what the rmap has',
    'What a TDP fault maps: the TDP MMU has no rmap; tdp-walk has its tables',
    'Memslots: the gfn of the rmap has one for good',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    declareOthers(m, s)
    const recycling = each(s.vcpus).flatMap((v, i) =>
      each(p.pages).map(k => ({
        isHeld: and(
          vcpus[i]?.at(
            'nested_mmu_page_zap_pte',
            'nested_mmu_spte_clear_track_bits',
            'nested_pte_list_remove',
            ...(p.bug === 'recycle-under-read-lock' ? tdpSteps : []),
          ) ?? or(),
          s.vcpu[v].victim.is(k),
        ),
        isOver: s.sp[k].state.is('free'),
      })),
    )
    // Userspace can always write the guest's PTE, so nothing could break deadlock freedom.
    m.deadlock('allowed')
    m.check(
      noUseAfterFree('shadow page', recycling),
      invariant(
        'the rmap leads to no freed shadow page',
        and(...each(p.pages).map(k => implies(s.rmap.has(k), s.sp[k].state.isNot('free')))),
        'the rmap has an SPTE in a shadow page that was freed: the next walk of the rmap, for ' +
          'dirty logging or a notifier, uses freed memory',
      ),
      invariant(
        'the rmap has exactly the present SPTEs',
        implies(s.mmuLock.isFree, rmapIsRight(s)),
        'an SPTE that maps the page is not in the rmap, or one is there that does not: a ' +
          'notifier misses the one, and trips over the other',
      ),
      reachable(
        'scenario: the guest PTE changes under a present SPTE',
        or(...each(p.pages).map(k => s.gpte[k].is('mmio').and(s.sp[k].spte.is('page')))),
      ),
      reachable('scenario: shadow pages are short', isFull(s)),
    )
    if (p.pages > p.limit || p.bug === 'recycle-under-read-lock')
      m.check(
        reachable(
          'scenario: a shadow page is recycled',
          or(...each(p.pages).map(k => s.sp[k].state.is('zapped'))),
        ),
      )
  },
})

const tdpSteps = [
  'tdp_mmu_page_zap_pte',
  'tdp_mmu_spte_clear_track_bits',
  'tdp_pte_list_remove',
] as const
