/** The parameters of the model: what of the shared page is read twice, or checked too late. */
import { option } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the merged kernel. */
export const parameters = {
  ghcb: option(
    ['snapshot', 'double-fetch'],
    'snapshot',
    'the scratch address: read once, or once to validate it and again to use it',
  ),
  psc: option(
    ['snapshot', 'double-fetch-entry', 'double-fetch-end'],
    'snapshot',
    'an entry of a page state change, or the index of the last one, is read again after the exit',
  ),
  ap: option(
    ['validate-first', 'side-effect'],
    'validate-first',
    'AP creation: the request is validated before the target vCPU is changed, or after',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
