/**
 * The state of the model: one SPTE that maps a huge page or leads to a shadow page, and the list of
 * the shadow pages in whose place a huge page would be possible.
 *
 *   shadow page: free ─alloc─▶ private ─link─▶ linked ─zap─▶ unlinked ─grace period─▶ free
 *   its flag nx_huge_page_disallowed: set before it is linked, cleared by whoever takes it from the
 *   list or from the tree
 */
import { and, array, bool, each, enumeration, index, int, not, or, rwlock, when } from 'zapcheck'
import type { Bool, ElementKey, Item, Label, ModelBuilder } from 'zapcheck'
import { rcu } from '../components/rcu.js'
import type { Parameters } from './parameters.js'

const spteLabels = ['none', 'huge', 'table0', 'table1', 'table2'] as const
/** A value of the SPTE. */
export type Spte = (typeof spteLabels)[number]
/** One of the vCPUs. */
export type Vcpu = ElementKey<'vcpu'>
/** The tasks besides the vCPUs, as RCU readers. */
export const tasks = { recover: 0, worker: 1 } as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const task = () => ({ old: enumeration(...spteLabels), table: index(p.tables), sees: bool() })
  const s = m.state({
    mmuLock: rwlock(p.vcpus + 2),
    rcu: rcu(vcpus, 2, p.tables),
    spte: enumeration(...spteLabels).initially('huge'),
    sp: array(p.tables, {
      state: enumeration('free', 'private', 'linked', 'unlinked'),
      /** nx_huge_page_disallowed. */
      isDisallowed: bool(),
      /** possible_nx_huge_page_link: on kvm->arch.possible_nx_huge_pages. */
      isListed: bool(),
    }),
    /** kvm->stat.nx_lpage_splits. */
    splits: int(-1, p.tables + 1, 0),
    vcpu: array(vcpus, task()),
    recover: task(),
    worker: task(),
  })
  return { ...s, p, vcpus }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** The SPTE leads to shadow page `k`. */
export const leadsTo = (spte: Label<Spte>, k: number): Bool => spte.is(`table${k}` as Spte)
/** The SPTE leads to a shadow page. */
export const leadsToAny = (spte: Label<Spte>): Bool => spte.is('table0', 'table1', 'table2')

/** `then` for the shadow page that the SPTE leads to. */
export function whenTable(s: State, spte: Label<Spte>, then: (k: number) => Item): Item {
  return each(s.p.tables).map(k => when(leadsTo(spte, k), then(k)))
}

/** Some shadow page is free. */
export function hasFree(s: State): Bool {
  return or(...each(s.p.tables).map(k => s.sp[k].state.is('free')))
}

/** `then` for the free shadow page with the lowest number. */
export function whenFirstFree(s: State, then: (k: number) => Item): Item {
  const isFree = (k: number): Bool => s.sp.at(k).state.is('free')
  return each(s.p.tables).map(k =>
    when(and(isFree(k), ...each(k).map(j => not(isFree(j)))), then(k)),
  )
}

/** untrack_possible_nx_huge_page, with tdp_mmu_pages_lock held. */
export function untrack(s: State, k: number): Item {
  const { isDisallowed, isListed } = s.sp.at(k)
  const less = s.splits.gt(-1).pick(s.splits.minus(1), -1)
  return [isDisallowed.set(false), when(isListed, [isListed.set(false), s.splits.set(less)])]
}

/** track_possible_nx_huge_page, with tdp_mmu_pages_lock held. */
export function track(s: State, k: number): Item {
  const max = s.p.tables + 1
  return [s.sp.at(k).isListed.set(true), s.splits.set(s.splits.lt(max).pick(s.splits.plus(1), max))]
}

/** `then` for the shadow page with a number that the state holds. */
export function whenNumber(
  s: State,
  table: { is(k: number): Bool },
  then: (k: number) => Item,
): Item {
  return each(s.p.tables).map(k => when(table.is(k), then(k)))
}
