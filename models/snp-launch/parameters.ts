/** The parameters of the model: which check or lock of the launch is left out. */
import { option } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the merged kernel. */
export const parameters = {
  host: option(
    ['benign', 'malicious'],
    'benign',
    'a malicious host also uses RMPUPDATE and writes to the page whenever hardware lets it',
  ),
  creation: option(
    ['refused', 'unchecked'],
    'refused',
    'LAUNCH_FINISH while a vCPU is being created: -EBUSY (624bf3440d72), or no check',
  ),
  bug: option(
    [
      'none',
      'no-assigned-check',
      'not-immutable',
      'vmsa-resync',
      'vmsa-sync-unlocked',
      'failed-reclaim-freed',
      'error-keeps-mutexes',
    ],
    'none',
    'what is left out: L1 (-EEXIST for an assigned page), the immutable bit of L3, the refusal ' +
      'of a protected vCPU, the vCPU mutexes of LAUNCH_FINISH, the leak of a page that firmware ' +
      'keeps, the unlock where LAUNCH_FINISH fails',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
