/**
 * Larger scopes, for runs that may take longer: two punches, with the threads that use mmap_lock.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

const wide = { punches: 2, slot: 'deleted', mmap: 'threads' } as const

const rows: readonly Variant<Parameters>[] = [
  row('W1-tdx-2punches', 'W1-tdx with two punches and mmap_lock.', wide, [11_528, 30_920, 36]),
  row(
    'W1-snp-2punches',
    'W1-snp with two punches and mmap_lock.',
    { ...wide, vm: 'snp' },
    [18_398, 49_148, 48],
  ),
]

/** The variants that the suite leaves out. */
export const largeVariants: readonly Variant<Parameters>[] = rows.map(variant => ({
  ...variant,
  tier: 'large',
}))
