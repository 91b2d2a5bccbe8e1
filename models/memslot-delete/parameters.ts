/**
 * The parameters of the model: what kind of VM, which zap, who decides, and which step of the
 * protocol is left out or moved.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(1, 3, 2, 'vCPUs'),
  deletes: range(1, 2, 1, 'how often slot A is deleted and created again'),
  vm: option(
    ['default', 'sev', 'tdx'],
    'default',
    'VM type; a TD has a mirror root, and each slot is private or shared',
  ),
  slots: option(
    ['any', 'shared', 'private'],
    'any',
    'slot A of a TD: as userspace likes, without or with guest_memfd',
  ),
  mmu: option(
    ['tdp', 'nested', 'shadow'],
    'tdp',
    'what translates: the TDP MMU, for a nested guest the shadow MMU as well, or (ept=0) the ' +
      'shadow MMU alone',
  ),
  zap: option(
    ['fast-direct', 'fast-all', 'leafs', 'hybrid'],
    'fast-direct',
    'how a deletion zaps: invalidate direct roots, also the mirror root, zap leafs of the slot, ' +
      'or invalidate direct roots and zap private leafs of the slot',
  ),
  decides: option(
    ['always', 'slot-flag', 'flag-ignored', 'vm-type', 'quirk', 'quirk-only', 'any'],
    'quirk',
    'who may choose leafs in place of `zap`: nobody, KVM_MEM_ZAP_LEAFS_ONLY of the slot, ' +
      'nobody though the slot has that flag (an architecture that accepts and ignores it), any ' +
      'VM type but default, a disabled quirk or such a type, a disabled quirk alone, KVM as it ' +
      'likes',
  ),
  leafs: option(
    ['merged', '6.12-rc', 'seed'],
    'merged',
    'what the leaf zap does to the shadow MMU: zap leafs and shadow pages, leafs only, nothing',
  ),
  shrinker: flag(false, 'the shrinker recycles the oldest shadow page (before v6.13)'),
  nx: flag(
    false,
    'iTLB multi-hit mitigation: tables in place of a huge page are recovered by a worker; only ' +
      'gfn A is touched, slot B may have KVM_MEM_LOG_DIRTY_PAGES',
  ),
  dma: flag(false, 'a device with non-coherent DMA is attached at any time'),
  paused: flag(false, 'userspace pauses all vCPUs from the deletion to the next creation'),
  hypothesis: option(
    ['none', 'H1', 'H2', 'H4', 'H5', 'H6', 'H7'],
    'none',
    'a cause supposed for the bug of 2019 with an assigned GPU: H1 no flush, H2 a root is not ' +
      'visited, H4 no SRCU, H5 stale memory types, H6 ' +
      'an access between deletion and creation, H7 a leaf of the slot is left out',
  ),
  passes: option(
    ['bottom-up', 'top-down'],
    'bottom-up',
    'tdp_mmu_zap_root: 4K entries first (since v6.9), or tables with all below them',
  ),
  change: option(
    ['delete', 'move', 'move-gmem'],
    'delete',
    'what userspace does to slot A: it deletes it, moves it to another gfn (refused with -EINVAL ' +
      'for a slot with guest_memfd), or moves it whatever it is',
  ),
  prepareFails: option(
    ['never', 'after-zap', 'before-zap'],
    'never',
    'kvm_prepare_memory_region of a MOVE may fail, after the zap (as merged; the old slot ' +
      'returns), or in a kernel that calls it first',
  ),
  invalidCopy: flag(
    false,
    'a fault that found the INVALID copy of the slot holds it until V8 has read its flags',
  ),
  prefault: option(
    ['no', 'alone', 'any-time', 'reload-in-loop'],
    'no',
    'userspace calls KVM_PRE_FAULT_MEMORY on a vCPU that does not run: never, not while the slot ' +
      'is changed, at any time, at any time with a kernel that reloads the root at each retry',
  ),
  notifier: flag(false, 'the host reclaims the page behind slot A once, at any time'),
  bug: option(
    [
      'none',
      'no-srcu-sync',
      'no-first-srcu-sync',
      'request-first',
      'invalidate-first',
      'request-late',
      'request-no-wait',
      'no-flush',
      'flush-after-unlock',
      'yield-no-flush',
      'no-local-flush',
      'zap-before-invalid',
      'no-stale-check',
      'valid-roots-only',
      'no-notifier-wait',
      'seq-before-slot',
      'seq-after-pfn',
      'retry-holds-srcu',
      'free-before-sync',
      'prefault-ignores-request',
      'prefault-retries-invalid',
      'leafs-read-lock',
      'no-gmem-flag-check',
      'flag-toggles',
    ],
    'none',
    'a step of the protocol that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>

/** The step that is left out: that of the parameter, or the one that a hypothesis supposes. */
export function bugOf({ bug, hypothesis }: Parameters): Parameters['bug'] {
  if (hypothesis === 'H1') return 'no-flush'
  return hypothesis === 'H4' ? 'no-srcu-sync' : bug
}
