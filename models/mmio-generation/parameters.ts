/**
 * The parameters of the model: how wide a generation is in an SPTE, how often memslots change, and
 * which rule is left out.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(1, 2, 1, 'vCPUs'),
  updates: range(
    1,
    6,
    3,
    'calls of KVM_SET_USER_MEMORY_REGION: each creates slot A, deletes it, or changes another slot',
  ),
  generations: range(2, 16, 16, 'generations that an MMIO SPTE can tell apart; 2^19 in the kernel'),
  zap: option(['leafs', 'fast'], 'leafs', 'how a deletion zaps: leafs of the slot, or everything'),
  refusesInFlux: flag(
    false,
    'true: no MMIO SPTE is made while an update is in progress, which no kernel does',
  ),
  bug: option(
    [
      'none',
      'invalid-slot-is-mmio',
      'retry-in-srcu',
      'one-increment',
      'publish-before-zap',
      'no-zap-on-wrap',
      'cache-in-flux',
      'no-spurious-check',
      'no-srcu-sync',
    ],
    'none',
    'a rule that is left out: an INVALID slot is retried (v5.13), and not without leaving SRCU; the memslots are marked before ' +
      'an update and counted after it; all is zapped before a wrapped generation is stored ' +
      '(v5.1), or at all; the vCPU caches nothing in between (v5.1); a leaf that allows the ' +
      'access is left alone (v6.14); readers are waited for',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
