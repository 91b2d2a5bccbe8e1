/**
 * Page faults: a TDP fault holds mmu_lock for read, a fault of the nested guest for write. The
 * recycler is written for the latter.
 */
import { assert, branch, choose, each, either, step, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statements } from 'zapcheck'
import { activePages, isFull } from './state.js'
import type { State, Vcpu } from './state.js'

/** Declares the process of one vCPU. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const options = {
    with: { v },
    actor: `vCPU ${v.slice(5)}`,
    source: 'arch/x86/kvm/mmu/mmu.c direct_page_fault, v6.0; paging_tmpl.h page_fault, v6.16',
    repeats: true,
  }
  return m.process('vcpu', options, [either(tdpFault(s, v), nestedFault(s, v))])
}

/** kvm_tdp_mmu_page_fault: the TDP MMU has no shadow pages to recycle. */
function tdpFault(s: State, v: Vcpu): Statements {
  const recycles = s.p.bug === 'recycle-under-read-lock'
  return [
    step('tdp_read_lock', s.mmuLock.acquireRead()),
    recycles ? branch(isFull(s), recycle(s, v, 'tdp')) : [],
    step('tdp_kvm_tdp_mmu_map'),
    step('tdp_read_unlock', s.mmuLock.releaseRead(), forget(s, v)),
  ]
}

/** FNAME(page_fault): the nested guest touches what shadow page k translates. */
function nestedFault(s: State, v: Vcpu): Statements {
  const { page, seen } = s.vcpu[v]
  const sp = s.sp.at(page.number())
  const walk = Object.fromEntries(
    each(s.p.pages).map(k => [`page${k}`, [page.set(k), seen.set(s.gpte[k])]]),
  )
  return [
    step('nested_walk_addr', choose(walk)),
    step('nested_write_lock', s.mmuLock.acquireWrite()),
    branch(isFull(s).and(sp.state.is('free')), recycle(s, v, 'nested')),
    branch(
      s.gpte.at(page.number()).is(seen),
      [
        step('nested_kvm_mmu_get_child_sp', when(sp.state.is('free'), sp.state.set('active'))),
        mmuSetSpte(s, v),
        step('nested_write_unlock', s.mmuLock.releaseWrite(), forget(s, v)),
      ],
      [step('nested_gpte_changed_RETRY', s.mmuLock.releaseWrite(), forget(s, v))],
    ),
  ]
}

/** mmu_set_spte; what is present goes before an MMIO SPTE comes, since 7.0. */
function mmuSetSpte(s: State, v: Vcpu): Statements {
  const { page, seen } = s.vcpu[v]
  const k = page.number()
  const { spte } = s.sp.at(k)
  const drops = s.p.bug !== 'mmio-over-present-shadow'
  const add = each(s.p.pages).map(i => when(page.is(i), s.rmap.add(i)))
  const remove = each(s.p.pages).map(i => when(page.is(i), s.rmap.remove(i)))
  return [
    branch(
      seen.is('mmio'),
      [
        drops ? branch(spte.is('page'), [step('nested_drop_spte', spte.set('none'), remove)]) : [],
        step('nested_mark_mmio_spte', spte.set('mmio')),
      ],
      [
        branch(
          spte.is('page'),
          [step('nested_mmu_set_spte_spurious')],
          [step('nested_mmu_set_spte_rmap_add', spte.set('page'), add)],
        ),
      ],
    ),
  ]
}

/** kvm_mmu_zap_oldest_mmu_pages: one shadow page is unlinked, and freed. */
function recycle(s: State, v: Vcpu, prefix: string): Statements {
  const { victim, wasPresent } = s.vcpu[v]
  const sp = s.sp.at(victim.number())
  const pick = activePages(s).map(({ k, isActive }) => [
    step(`${prefix}_make_mmu_pages_available_${k}`, isActive, victim.set(k)),
  ])
  return [
    either(...pick),
    step(`${prefix}_mmu_page_zap_pte`, wasPresent.set(sp.spte.is('page'))),
    step(`${prefix}_mmu_spte_clear_track_bits`, sp.spte.set('none')),
    branch(wasPresent, [
      step(
        `${prefix}_pte_list_remove`,
        assert(
          s.rmap.has(victim),
          'the rmap has what is removed from it',
          'kernel BUG in pte_list_remove: another task has removed the SPTE already',
        ),
        s.rmap.remove(victim),
      ),
    ]),
    step(
      `${prefix}_kvm_mmu_prepare_zap_page`,
      assert(
        sp.state.is('active'),
        'no shadow page is unlinked twice',
        'two tasks move one shadow page to their lists of pages to free: the lists are ' +
          'corrupt, and the page is freed twice',
      ),
      sp.state.set('zapped'),
    ),
    step(`${prefix}_kvm_mmu_commit_zap_page`, sp.state.set('free')),
  ]
}

/** The fault is over. */
function forget(s: State, v: Vcpu): Item {
  const { page, victim, seen, wasPresent } = s.vcpu[v]
  return [page.set(0), victim.set(0), seen.set('ram'), wasPresent.set(false)]
}

/** What else happens: the guest's PTE changes from outside, and the page is taken away. */
export function declareOthers(m: ModelBuilder, s: State): void {
  for (const k of each(s.p.pages))
    m.action('host_writes_gpte', { page: k })
      .by('userspace')
      .source('a write that KVM does not intercept: host memory, not a write of the guest')
      .do(when(s.gpte[k].is('ram'), s.gpte[k].set('mmio'), s.gpte[k].set('ram')))
  const options = {
    actor: 'mmu_notifier',
    source: 'arch/x86/kvm/mmu/mmu.c kvm_unmap_gfn_range, kvm_zap_rmap, v6.16',
    repeats: true,
  }
  m.process('notifier', options, [
    step('write_lock', s.mmuLock.acquireWrite()),
    step(
      'kvm_zap_rmap',
      each(s.p.pages).map(k =>
        when(s.rmap.has(k), [
          assert(
            s.sp[k].spte.is('page'),
            'the rmap leads to present SPTEs',
            'an rmap walk meets an SPTE that is not present any more: BUG in the rmap iterator',
          ),
          s.sp[k].spte.set('none'),
        ]),
      ),
      s.rmap.clear(),
    ),
    step('write_unlock', s.mmuLock.releaseWrite()),
  ])
}
