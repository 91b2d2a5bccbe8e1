/**
 * P and I: PUNCH_HOLE of one index of a guest_memfd, and sev_gmem_invalidate of its page.
 *
 *   P2 begin, zap ─▶ P3 folio leaves the page cache ─▶ I RMP shared, flush ─▶ P4 end
 *
 * sev_gmem_invalidate is called by free_folio, when the folio has left the page cache; the page
 * goes to the page allocator with the last reference, which a vCPU in a fault may have.
 */
import { assert, branch, either, or, step, waitUntil } from 'zapcheck'
import type { Int, Item, Statements } from 'zapcheck'
import { rmpupdate4K } from './fault-path.js'
import { folioOf, lockOf, outsideOfWalk, zap } from './state.js'
import type { State } from './state.js'

/** kvm_gmem_punch_hole of the index behind gfn `g`, which is bound. */
export function punchHole(s: State, g: Int): Statements {
  return [
    waitUntil(
      'P2_kvm_gmem_invalidate_begin',
      s.mmuLock.isFree,
      s.invalidateLock.acquire(),
      s.mmu.begin(),
      zap(s, g),
    ),
    truncate(s, g),
    waitUntil(
      'P4_kvm_gmem_invalidate_end',
      s.mmuLock.isFree,
      s.mmu.end(),
      s.invalidateLock.release(),
    ),
  ]
}

/** truncate_inode_pages_range, which calls kvm_gmem_free_folio; a 2M folio is split first. */
export function truncate(s: State, g: Int | number): Statements {
  const folio = folioOf(s, g)
  return [
    branch(folio.isPresent, [
      waitUntil(
        'P3_truncate_inode_pages_range',
        lockOf(s, g).isFree,
        s.punched.set(folio.page),
        folio.truncate(),
        s.isHuge ? s.isOneFolio.set(0) : [],
      ),
      invalidate(s),
    ]),
  ]
}

/** I: sev_gmem_invalidate of the page that was punched out. */
function invalidate(s: State): Statements {
  const x = s.punched.number()
  const isWhole = s.p.bug === 'free-whole-2M'
  const flush =
    s.p.bug === 'free-no-flush'
      ? step('I_folio_put', s.punched.clear())
      : step('I_clflush_cache_range', s.dirty.remove(x), s.punched.clear())
  const small: Statements = rmpupdate4K(s, 'I_rmp_make_shared', x, 'HYPERVISOR')
  const shared: Statements = isWhole ? [branch(s.rmp.isLarge(x), makeShared2M(s, x), small)] : small
  const isSmashed = s.isHuge && !isWhole && s.p.bug !== 'free-no-psmash'
  const update = [isSmashed ? smash(s, x) : [], shared, flush]
  const fails: Statements = [
    step('I_rmpupdate_fails', s.p.failure === 'leaked' ? s.leaked.add(x) : [], s.punched.clear()),
  ]
  // The folio was made by a fault, so its page is assigned.
  return s.p.failure === 'none' ? update : [either(update, fails)]
}

function smash(s: State, x: Int): Statements {
  const { isSuccess, update } = s.rmp.psmash(x)
  const warn: Item = assert(
    or(),
    'PSMASH succeeds when a folio is freed',
    'WARN_ONCE in sev_gmem_invalidate: it saw a 2M entry and could not split it',
  )
  return [
    branch(s.rmp.isLarge(x), [
      step('I_snp_lookup_rmpentry_2M'),
      branch(
        isSuccess,
        [step('I_snp_rmptable_psmash', update)],
        [step('I_snp_rmptable_psmash_fails', warn)],
      ),
    ]),
  ]
}

function makeShared2M(s: State, x: Int): Statements {
  const { isSuccess, update } = s.rmp.rmpupdate(x, 'HYPERVISOR', '2M')
  return [waitUntil('I_rmp_make_shared_2M', isSuccess, outsideOfWalk(s), update)]
}
