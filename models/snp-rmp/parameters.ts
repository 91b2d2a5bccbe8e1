/**
 * The parameters of the model: how much of a VM there is, how its guest and its VMM behave, and
 * which step of the protocol is left out or moved. The defaults are the kernel as merged.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  vcpus: range(1, 3, 2, 'vCPUs'),
  gfns: range(1, 2, 1, 'guest frames; 2 of them are one 2M page'),
  conversions: range(0, 4, 2, 'how often the guest may ask for another kind of a page'),
  folio: option(['4K', '2M'], '4K', 'size of folios of guest_memfd; 2M is a proposal'),
  guest: option(
    ['explicit', 'implicit', 'no-rescind', 'racing'],
    'explicit',
    'asks for a page state change, touches the page as it wants it, does not rescind the ' +
      'validation of what it shares, or touches pages while it converts them',
  ),
  shared: option(
    ['any', 'keep', 'punch'],
    'any',
    'whether the VMM punches the private page out when a gfn becomes shared',
  ),
  rebind: option(
    ['none', 'same-file', 'same-file-punched', 'other-file'],
    'none',
    'the memslot of gfn 0 is deleted; then the same index of the file is bound at gfn 1, with or ' +
      'without its folio, or another file is bound at gfn 0',
  ),
  walk: option(
    ['none', 'unlocked', 'slots-lock', 'rmp-lock'],
    'none',
    'somebody reads the RMP entries of all gfns as a list, with no lock, with slots_lock, or ' +
      'with a lock that every RMPUPDATE takes',
  ),
  directMap: flag(false, 'the direct map of the host, and host writes to pages of its own'),
  prepare: option(
    ['folio-lock', 'any-order', 'any-order-unlocked', 'any-order-unlocked-fallback', 'checks-gpa'],
    'folio-lock',
    'sev_gmem_prepare: as merged; also with 4K requests for a part of a 2M folio; these without ' +
      'the folio lock; with a new look at the RMP after an overlap; or with a look at the gpa',
  ),
  failure: option(
    ['none', 'ignored', 'leaked'],
    'none',
    'RMPUPDATE to shared may fail when a folio is freed, and the page is freed or leaked then',
  ),
  bug: option(
    [
      'none',
      'psmash-no-recheck',
      'psmash-no-zap',
      'zap-no-seq',
      'free-no-psmash',
      'free-whole-2M',
      'free-no-flush',
      'no-direct-map-split',
      'direct-map-split-late',
      'no-stale-check',
    ],
    'none',
    'a step of the protocol that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
