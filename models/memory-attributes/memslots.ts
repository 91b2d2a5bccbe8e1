/**
 * A memslot that is deleted and created again by another task, under slots_lock. The protocol of
 * memslots is in the model memslot-delete; here a deletion waits for the faults that have found the
 * slot, and zaps, before it gives up slots_lock.
 *
 * Source: virt/kvm/kvm_main.c (v6.16) `kvm_set_memslot`, `kvm_swap_active_memslots`;
 * arch/x86/kvm/mmu/mmu.c `kvm_mmu_init_memslot_memory_attributes`,
 * `kvm_mmu_zap_memslot_leafs`.
 */
import { each, not, or, step, waitUntil, when } from 'zapcheck'
import type { ModelBuilder, ProcessHandle } from 'zapcheck'
import { stepsInSlot } from './fault-path.js'
import { flush, zap } from './page-tables.js'
import { differs, slotHugepages } from './state.js'
import type { State } from './state.js'

/** Declares the task; null if memslots do not change. */
export function declareMemslots(
  m: ModelBuilder,
  s: State,
  vcpus: readonly ProcessHandle[],
): ProcessHandle | null {
  const { memslot } = s
  if (memslot === null) return null
  const isInside = or(...vcpus.map(vcpu => vcpu.at(...stepsInSlot(s))))
  const options = {
    actor: 'KVM_SET_USER_MEMORY_REGION',
    source: 'virt/kvm/kvm_main.c kvm_set_memslot, v6.16',
  }
  return m.process('memslots', options, [
    step('M1_mutex_lock_slots_lock', s.slotsLock.acquire('memslots')),
    step('M2_kvm_swap_active_memslots_INVALID', memslot.set('invalid')),
    waitUntil('M2_synchronize_srcu', not(isInside)),
    step(
      'M3_kvm_arch_flush_shadow_memslot',
      s.mmuLock.isFree,
      zap(s, () => or(true)),
      flush(s),
    ),
    step(
      'M6_kvm_swap_active_memslots_absent',
      memslot.set('absent'),
      // lpage_info goes with the slot object, and attributes that are kept there.
      slotHugepages(s).map(h => s.mixed[h].set(false)),
      s.p.storage === 'slot' ? each(s.gfns).map(g => s.attribute[g].set('shared')) : [],
    ),
    step('M7_mutex_unlock_slots_lock', s.slotsLock.release()),
    step('CREATE_mutex_lock_slots_lock', s.slotsLock.acquire('memslots')),
    step(
      'CREATE_kvm_mmu_init_memslot_memory_attributes',
      s.p.bug === 'no-mixed-at-creation'
        ? []
        : slotHugepages(s).map(h => when(differs(s, h), s.mixed[h].set(true))),
      memslot.set('present'),
      s.slotsLock.release(),
    ),
  ])
}
