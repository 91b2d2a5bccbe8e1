/**
 * Larger scopes, for runs that may take longer: two vCPUs, two slots, two punches.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

const twice = { vcpus: 2, punches: 2 } as const

const rows: readonly Variant<Parameters>[] = [
  row('W1-snp-2vcpus', 'W1-snp with two vCPUs and two punches.', twice, [408_661, 1_335_249, 65]),
  row(
    'W1-tdx-2vcpus',
    'W1-tdx with two vCPUs and two punches.',
    { ...twice, vm: 'tdx' },
    [286_947, 936_047, 57],
  ),
  row(
    'W1-sw-2vcpus',
    'W1-sw with two vCPUs and two punches.',
    { ...twice, vm: 'sw' },
    [408_661, 1_335_249, 65],
  ),
  row(
    'owner-check-2vcpus',
    'owner-check with two vCPUs and two punches.',
    { ...twice, foreign: true },
    [428_448, 1_424_074, 67],
  ),
  row(
    'error-2vcpus',
    'A page fails, with two vCPUs and two punches.',
    { ...twice, memoryError: true },
    [3_835_001, 14_221_121, 73],
  ),
]

/** The variants that the suite leaves out. */
export const largeVariants: readonly Variant<Parameters>[] = rows.map(variant => ({
  ...variant,
  tier: 'large',
}))
