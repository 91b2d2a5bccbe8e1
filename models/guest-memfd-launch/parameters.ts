/**
 * The parameters of the model: VM type, which kernel's populate, what a prefault may do before the
 * VM is finalized, and which step is left out or moved. The defaults are the kernel of v7.0.
 */
import { flag, option, range } from 'zapcheck'
import type { ParameterValues } from 'zapcheck'

/** The parameters with their domains, defaults and texts. */
export const parameters = {
  vm: option(['tdx', 'snp', 'sw'], 'tdx', 'VM type; sw: software-protected, without populate'),
  populate: option(
    ['after-prefault', 'inner-prefault', 'map-then-add', 'add-in-install'],
    'add-in-install',
    'populate of a TD: needs a prefault before (seed 004), does one itself (v6.16), maps and ' +
      'adds afterwards (first step of the rework), adds when the SPTE is installed (v7.0)',
  ),
  uptodate: option(
    ['prepared', 'initialised'],
    'initialised',
    'what the flag means: prepared and initialised (v6.11 to v6.18), or initialised (v7.0)',
  ),
  eexist: option(
    ['common', 'arch'],
    'arch',
    'where populate refuses a page that is up to date: in common code, or only what SNP refuses',
  ),
  prefault: option(
    ['refused', 'allowed', 'unmarked'],
    'refused',
    'KVM_PRE_FAULT_MEMORY before finalize: -EOPNOTSUPP, allowed, allowed without uptodate',
  ),
  clears: option(
    ['common', 'callback'],
    'common',
    'who clears a new folio: common code, or the prepare callback, which only SNP has',
  ),
  gup: option(
    ['before-locks', 'under-lock'],
    'before-locks',
    'where the source page is pinned: before the invalidate lock (v7.0), or under it',
  ),
  source: option(['anonymous', 'gmem'], 'anonymous', 'what the source page is mapped from'),
  mmap: option(
    ['none', 'source', 'threads'],
    'none',
    'mmap_lock: left out; populate takes it for its source; also two threads, of which one touches ' +
      'a mapping of the file and the other calls mmap',
  ),
  concurrent: flag(true, 'a prefault can run while populate runs: userspace has two threads'),
  busy: range(0, 1, 1, 'how often PAGE.ADD finds a lock busy'),
  fails: range(0, 1, 1, 'how often RMPUPDATE or SNP_LAUNCH_UPDATE fails'),
  punches: range(0, 2, 1, 'how often userspace punches the page out of the file'),
  slot: option(
    ['stays', 'deleted', 'converted'],
    'stays',
    'what else happens to the gfn: its slot is deleted, or its attribute becomes shared',
  ),
  bug: option(
    [
      'none',
      'populate-no-mark',
      'uptodate-early',
      'no-invalidate-lock',
      'no-slots-lock',
      'no-attribute-check',
      'no-premapped-check',
      'clear-after-rmpupdate',
      'measure-twice',
      'prepare-again',
    ],
    'none',
    'a step that is left out or moved',
  ),
} as const

/** Values of the parameters. */
export type Parameters = ParameterValues<typeof parameters>
