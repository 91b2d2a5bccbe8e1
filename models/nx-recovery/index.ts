/**
 * nx-recovery: the list of shadow pages that stand where an executable huge page would be possible
 * but for the iTLB multi-hit bug of the processor, and the worker that gives huge pages back.
 *
 *   vCPU     link shadow page ─▶ tdp_mmu_pages_lock: still disallowed? ─▶ on the list
 *   ioctl    SPTE := huge page ─▶ tdp_mmu_unlink_sp: off the list ─▶ call_rcu
 *   worker   off the list ─▶ SPTE still leads there? ─▶ SPTE := none ─▶ call_rcu
 *
 *   parameters.ts  scope, and which step is left out or moved
 *   state.ts       SPTE, shadow pages, list
 *   walkers.ts     the three
 *   variants.ts    what is checked, with verdicts and counts
 *
 * Kernel: v6.18 (the worker with mmu_lock held for read); T11 and T12 are older.
 */
import { and, count, defineModel, each, implies, invariant, not, or, reachable } from 'zapcheck'
import { noUseAfterFree } from 'zapcheck/properties'
import { parameters } from './parameters.js'
import { declareState, leadsTo } from './state.js'
import { variants } from './variants.js'
import { declareRecover, declareVcpu, declareWorker } from './walkers.js'

export default defineModel({
  name: 'nx-recovery',
  about: 'Shadow pages are linked, listed for NX recovery, and zapped at the same time.',
  sources: [
    'arch/x86/kvm/mmu/tdp_mmu.c, v6.18: kvm_tdp_mmu_map, tdp_mmu_link_sp, tdp_mmu_unlink_sp, ' +
      'handle_removed_pt, kvm_tdp_mmu_zap_possible_nx_huge_page',
    'arch/x86/kvm/mmu/mmu.c, v6.18: kvm_recover_nx_huge_pages, track_possible_nx_huge_page, ' +
      'untrack_possible_nx_huge_page; v6.16: the same with mmu_lock held for write',
    'commits 61f94478547b and 21a36ac6b6c7 (v6.2), with the discussion of a check outside of the ' +
      'lock that was proposed later',
  ],
  omits: [
    'Leafs and their FROZEN values: tdp-walk has them; here only the shadow page matters',
    "Flushes of TLBs: the list is the kernel's own",
    'Order of the list: the worker takes any entry, which is more than the kernel does',
    'Memslots: whether dirty logging is on for the gfn is any answer; memslot-delete has the worker ' +
      'that finds no slot',
    'Memory order: each step sees all earlier ones. The flag is written before the cmpxchg that ' +
      'publishes the page, and read after it',
    'Failure to allocate: a fault that finds no free page retries',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    declareRecover(m, s)
    const worker = declareWorker(m, s)
    for (const k of each(p.tables))
      m.action('tdp_mmu_free_sp_rcu_callback', { table: k })
        .by('RCU')
        .source('arch/x86/kvm/mmu/tdp_mmu.c tdp_mmu_free_sp_rcu_callback, v6.18')
        .when(s.rcu.isElapsed(k))
        .do(s.rcu.done(k), s.sp[k].state.set('free'), s.sp[k].isDisallowed.set(false))
    const isLive = (k: number) => s.sp.at(k).state.is('linked')
    m.check(
      invariant(
        'a freed table is not listed',
        and(...each(p.tables).map(k => implies(s.sp[k].isListed, s.sp[k].state.isNot('free')))),
        'the list of possible NX huge pages leads to freed memory: list corruption, and the ' +
          'recovery worker uses it',
      ),
      invariant(
        'the count is that of flagged tables',
        implies(
          s.mmuLock.isFree,
          s.splits.is(count(p.tables, k => and(isLive(k), s.sp[k].isDisallowed))),
        ),
        'kvm->stat.nx_lpage_splits counts a table that is gone, or misses one: the worker ' +
          'recovers too many or too few',
      ),
      reachable(
        'scenario: a table is zapped between its link and its listing',
        or(
          ...each(s.vcpus).map((v, i) =>
            and(
              vcpus[i]?.at('V16_read_unlock') ?? or(),
              or(...each(p.tables).map(k => and(s.vcpu[v].table.is(k), not(isLive(k))))),
            ),
          ),
        ),
      ),
    )
    if (worker !== null && p.worker === 'read')
      m.check(
        noUseAfterFree(
          'page table',
          each(p.tables).map(k => ({
            isHeld: and(
              worker.at('kvm_tdp_mmu_zap_possible_nx_huge_page', 'tdp_mmu_set_spte_atomic'),
              s.worker.table.is(k),
            ),
            isOver: s.sp[k].state.is('free'),
          })),
        ),
      )
    if (p.worker === 'read' && p.recover)
      m.check(
        reachable(
          'scenario: the worker finds that its table is gone',
          and(
            worker?.at('kvm_tdp_mmu_zap_possible_nx_huge_page') ?? or(),
            or(...each(p.tables).map(k => and(s.worker.table.is(k), not(leadsTo(s.spte, k))))),
          ),
        ),
      )
  },
})
