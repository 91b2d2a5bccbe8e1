/**
 * The parameters of the model.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(1, 3, 1, 'vCPUs, which fetch instructions from one huge page'),
  tables: range(1, 3, 2, 'shadow pages; one that was freed can be used again'),
  recover: flag(true, 'dirty logging stops: the table becomes a huge page again'),
  worker: option(
    ['none', 'write', 'read'],
    'read',
    'kvm_recover_nx_huge_pages holds mmu_lock for write (before v6.18) or for read',
  ),
  bug: option(
    [
      'none',
      'nx-flag-after-publish',
      'nx-no-recheck',
      'nx-recheck-unlocked',
      'worker-without-rcu',
      'worker-zaps-any-table',
      'worker-returns-locked',
    ],
    'none',
    'a step that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
