/**
 * The state of the model: roots and page tables with one SPTE each where the kernel has one, what
 * the hardware caches of them, and what the walkers remember.
 *
 *   root ──entry──▶ none | FROZEN | huge page | table ──leaf──▶ none | FROZEN | page
 *
 * A table is free, linked (an entry leads to it) or unlinked (it waits for the end of its zap and
 * of an RCU grace period). Which of them it is decides nothing in the kernel; properties do.
 */
import {
  and,
  array,
  bool,
  count,
  counter,
  each,
  enumeration,
  index,
  int,
  mutex,
  not,
  or,
  rwlock,
  set,
  when,
} from 'zapcheck'
import type { Bool, ElementKey, Int, Item, Label, ModelBuilder } from 'zapcheck'
import { invalidation } from '../components/invalidation.js'
import { rcu } from '../components/rcu.js'
import type { Parameters } from './parameters.js'

/** Values of an SPTE in a root. A huge page and a page are named by the page that they map. */
export const entryLabels = [
  'none',
  'FROZEN',
  'huge0',
  'huge1',
  'table0',
  'table1',
  'table2',
] as const
/** Values of an SPTE in a page table. */
const leafLabels = ['none', 'FROZEN', 'page0', 'page1'] as const

/** A value of an SPTE in a root. */
export type Entry = (typeof entryLabels)[number]
/** A value of an SPTE in a page table. */
export type Leaf = (typeof leafLabels)[number]

/** One of the vCPUs. */
export type Vcpu = ElementKey<'vcpu'>

/** The tasks that walk page tables besides the vCPUs, as RCU readers. */
export const tasks = { notifier: 0, collapse: 1, zap: 2 } as const
/** The name of such a task. */
export type Task = keyof typeof tasks

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const s = m.state({
    /** Serialises what changes memslots: collapse and invalidation. */
    slotsLock: mutex('collapse', 'zap'),
    mmuLock: rwlock(p.vcpus + 2),
    rcu: rcu(vcpus, 3, p.tables),
    root: array(p.roots, {
      isValid: bool(true),
      entry: array(p.entries, enumeration(...entryLabels)),
    }),
    table: array(p.tables, {
      state: enumeration('free', 'linked', 'unlinked'),
      leaf: array(p.leafs, enumeration(...leafLabels)),
    }),
    /** kvm->stat.pages_*: leafs of all levels. */
    pages: int(-1, p.roots * p.entries + p.tables * p.leafs, 0),
    /** Page 0 is behind all gfns at first, page 1 when the notifier took page 0 away. */
    page: index(2),
    isReused: bool(),
    invalidation: invalidation({ sections: 1, sequence: 2, gfns: 0 }),
    /** What some vCPU caches of a root: tables, and a translation to page 0. */
    hardware: array(p.roots, { tables: set(p.tables), page0: bool() }),
    vcpu: array(vcpus, {
      root: index(p.roots),
      entry: index(p.entries),
      leaf: index(p.leafs),
      isHuge: bool(),
      seen: counter(2),
      page: index(2),
      old: enumeration(...entryLabels),
      table: index(p.tables),
      oldLeaf: enumeration(...leafLabels),
      /** How often mmu_lock was taken only to retry, since the last invalidation ended. */
      inVain: int(0, p.counters ? 2 : 0),
    }),
  })
  return { ...s, p, vcpus }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** The entry leads to table `k`. */
export const isTable = (spte: Label<Entry>, k: number): Bool => spte.is(`table${k}` as Entry)

/** The entry leads to a table. */
export const isAnyTable = (spte: Label<Entry>): Bool => spte.is('table0', 'table1', 'table2')

/** The entry maps a huge page. */
export const isHuge = (spte: Label<Entry>): Bool => spte.is('huge0', 'huge1')

/** The SPTE maps a page. */
export const isPage = (spte: Label<Leaf>): Bool => spte.is('page0', 'page1')

/** All SPTEs in roots. */
export function entriesOf(s: State) {
  return each(s.p.roots).flatMap(r =>
    each(s.p.entries).map(e => ({ root: s.root[r], r, e, spte: s.root[r].entry[e] })),
  )
}

/** All SPTEs in page tables. */
export function leafsOf(s: State) {
  return each(s.p.tables).flatMap(k =>
    each(s.p.leafs).map(i => ({ table: s.table[k], k, i, spte: s.table[k].leaf[i] })),
  )
}

/** An SPTE of some root, also of an invalid one, maps page 0. */
export function mapsPage0(s: State): Bool {
  return or(
    ...entriesOf(s).flatMap(({ spte }) => [
      spte.is('huge0'),
      ...leafsOf(s).map(({ k, spte: leaf }) => and(isTable(spte, k), leaf.is('page0'))),
    ]),
  )
}

/** How many SPTEs that a walk can reach map a page. */
export function mappedCount(s: State): Int {
  const { entries, leafs, roots } = s.p
  const one = (spte: Label<Entry>): Int =>
    each(s.p.tables)
      .map(k =>
        isTable(spte, k).pick(
          count(leafs, i => isPage(s.table[k].leaf[i])),
          0,
        ),
      )
      .reduce((sum, n) => sum.plus(n), isHuge(spte).pick(1, 0))
  return each(roots)
    .flatMap(r => each(entries).map(e => one(s.root[r].entry[e])))
    .reduce((sum, n) => sum.plus(n))
}

/**
 * kvm_update_page_stats. A bug may lose leafs again and again, so the number stays in its range; a
 * kernel whose accounting balances never comes near the ends.
 */
export function account(s: State, change: number): Item {
  const max = s.p.roots * s.p.entries + s.p.tables * s.p.leafs
  const sum = s.pages.plus(change)
  return s.pages.set(sum.gt(max).pick(max, sum.lt(-1).pick(-1, sum)))
}

/** kvm_flush_remote_tlbs: every vCPU left the guest, and drops what it caches before it returns. */
export function flushRemoteTlbs(s: State): Item {
  return each(s.p.roots).map(r => flushTlbsOf(s, r))
}

/** A vCPU that leaves a root drops what it caches of it. */
export function flushTlbsOf(s: State, root: number): Item {
  const { tables, page0 } = s.hardware.at(root)
  return [tables.clear(), page0.set(false)]
}

/** The page table is allocated: the free one with the lowest number. */
export function allocate(s: State, use: (k: number) => Item): Item {
  const isFree = (k: number): Bool => s.table.at(k).state.is('free')
  return each(s.p.tables).map(k =>
    when(and(isFree(k), ...each(k).map(j => not(isFree(j)))), use(k)),
  )
}

/** Some page table is free. */
export function hasFreeTable(s: State): Bool {
  return or(...each(s.p.tables).map(k => s.table[k].state.is('free')))
}

/** `then` for each table that the entry may lead to. */
export function whenTable(s: State, spte: Label<Entry>, then: (k: number) => Item): Item {
  return each(s.p.tables).map(k => when(isTable(spte, k), then(k)))
}

/** The number of the page as the label of a leaf or of a huge page. */
export const pageLabels = { leaf: ['page0', 'page1'], huge: ['huge0', 'huge1'] } as const

/** `then` with the label of page 0 or that of page 1. */
export function withPage<L>(page: Int, labels: readonly [L, L], then: (label: L) => Item): Item {
  return when(page.is(0), then(labels[0]), then(labels[1]))
}
