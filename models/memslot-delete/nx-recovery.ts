/**
 * The NX recovery worker of the iTLB multi-hit mitigation. An instruction fetch gets a table of 4K
 * entries where a huge page would be possible; the table is listed, and from time to time the
 * worker zaps the tables that are longest on the list, so that huge pages can come back.
 *
 * Source: arch/x86/kvm/mmu/mmu.c `kvm_recover_nx_huge_pages`, `kvm_mmu_sp_dirty_logging_enabled`;
 * arch/x86/kvm/mmu/tdp_mmu.c `kvm_tdp_mmu_zap_possible_nx_huge_page`, v6.18, which holds mmu_lock
 * for read. Lookup and zap are one step: both are inside of one SRCU section, so no memslot that
 * is found can be freed in between, and the table is unlinked by one cmpxchg.
 */
import { assert, each, either, implies, step, waitUntil } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import type { State } from './state.js'

/** Declares the worker, if the variant has it. */
export function declareNxRecovery(m: ModelBuilder, s: State): void {
  const { nx, mmuLock, requests } = s
  if (nx === null) return
  const options = {
    actor: 'kvm-nx-lpage-recovery',
    source: 'arch/x86/kvm/mmu/mmu.c kvm_recover_nx_huge_pages, v6.18',
    repeats: true,
  }
  m.process('nx_recovery', options, [
    either(
      ...each(s.p.deletes + 1).map(r => [
        step(
          `kvm_recover_nx_huge_pages_root${r}`,
          nx.nxListed[r],
          mmuLock.acquireRead(),
          assert(
            implies(nx.logsDirty, s.slot.isAbsent.not()),
            'the NX recovery worker finds the memslot',
            'a listed table has no memslot any more: WARN_ON_ONCE(!slot) in ' +
              'kvm_mmu_sp_dirty_logging_enabled, a crash of the host with panic_on_warn',
          ),
          nx.nxListed[r].set(false),
          s.direct[r].zapTable(),
          requests.makeAll('TLB_FLUSH'),
        ),
      ]),
    ),
    waitUntil('kvm_mmu_remote_flush_or_zap', requests.isAcknowledged, mmuLock.releaseRead()),
  ])
}
