/**
 * Dirty logging stops, and tables make room for huge pages while vCPUs go on to fault: mmu_lock is
 * held for read only.
 *
 *   recover (since v6.13): cmpxchg(table -> huge page) ─▶ handle_removed_pt ─▶ ... ─▶ one flush
 *   zap (v6.0 to v6.12):   cmpxchg(table -> FROZEN) ─▶ handle_removed_pt ─▶ flush ─▶ entry := none
 *
 * The flush comes before rcu_read_unlock: until then the task's own RCU section keeps the tables
 * alive that vCPUs may still have in their paging-structure caches.
 *
 * Source: arch/x86/kvm/mmu/tdp_mmu.c `recover_huge_pages_range`, `tdp_mmu_make_huge_spte` (v6.16);
 * `zap_collapsible_spte_range`, `tdp_mmu_zap_spte_atomic` (v6.9).
 */
import { and, branch, each, either, enumeration, goto, index, or, step, when } from 'zapcheck'
import type { Item, Label, ModelBuilder, Statements } from 'zapcheck'
import { declareIterator, flush, lock, unlock, walk } from './iterator.js'
import type { Iterator } from './iterator.js'
import {
  account,
  flushRemoteTlbs,
  isAnyTable,
  isTable,
  entryLabels,
  pageLabels,
  tasks,
  withPage,
} from './state.js'
import type { Entry, State } from './state.js'
import { handleRemovedTable, isUnchanged, unlink } from './tables.js'

/** Declares the task, if the variant has it. */
export function declareCollapse(m: ModelBuilder, s: State) {
  const { p } = s
  if (p.collapse === 'none') return null
  const it = declareIterator(m, p, 'collapse')
  const found = declareFound(m)
  const entry = (r: number, e: Iterator['entry']): Label<Entry> => s.root.at(r).entry.at(e)
  const forget = [found.old.set('none'), found.page.set(0), it.table.set(0), it.entry.set(0)]
  const process = m.process(
    'collapse',
    {
      actor: 'ioctl',
      repeats: true,
      source: 'kvm_mmu_slot_apply_flags, kvm_tdp_mmu_recover_huge_pages, v6.16',
    },
    [
      step('read_lock', s.slotsLock.acquire('collapse'), lock(s, it, false)),
      each(p.roots).map(r =>
        branch(
          s.root[r].isValid,
          walk(s, {
            iterator: it,
            prefix: `root${r}`,
            entry: e => entry(r, e),
            goesDown: false,
            isExclusive: false,
            visitEntry: visit(s, it, r, found),
          }),
        ),
      ),
      p.bug === 'flush-after-rcu' ? step('rcu_read_unlock', s.rcu.exit(tasks.collapse)) : [],
      flush(s, it, 'kvm_flush_remote_tlbs_memslot'),
      step('read_unlock', unlock(s, it, false), s.slotsLock.release(), forget),
    ],
  )
  return { iterator: it, process }
}

/** What the walk found before it changes an SPTE. */
function declareFound(m: ModelBuilder) {
  return m.state({ found: { old: enumeration(...entryLabels), page: index(2) } }).found
}

/** An SPTE of the root. */
function visit(
  s: State,
  it: Iterator,
  r: number,
  { old, page }: ReturnType<typeof declareFound>,
): Statements {
  const prefix = `root${r}`
  const spte = s.root.at(r).entry.at(it.entry)
  const read = `${prefix}_tdp_iter_refresh_sptep`
  const remember = unlink(s, old, k => it.table.set(k))
  const changed: Item = [it.isOwed.set(true), it.flush.set(true)]
  const exchange: Statements =
    s.p.collapse === 'recover'
      ? [
          step(
            `${prefix}_tdp_mmu_set_spte_atomic`,
            withPage(page.number(), pageLabels.huge, label =>
              s.root.at(r).entry.at(it.entry).set(label),
            ),
            account(s, 1),
            remember,
            changed,
          ),
          handleRemovedTable(s, prefix, it.table.number()),
        ]
      : [
          step(
            `${prefix}_tdp_mmu_zap_spte_atomic`,
            s.root.at(r).entry.at(it.entry).set('FROZEN'),
            remember,
          ),
          handleRemovedTable(s, prefix, it.table.number()),
          step(`${prefix}_kvm_flush_remote_tlbs_gfn`, flushRemoteTlbs(s)),
          step(`${prefix}_kvm_tdp_mmu_write_spte`, s.root.at(r).entry.at(it.entry).set('none')),
        ]
  const set: Statements = [
    branch(isUnchanged(s, spte, old), exchange, [
      step(`${prefix}_tdp_mmu_set_spte_atomic_EBUSY`, old.set('none')),
      goto(read),
    ]),
  ]
  const smallPage = (k: number, label: 'page0' | 'page1') =>
    and(isTable(old, k), or(...each(s.p.leafs).map(i => s.table.at(k).leaf[i].is(label))))
  const hasPage = (label: 'page0' | 'page1') =>
    or(...each(s.p.tables).map(k => smallPage(k, label)))
  const make: Statements =
    s.p.collapse === 'recover'
      ? [
          branch(or(hasPage('page0'), hasPage('page1')), [
            step(
              `${prefix}_tdp_mmu_make_huge_spte`,
              when(hasPage('page1'), page.set(1), page.set(0)),
            ),
            set,
          ]),
        ]
      : set
  // kvm_mmu_max_mapping_level: the host may have a huge page behind the gfns, or not.
  return [step(read, old.set(spte)), branch(isAnyTable(old), [either([], make)])]
}
