/**
 * The variants: the kernel as merged at several scopes, and each broken rule beside the same scope
 * without it. Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row(
    'merged',
    'As merged (v6.18): a fault, the end of dirty logging, the worker.',
    {},
    [18_073, 59_118, 61],
  ),
  row('merged-two-vcpus', 'As merged, with two vCPUs.', { vcpus: 2 }, [354_492, 1_482_631, 53]),
  row(
    'merged-write-lock',
    'Before v6.18: the worker holds mmu_lock for write.',
    { vcpus: 2, worker: 'write' },
    [11_344, 36_418, 43],
  ),
  row(
    'T11',
    'T11: the flag is set after the table is linked, and misses its zap.',
    { tables: 1, worker: 'none', bug: 'nx-flag-after-publish' },
    [293, 634, 38],
    { 'a freed table is not listed': 13, 'the count is that of flagged tables': 12 },
  ),
  row(
    'T11-fixed',
    'T11 and T12 fixed: the flag is set before, and looked at again with the list locked.',
    { tables: 1, worker: 'none' },
    [96, 204, 19],
  ),
  row(
    'T11-write-lock',
    'T11 with the worker of its time.',
    { tables: 1, worker: 'write', bug: 'nx-flag-after-publish' },
    [455, 982, 38],
    {
      'a freed table is not listed': 13,
      'the count is that of flagged tables': 12,
      'the worker zaps the table that it took from the list': 14,
    },
  ),
  row(
    'T12',
    'T12, which is T11 with its first fix alone: a table is listed although it was zapped.',
    { tables: 1, worker: 'none', bug: 'nx-no-recheck' },
    [296, 640, 41],
    { 'a freed table is not listed': 14, 'the count is that of flagged tables': 13 },
  ),
  row(
    'T12-unlocked',
    'T12 with a check before the lock is taken, as once proposed: still violated.',
    { tables: 1, worker: 'none', bug: 'nx-recheck-unlocked' },
    [384, 828, 49],
    { 'a freed table is not listed': 15, 'the count is that of flagged tables': 14 },
  ),
  row(
    'worker-without-rcu',
    'The worker takes a table from the list without RCU: it is freed under its feet.',
    { bug: 'worker-without-rcu' },
    [24_939, 84_418, 74],
    { 'no use of a freed page table': 15 },
  ),
  row(
    'worker-zaps-any-table',
    'The worker zaps what the SPTE leads to, also if that is not its table.',
    { bug: 'worker-zaps-any-table' },
    [19_511, 63_510, 61],
    { 'the worker zaps the table that it took from the list': 17 },
  ),
  row(
    'no-recover',
    'The worker alone: no race with it is left.',
    { recover: false, vcpus: 2 },
    [8405, 27_061, 43],
  ),
  row(
    'worker-returns-locked',
    'The worker of before v6.18 returns with mmu_lock where its list is empty.',
    { vcpus: 2, worker: 'write', bug: 'worker-returns-locked' },
    [11_344, 36_386, 43],
    { 'deadlock freedom': 2 },
  ),
  {
    ...row(
      'large-three-vcpus',
      'As merged, with three vCPUs.',
      { vcpus: 3 },
      [5_422_478, 27_894_752, 55],
    ),
    tier: 'large',
  },
]
