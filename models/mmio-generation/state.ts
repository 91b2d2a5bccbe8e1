/**
 * The state of the model: one gfn with one SPTE, the generation of the memslots, and what a vCPU
 * remembers of MMIO.
 *
 *   SPTE   none | leaf: page, writable | MMIO: generation mod `generations`
 *   vCPU   TLB entry, mmio_gen of its MMIO cache, the fault's slot and kind
 *
 * There is one tree of page tables: the one of valid roots. An obsolete root is out of reach once
 * the fast zap has kicked its vCPUs, so the SPTE is empty from then on.
 */
import { array, bool, indexOrNone, int, or, rwlock, set } from 'zapcheck'
import type { Bool, Item, ModelBuilder } from 'zapcheck'
import { memslot } from '../components/memslot.js'
import type { Parameters } from './parameters.js'

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', p.vcpus)
  /** Every second update can create the slot; a deletion swaps the memslots twice. */
  const incarnations = Math.max(2, Math.ceil(p.updates / 2))
  const swaps = p.updates + Math.floor(p.updates / 2)
  const s = m.state({
    slot: memslot(incarnations, 0, vcpus),
    /** kvm_memslots()->generation without its flag; it does not wrap, an SPTE's copy does. */
    generation: int(0, swaps, 0),
    /** KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS. */
    inFlux: bool(),
    mmuLock: rwlock(p.vcpus + 1),
    spte: {
      leaf: indexOrNone(incarnations),
      isWritable: bool(),
      isMmio: bool(),
      generation: int(0, p.generations - 1, 0),
    },
    updates: int(0, p.updates, p.updates),
    inGuest: set(vcpus),
    /** vCPUs whose root is obsolete, and who were asked to drop it. */
    obsolete: set(vcpus),
    vcpu: array(vcpus, {
      tlb: indexOrNone(incarnations),
      /** vcpu_cache_mmio_info: the generation, and the flag if it was cached with it. */
      cache: { generation: indexOrNone(swaps + 1), inFlux: bool() },
      /** The slot object by its incarnation, or none, and what the guest wanted. */
      fault: { isWrite: bool(), slot: indexOrNone(incarnations) },
    }),
  })
  return { ...s, p, vcpus, incarnations }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>

/** The generation as an MMIO SPTE keeps it: MMIO_SPTE_GEN_MASK. */
export function spteGeneration(s: State) {
  return s.generation.mod(s.p.generations)
}

/** check_mmio_spte. */
export function isFreshMmio(s: State): Bool {
  return s.inFlux.not().and(s.spte.generation.is(spteGeneration(s)))
}

/** The SPTE becomes non-present, and not MMIO. */
export function dropSpte(s: State): Item {
  const { leaf, isWritable, isMmio, generation } = s.spte
  return [leaf.clear(), isWritable.set(false), isMmio.set(false), generation.set(0)]
}

/** The SPTE is neither a leaf nor MMIO. */
export function isNone(s: State): Bool {
  return or(s.spte.leaf.isSome(), s.spte.isMmio).not()
}
