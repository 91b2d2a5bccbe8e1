/**
 * The parameters of the model: scope, how guest and host behave, what the hardware checks.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  gfns: range(1, 2, 1, 'guest frames'),
  pages: range(2, 3, 2, 'host pages'),
  conversions: range(0, 2, 2, 'how often the guest shares a page'),
  guest: option(
    ['validates-once', 'ignores-unchanged', 'lazy', 'no-rescind', 'no-rescind-ignores'],
    'validates-once',
    'keeps book of what it validated, and terminates on an unexpected #VC and where PVALIDATE ' +
      'changes nothing; does not mind the latter; validates whatever raises #VC; does not ' +
      'rescind what it shares; neither rescinds nor minds',
  ),
  host: option(
    ['malicious', 'keeps', 'frees', 'denies'],
    'malicious',
    'does whatever the RMP allows, at any time; or maps what the guest asks for, and keeps or ' +
      'frees the private page of a gfn that is shared; or frees it, and gives none again',
  ),
  hardware: option(
    ['snp', 'no-gpa-check', 'no-rmp'],
    'snp',
    'checks RMP entries; does not compare the gpa; or has no RMP, as SEV-ES',
  ),
  encryption: flag(true, 'false: the memory of the guest is not encrypted'),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
