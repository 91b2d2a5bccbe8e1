/**
 * The variants for nightly runs: the kernel as merged with more vCPUs, with two deletions, and with
 * a notifier. Each takes a few seconds and less than 1 GiB.
 */
import type { Variant } from 'zapcheck'
import { row } from '../components/row.js'
import type { Parameters } from './parameters.js'

const rows: readonly Variant<Parameters>[] = [
  row(
    'large-three-vcpus',
    'As merged, a default VM with three vCPUs.',
    { vcpus: 3 },
    [3_406_331, 13_668_105, 79],
    { 'other slots untouched': 23 },
  ),
  row(
    'large-tdx-three-vcpus',
    'As merged, a TD with private slots and three vCPUs.',
    { vcpus: 3, vm: 'tdx', slots: 'private' },
    [4_283_711, 16_894_436, 65],
  ),
  row('large-twice', 'As merged, two deletions.', { deletes: 2 }, [481_063, 1_669_852, 89], {
    'other slots untouched': 23,
  }),
  row(
    'large-twice-notifier',
    'As merged, two deletions and a notifier.',
    { deletes: 2, notifier: true },
    [10_498_917, 42_195_786, 114],
    { 'other slots untouched': 24 },
  ),
]

/** The variants for nightly runs. */
export const largeVariants = rows.map(variant => ({ ...variant, tier: 'large' as const }))
