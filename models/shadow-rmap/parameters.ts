/**
 * The parameters of the model.
 */
import { option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(1, 3, 2, 'vCPUs; each runs its guest and a nested one'),
  pages: range(1, 3, 2, 'shadow pages, each with one SPTE for a page table of the nested guest'),
  limit: range(1, 3, 1, 'shadow pages that may be in use; beyond, the oldest is recycled'),
  bug: option(
    ['none', 'recycle-under-read-lock', 'mmio-over-present-shadow'],
    'none',
    'a TDP fault recycles shadow pages, or an MMIO SPTE takes the place of a present one',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
