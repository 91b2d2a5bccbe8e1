/**
 * The parameters of the model: what a conversion looks at and what it does with content. The
 * defaults are the proposal.
 */
import { flag, option } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  references: option(
    ['checked', 'checked-first', 'unchecked', 'keeps-lock'],
    'checked',
    'references of the host: counted after the unmap under the lock, counted before, not ' +
      'counted; keeps-lock: counted, and -EAGAIN is returned with the lock held',
  ),
  keeps: option(
    ['never', 'prelaunch', 'always'],
    'prelaunch',
    'when a conversion may keep the content of the page',
  ),
  asks: flag(true, 'false: userspace makes a page shared that the guest did not ask for'),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
