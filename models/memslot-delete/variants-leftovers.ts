/**
 * Variants on what a deletion leaves behind in the MMU: shadow pages (B3), tables (P12), the list
 * of the NX recovery (C5); and on the lock and the VM types of the leaf zap.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

/** The variants. */
export const leftoverVariants: readonly Variant<Parameters>[] = [
  row(
    'B3-seed',
    'B3: the leaf zap of the patch visits TDP roots only: leafs and pages of L2 stay.',
    { vcpus: 1, mmu: 'nested', zap: 'leafs', decides: 'always', leafs: 'seed' },
    [41_685, 93_139, 61],
    {
      'no stale mapping after deletion': 23,
      'flush before reuse': 25,
      'no use of a freed memslot by a shadow page': 23,
    },
  ),
  row(
    'B3-rc',
    'B3 in 6.12-rc: rmaps are walked, and shadow pages of tables in the slot stay.',
    { vcpus: 1, mmu: 'nested', zap: 'leafs', decides: 'always', leafs: '6.12-rc' },
    [35_483, 77_807, 67],
    { 'no use of a freed memslot by a shadow page': 23 },
  ),
  row(
    'B3-merged',
    'B3 as merged (Z2.4): shadow pages of tables in the slot go, with all below them.',
    { vcpus: 1, mmu: 'nested', zap: 'leafs', decides: 'always' },
    [30_588, 67_244, 63],
    { 'other slots untouched': 20 },
  ),
  row(
    'B3-fast',
    'B3 with the fast zap: all shadow pages are obsolete.',
    { vcpus: 1, mmu: 'nested', zap: 'fast-direct', decides: 'always' },
    [60_279, 129_403, 77],
    { 'other slots untouched': 22 },
  ),
  row(
    'B3-seed-shadow',
    'B3 with ept=0 if the flag were not refused there: nothing at all is zapped.',
    { mmu: 'shadow', zap: 'leafs', decides: 'always', leafs: 'seed' },
    [58_846, 175_767, 43],
    {
      'no stale mapping after deletion': 20,
      'flush before reuse': 22,
      'no use of a freed memslot by a shadow page': 20,
    },
  ),
  row(
    'B3-rc-shadow',
    'B3 in 6.12-rc with ept=0.',
    { mmu: 'shadow', zap: 'leafs', decides: 'always', leafs: '6.12-rc' },
    [83_224, 248_481, 58],
    { 'no use of a freed memslot by a shadow page': 20 },
  ),
  row(
    'B3-merged-shadow',
    'B3 as merged, with ept=0.',
    { mmu: 'shadow', zap: 'leafs', decides: 'always' },
    [83_492, 247_934, 63],
    { 'other slots untouched': 17 },
  ),
  row(
    'B3-fast-shadow',
    'B3 with the fast zap and ept=0.',
    { mmu: 'shadow', zap: 'fast-direct', decides: 'always' },
    [94_209, 271_110, 64],
    { 'other slots untouched': 19 },
  ),
  row(
    'B3-rc-shrinker',
    'B3 in 6.12-rc: the shrinker recycles a shadow page whose slot is gone.',
    { vcpus: 1, mmu: 'nested', zap: 'leafs', decides: 'always', leafs: '6.12-rc', shrinker: true },
    [49_271, 125_013, 67],
    {
      'other slots untouched': 16,
      'idle tables stay': 26,
      'no use of a freed memslot by a shadow page': 23,
      'unaccount_shadowed finds the memslot': 22,
    },
  ),
  row(
    'P12-shrinker',
    'P12: before v6.13 the shrinker recycles idle pages of the shadow MMU, the oldest first.',
    { vcpus: 1, mmu: 'nested', zap: 'leafs', decides: 'always', shrinker: true },
    [42_498, 106_546, 63],
    { 'other slots untouched': 16, 'idle tables stay': 26 },
  ),
  row(
    'P12-tdp',
    'P12: the same shrinker finds nothing among tables of the TDP MMU.',
    { vcpus: 1, zap: 'leafs', decides: 'always', shrinker: true },
    [984, 1995, 37],
  ),
  row(
    'C1-nested',
    'C1: the flag of the patch with a nested guest, which the check for a TDP MMU lets pass.',
    { vcpus: 1, mmu: 'nested', zap: 'fast-direct', decides: 'slot-flag', leafs: 'seed' },
    [101_963, 222_542, 77],
    {
      'no stale mapping after deletion': 23,
      'flush before reuse': 25,
      'other slots untouched': 22,
      'no use of a freed memslot by a shadow page': 23,
    },
  ),
  row(
    'C1-shadow',
    'C1 with ept=0: the flag is refused with -EINVAL, so there is only the fast zap.',
    { mmu: 'shadow', zap: 'fast-direct', decides: 'slot-flag', leafs: 'seed' },
    [94_209, 271_110, 64],
    { 'other slots untouched': 19 },
  ),
  row(
    'C5',
    'C5: a table on the list of the NX recovery outlives its slot in a leaf zap.',
    { zap: 'leafs', decides: 'always', nx: true },
    [44_697, 155_316, 45],
    { 'idle tables stay': 23, 'the NX recovery worker finds the memslot': 23 },
  ),
  row(
    'C5-fast',
    'C5 with the fast zap: the table goes before the slot does.',
    { zap: 'fast-direct', decides: 'always', nx: true },
    [90_963, 340_696, 54],
  ),
  row(
    'C5-tdx',
    'C5 for a TD: shared memory has it, too.',
    { vcpus: 1, zap: 'leafs', decides: 'always', vm: 'tdx', nx: true },
    [4485, 10_400, 33],
    { 'idle tables stay': 23, 'the NX recovery worker finds the memslot': 23 },
  ),
  row(
    'A3-sev',
    'A3 for an SEV VM as merged: a precise zap of shared slots.',
    { vm: 'sev', zap: 'fast-direct', decides: 'quirk' },
    [67_003, 197_778, 53],
  ),
  row(
    'A3-read-lock',
    'A3 with mmu_lock held for read: SRCU protects the slot, cmpxchg the entries.',
    { zap: 'leafs', decides: 'always', bug: 'leafs-read-lock' },
    [38_281, 118_065, 53],
  ),
  row(
    'C1-unchecked',
    'C1 if a private slot of a TD were accepted without the flag: its mappings stay.',
    { vcpus: 1, vm: 'tdx', zap: 'fast-direct', decides: 'slot-flag', bug: 'no-gmem-flag-check' },
    [14_026, 28_760, 49],
    {
      'no stale mapping after deletion': 30,
      'flush before reuse': 36,
      'other slots untouched': 23,
    },
  ),
  row(
    'C1-toggle',
    'C1 if the flag of a slot could be taken away: a private slot loses it before it goes.',
    { vcpus: 1, vm: 'tdx', zap: 'fast-direct', decides: 'slot-flag', bug: 'flag-toggles' },
    [14_180, 29_436, 50],
    {
      'no stale mapping after deletion': 31,
      'flush before reuse': 37,
      'other slots untouched': 23,
    },
  ),
  row(
    'C1-ignored',
    'C1 on an architecture that accepts the flag and ignores it: safe, not precise.',
    { zap: 'fast-direct', decides: 'flag-ignored' },
    [60_852, 185_872, 69],
    { 'other slots untouched': 23 },
  ),
  row(
    'P12-shrinker-fast',
    'P12: the fast zap leaves no idle shadow page, so the shrinker finds none (ept=0).',
    { vcpus: 1, mmu: 'shadow', zap: 'fast-direct', decides: 'always', shrinker: true },
    [4119, 9695, 52],
    { 'other slots untouched': 13 },
  ),
  row(
    'B1-shadow',
    'B1 with ept=0: without SRCU a shadow fault installs what was zapped.',
    { vcpus: 1, mmu: 'shadow', zap: 'leafs', decides: 'always', bug: 'no-srcu-sync' },
    [4028, 8323, 39],
    {
      'no stale mapping after deletion': 16,
      'flush before reuse': 20,
      'no install after zap': 14,
      'no fault holds the slot when its zap runs': 8,
      'no use of a freed memslot': 11,
      'other slots untouched': 15,
      'no use of a freed memslot by a shadow page': 15,
    },
  ),
]
