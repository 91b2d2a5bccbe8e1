/**
 * V and P: the nested page fault of a vCPU up to the installation of a mapping, with
 * sev_gmem_prepare in the lookup of the page.
 *
 *   V2 fast path ─▶ V6 seq ─▶ V7 attributes ─▶ V10 page, P ─▶ V4 level ─▶ V12 ─▶ V13 ─▶ V15 ─▶ V16
 *
 * P runs with the folio locked: P1 look at the RMP, P2 decide the size, P3 RMPUPDATE, which is
 * tried again without end while it overlaps.
 */
import { and, branch, each, either, goto, not, or, step, waitUntil, when } from 'zapcheck'
import type { Bool, Int, IntLike, Item, Statement, Statements } from 'zapcheck'
import { pageFault } from '../components/page-fault.js'
import type { RmpTarget } from '../components/rmp.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import { becomesOneFolio, folioOf, isFree, isPrivateAttr, lockOf, outsideOfWalk } from './state.js'
import type { State } from './state.js'

/** The gfn that the vCPU is at work for. */
export function gfnOf(s: State, v: Vcpu): Int {
  return s.vcpu[v].gfn.number()
}

/** The page that the vCPU has a reference to. */
export function pageOf(s: State, v: Vcpu): Int {
  return s.vcpu[v].fault.page.number()
}

/** The fault of a vCPU, from the #NPF to V16; `exitToUser` is what the wrong kind leads to. */
export function nestedPageFault(s: State, v: Vcpu, exitToUser: Statements): Statements {
  const { fault } = s.vcpu[v]
  const g = gfnOf(s, v)
  const isWrongKind = isPrivateAttr(s, g).isNot(fault.isPrivate)
  const canMismatch = s.p.guest === 'implicit' || s.p.guest === 'racing'
  const slow = pageFault({
    snapshot: { steps: [step('V6_mmu_invalidate_seq', fault.seen.set(s.mmu.seq))] },
    ...(canMismatch && {
      attributes: {
        waysOut: [{ when: isWrongKind, then: exitToUser }],
        steps: [step('V7_kvm_mem_is_private')],
      },
    }),
    page: { steps: findPage(s, v) },
    mmuLock: s.mmuLock,
    isStale: s.p.bug === 'no-stale-check' ? or() : s.mmu.mustRetryIf(fault.seen, and()),
    map: unlock => [install(s, v), unlock],
    forget: [dropPage(s, v), when(not(fault.rmp), forget(s, v))],
  })
  const isFast = and(fault.rmp, fault.isWrite, fault.isPrivate, isPrivateAttr(s, g))
  return [branch(isFast, [step('V2_fast_page_fault_SPURIOUS')], slow)]
}

/** kvm_release_faultin_page, and what else the fault has found. */
export function dropPage(s: State, v: Vcpu): Item {
  const { fault } = s.vcpu[v]
  return [fault.page.clear(), fault.seen.set(0), s.isHuge ? fault.large.set(0) : []]
}

/** The exit is handled. An access may be given up by the guest, PVALIDATE is done again. */
export function forget(s: State, v: Vcpu): Item {
  const { fault, gfn, phase } = s.vcpu[v]
  return [
    [fault.isPrivate, fault.isWrite, fault.rmp].map(bit => bit.set(false)),
    when(phase.is('run'), gfn.clear()),
  ]
}

/** V10: the VMM's page of a shared gfn, or the private page of guest_memfd; and V4, the level. */
function findPage(s: State, v: Vcpu): Statements {
  const { fault } = s.vcpu[v]
  const level = step(
    'V4_sev_private_max_mapping_level',
    fault.large.set(s.rmp.isLarge(pageOf(s, v)).pick(1, 0)),
  )
  return [
    branch(
      fault.isPrivate,
      [getPfn(s, v, 'V10'), s.isHuge ? level : []],
      [step('V10_kvm_faultin_pfn_shared', fault.page.set(s.sharedPage))],
    ),
  ]
}

/** kvm_gmem_get_pfn: the folio, made if it is absent, and P. */
export function getPfn(s: State, v: Vcpu, where: string): Statements {
  const g = gfnOf(s, v)
  const folio = folioOf(s, g)
  const fresh = freePage(s, g)
  const getFolio = step(
    `${where}_kvm_gmem_get_folio`,
    or(folio.isPresent, fresh.exists),
    isUnlocked(s) ? [] : lockOf(s, g, or(s.isOneFolio.is(1), becomesOneFolio(s))).acquire(),
    when(folio.isAbsent, createFolio(s, g, fresh.page)),
    s.vcpu[v].fault.page.set(folio.isAbsent.pick(fresh.page, folio.page.number())),
  )
  return [getFolio, prepare(s, v, where)]
}

/** The page that a new folio gets: the first free one, or the page of the index with 2M folios. */
function freePage(s: State, g: Int): { readonly exists: Bool; readonly page: IntLike } {
  if (s.isHuge) return { exists: isFree(s, g), page: g }
  const free = each(s.pages).map(x => isFree(s, x))
  const page = free.reduceRight<IntLike>((later, isIt, x) => isIt.pick(x, later), 0)
  return { exists: or(...free), page }
}

function createFolio(s: State, g: Int, page: IntLike): Item {
  if (!s.isHuge) return folioOf(s, g).create(page)
  const [first, second] = [s.folio[0], s.folio[1]]
  return when(
    becomesOneFolio(s),
    [first.create(0), second.create(1), s.isOneFolio.set(1)],
    s.folio.at(g).create(page),
  )
}

/** A proposal: the page is prepared after the folio lock is dropped. */
function isUnlocked(s: State): boolean {
  return s.p.prepare.startsWith('any-order-unlocked')
}

/** P: sev_gmem_prepare. */
function prepare(s: State, v: Vcpu, where: string): Statements {
  const g = gfnOf(s, v)
  const x = pageOf(s, v)
  const unlock = isUnlocked(s) ? [] : lockOf(s, g).release()
  const done = s.p.prepare === 'checks-gpa' ? s.rmp.isGuests(x, g) : s.rmp.isAssigned(x)
  const small = rmpupdate4K(s, `${where}_P3_rmp_make_private`, x, { gfn: g }, unlock)
  return [
    branch(
      done,
      [step(`${where}_P1_already_assigned`, unlock)],
      s.isHuge ? prepareLarge(s, v, where, { small, unlock }) : small,
    ),
  ]
}

/** P2 and P3 with 2M folios. */
function prepareLarge(
  s: State,
  v: Vcpu,
  where: string,
  { small, unlock }: { readonly small: Statements; readonly unlock: Item },
): Statements {
  const isFolioFree = and(not(s.rmp.isAssigned(0)), not(s.rmp.isAssigned(1)))
  const isPossible = and(s.isOneFolio.is(1), isFolioFree)
  const { isSuccess, failOverlap, update } = s.rmp.rmpupdate(0, { gfn: 0 }, '2M')
  const label = `${where}_P3_rmp_make_private_2M`
  const large = [waitUntil(label, isSuccess, outsideOfWalk(s), update, unlock)]
  if (s.p.prepare === 'any-order')
    return [either([waitUntil(label, isPossible, isSuccess, update, unlock)], small)]
  // In R3 the folio is there already, unless the guest races.
  if (!isUnlocked(s) || where === 'R3') return [branch(isPossible, large, small)]
  const lookAgain = (size: string, fails: Bool): Statements =>
    s.p.prepare === 'any-order-unlocked'
      ? []
      : [
          step(`${where}_P3_overlap_${size}_look_again`, fails, dropPage(s, v)),
          goto(`${where}_kvm_gmem_get_folio`),
        ]
  const orAgain = (update: Statements, again: Statements): Statements =>
    again.length === 0 ? update : [either(update, again)]
  const failSmall = s.rmp.rmpupdate(pageOf(s, v), { gfn: gfnOf(s, v) }).failOverlap
  return [
    either(
      [
        waitUntil(`${where}_P2_large_rmp_is_possible`, isPossible),
        orAgain(large, lookAgain('2M', failOverlap)),
      ],
      [step(`${where}_P2_order_0`), orAgain(small, lookAgain('4K', failSmall))],
    ),
  ]
}

/** rmpupdate of a 4K page: splits the direct map, then RMPUPDATE until it does not overlap. */
export function rmpupdate4K(
  s: State,
  label: string,
  x: Int,
  to: RmpTarget,
  ...items: readonly Item[]
): Statements {
  const { isSuccess, update } = s.rmp.rmpupdate(x, to)
  const { directMap } = s
  const rmpupdate = waitUntil(label, isSuccess, outsideOfWalk(s), update, items)
  if (directMap === null) return [rmpupdate]
  const isIn = (pair: number): Bool => or(x.is(2 * pair), x.is(2 * pair + 1))
  const isLarge = or(...each(directMap.length).map(k => and(isIn(k), directMap[k].is('2M'))))
  const split = branch(isLarge, [
    step(
      label.replace(/rmp_make_.*/, 'adjust_direct_map'),
      each(directMap.length).map(k => when(isIn(k), directMap[k].set('4K'))),
    ),
  ])
  switch (s.p.bug) {
    case 'no-direct-map-split':
      return [rmpupdate]
    case 'direct-map-split-late':
      return [rmpupdate, split]
    default:
      return [split, rmpupdate]
  }
}

/** V15: kvm_tdp_mmu_map, at the level that RMP and attributes allow. */
function install(s: State, v: Vcpu): Statement {
  const { fault } = s.vcpu[v]
  const g = gfnOf(s, v)
  const leaf = s.npt.at(g).set(fault.page)
  const label = 'V15_tdp_mmu_map_handle_target_level'
  if (!s.isHuge) return step(label, leaf)
  const isMixed = isPrivateAttr(s, 0).isNot(isPrivateAttr(s, 1))
  const isLarge = and(fault.large.is(1), fault.isPrivate, not(isMixed))
  return step(
    label,
    when(
      isLarge,
      [s.npt[0].set(0), s.npt[1].set(1), s.npt2M.set(1)],
      // A 2M leaf is split by tdp_mmu_split_huge_page, the other half stays mapped.
      [leaf, s.npt2M.set(0)],
    ),
  )
}
