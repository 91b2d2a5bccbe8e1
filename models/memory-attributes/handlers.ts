/**
 * The two passes of kvm_handle_gfn_range: before the attributes are stored, with the begin of the
 * invalidation, and after it, with its end; and what x86 does in them.
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_handle_gfn_range`, `kvm_pre_set_memory_attributes`;
 * arch/x86/kvm/mmu/mmu.c `kvm_arch_pre_set_memory_attributes` (with the hugepages of v6.15),
 * `kvm_arch_post_set_memory_attributes`, `hugepage_has_attrs`; RFC v11 for on_unlock.
 */
import { and, assert, branch, not, or, step, when } from 'zapcheck'
import type { Bool, Int, Item, Statements } from 'zapcheck'
import type { GfnRange } from '../components/invalidation.js'
import type { Setter } from './calls.js'
import { invalidateEnd, warnIfNotInProgress } from './invalidator.js'
import { flush, zap } from './page-tables.js'
import { gfnsOf, gfnsPerHugepage, hasAttribute, slotGfns, slotHugepages } from './state.js'
import type { Kind, State } from './state.js'

/** A4. */
export function beforeStore(s: State, own: Setter): Statements {
  const { mmuLock } = s
  const lock = s.p.bug === 'zap-read-lock' ? mmuLock.acquireRead() : mmuLock.acquireWrite()
  const unlock = s.p.bug === 'zap-read-lock' ? mmuLock.releaseRead() : mmuLock.releaseWrite()
  const isEarly = s.p.endPlacement === 'beforeStore' || s.p.endPlacement === 'twoPairs'
  return [
    step('A4_kvm_mmu_invalidate_begin', lock, begin(s)),
    s.p.yields ? yieldingZap(s, own) : [],
    step(
      'A4_kvm_pre_set_memory_attributes',
      s.p.yields ? [] : addRange(s, own),
      markMixed(s, own),
      zapRange(s, own, g => or(!s.p.yields || g === slotGfns(s).at(-1))),
      s.p.bug === 'no-flush' ? [] : flush(s),
      isEarly ? [] : unlock,
    ),
    isEarly ? step('A4_kvm_mmu_invalidate_end', invalidateEnd(s), unlock) : [],
  ]
}

/** on_lock of the first pass. */
function begin(s: State): Item {
  return s.p.usesIp ? s.invalidation.begin() : s.invalidation.seq.increase()
}

/** kvm_mmu_invalidate_range_add for the range, and for hugepages that it covers in part. */
function addRange(s: State, own: Setter): Item {
  if (!s.p.usesIp) return []
  return [warnIfNotInProgress(s), s.invalidation.addRange(extended(s, own))]
}

/** The hull of what is added: the part of the range in the slot, and head and tail hugepage. */
function extended(s: State, own: Setter): GfnRange {
  const { first, end } = s.slot
  const from = own.lo.lt(first).pick(first, own.lo)
  const to = own.hi.gt(end).pick(end, own.hi)
  const head = from.minus(from.mod(gfnsPerHugepage))
  const last = to.minus(1)
  const tail = last.minus(last.mod(gfnsPerHugepage))
  const canBeHuge = (start: Int): Bool =>
    or(...slotHugepages(s).map(h => and(start.is(h * gfnsPerHugepage), s.mixed[h].not())))
  const addsHead = and(s.p.extendRange !== 'none', canBeHuge(head))
  const addsTail = and(
    or(s.p.extendRange === 'both', tail.is(head).and(s.p.extendRange === 'head')),
    canBeHuge(tail),
  )
  return {
    from: addsHead.pick(head, from),
    to: addsTail.pick(tail.plus(gfnsPerHugepage), to),
  }
}

/** The alternative to a wider range: nobody installs a hugepage over what will be mixed. */
function markMixed(s: State, own: Setter): Item {
  if (!s.p.mixedEarly) return []
  return slotHugepages(s).map(h => {
    const [inside, outside] = [coversSome(own, h), not(coversAll(own, h))]
    return when(and(inside, outside), s.mixed[h].set(true))
  })
}

/** kvm_unmap_gfn_range, with the filter that selects roots of a TD; for some gfns of the range. */
function zapRange(s: State, own: Setter, isNow: (g: number) => Bool): Item {
  // WARN_ON_ONCE(!kvm_arch_has_private_mem(kvm)) returns before anything is zapped.
  if (s.p.vm === 'plain' || (s.p.bug === 'no-zap-without-gmem' && !s.p.gmem)) return []
  return zap(
    s,
    g => and(isNow(g), own.covers(g)),
    kind => isWanted(s, own, kind),
  )
}

/** The filter: leafs of the old kind, where the new attribute is private the shared ones. */
function isWanted(s: State, own: Setter, kind: Kind): Bool {
  const { value } = s.set[own.t]
  switch (s.p.filter) {
    case 'old':
      return not(value.is(kind))
    case 'new':
      return value.is(kind)
    case 'all':
      return or(true)
  }
}

/** The range is added, and gfn after gfn is zapped; after each mmu_lock is dropped for a moment. */
function yieldingZap(s: State, own: Setter): Statements {
  const { mmuLock } = s
  return [
    step('A4_kvm_mmu_invalidate_range_add', addRange(s, own)),
    slotGfns(s)
      .slice(0, -1)
      .map((g): Statements => {
        return [
          step(
            `A4_zap_and_yield_gfn${g}`,
            zapRange(s, own, other => or(other === g)),
            flush(s),
            mmuLock.releaseWrite(),
          ),
          step(`A4_write_lock_again_gfn${g}`, mmuLock.acquireWrite()),
        ]
      }),
  ]
}

/** A6, where the second pass finds the slot. */
export function afterStore(s: State, own: Setter, suffix: string): Statements {
  const post = secondPass(s, own, suffix)
  const findsSlot = and(not(s.slot.isAbsent), or(...slotGfns(s).map(g => inPost(s, own, g))))
  const isSure = s.memslot === null && s.p.postRange !== 'prefix-by-slots'
  return isSure ? post : [branch(findsSlot, post)]
}

/** on_lock, the handler, and on_unlock of the second pass. */
function secondPass(s: State, own: Setter, suffix: string): Statements {
  const { mmuLock } = s
  const lock = mmuLock.acquireWrite()
  const unlock = mmuLock.releaseWrite()
  const handler = `A6_kvm_arch_post_set_memory_attributes${suffix}`
  const end = `A6_kvm_mmu_invalidate_end${suffix}`
  const mixed = updateMixed(s, own)
  switch (s.p.endPlacement) {
    case 'lockedFirst':
      return [step(end, lock, endSection(s)), step(handler, mixed, unlock)]
    case 'lockedLast':
      return [step(handler, lock, mixed), step(end, endSection(s), unlock)]
    case 'beforeStore':
      return [step(handler, lock, mixed), step('A6_KVM_MMU_UNLOCK', unlock)]
    case 'twoPairs':
      return [
        step('A6_kvm_mmu_invalidate_begin', lock, begin(s)),
        step(
          'A6_kvm_unmap_gfn_range',
          addRange(s, own),
          zapRange(s, own, () => or(true)),
          flush(s),
        ),
        step(end, endSection(s)),
        step(handler, mixed, unlock),
      ]
    case 'unlocked':
      return [step(handler, lock, mixed), step('A6_KVM_MMU_UNLOCK', unlock), endUnlocked(s)]
  }
}

function endSection(s: State): Item {
  return s.p.usesIp ? invalidateEnd(s) : []
}

/** RFC v11: on_unlock. mmu_invalidate_seq++ and mmu_invalidate_in_progress-- without a lock. */
function endUnlocked(s: State): Statements {
  const { loaded } = s
  const { seq, inProgress } = s.invalidation
  if (loaded === null) return []
  return [
    step('A6_load_mmu_invalidate_seq', loaded.set(seq)),
    step('A6_store_mmu_invalidate_seq', seq.set(loaded.plus(1)), loaded.set(0)),
    step('A6_load_mmu_invalidate_in_progress', loaded.set(inProgress)),
    step(
      'A6_store_mmu_invalidate_in_progress',
      assert(loaded.gt(0), 'an end has its begin'),
      inProgress.set(loaded.minus(1)),
      loaded.set(0),
    ),
  ]
}

/** The gfn is in the range that the second pass is given. */
function inPost(s: State, own: Setter, g: number): Bool {
  const end = s.p.postRange === 'all' ? own.hi : own.next
  return and(own.lo.le(g), end.gt(g))
}

/** kvm_arch_post_set_memory_attributes: KVM_LPAGE_MIXED_FLAG of hugepages wholly in the slot. */
function updateMixed(s: State, own: Setter): Item {
  const { value } = s.set[own.t]
  const flags = slotHugepages(s).map(h => {
    const inside = gfnsOf(h).map(g => inPost(s, own, g))
    // Covered in part: hugepage_has_attrs looks; covered as a whole: all were just set.
    const isMixed = and(not(and(...inside)), not(hasAttribute(s, h, value)))
    return [
      when(and(or(...inside), isMixed), s.mixed[h].set(true)),
      when(and(or(...inside), not(isMixed)), s.mixed[h].set(false)),
    ]
  })
  return [flags, gigapage(s, own)]
}

/**
 * The next level: the hugepage of all gfns that straddles the range. hugepage_has_attrs looks at
 * the flags of the level below for all of it; lpage_info has those of the slot only.
 */
function gigapage(s: State, own: Setter): Item {
  if (s.p.hugepages === 1) return []
  const isInSlot = s.slot.first === 0 && s.slot.end === s.gfns
  const isHead = s.p.bug === 'lpage-info-overflow' ? s.slot.first === 0 : isInSlot
  const straddles = not(and(own.lo.is(0), own.hi.is(s.gfns)))
  const entries = Math.ceil(s.slot.end / gfnsPerHugepage)
  return assert(
    not(and(isHead, straddles, entries < s.p.hugepages)),
    'lpage_info is read inside of its bounds',
    'hugepage_has_attrs reads the flags of a hugepage behind the end of the slot: a read ' +
      'outside of a vmalloc array',
  )
}

function coversSome(own: Setter, h: number): Bool {
  return or(...gfnsOf(h).map(g => own.covers(g)))
}

function coversAll(own: Setter, h: number): Bool {
  return and(...gfnsOf(h).map(g => own.covers(g)))
}
