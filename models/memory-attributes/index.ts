/**
 * memory-attributes: KVM_SET_MEMORY_ATTRIBUTES makes pages private or shared while vCPUs fault on
 * them, and somebody else invalidates mappings of the same VM.
 *
 *   parameters.ts   scope, kind of VM, form of the ioctl, what is left out or moved
 *   state.ts        attributes, leafs, the invalidation protocol
 *   calls.ts        a call and its range
 *   set-ioctl.ts    A0 to A7 but the two passes with mmu_lock
 *   handlers.ts     A4 and A6: begin, zap, post handler, end
 *   page-tables.ts  4K and 2M leafs of the direct root and the mirror root, TLB
 *   fault-path.ts   the vCPU: V4 to V16
 *   invalidator.ts  PUNCH_HOLE or an mmu_notifier
 *   memslots.ts     the slot is deleted and created
 *   claims.ts       properties, and witnesses that the scenarios happen
 *   variants.ts     what is checked, with verdicts and counts
 *
 * Kernel: steps and locks are those of v6.16, the same since v6.8 but for the range of v6.15; the
 * RFC v11 of July 2023 and other forms are variants. `docs/models/memory-attributes.md` has the
 * table of steps, the verdicts, and what the traces show.
 */
import { defineModel, each } from 'zapcheck'
import { declareProperties, declareScenarios } from './claims.js'
import { declareVcpu } from './fault-path.js'
import { declareInvalidator } from './invalidator.js'
import { declareMemslots } from './memslots.js'
import { parameters } from './parameters.js'
import { declareSetter } from './set-ioctl.js'
import { declareState } from './state.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'memory-attributes',
  about: 'Memory attributes change while vCPUs fault and others invalidate mappings.',
  sources: [
    'virt/kvm/kvm_main.c, v6.8 to v6.16: kvm_vm_ioctl_set_mem_attributes, ' +
      'kvm_vm_set_mem_attributes, kvm_handle_gfn_range, kvm_pre_set_memory_attributes, ' +
      'kvm_mmu_invalidate_begin, kvm_mmu_invalidate_range_add, kvm_mmu_invalidate_end',
    'arch/x86/kvm/mmu/mmu.c, v6.16: kvm_arch_pre_set_memory_attributes, ' +
      'kvm_arch_post_set_memory_attributes, kvm_mmu_init_memslot_memory_attributes, ' +
      'kvm_mmu_faultin_pfn, is_page_fault_stale, kvm_mmu_hugepage_adjust',
    'arch/x86/kvm/mmu/tdp_mmu.c, v6.16: kvm_tdp_mmu_map, kvm_tdp_mmu_unmap_gfn_range',
    'virt/kvm/guest_memfd.c, v6.16: kvm_gmem_punch_hole',
    'patch "KVM: Introduce per-page memory attributes", RFC v11 8/29, July 2023, with the reply ' +
      'on on_unlock of August 2023',
    'patch "KVM: x86/mmu: Prevent installing hugepages when mem attributes are changing", v6.15',
  ],
  omits: [
    'Content of pages and page frames: a leaf has a kind and a size; of a page that is taken ' +
      'away it is known whether a fault has found the old one, as only that can be mapped wrongly',
    'Page tables above the leafs, FROZEN SPTEs, obsolete roots: a leaf is installed or removed ' +
      'in one step; the model memslot-delete has those rules',
    'The unlocked check V9 and V11 of a fault: it only retries earlier what V13 makes retry',
    'Faults on a gfn that has a leaf of the kind asked for, and RMP faults of SEV-SNP: the guest ' +
      'goes on without KVM, or KVM checks the attribute as in V7',
    'What userspace does with KVM_EXIT_MEMORY_FAULT: calls of the ioctl come at any time, so ' +
      'also then',
    'Hugepages of 1G: one assertion speaks of them, for the index that overflowed until v6.9',
    'Levels of the xarray: an entry is one step, and reads of one entry are atomic, as xa_load is',
    'A wrap of the sequence number: it has more values than invalidations can end in a run',
    'The protocol of memslots: a deletion waits for faults that have found the slot, and zaps, ' +
      'in a few steps',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    const setters = each(p.setters).map(t => declareSetter(m, s, t))
    const second = declareInvalidator(m, s)
    const memslots = declareMemslots(m, s, vcpus)
    const processes = { vcpus, setters, second, memslots }
    declareProperties(m, s, processes)
    declareScenarios(m, s, processes)
  },
})
