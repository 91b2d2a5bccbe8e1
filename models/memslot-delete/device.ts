/**
 * A device with non-coherent DMA is attached, at any time. From then on the memory types of leafs
 * are the guest's and not write-back by force, which leafs that are there already do not learn.
 *
 *   kvm_arch_register_noncoherent_dma ─▶ kvm_zap_gfn_range of everything, since v6.7 ─▶ settled
 *
 * Source: arch/x86/kvm/x86.c `kvm_arch_register_noncoherent_dma`,
 * `kvm_noncoherent_dma_assignment_start_or_stop` (v6.7), arch/x86/kvm/mmu/mmu.c
 * `kvm_zap_gfn_range`. Only the leaf of gfn B is asked for its type: that of gfn A goes with the
 * slot. Private pages of a TD are write-back whatever is attached.
 */
import { step, waitUntil } from 'zapcheck'
import type { ModelBuilder } from 'zapcheck'
import { directRoots, gfns } from './state.js'
import type { State } from './state.js'

/** Declares the device, if the variant has one. */
export function declareDevice(m: ModelBuilder, s: State): void {
  const { dma, mmuLock, requests } = s
  if (dma === null) return
  const options = {
    actor: 'VFIO',
    source: 'arch/x86/kvm/x86.c kvm_noncoherent_dma_assignment_start_or_stop, v6.7',
  }
  const leaveOut = s.p.hypothesis === 'H5'
  const settle = dma.isSettled.set(true)
  m.process('vfio', options, [
    step(
      'kvm_arch_register_noncoherent_dma',
      s.slot.wasCreated,
      dma.device.set('attached'),
      leaveOut ? settle : [],
    ),
    leaveOut
      ? []
      : [
          step(
            'kvm_zap_gfn_range',
            mmuLock.acquireWrite(),
            directRoots(s).map(root => gfns.map(g => root.zapLeaf(g))),
            requests.makeAll('TLB_FLUSH'),
          ),
          waitUntil(
            'kvm_flush_remote_tlbs',
            requests.isAcknowledged,
            mmuLock.releaseWrite(),
            settle,
          ),
        ],
  ])
}
