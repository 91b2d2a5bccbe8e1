/**
 * The state of the model, and what its parts share: parameters, gfns, pages, address translation.
 *
 *   gfn A ── slot A, which is deleted and created again; page k is behind its k-th incarnation
 *   gfn B ── slot B, which stays; its page is the last one
 */
import { array, bool, each, index, indexOrNone, int, or, rwlock, set, when } from 'zapcheck'
import type { Bool, IntLike, Item, ModelBuilder } from 'zapcheck'
import { invalidation } from '../components/invalidation.js'
import { memslot } from '../components/memslot.js'
import { tdpRoot } from '../components/tdp-root.js'
import type { TdpRoot } from '../components/tdp-root.js'
import { vcpuRequests } from '../components/vcpu-requests.js'
import type { Vcpu } from '../components/vcpu-requests.js'
import type { Parameters } from './parameters.js'

/** The gfn of the slot that is deleted. */
export const A = 0
/** The gfn of the slot that stays. */
export const B = 1
/** All gfns. */
export const gfns = [A, B] as const
/** One of the gfns. */
export type Gfn = (typeof gfns)[number]
/** The gfns as traces show them. */
export const gfnNames = ['A', 'B'] as const

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  const incarnations = p.deletes + 1
  const roots = p.deletes + 1
  /** A page for each incarnation, one that replaces a reclaimed one, and that of slot B. */
  const reclaims = p.notifier ? 1 : 0
  const pages = incarnations + reclaims + 1
  const s = m.state({
    slot: memslot(incarnations, reclaims, vcpus),
    /** KVM_MEM_ZAP_LEAFS_ONLY of slot A; KVM_X86_QUIRK_SLOT_ZAP_ALL is disabled. */
    config: { zapLeafsOnly: bool(), quirkDisabled: bool() },
    mmuLock: rwlock(p.vcpus + 1),
    requests: vcpuRequests(vcpus),
    direct: array(roots, tdpRoot(gfns.length, pages)),
    /** The zapper owes a remote TLB flush. */
    flushOwed: bool(),
    vcpu: array(vcpus, {
      root: indexOrNone(roots),
      tlb: array(gfns.length, indexOrNone(pages)),
      /** What the fault has found: the slot object by its incarnation (B: the last), the page. */
      fault: { gfn: index(gfns.length), slot: index(incarnations + 1), page: index(pages) },
    }),
  })
  const tdx =
    p.vm === 'tdx'
      ? m.state({
          mirror: tdpRoot(gfns.length, pages),
          isPrivate: set(gfns.length),
          accepted: set(gfns.length),
          /** Mirror leafs that are FROZEN_SPTE while their page is removed under a read lock. */
          frozen: set(gfns.length),
        })
      : null
  const notifier = p.notifier
    ? m.state({
        // One notifier, which runs once, on the range of slot A.
        notifier: invalidation({
          sections: 1,
          sequence: 2,
          gfns: 0,
          canMiscount: p.bug === 'no-notifier-wait',
        }),
        seen: array(vcpus, int(0, 1)),
      })
    : null
  /** What slot A's gfn had when the ioctl made its first change. */
  const before =
    p.prepareFails === 'never' ? null : m.state({ before: { mapped: bool(), accepted: bool() } })
  /** vCPUs whose KVM_PRE_FAULT_MEMORY must end before userspace changes the slot. */
  const alone = p.prefault === 'alone' ? m.state({ prefaulting: set(vcpus) }) : null
  const privateGfn = (g: IntLike): Bool => (tdx === null ? or() : tdx.isPrivate.has(g))
  const slotB = incarnations
  const ofOneUse = { before: before?.before ?? null, prefaulting: alone?.prefaulting ?? null }
  return {
    ...s,
    tdx,
    notifier,
    ...ofOneUse,
    p,
    vcpus,
    incarnations,
    roots,
    slotB,
    pageB: pages - 1,
    privateGfn,
  }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** The roots of kind DIRECT. */
export function directRoots(s: State): readonly TdpRoot[] {
  return each(s.roots).map(r => s.direct[r])
}

/** All roots: direct ones, and the mirror root of a TD. */
export function allRoots(s: State): readonly TdpRoot[] {
  return s.tdx === null ? directRoots(s) : [...directRoots(s), s.tdx.mirror]
}

/** A hardware walk from the vCPU's direct root, or the Secure-EPT's for a private gfn, hits. */
export function walkHits(s: State, v: Vcpu, g: IntLike): Bool {
  const { root } = s.vcpu[v]
  const shared = root.isSome().and(s.direct.at(root.number()).maps(g))
  if (s.tdx === null) return shared
  const isPrivate = s.privateGfn(g)
  return or(isPrivate.and(s.tdx.mirror.maps(g)), isPrivate.not().and(shared))
}

/** The vCPU has a direct root, and it is obsolete. */
export function hasObsoleteRoot(s: State, v: Vcpu): Bool {
  const { root } = s.vcpu[v]
  return root.isSome().and(s.direct.at(root.number()).isValid.not())
}

/** Drops the vCPU's translations; those of private gfns are the TDX module's business. */
export function flushTlb(s: State, v: Vcpu): Item {
  const { tlb } = s.vcpu[v]
  if (s.tdx === null) return gfns.map(g => tlb[g].clear())
  return gfns.map(g => when(s.privateGfn(g).not(), tlb[g].clear()))
}
