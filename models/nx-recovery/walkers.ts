/**
 * Who changes the SPTE and the list: page faults, the end of dirty logging, the NX recovery worker.
 * All hold mmu_lock for read, so each is at any step while another goes on. A section with
 * tdp_mmu_pages_lock held is one step.
 */
import { assert, branch, each, either, goto, leave, not, or, step, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statements } from 'zapcheck'
import {
  hasFree,
  leadsTo,
  leadsToAny,
  tasks,
  track,
  untrack,
  whenFirstFree,
  whenNumber,
  whenTable,
} from './state.js'
import type { Spte, State, Vcpu } from './state.js'

/** kvm_tdp_mmu_map of an instruction fetch, which may not use the huge page. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const { old, table, sees } = s.vcpu[v]
  const { bug } = s.p
  const forget: Item = [old.set('none'), table.set(0), sees.set(false)]
  const unlock: Item = [s.mmuLock.releaseRead(), s.rcu.exit(v), forget]
  const isLate = bug === 'nx-flag-after-publish'
  const allocate = (k: number): Item => [
    s.sp.at(k).state.set('private'),
    s.sp.at(k).isDisallowed.set(!isLate),
    s.sp.at(k).isListed.set(false),
    table.set(k),
  ]
  const link = (k: number): Item => [
    s.spte.set(`table${k}` as Spte),
    s.sp.at(k).state.set('linked'),
  ]
  const mine = s.sp.at(table.number())
  return m.process('vcpu', { with: { v }, actor: `vCPU ${v.slice(5)}`, repeats: true, source }, [
    step('V12_read_lock', s.mmuLock.acquireRead(), s.rcu.enter(v)),
    step('V14_tdp_iter_start', old.set(s.spte)),
    branch(
      leadsToAny(old),
      [step('V16_read_unlock_table_is_there', unlock), goto('V12_read_lock')],
      [
        branch(
          hasFree(s),
          [step('V14_tdp_mmu_alloc_sp', whenFirstFree(s, allocate))],
          noTable(unlock),
        ),
      ],
    ),
    branch(
      s.spte.is(old),
      [step('V14_tdp_mmu_link_sp', whenNumber(s, table, link))],
      [
        step(
          'V14_tdp_mmu_free_sp_RETRY',
          mine.state.set('free'),
          mine.isDisallowed.set(false),
          unlock,
        ),
        goto('V12_read_lock'),
      ],
    ),
    trackTable(s, v),
    step('V16_read_unlock', unlock),
  ])
}

const source = 'arch/x86/kvm/mmu/tdp_mmu.c kvm_tdp_mmu_map, v6.18'
const noTable = (unlock: Item): Statements => [
  step('V14_no_table_is_left_RETRY', unlock),
  goto('V12_read_lock'),
]

/** The page table is linked, and another task may have zapped it by now. */
function trackTable(s: State, v: Vcpu): Statements {
  const { table, sees } = s.vcpu[v]
  const label = 'V14_track_possible_nx_huge_page'
  const add = (guarded: boolean): Item =>
    whenNumber(s, table, k => (guarded ? when(s.sp.at(k).isDisallowed, track(s, k)) : track(s, k)))
  switch (s.p.bug) {
    case 'nx-flag-after-publish':
      return [
        step(
          'V14_account_nx_huge_page',
          whenNumber(s, table, k => s.sp.at(k).isDisallowed.set(true)),
          add(false),
        ),
      ]
    case 'nx-no-recheck':
      return [step(label, add(false))]
    case 'nx-recheck-unlocked':
      return [
        step('V14_check_without_lock', sees.set(s.sp.at(table.number()).isDisallowed)),
        branch(sees, [step(label, add(false))]),
      ]
    default:
      return [step(label, add(true))]
  }
}

/** The SPTE changed: tdp_mmu_unlink_sp of the shadow page, and call_rcu. */
function removeTable(s: State, task: 'recover' | 'worker'): Statements {
  const { table, sees } = s[task]
  return [
    step('tdp_mmu_unlink_sp', sees.set(s.sp.at(table.number()).isDisallowed)),
    branch(sees, [
      step(
        'untrack_possible_nx_huge_page',
        whenNumber(s, table, k => untrack(s, k)),
      ),
    ]),
    step('call_rcu', s.rcu.call(table.number())),
  ]
}

/** recover_huge_pages_range: dirty logging stopped, and the gfns are a huge page again. */
export function declareRecover(m: ModelBuilder, s: State): void {
  if (!s.p.recover) return
  const { old, table, sees } = s.recover
  const unlink = (k: number): Item => [table.set(k), s.sp.at(k).state.set('unlinked')]
  const forget = [old.set('none'), table.set(0), sees.set(false)]
  const options = {
    actor: 'ioctl',
    source: 'arch/x86/kvm/mmu/tdp_mmu.c recover_huge_pages_range, v6.18',
    repeats: true,
  }
  m.process('recover', options, [
    step('read_lock', s.mmuLock.acquireRead(), s.rcu.enter(tasks.recover)),
    step('tdp_iter_refresh_sptep', old.set(s.spte)),
    branch(leadsToAny(old).and(s.spte.is(old)), [
      step('tdp_mmu_set_spte_atomic', s.spte.set('huge'), whenTable(s, old, unlink)),
      removeTable(s, 'recover'),
    ]),
    step('read_unlock', s.mmuLock.releaseRead(), s.rcu.exit(tasks.recover), forget),
  ])
}

/** kvm_recover_nx_huge_pages. */
export function declareWorker(m: ModelBuilder, s: State): ProcessHandle | null {
  if (s.p.worker === 'none') return null
  const options = {
    actor: 'kvm-nx-lpage-recovery',
    source: 'arch/x86/kvm/mmu/mmu.c kvm_recover_nx_huge_pages, v6.18',
    repeats: true,
  }
  return m.process('worker', options, s.p.worker === 'read' ? withReadLock(s) : withWriteLock(s))
}

/** Before v6.18: what is listed is linked, and nobody else is inside. */
function withWriteLock(s: State): Statements {
  const zap = each(s.p.tables).map(k => [
    step(
      `kvm_tdp_mmu_zap_sp_${k}`,
      s.sp[k].isListed,
      zapsItsOwn(s, leadsTo(s.spte, k)),
      s.spte.set('none'),
      s.sp[k].state.set('unlinked'),
      untrack(s, k),
      s.rcu.call(k),
    ),
  ])
  const isEmpty = step('list_is_empty', isListEmpty(s))
  const empty = s.p.bug === 'worker-returns-locked' ? [isEmpty, leave()] : [isEmpty]
  return [
    step('write_lock', s.mmuLock.acquireWrite(), s.rcu.enter(tasks.worker)),
    either(empty, ...zap),
    step('write_unlock', s.mmuLock.releaseWrite(), s.rcu.exit(tasks.worker)),
  ]
}

/** Since v6.18: the shadow page is taken from the list first; then it may be gone already. */
function withReadLock(s: State): Statements {
  const { old, table, sees } = s.worker
  const { bug } = s.p
  const forget = [old.set('none'), table.set(0), sees.set(false)]
  const take = each(s.p.tables).map(k => [
    step(`unaccount_nx_huge_page_${k}`, s.sp[k].isListed, untrack(s, k), table.set(k)),
  ])
  const isMine = or(...each(s.p.tables).map(k => leadsTo(old, k).and(table.is(k))))
  const checks = bug === 'worker-zaps-any-table' ? leadsToAny(old) : isMine
  const zap = [
    step('kvm_tdp_mmu_zap_possible_nx_huge_page', old.set(s.spte)),
    branch(checks.and(s.spte.is(old)), [
      step(
        'tdp_mmu_set_spte_atomic',
        zapsItsOwn(s, isMine),
        s.spte.set('none'),
        whenTable(s, old, k => [table.set(k), s.sp.at(k).state.set('unlinked')]),
      ),
      removeTable(s, 'worker'),
    ]),
  ]
  return [
    step(
      'read_lock',
      s.mmuLock.acquireRead(),
      bug === 'worker-without-rcu' ? [] : s.rcu.enter(tasks.worker),
    ),
    either(
      [step('list_is_empty', isListEmpty(s))],
      [either(...take), either([step('kvm_mmu_sp_dirty_logging_enabled')], zap)],
    ),
    step('read_unlock', s.mmuLock.releaseRead(), s.rcu.exit(tasks.worker), forget),
  ]
}

function zapsItsOwn(s: State, isMine: ReturnType<typeof leadsTo>): Item {
  return assert(
    isMine,
    'the worker zaps the table that it took from the list',
    `the SPTE of ${s.p.tables} tables leads to another one by now, which is zapped although it ` +
      'is not listed, or listed last',
  )
}

function isListEmpty(s: State) {
  return not(or(...each(s.p.tables).map(k => s.sp[k].isListed)))
}
