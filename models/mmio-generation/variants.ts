/** The variants: rows of the design notes and bugs of the kernel's history. */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

const used = 'cached MMIO is used only where there is no memslot'
const overwritten = 'a present leaf does not become an MMIO SPTE'
const flush = 'flush before reuse'
/** One bit of generation: every second update wraps. */
const oneBit = { updates: 2, generations: 2 } as const
const race = { vcpus: 2, updates: 2 } as const

/** The variants of the model. */
export const variants: readonly Variant<Parameters>[] = [
  row('merged', 'As merged, leaf zap.', {}, [8075, 16_833, 46]),
  row('merged-fast', 'As merged, fast zap.', { zap: 'fast' }, [7702, 16_088, 47]),
  row('merged-more', 'As merged, five updates.', { updates: 5 }, [48_746, 116_283, 58]),
  row(
    'B10',
    'B10: the generation is increased once, when the memslots are published.',
    { bug: 'one-increment' },
    [4942, 10_076, 42],
    { [used]: 14 },
  ),
  row(
    'T2',
    'T2: a fault on an INVALID slot makes an MMIO SPTE, over a leaf that is still there.',
    { bug: 'invalid-slot-is-mmio' },
    [11_074, 23_034, 47],
    { [used]: 19, [overwritten]: 20, [flush]: 32 },
  ),
  row(
    'T2-fast',
    'T2 with the fast zap: the leaf is overwritten, and every vCPU flushes all the same.',
    { bug: 'invalid-slot-is-mmio', zap: 'fast' },
    [10_114, 21_139, 47],
    { [used]: 19, [overwritten]: 20 },
  ),
  row(
    'cache-in-flux',
    'The vCPU caches MMIO while the memslots are in flux (before v5.1).',
    { bug: 'cache-in-flux' },
    [8421, 17_691, 46],
    { [used]: 14 },
  ),
  row(
    'no-srcu-sync',
    'The memslots are swapped without synchronize_srcu: late faults cache MMIO, and map pages.',
    { bug: 'no-srcu-sync' },
    [16_359, 36_154, 43],
    {
      [used]: 15,
      [overwritten]: 22,
      'a present leaf keeps its page': 25,
      'no stale mapping after deletion': 16,
      [flush]: 20,
    },
  ),
  row(
    'L8',
    'L8: a generation that wraps is stored before old MMIO SPTEs are zapped (before v5.1).',
    { ...oneBit, bug: 'publish-before-zap' },
    [3373, 6555, 45],
    { [used]: 19 },
  ),
  row('L8-fixed', 'L8 as fixed: zapped first, stored then (v5.1).', oneBit, [3214, 6197, 41]),
  row(
    'L8-two-bits',
    'L8 with two bits of generation.',
    { updates: 4, generations: 4, bug: 'publish-before-zap' },
    [21_684, 48_792, 57],
    { [used]: 25 },
  ),
  row(
    'L8-two-bits-fixed',
    'L8 as fixed, with two bits of generation.',
    { updates: 4, generations: 4 },
    [20_812, 46_074, 53],
  ),
  row(
    'wrap-window',
    'L8 as fixed, and a generation more: an MMIO SPTE made between the zap and the store.',
    { updates: 3, generations: 2 },
    [9561, 20_024, 46],
    { [used]: 24 },
  ),
  row(
    'wrap-window-closed',
    'The same if no MMIO SPTE is made in flux: safe.',
    { updates: 3, generations: 2, refusesInFlux: true },
    [8727, 18_320, 45],
  ),
  row(
    'H3-leafs',
    'H3: nothing is zapped when a generation wraps: an MMIO SPTE outlives the leaf zap.',
    { updates: 3, generations: 4, bug: 'no-zap-on-wrap' },
    [8045, 16_767, 46],
    { [used]: 27 },
  ),
  row(
    'H3-fast',
    'H3 with the fast zap, which removes MMIO SPTEs: the wrap does no harm.',
    { updates: 3, generations: 4, zap: 'fast', bug: 'no-zap-on-wrap' },
    [7702, 16_088, 47],
  ),
  row(
    'create-race',
    'Two vCPUs while the slot is created, as merged: one maps it, one still finds no slot.',
    race,
    [179_197, 503_542, 63],
    { [overwritten]: 17, [flush]: 32 },
  ),
  row(
    'create-race-fast',
    'The same with the fast zap: the leaf is overwritten, and no TLB entry outlives the deletion.',
    { ...race, zap: 'fast' },
    [191_320, 540_627, 57],
    { [overwritten]: 17 },
  ),
  row(
    'create-race-before-6.14',
    'The same before v6.14: a leaf that allows the access is overwritten, too.',
    { ...race, bug: 'no-spurious-check' },
    [190_168, 534_141, 70],
    { [overwritten]: 17, [flush]: 32 },
  ),
  row(
    'create-race-closed',
    'The same if no MMIO SPTE is made in flux: safe.',
    { ...race, refusesInFlux: true },
    [175_535, 489_734, 50],
  ),
  row(
    'retry-in-srcu',
    'A fault with an INVALID slot is tried again in a loop that holds SRCU: both sides wait.',
    { bug: 'retry-in-srcu' },
    [8075, 16_732, 46],
    { 'deadlock freedom': 7 },
  ),
  {
    ...row(
      'large-create-race',
      'As merged, two vCPUs and six updates: the race of create-race.',
      { vcpus: 2, updates: 6 },
      [14_396_951, 49_438_608, 103],
      { 'a present leaf does not become an MMIO SPTE': 17, 'flush before reuse': 32 },
    ),
    tier: 'large',
  },
  {
    ...row(
      'large-create-race-closed',
      'The same where no MMIO SPTE is made in flux: holds.',
      { vcpus: 2, updates: 6, refusesInFlux: true },
      [12_979_455, 43_129_738, 80],
    ),
    tier: 'large',
  },
]
