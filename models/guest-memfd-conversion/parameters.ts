/**
 * The parameters of the model: who owns the state of a conversion, what userspace discards, and
 * what userspace does by mistake or at will. The defaults are the kernel as merged.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  gfns: range(1, 3, 1, 'guest frames'),
  vm: option(['snp', 'sw'], 'snp', 'SNP: an access says its kind; sw: KVM decides the kind'),
  design: option(
    ['merged', 'implicit', 'pending'],
    'merged',
    'private is: an attribute that an ioctl sets; whatever is allocated in the file (UPM v6); an ' +
      'attribute that the ioctl sets only as the guest asked (proposal of seed 003)',
  ),
  discard: option(
    ['both', 'private-only', 'lazy', 'never'],
    'both',
    'what a conversion discards: the old backing; only a private one; nothing until later; nothing',
  ),
  order: option(
    ['attributes-first', 'discard-first'],
    'attributes-first',
    'whether userspace sets the attribute or discards the old backing first',
  ),
  touches: flag(false, 'another vCPU touches the page while it is converted'),
  host: option(
    ['obedient', 'stray-fallocate', 'at-will'],
    'obedient',
    'userspace: as the guest asks; it also allocates in the file once; it converts once by itself',
  ),
  bind: option(
    ['first', 'late'],
    'first',
    'the slot is bound before, or after pages are allocated',
  ),
  replay: option(
    ['none', 'locked', 'scan-first', 'register-first'],
    'none',
    'implicit design: what bind does about pages that are there already',
  ),
  guard: flag(true, 'false: the ioctl of the pending design does not compare'),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
