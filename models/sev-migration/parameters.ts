/**
 * The parameters of the model: what the guest does, what the host does in which order, who keeps
 * the status of the pages, and which check of an argument is left out.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. The defaults are the kernel as merged. */
export const parameters = {
  guest: option(
    ['O1', 'O1+', 'O1-bail', 'O1-back', 'O2', 'O3', 'O3-write', 'O4', 'O4+', 'O4-bail', 'O4-back'],
    'O4',
    'how the guest converts its pages: O1 call, flip, write; O2 flip, write, call; O3 write, ' +
      'flip, call; O4 flip, call, write; + with a private write first; bail: gives up after the ' +
      'call; back: to shared and to private again',
  ),
  order: option(
    ['LD', 'DL'],
    'DL',
    'order of a round: the list and then the dirty log, or the reverse',
  ),
  final: option(
    ['as-live', 'LD', 'DL', 'list-before-pause'],
    'as-live',
    'order of the final round; list-before-pause takes the list while the vCPU still runs',
  ),
  rounds: range(1, 3, 2, 'most live rounds'),
  resync: flag(false, 'pages whose status changed since they were sent are sent again at the end'),
  list: option(
    ['snapshot', 'snapshot-if-dirty', 'at-send'],
    'snapshot',
    'what a send goes by: a list taken once a round, or only in rounds with dirty pages (order ' +
      'DL), or the status at the time of the send',
  ),
  partialSend: flag(false, 'the halves of a page are sent one after the other'),
  hypercall: option(
    ['exit', 'kernel-list', 'nop', 'enosys'],
    'exit',
    'KVM_HC_MAP_GPA_RANGE: exits to userspace, sets a list in KVM (the proposal), returns 0 and ' +
      'does nothing, or is not enabled and returns -KVM_ENOSYS',
  ),
  pages: range(1, 2, 1, 'pages of the conversion: one of two halves, or two that are whole'),
  range: option(
    ['whole', 'page-by-page', 'first-only'],
    'whole',
    'what a call for two pages does: both, one page for each call, or the first one and success',
  ),
  badArguments: flag(false, 'the guest may first call with arguments that are wrong'),
  dirtyLogging: flag(true, 'false: userspace has not enabled dirty logging of the slot'),
  bug: option(
    [
      'none',
      'no-align-check',
      'no-npages-check',
      'no-wrap-check',
      'no-bitmap-check',
      'pause-with-lock',
    ],
    'none',
    'a check of an argument that is left out; or the vCPU is paused with the lock held that its ' +
      'exit needs',
  ),
  awareness: option(
    ['hint', 'hw', 'hw-blind', 'hw-zap-first', 'hw-trusts-hint'],
    'hint',
    'who enforces the kind of a page: nobody (SEV, SEV-ES); RMP or S-EPT, and a send of the ' +
      'wrong kind is refused; the same, but software copies blindly; a call converts first and ' +
      'tells the migration then; a call tells the migration first',
  ),
  migrations: range(1, 2, 1, 'how often the guest is migrated'),
  status: option(
    ['transferred', 'last-list', 'not-transferred'],
    'transferred',
    'what the destination learns of the status of the pages: all, what the last list says, nothing',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
