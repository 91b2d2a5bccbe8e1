/**
 * The parameters of the model: which ioctls run at the same time, and which check is left out.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(0, 2, 1, 'vCPUs of the source, all online, with a VMSA'),
  created: range(0, 2, 1, 'vCPUs that are created in the destination'),
  opposite: flag(false, 'the source moves the context of the destination at the same time'),
  mirror: flag(false, 'a third VM mirrors the context of the source or of the destination'),
  mirrorCloses: flag(true, 'false: the mirror is never closed'),
  mirrors: option(
    ['transfer', 'refuse'],
    'transfer',
    'a VM that has mirrors: they move to the destination (since v5.18), or it is not moved (v5.16)',
  ),
  bug: option(
    ['none', 'ignores-creating', 'moves-with-mirrors', 'no-flags'],
    'none',
    'left out: the check for vCPUs that are being created (before v6.16), for mirrors (before ' +
      'v5.16), the flags that keep two moves apart',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
