/**
 * The state of the model, and what its parts share: parameters, gfns, pages, address translation.
 *
 *   gfn A ── slot A, which is deleted and created again; page k is behind its k-th incarnation
 *   gfn B ── slot B, which stays; its page is the last one
 */
import {
  array,
  bool,
  each,
  enumeration,
  index,
  indexOrNone,
  int,
  or,
  rwlock,
  set,
  when,
} from 'zapcheck'
import type { Bool, IntLike, Item, ModelBuilder, SymmetricType } from 'zapcheck'
import { invalidation } from '../components/invalidation.js'
import { memslot } from '../components/memslot.js'
import { shadowRoot } from '../components/shadow-root.js'
import { tdpRoot } from '../components/tdp-root.js'
import type { ShadowRoot } from '../components/shadow-root.js'
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
    mmuLock: rwlock(p.vcpus + (p.nx ? 2 : 1)),
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
  const shadow = p.mmu === 'tdp' ? null : m.state(shadowFields(p, vcpus, { roots, pages }))
  const extras = declareExtras(m, p, roots)
  const privateGfn = (g: IntLike): Bool => (tdx === null ? or() : tdx.isPrivate.has(g))
  const slotB = incarnations
  const ofOneUse = { before: before?.before ?? null, prefaulting: alone?.prefaulting ?? null }
  const declared = { ...s, tdx, notifier, shadow, ...ofOneUse, ...extras }
  return { ...declared, p, vcpus, incarnations, roots, slotB, pageB: pages - 1, privateGfn }
}

/** The shadow MMU: its roots, and what a vCPU has of it while it runs a nested guest. */
function shadowFields(
  p: Parameters,
  vcpus: SymmetricType<'vcpu'>,
  sizes: { readonly roots: number; readonly pages: number },
) {
  const { roots, pages } = sizes
  return {
    shadowRoot: array(roots, shadowRoot(gfns.length, pages, p.deletes + 2)),
    nested: array(vcpus, {
      /** The vCPU runs the nested guest; where the shadow MMU is the only one it always does so. */
      isL2: bool(p.mmu === 'shadow'),
      root: indexOrNone(roots),
      tlb: array(gfns.length, indexOrNone(pages)),
      /** Where the guest keeps the page table that the fault goes through. */
      table: index(gfns.length),
    }),
  }
}

/** State of single questions: the NX recovery, a device with DMA, a pause, a dead VM. */
function declareExtras(m: ModelBuilder, p: Parameters, roots: number) {
  const nx = p.nx
    ? m.state({
        /** On the list of tables that stand in for an NX huge page. */
        nxListed: array(roots, bool()),
        /** Slot B has KVM_MEM_LOG_DIRTY_PAGES: nr_memslots_dirty_logging > 0. */
        logsDirty: bool(),
      })
    : null
  const dma = p.dma
    ? m.state({
        /** The device: not there, attached, attached when the last zap of a deletion began. */
        device: enumeration('none', 'attached', 'zapped'),
        /** No zap because of the device is open. */
        isSettled: bool(),
        /** The leaf of gfn B has the guest's memory type: it was made with the device there. */
        hasGuestType: array(roots, bool()),
      })
    : null
  const pause = p.paused ? m.state({ isPaused: bool() }) : null
  const death = p.vm === 'tdx' && p.hypothesis === 'H1' ? m.state({ isBugged: bool() }) : null
  return { nx, dma, pause, death }
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

/** The roots of the shadow MMU. */
export function shadowRoots(s: State): readonly ShadowRoot[] {
  const { shadow } = s
  return shadow === null ? [] : each(s.roots).map(r => shadow.shadowRoot[r])
}

/** All page tables: those of the TDP MMU and of the shadow MMU. */
export function allTrees(s: State): readonly TdpRoot[] {
  return [...allRoots(s), ...shadowRoots(s).map(root => root.tree)]
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

/** The vCPU has a root of the shadow MMU, and it is obsolete. */
export function hasObsoleteShadowRoot(s: State, v: Vcpu): Bool {
  if (s.shadow === null) return or()
  const { root } = s.shadow.nested[v]
  return root.isSome().and(s.shadow.shadowRoot.at(root.number()).tree.isValid.not())
}

/** The fault is over. */
export function forget(s: State, v: Vcpu): Item {
  const table = s.shadow === null ? [] : s.shadow.nested[v].table.set(A)
  return [s.vcpu[v].fault.gfn.set(A), keepGfn(s, v), table]
}

/** The fault is to be tried again in place. */
export function keepGfn(s: State, v: Vcpu): Item {
  const { fault } = s.vcpu[v]
  const seen = s.notifier === null ? [] : s.notifier.seen[v].set(0)
  return [fault.slot.set(0), fault.page.set(0), seen]
}

/** Drops the vCPU's translations; those of private gfns are the TDX module's business. */
export function flushTlb(s: State, v: Vcpu): Item {
  const { tlb } = s.vcpu[v]
  if (s.tdx === null) return gfns.map(g => tlb[g].clear())
  return gfns.map(g => when(s.privateGfn(g).not(), tlb[g].clear()))
}

/** Drops the translations that the vCPU has of its nested guest. */
export function flushShadowTlb(s: State, v: Vcpu): Item {
  const { shadow } = s
  return shadow === null ? [] : gfns.map(g => shadow.nested[v].tlb[g].clear())
}
