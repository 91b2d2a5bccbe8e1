/**
 * Variants on the side of the ioctl: MOVE and a late error, the INVALID copy of the slot,
 * KVM_PRE_FAULT_MEMORY, and repaired twins of variants with a bug of the kernel's history.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

const fast = { zap: 'fast-direct', decides: 'always' } as const
const leafs = { zap: 'leafs', decides: 'always' } as const
const merged = { vm: 'tdx', zap: 'fast-direct', decides: 'quirk' } as const
const fails = { change: 'move', prepareFails: 'after-zap' } as const

const takesMapping = 'a failed ioctl takes no mapping'
const others = 'other slots untouched'
const deadlock = 'deadlock freedom'

/** The variants. */
export const ioctlVariants: readonly Variant<Parameters>[] = [
  row(
    'move',
    'A MOVE: to the old gfn it is what a deletion is.',
    { ...fast, change: 'move' },
    [60_852, 185_872, 69],
    { [others]: 23 },
  ),
  row(
    'B8-fast',
    'B8: a MOVE fails after the fast zap: mappings are gone, and are faulted in again.',
    { ...fast, ...fails },
    [143_482, 425_064, 69],
    { [others]: 23, [takesMapping]: 28 },
  ),
  row(
    'B8-leafs',
    'B8: a MOVE fails after the leaf zap: mappings are gone, and are faulted in again.',
    { ...leafs, ...fails },
    [95_067, 272_064, 54],
    { [takesMapping]: 22 },
  ),
  row(
    'B8-twice',
    'B8: another MOVE after one that failed, or succeeded.',
    { ...fast, ...fails, vcpus: 1, deletes: 2 },
    [20_130, 47_157, 74],
    { [others]: 23, [takesMapping]: 28 },
  ),
  row(
    'B8-tdx',
    'B8 for a TD, as merged: a slot with guest_memfd is not moved; a shared one may fail late.',
    { ...merged, ...fails, vcpus: 1 },
    [11_225, 22_588, 46],
    { [takesMapping]: 22 },
  ),
  row(
    'B8-gmem',
    'B8 if slots with guest_memfd could be moved: private pages are lost although nothing moved.',
    { ...merged, vcpus: 1, change: 'move-gmem', prepareFails: 'after-zap' },
    [23_863, 49_124, 48],
    { [takesMapping]: 22, 'a failed ioctl takes no private page': 24 },
  ),
  row(
    'B8-early',
    'B8 if kvm_prepare_memory_region came before the zap: an error changes nothing.',
    { ...merged, vcpus: 1, change: 'move-gmem', prepareFails: 'before-zap' },
    [11_191, 23_288, 41],
  ),
  row(
    'B12',
    'B12: the slot is freed before the second synchronize_srcu, while a fault reads its flags.',
    { ...leafs, invalidCopy: true, bug: 'free-before-sync' },
    [45_904, 137_766, 53],
    { 'no use of a freed memslot': 12 },
  ),
  row(
    'B12-fixed',
    'B12 in the right order.',
    { ...leafs, invalidCopy: true },
    [37_767, 111_066, 53],
  ),
  row(
    'B4-fixed',
    'B4 repaired: the notifier zaps invalid roots, too (v5.18).',
    { ...fast, vcpus: 1, notifier: true },
    [20_373, 52_409, 60],
    { [others]: 24 },
  ),
  row(
    'B6-yield-fixed',
    'B6 with the flush before a yield (v5.12); B13 with the wait for notifiers (v5.15).',
    { ...leafs, vcpus: 1, notifier: true },
    [8941, 21_274, 49],
  ),
  row(
    'B9-prefault',
    'B9: KVM_PRE_FAULT_MEMORY retries in place while the slot is INVALID (before 6.18).',
    { ...leafs, vcpus: 1, prefault: 'any-time', bug: 'prefault-retries-invalid' },
    [3268, 6335, 53],
    { [deadlock]: 5 },
  ),
  row(
    'B9-prefault-fixed',
    'B9: KVM_PRE_FAULT_MEMORY returns -EAGAIN if the slot is INVALID (6.18).',
    { ...leafs, vcpus: 1, prefault: 'any-time' },
    [3150, 6217, 53],
  ),
  row(
    'T20',
    'T20: KVM_PRE_FAULT_MEMORY keeps an obsolete root and retries without end (before 6.15).',
    { ...fast, vcpus: 1, prefault: 'alone', bug: 'prefault-ignores-request' },
    [2744, 5065, 52],
    { [others]: 22, [deadlock]: 28 },
  ),
  row(
    'T20-fixed',
    'T20: kvm_mmu_reload drops an obsolete root first (6.15).',
    { ...fast, vcpus: 1, prefault: 'alone' },
    [2482, 4666, 52],
    { [others]: 22 },
  ),
  row(
    'T20-window',
    'T20 as fixed, while the slot is deleted: the root becomes obsolete after kvm_mmu_reload.',
    { ...fast, vcpus: 1, prefault: 'any-time' },
    [4496, 8984, 52],
    { [others]: 21, [deadlock]: 21 },
  ),
  row(
    'T20-window-closed',
    'T20 with kvm_mmu_reload in each round of the retry loop: safe.',
    { ...fast, vcpus: 1, prefault: 'reload-in-loop' },
    [4445, 8937, 52],
    { [others]: 21 },
  ),
]
