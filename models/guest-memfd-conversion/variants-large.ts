/**
 * Larger scopes, for runs that may take longer: three guest frames.
 */
import type { Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { row } from '../components/row.js'

const rows: readonly Variant<Parameters>[] = [
  row('W1-3gfns', 'W1 with three gfns.', { gfns: 3 }, [1_000_000, 4_080_000, 36]),
  row(
    'W11-3gfns',
    'W11 with three gfns.',
    { gfns: 3, design: 'implicit' },
    [681_472, 2_880_768, 36],
  ),
  row(
    'W19-guard-3gfns',
    'W19-guard with three gfns.',
    { gfns: 3, design: 'pending', vm: 'sw', host: 'at-will' },
    [400_000, 1_827_000, 34],
  ),
  row(
    'W10-lazy-3gfns',
    'W10-lazy with three gfns: the bound does not depend on their number.',
    { gfns: 3, discard: 'lazy' },
    [17_796_800, 84_892_032, 56],
    {
      'a gfn has one backing': 6,
      'a shared gfn has no private page': 9,
      'a page is zero after its conversion': 10,
    },
  ),
]

/** The variants that the suite leaves out. */
export const largeVariants: readonly Variant<Parameters>[] = rows.map(variant => ({
  ...variant,
  tier: 'large',
}))
