/**
 * The parameters of the model: scope, what userspace does, how the guest behaves, what kind of
 * module there is, and which step of the protocol is left out or moved.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  vcpus: range(1, 3, 2, 'vCPUs'),
  gfns: range(1, 2, 1, 'private guest frames under one table'),
  vmm: option(
    ['none', 'punch', 'delete', 'convert', 'split'],
    'punch',
    'what userspace does again and again: nothing, punch a hole in guest_memfd, delete the slot ' +
      'of gfn A and create it again, convert gfn A as the guest asks, split a 2M page and merge it',
  ),
  guest: option(
    ['benign', 'forgetful', 'malicious'],
    'malicious',
    'accepts each page once and touches only accepted ones; forgets to accept again after a ' +
      'conversion; touches and accepts anything',
  ),
  locks: flag(true, 'the locks of the TDX module, and its suspicion of zero-stepping'),
  zeroStep: range(1, 2, 2, 'EPT violations without progress after which VP.ENTER takes the tree'),
  zap: option(
    ['each', 'batch', 'all'],
    'each',
    'remove leaf by leaf; block all, track once, remove all; remove everything and the root',
  ),
  zappers: range(1, 2, 1, 'tasks that punch holes, one for each gfn if there are two'),
  pin: flag(false, 'true: KVM has a reference to each mapped page (v6.16)'),
  module: option(
    ['real', 'unchecked', 'no-accept', 'no-flush'],
    'real',
    'the TDX module; one that does not check what it must; one that maps without ACCEPT; one ' +
      'whose VP.ENTER does not flush',
  ),
  bug: option(
    [
      'none',
      'no-track',
      'no-kick',
      'no-clear',
      'trust-hint',
      'zap-under-read-lock',
      'busy-return',
      'busy-spin',
      'flag-before-mode',
      'table-first',
      'no-frozen',
      'leaf-first',
      'stale-old-spte',
      'stale-old-spte-local',
      'no-local-retry',
      'retry-holds-srcu',
      'pending-is-spurious',
      'remove-fails',
      'demote-no-block',
      'unblock-early',
    ],
    'none',
    'a step of the protocol that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
