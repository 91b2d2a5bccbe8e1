/**
 * The parameters of the model: scope, kind of VM and slot, the form of the ioctl, and which part of
 * the protocol is left out or moved. The defaults are the kernel as merged, with the fix for
 * hugepages of v6.15.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  vcpus: range(1, 2, 2, 'vCPUs'),
  hugepages: range(1, 2, 1, 'hugepages of two gfns each'),
  setters: range(1, 2, 1, 'tasks that call KVM_SET_MEMORY_ATTRIBUTES'),
  calls: range(1, 3, 1, 'calls of each of them'),
  vm: option(
    ['snp', 'sw', 'tdx', 'plain'],
    'snp',
    'kind of VM: SEV-SNP (the guest says private or shared), KVM_X86_SW_PROTECTED_VM (the ' +
      'attribute says it), TDX (private pages in a mirror root), one without private memory',
  ),
  initially: option(['shared', 'private'], 'shared', 'the attribute of all gfns at first'),
  slot: option(
    ['aligned', 'head', 'tail', 'small'],
    'aligned',
    'gfns of the memslot: all, all but the first, all but the last, the first hugepage only',
  ),
  gmem: flag(true, 'the slot has guest_memfd, so it can be private'),
  backing: option(['huge', 'any', 'small'], 'huge', 'sizes of the pages behind the slot'),
  memslotChanges: flag(false, 'the slot is deleted once, and created again'),
  secondInvalidator: option(
    ['none', 'punch', 'notifier'],
    'none',
    'who else invalidates, once: PUNCH_HOLE of guest_memfd, or an mmu_notifier',
  ),
  takes: option(
    ['page', 'gfn'],
    'page',
    'what it takes away: a page of the backing, or one gfn even where that is a hugepage',
  ),
  errors: flag(false, 'wrong arguments, and allocations that fail'),
  tlb: flag(false, 'translations that vCPUs have cached'),
  yields: flag(false, 'the zap drops mmu_lock after each gfn'),
  endPlacement: option(
    ['lockedFirst', 'lockedLast', 'unlocked', 'beforeStore', 'twoPairs'],
    'lockedFirst',
    'kvm_mmu_invalidate_end: under mmu_lock before or after the post handler, after the unlock ' +
      '(RFC v11), before the attributes are stored, or a begin and end around each of two zaps',
  ),
  usesIp: flag(true, 'false: no mmu_invalidate_in_progress, the begin raises the number'),
  usesSeq: flag(true, 'false: faults do not compare mmu_invalidate_seq'),
  seqBeforeAttr: flag(true, 'false: a fault looks at the attribute before it takes the snapshot'),
  seqBeforePage: flag(true, 'false: a fault looks the page up before it takes the snapshot'),
  extendRange: option(
    ['none', 'head', 'both'],
    'both',
    'hugepages that the range covers in part and that are added to the invalidation (v6.15)',
  ),
  mixedEarly: flag(false, 'such hugepages are marked as mixed before the zap'),
  filter: option(['old', 'new', 'all'], 'old', 'leafs that the zap of a TD removes, by kind'),
  store: option(
    ['reserve-first', 'partial', 'partial-error', 'partial-zero'],
    'reserve-first',
    'where memory runs out: nothing is done; what was done is reported, with -ENOMEM if that is ' +
      'nothing; -ENOMEM although something was done; 0 even if nothing was done',
  ),
  postRange: option(
    ['prefix', 'prefix-by-slots', 'all'],
    'prefix',
    'after a partial store the post handler sees what was set, by kvm_handle_gfn_range or with ' +
      'an end in any case, or the whole range',
  ),
  reports: option(
    ['all', 'rest', 'nothing'],
    'all',
    'what userspace concludes from 0: all is set; address and size say what remains; they are ' +
      'as before since the ioctl only reads them (_IOW)',
  ),
  storage: option(['vm', 'slot'], 'vm', 'whose attributes they are: a deleted slot loses its own'),
  bug: option(
    [
      'none',
      'skip-equal-check',
      'equal-check-unlocked',
      'no-slots-lock',
      'fault-takes-slots-lock',
      'lpage-info-overflow',
      'no-zap-without-gmem',
      'no-mixed-at-creation',
      'zap-read-lock',
      'no-flush',
      'no-alignment-check',
      'no-supported-check',
      'no-harmless-checks',
      'narrow-seq',
      'start-fails-without-end',
      'notifier-zaps-private',
    ],
    'none',
    'a step of the protocol that is left out or wrong',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
