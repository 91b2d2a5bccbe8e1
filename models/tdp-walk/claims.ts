/**
 * What is claimed of the walks: properties, and witnesses that the scenarios can happen.
 */
import { and, each, implies, invariant, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle } from 'zapcheck'
import {
  flushBeforeReuse,
  leafKeepsPage,
  noStaleMapping,
  noUseAfterFree,
} from 'zapcheck/properties'
import { stepsInTable } from './fault.js'
import type { Iterator } from './iterator.js'
import { entriesOf, isHuge, isPage, leafsOf, mappedCount, mapsPage0, tasks } from './state.js'
import type { State } from './state.js'

/** A task with its iterator. */
export interface Walker {
  readonly iterator: Iterator
  readonly process: ProcessHandle
}

/** The processes of the model. */
export interface Processes {
  readonly vcpus: readonly ProcessHandle[]
  readonly notifier: Walker | null
  readonly collapse: Walker | null
  readonly zap: Walker | null
}

/** Nothing is left to do: every task has ended, and all that the guest can reach is mapped. */
export function isOver({ vcpus, notifier, collapse, zap }: Processes): Bool {
  if (collapse !== null) return or()
  return and(
    notifier?.process.isDone ?? true,
    zap?.process.isDone ?? true,
    ...vcpus.map(process => process.at('V4_ept_violation')),
  )
}

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State, processes: Processes): void {
  const { p, mmuLock } = s
  const walkers = [processes.notifier, processes.collapse, processes.zap].filter(w => w !== null)
  m.check(
    emptyWhenGivenToRcu(s),
    invariant(
      'accounting balances',
      implies(mmuLock.isFree, s.pages.is(mappedCount(s))),
      'kvm->stat.pages_* counts a leaf that no walk can reach, or misses one: it was mapped or ' +
        'zapped behind the back of the accounting, and its page is never given back',
    ),
    noUseAfterFree('page table', [...faultsInTables(s, processes), ...walkersInTables(s, walkers)]),
    leafKeepsPage([
      ...entriesOf(s).map(({ spte }) => ({
        isPresent: isHuge(spte),
        page: spte.is('huge1').pick(1, 0),
      })),
      ...leafsOf(s).map(({ spte }) => ({
        isPresent: isPage(spte),
        page: spte.is('page1').pick(1, 0),
      })),
    ]),
  )
  if (processes.collapse !== null || processes.zap !== null || p.hugeFaults)
    m.check(
      invariant(
        'flush before a page table is freed',
        and(
          ...each(p.roots).flatMap(r =>
            each(p.tables).map(k =>
              implies(s.hardware[r].tables.has(k), s.table[k].state.isNot('free')),
            ),
          ),
        ),
        'a vCPU has a freed page table in its paging-structure cache: it takes what lies there ' +
          'now for SPTEs',
      ),
    )
  if (p.notifier)
    m.check(
      flushBeforeReuse(
        each(p.roots).map(r => ({ isPresent: s.hardware[r].page0, isGone: s.isReused })),
      ),
      noStaleMapping('no stale mapping after reclaim', [
        { isPresent: mapsPage0(s), isGone: s.isReused },
      ]),
    )
  if (p.counters) declareCounters(m, s, walkers)
}

/** The zap of a table that lost its entry leaves nothing in it. */
function emptyWhenGivenToRcu(s: State) {
  const maps = each(s.p.tables).map(k =>
    and(s.rcu.isCalled(k), or(...each(s.p.leafs).map(i => isPage(s.table[k].leaf[i])))),
  )
  return invariant(
    'a table that is given to RCU maps nothing',
    not(or(...maps)),
    'a page fault installs a leaf in a table that was removed, behind the zapper, which never ' +
      'comes back to it: the leaf is lost with its accounting',
  )
}

/** Page faults that use the table they stepped down to. */
function faultsInTables(s: State, { vcpus }: Processes) {
  return each(s.vcpus).map((v, i) => ({
    isHeld: vcpus[i]?.at(...stepsInTable) ?? or(),
    isOver: s.table.at(s.vcpu[v].table.number()).state.is('free'),
  }))
}

/** Iterators that look at an SPTE of a table. */
function walkersInTables(s: State, walkers: readonly Walker[]) {
  return walkers.map(({ iterator: it }) => ({
    isHeld: and(s.rcu.isInside(tasks[it.task]), it.level.is('table')),
    isOver: s.table.at(it.table.number()).state.is('free'),
  }))
}

/** What has to be bounded for a walk or an invalidation to end. */
function declareCounters(m: ModelBuilder, s: State, walkers: readonly Walker[]): void {
  const { entries, leafs, notifier } = s.p
  m.check(
    invariant(
      'a walk yields at most once for each gfn',
      and(...walkers.map(({ iterator: it }) => it.yields.le(entries * leafs))),
      'a walk gives mmu_lock away without having got on since the last time: two such walks can ' +
        'keep each other from ever getting on',
    ),
  )
  if (!notifier) return
  m.check(
    invariant(
      'mmu_lock is taken in vain at most once for each invalidation',
      and(...each(s.vcpus).map(v => s.vcpu[v].inVain.le(1))),
      'a vCPU takes mmu_lock again and again only to find that it has to retry: the ' +
        'invalidation that it waits for yields to it, or waits for the lock',
    ),
  )
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State, processes: Processes): void {
  const { p } = s
  const { vcpus, notifier, collapse, zap } = processes
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const some = (predicate: (process: ProcessHandle, i: number) => Bool): Bool =>
    or(...vcpus.map((process, i) => predicate(process, i)))
  const isUnlinked = (k: number): Bool => s.table.at(k).state.is('unlinked')
  const inUnlinked = each(s.vcpus).map((v, i) =>
    and(
      vcpus[i]?.at('V14_tdp_iter_refresh_sptep') ?? or(),
      or(...each(p.tables).map(k => and(s.vcpu[v].table.is(k), isUnlinked(k)))),
    ),
  )
  const aheadOfZapper = each(p.tables).map(k =>
    and(
      isUnlinked(k),
      not(s.rcu.isCalled(k)),
      or(
        ...each(s.vcpus).map((v, i) =>
          and(
            vcpus[i]?.at('V15_tdp_mmu_map_handle_target_level') ?? or(),
            s.vcpu[v].table.is(k),
            s.vcpu[v].oldLeaf.is('none'),
            s.table.at(k).leaf.at(s.vcpu[v].leaf.number()).is('none'),
          ),
        ),
      ),
    ),
  )
  if (collapse !== null || (p.hugeFaults && p.vcpus > 1)) {
    scenario('a fault is in a table that was unlinked', or(...inUnlinked))
    // A table becomes a huge page only if it maps something, so its only leaf is not filled then.
    if (p.leafs > 1 || p.hugeFaults || p.collapse === 'zap')
      scenario('a fault fills a table that was unlinked, ahead of the zapper', or(...aheadOfZapper))
    if (p.bug !== 'disconnected-pt-install')
      scenario(
        'a fault finds a frozen leaf',
        or(...each(s.vcpus).map(v => s.vcpu[v].oldLeaf.is('FROZEN'))),
      )
  }
  if (collapse !== null)
    scenario(
      'a fault and a task change SPTEs at the same time',
      and(
        s.rcu.isInside(tasks.collapse),
        some(process => process.at(...stepsInTable)),
      ),
    )
  if (notifier !== null) {
    scenario(
      'the page is taken away while a TLB has it',
      and(s.hardware[0].page0, notifier.process.at('N2_kvm_flush_remote_tlbs')),
    )
    scenario(
      'a fault is refused as stale',
      some(process => process.at('V13_is_page_fault_stale_RETRY').and(s.invalidation.isInProgress)),
    )
    scenario('the new page is mapped', or(...leafsOf(s).map(({ spte }) => spte.is('page1'))))
  }
  if (zap !== null)
    scenario(
      'a zap yields in the middle of a root',
      and(not(s.root[0].isValid), zap.iterator.progress, mappedCount(s).gt(0)),
    )
}
