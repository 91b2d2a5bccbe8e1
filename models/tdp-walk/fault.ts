/**
 * The page fault of a vCPU at the granularity of single SPTEs: kvm_tdp_mmu_map walks with RCU and
 * mmu_lock for read, remembers each SPTE that it reads, and changes one only if it still is what
 * was read.
 *
 *   V4 ─▶ V6 ─▶ V9 ─▶ V10 ─▶ V12 ─▶ V13 ─▶ V14: read the root's entry ─▶ link a table ─▶ step down
 *                                           ─▶ read the table's entry ─▶ V15: cmpxchg ─▶ V16
 *
 * V11 is V9 once more.
 */
import { and, branch, choose, each, goto, not, operation, or, step, when } from 'zapcheck'
import type {
  Bool,
  Item,
  Label,
  ModelBuilder,
  ProcessHandle,
  ReadWriteLock,
  Statement,
  Statements,
} from 'zapcheck'
import { pageFault } from '../components/page-fault.js'
import type { Stage } from '../components/page-fault.js'
import {
  account,
  allocate,
  flushRemoteTlbs,
  hasFreeTable,
  isAnyTable,
  isHuge,
  isPage,
  isTable,
  pageLabels,
  whenTable,
  withPage,
} from './state.js'
import type { Entry, State, Vcpu } from './state.js'
import { handleRemovedTable, isUnchanged, unlink } from './tables.js'

/** The steps at which a fault uses the table that it stepped down to. */
export const stepsInTable = [
  'V14_tdp_iter_refresh_sptep',
  'V14_frozen_leaf_RET_PF_RETRY',
  'V15_tdp_mmu_map_handle_target_level',
  'V15_spurious',
] as const

/** Declares the process of one vCPU. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source = 'arch/x86/kvm/mmu/mmu.c kvm_tdp_page_fault, tdp_mmu.c kvm_tdp_mmu_map, v6.16'
  const retriesEarly = s.p.notifier && s.p.bug !== 'retry-only-after-lock'
  const early: Stage['waysOut'] = retriesEarly
    ? [
        {
          when: mustRetry(s, v),
          then: [
            step('V9_mmu_invalidate_retry_gfn_unsafe_RETRY', forget(s, v)),
            goto('V4_ept_violation'),
          ],
        },
      ]
    : []
  const { page, seen } = s.vcpu[v]
  return m.process('vcpu', { with: { v }, actor, source, repeats: true }, [
    step('V4_ept_violation', choose(violations(s, v))),
    pageFault({
      ...(s.p.notifier && {
        snapshot: { steps: [step('V6_mmu_invalidate_seq', seen.set(s.invalidation.seq))] },
        page: { waysOut: early, steps: [step('V10_kvm_faultin_pfn', page.set(s.page))] },
      }),
      mmuLock: countingLock(s, v),
      isStale: isStale(s, v),
      map: (unlock, giveUp) => map(s, v, unlock, giveUp),
      forget: forget(s, v),
    }),
  ])
}

/** What the guest can fault on: a gfn that its root does not map, or a huge page to be split. */
function violations(s: State, v: Vcpu): Record<string, Item> {
  const { root, entry, leaf, isHuge: goal } = s.vcpu[v]
  const { p } = s
  const ways = each(p.roots).flatMap(r =>
    each(p.entries).flatMap(e =>
      each(p.leafs).flatMap(i =>
        (p.hugeFaults ? [false, true] : [false]).map(h => ({ r, e, i, h })),
      ),
    ),
  )
  return Object.fromEntries(
    ways.map(({ r, e, i, h }) => {
      const spte = s.root[r].entry[e]
      const isMapped = or(
        ...each(p.tables).map(k => and(isTable(spte, k), isPage(s.table[k].leaf[i]))),
      )
      const name = [
        ...(p.roots > 1 ? [`root${r}`] : []),
        `gfn${e * p.leafs + i}`,
        ...(h ? ['huge'] : []),
      ].join('_')
      const takes = [root.set(r), entry.set(e), leaf.set(i), goal.set(h)]
      return [name, [s.root[r].isValid, not(isMapped), h ? not(isHuge(spte)) : [], takes]]
    }),
  )
}

/** The fault is over. */
function forget(s: State, v: Vcpu): Item {
  const f = s.vcpu[v]
  return [
    [f.root.set(0), f.entry.set(0), f.leaf.set(0), f.isHuge.set(false), f.seen.set(0)],
    [f.page.set(0), f.old.set('none'), f.table.set(0), f.oldLeaf.set('none')],
    s.rcu.exit(v),
  ]
}

/** mmu_invalidate_retry_gfn; the notifier's range is all gfns. */
function mustRetry(s: State, v: Vcpu): Bool {
  return s.invalidation.mustRetryIf(s.vcpu[v].seen, or(true))
}

/** V13: is_page_fault_stale. */
function isStale(s: State, v: Vcpu): Bool {
  const isObsolete = not(s.root.at(s.vcpu[v].root.number()).isValid)
  const checks = s.p.notifier && s.p.bug !== 'no-retry-check'
  return checks ? or(isObsolete, mustRetry(s, v)) : isObsolete
}

/** mmu_lock, which counts how often the vCPU takes it only to retry. */
function countingLock(s: State, v: Vcpu): ReadWriteLock {
  if (!s.p.counters) return s.mmuLock
  const { inVain } = s.vcpu[v]
  const counts = when(and(mustRetry(s, v), inVain.lt(2)), inVain.increase())
  return { ...s.mmuLock, acquireRead: () => operation(true, s.mmuLock.acquireRead(), counts) }
}

/** V14 to V16: kvm_tdp_mmu_map. */
function map(s: State, v: Vcpu, unlock: Statement, giveUp: Item): Statements {
  const { root, entry, old } = s.vcpu[v]
  const spte = s.root.at(root.number()).entry.at(entry.number())
  const small = [
    branch(isAnyTable(old), [], [linkTable(s, v, spte, giveUp)]),
    branch(
      isAnyTable(spte),
      [
        step(
          'V14_try_step_down',
          whenTable(s, spte, k => s.vcpu[v].table.set(k)),
        ),
        mapLeaf(s, v, unlock, giveUp),
      ],
      // The entry was zapped or became a huge page: the walk ends before the target level.
      [step('V14_walk_aborted_RETRY', giveUp)],
    ),
  ]
  return [
    step('V14_tdp_iter_start', s.rcu.enter(v), old.set(spte)),
    branch(
      old.is('FROZEN'),
      [step('V14_frozen_spte_RET_PF_RETRY', giveUp)],
      [s.p.hugeFaults ? branch(s.vcpu[v].isHuge, mapHuge(s, v, spte, giveUp), small) : small],
    ),
  ]
}

/** tdp_mmu_link_sp: a new table, empty or with the pages of the huge page that it replaces. */
function linkTable(s: State, v: Vcpu, spte: Label<Entry>, giveUp: Item): Statement {
  const { p } = s
  const { root, entry, old } = s.vcpu[v]
  const target = s.root.at(root.number()).entry.at(entry.number())
  const link = (k: number): Item => [
    target.set(`table${k}` as Entry),
    s.table.at(k).state.set('linked'),
    each(p.leafs).map(i => [
      when(old.is('huge0'), s.table.at(k).leaf[i].set('page0')),
      when(old.is('huge1'), s.table.at(k).leaf[i].set('page1')),
    ]),
  ]
  return branch(
    isUnchanged(s, spte, old),
    [
      branch(
        hasFreeTable(s),
        [
          step(
            'V14_tdp_mmu_link_sp',
            allocate(s, link),
            when(isHuge(old), account(s, p.leafs - 1)),
          ),
        ],
        [step('V14_no_table_is_left_RETRY', giveUp), goto('V4_ept_violation')],
      ),
    ],
    [step('V14_tdp_mmu_link_sp_EBUSY_RETRY', giveUp), goto('V4_ept_violation')],
  )
}

/** The SPTE of the table is read, and exchanged. */
function mapLeaf(s: State, v: Vcpu, unlock: Statement, giveUp: Item): Statements {
  const { leaf, table, oldLeaf, page } = s.vcpu[v]
  const spte = s.table.at(table.number()).leaf.at(leaf.number())
  const isMine = or(and(oldLeaf.is('page0'), page.is(0)), and(oldLeaf.is('page1'), page.is(1)))
  const install = withPage(page.number(), pageLabels.leaf, label => spte.set(label))
  return [
    step('V14_tdp_iter_refresh_sptep', oldLeaf.set(spte)),
    branch(
      oldLeaf.is('FROZEN'),
      [step('V14_frozen_leaf_RET_PF_RETRY', giveUp)],
      [
        branch(
          isMine,
          [step('V15_spurious', giveUp)],
          [
            branch(
              isUnchanged(s, spte, oldLeaf),
              [
                step(
                  'V15_tdp_mmu_map_handle_target_level',
                  install,
                  when(oldLeaf.is('none'), account(s, 1)),
                ),
                unlock,
              ],
              [step('V15_EBUSY_RETRY', giveUp)],
            ),
          ],
        ),
      ],
    ),
  ]
}

/** The target level is that of a huge page: it takes the place of nothing, or of a table. */
function mapHuge(s: State, v: Vcpu, spte: Label<Entry>, giveUp: Item): Statements {
  const { root, entry, old, page, table } = s.vcpu[v]
  const target = s.root.at(root.number()).entry.at(entry.number())
  const isMine = or(and(old.is('huge0'), page.is(0)), and(old.is('huge1'), page.is(1)))
  const install = [
    withPage(page.number(), pageLabels.huge, label => target.set(label)),
    when(isHuge(old), [], account(s, 1)),
  ]
  return [
    branch(
      isMine,
      [step('V15_spurious_huge', giveUp)],
      [
        branch(
          isUnchanged(s, spte, old),
          [
            branch(
              isAnyTable(old),
              [
                step(
                  'V15_huge_page_replaces_table',
                  install,
                  unlink(s, old, k => table.set(k)),
                ),
                handleRemovedTable(s, 'V15', table.number()),
                step('V15_kvm_flush_remote_tlbs_gfn', flushRemoteTlbs(s)),
              ],
              [step('V15_huge_page', install)],
            ),
            step('V16_read_unlock_huge', giveUp),
          ],
          [step('V15_huge_page_EBUSY_RETRY', giveUp)],
        ),
      ],
    ),
  ]
}
