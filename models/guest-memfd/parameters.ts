/**
 * The parameters of the model: VM type, what else happens, and which step is left out or moved.
 * The defaults are the kernel of v6.18.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  vcpus: range(1, 2, 1, 'vCPUs'),
  vm: option(['tdx', 'snp', 'sw'], 'snp', 'VM type'),
  uptodate: option(
    ['prepared', 'initialised'],
    'initialised',
    'what the flag means: prepared and initialised (v6.11 to v6.18), or initialised (v7.0)',
  ),
  punches: range(0, 2, 1, 'how often userspace punches the page out of the file'),
  foreign: flag(false, 'userspace also tries to bind the file of another VM'),
  memoryError: flag(false, 'the page fails once: kvm_gmem_error_folio'),
  bug: option(
    [
      'none',
      'prepare-outside-folio-lock',
      'unbind-skips-dying',
      'bind-no-lock',
      'unbind-no-lock',
      'no-seq-check',
      'no-overlap-check',
      'no-owner-check',
      'no-hwpoison-check',
      'release-invalidate-lock-first',
      'bind-invalidate-lock-first',
    ],
    'none',
    'a step or a check that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
