/**
 * The variants: the kernel as merged at several scopes, and each bug beside the same scope without
 * it. Properties that are not named hold.
 */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row(
    'merged',
    'As merged: two vCPUs, two shadow pages of which one may be in use.',
    {},
    [6972, 26_044, 20],
  ),
  row('merged-enough', 'As merged, with enough shadow pages.', { limit: 2 }, [11_076, 42_908, 22]),
  row(
    'T10',
    'T10: two TDP faults with mmu_lock for read recycle the same shadow page.',
    { pages: 1, bug: 'recycle-under-read-lock' },
    [1160, 3310, 22],
    {
      'no use of a freed shadow page': 14,
      'the rmap leads to no freed shadow page': 15,
      'the rmap has what is removed from it': 15,
      'no shadow page is unlinked twice': 16,
    },
  ),
  row('T10-fixed', 'T10 fixed: a TDP fault recycles nothing.', { pages: 1 }, [530, 1500, 13]),
  row(
    'T10-two-pages',
    'T10 with a second shadow page.',
    { bug: 'recycle-under-read-lock' },
    [10_288, 38_652, 23],
    {
      'no use of a freed shadow page': 14,
      'the rmap leads to no freed shadow page': 15,
      'the rmap has what is removed from it': 15,
      'no shadow page is unlinked twice': 16,
    },
  ),
  row(
    'T10-alone',
    'T10 with one vCPU: nobody recycles at the same time.',
    { vcpus: 1, bug: 'recycle-under-read-lock' },
    [968, 3196, 18],
  ),
  row(
    'T15',
    'T15: an MMIO SPTE takes the place of a present one, which stays in the rmap.',
    { vcpus: 1, bug: 'mmio-over-present-shadow' },
    [2116, 7036, 41],
    {
      'the rmap leads to no freed shadow page': 18,
      'the rmap has exactly the present SPTEs': 11,
      'the rmap leads to present SPTEs': 13,
    },
  ),
  row('T15-fixed', 'T15 fixed: the present SPTE is dropped first.', { vcpus: 1 }, [876, 2920, 18]),
  {
    ...row(
      'large-three-vcpus',
      'As merged, three vCPUs and three shadow pages of which two may be in use.',
      { vcpus: 3, pages: 3, limit: 2 },
      [1_544_272, 8_023_536, 31],
    ),
    tier: 'large',
  },
]
