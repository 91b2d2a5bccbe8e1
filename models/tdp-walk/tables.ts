/**
 * What happens to page tables, whoever does it: an SPTE is exchanged for another one, a table that
 * lost its entry is emptied and freed.
 *
 *   cmpxchg(entry: table -> other) ─▶ handle_removed_pt: each SPTE -> FROZEN ─▶ call_rcu ─▶ free
 *
 * Source: arch/x86/kvm/mmu/tdp_mmu.c (v6.16) `tdp_mmu_set_spte_atomic`, `handle_changed_spte`,
 * `handle_removed_pt`, `tdp_mmu_free_sp_rcu_callback`.
 */
import { assert, each, or, step, when } from 'zapcheck'
import type { Bool, IntLike, Item, Label, ModelBuilder, Statements } from 'zapcheck'
import { account, isPage, isTable, whenTable } from './state.js'
import type { Entry, State } from './state.js'

/** try_cmpxchg64 succeeds: the SPTE is what was read before. */
export function isUnchanged<L extends string>(s: State, spte: Label<L>, old: Label<L>): Bool {
  return s.p.bug === 'plain-store' ? or(true) : spte.is(old)
}

/** The table that `old` led to leaves the tree. */
export function unlink(s: State, old: Label<Entry>, remember: (k: number) => Item): Item {
  return whenTable(s, old, k => [
    assert(
      s.table.at(k).state.is('linked'),
      'no table is unlinked twice',
      'two tasks remove the same page table: it is unaccounted and handed to RCU twice',
    ),
    s.table.at(k).state.set('unlinked'),
    remember(k),
  ])
}

/** handle_removed_pt with mmu_lock held for read: `k` is the table that lost its entry. */
export function handleRemovedTable(s: State, prefix: string, k: IntLike): Statements {
  const table = s.table.at(k)
  const frozen = s.p.bug === 'disconnected-pt-install' ? 'none' : 'FROZEN'
  return [
    each(s.p.leafs).map(i =>
      step(
        `${prefix}_handle_removed_pt_${i}`,
        // Whoever finds FROZEN_SPTE tries again: another task has the entry, and gives it back.
        table.leaf[i].isNot('FROZEN'),
        when(isPage(table.leaf[i]), account(s, -1)),
        table.leaf[i].set(frozen),
      ),
    ),
    s.p.bug === 'free-without-rcu'
      ? step(`${prefix}_tdp_mmu_free_sp`, freed(s, k))
      : step(`${prefix}_call_rcu`, s.rcu.call(k)),
  ]
}

function freed(s: State, k: IntLike): Item {
  const table = s.table.at(k)
  return [table.state.set('free'), each(s.p.leafs).map(i => table.leaf[i].set('none'))]
}

/** H3: the callback that frees a table after the grace period. */
export function declareCallbacks(m: ModelBuilder, s: State): void {
  if (s.p.bug === 'free-without-rcu') return
  for (const k of each(s.p.tables))
    m.action('H3_tdp_mmu_free_sp_rcu_callback', { table: k })
      .by('RCU')
      .source('arch/x86/kvm/mmu/tdp_mmu.c tdp_mmu_free_sp_rcu_callback, v6.16')
      .when(s.rcu.isElapsed(k))
      .do(s.rcu.done(k), freed(s, k))
}

/** What hardware walks leave in the caches of the vCPUs; they take no lock. */
export function declareHardware(m: ModelBuilder, s: State): void {
  const source = 'hardware walk of EPT or NPT'
  for (const r of each(s.p.roots)) {
    const { tables, page0 } = s.hardware[r]
    const { isValid, entry } = s.root[r]
    const isWalked = (isSuch: (spte: Label<Entry>) => Bool): Bool =>
      isValid.and(or(...each(s.p.entries).map(e => isSuch(entry[e]))))
    if (freesTables(s))
      for (const k of each(s.p.tables))
        m.action('H1_paging_structure_cache', { root: r, table: k })
          .by('hardware')
          .source(source)
          .when(
            tables.has(k).not(),
            isWalked(spte => isTable(spte, k)),
          )
          .do(tables.add(k))
    if (!s.p.notifier) continue
    const maps = (k: number): Bool =>
      or(...each(s.p.leafs).map(i => s.table.at(k).leaf[i].is('page0')))
    const throughTable = each(s.p.tables).map(k =>
      tables
        .has(k)
        .or(isWalked(spte => isTable(spte, k)))
        .and(maps(k)),
    )
    m.action('H1_tlb_fill', { root: r })
      .by('hardware')
      .source(source)
      .when(
        page0.not(),
        or(
          isWalked(spte => spte.is('huge0')),
          ...throughTable,
        ),
      )
      .do(page0.set(true))
  }
}

/** Tables can lose their entry. */
function freesTables(s: State): boolean {
  return s.p.hugeFaults || s.p.collapse !== 'none' || s.p.invalidate
}
