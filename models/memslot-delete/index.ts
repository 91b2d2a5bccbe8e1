/**
 * memslot-delete: KVM_SET_USER_MEMORY_REGION deletes a memslot and creates it again while vCPUs
 * fault on its pages and use them, and the zap designs of the discussion of
 * KVM_MEM_ZAP_LEAFS_ONLY.
 *
 *   parameters.ts  kind of VM, zap, who decides, which step of the protocol is left out or moved
 *   state.ts       slots, pages, roots, TLBs
 *   fault-path.ts  the vCPU: V0 to V16, and the hardware's walks
 *   deletion.ts    the ioctl: M2 to M7; what userspace chooses
 *   zap.ts         M3: Z1 (fast zap), Z2 (leaf zap), K2 (removal of a private page)
 *   shadow.ts      the shadow MMU: faults of a nested guest, its part of the zaps, the shrinker
 *   nx-recovery.ts the worker that zaps tables in place of huge pages
 *   device.ts      a device with non-coherent DMA is attached
 *   reclaim.ts     an mmu_notifier: N1 to N5
 *   claims.ts      properties, and witnesses that the scenarios happen
 *   leftovers.ts   the same for shadow pages, tables, and the symptoms of hypotheses
 *   variants*.ts   what is checked, with verdicts and counts
 *
 * Kernel: steps and locks are those of v6.16, the same since v5.17 (memslots) and v6.9 (passes of
 * the fast zap); differences of other versions are variants. `docs/models/memslot-delete.md` has
 * the table of steps, the verdicts, and what the traces show.
 */
import { defineModel, each } from 'zapcheck'
import { declareProperties, declareScenarios } from './claims.js'
import { declareDeletion } from './deletion.js'
import { declareVcpu } from './fault-path.js'
import { declareDevice } from './device.js'
import { declareLeftovers } from './leftovers.js'
import { declareNxRecovery } from './nx-recovery.js'
import { bugOf, parameters } from './parameters.js'
import { declareReclaim } from './reclaim.js'
import { declareShrinker } from './shadow.js'
import { declareState } from './state.js'
import { hypothesisVariants } from './variants-hypotheses.js'
import { leftoverVariants } from './variants-leftovers.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'memslot-delete',
  about: 'A memslot is deleted and created again while vCPUs fault on its pages and use them.',
  sources: [
    'virt/kvm/kvm_main.c, v6.16: kvm_set_memslot, kvm_invalidate_memslot, ' +
      'kvm_swap_active_memslots, kvm_mmu_notifier_invalidate_range_start and _end, ' +
      'kvm_make_all_cpus_request',
    'arch/x86/kvm/mmu/mmu.c, v6.16: kvm_mmu_zap_all_fast, kvm_mmu_zap_memslot_leafs, ' +
      'kvm_arch_flush_shadow_memslot, kvm_tdp_page_fault, is_page_fault_stale, kvm_mmu_load',
    'arch/x86/kvm/mmu/tdp_mmu.c, v6.16: kvm_tdp_mmu_invalidate_roots, tdp_mmu_zap_root, ' +
      'kvm_tdp_mmu_zap_invalidated_roots, tdp_mmu_zap_leafs, kvm_tdp_mmu_map, ' +
      'kvm_tdp_mmu_alloc_root',
    'arch/x86/kvm/vmx/tdx.c, v6.16: tdx_sept_remove_private_spte, tdx_handle_ept_violation',
    'patch "KVM: x86/mmu: Introduce a slot flag to zap only slot leafs on slot deletion", ' +
      'May 2024, with its discussion: KVM_MEM_ZAP_LEAFS_ONLY, per VM type, quirk, hybrid',
  ],
  omits: [
    'Huge pages, dirty logs, A/D bits: properties speak of presence and page of 4K leafs only; a ' +
      'table in place of a huge page and its list are modelled, the huge page is not',
    'Of the shadow MMU: guest writes to shadowed tables, unsync pages, roots in the slot; rmaps ' +
      'are exact, so that a walk finds the leafs of its slot and no others',
    'Reference counts of roots: a root number is not used again, so no root is freed too ' +
      'early here; use of its tables after they were freed is "no vCPU runs on a zapped root"',
    'FROZEN SPTEs: a cmpxchg with its SEAMCALL, and an unlinked table with its children, are ' +
      'one step; whoever meets FROZEN_SPTE retries and changes nothing',
    'The unlocked checks V9 and V11: they only retry earlier what V13 makes retry under mmu_lock',
    'Memory attributes and their conversion: a gfn of a TD is private or shared for good',
    'TDX module: block, track and remove of one page are two steps, the second after the kick; ' +
      'busy results, epochs and content are not modelled',
    'FLAGS_ONLY, which neither publishes INVALID nor zaps, and checks of arguments: they are in ' +
      'memslot-ioctl; MMIO SPTEs are in mmio-generation',
    'The gfn that a slot moves to: to the page tables it is that of a new slot',
    'Signals, which would end a KVM_PRE_FAULT_MEMORY that retries',
    'TLB tags of a root (EPTP): a translation is used on any root, as with an ASID of NPT; ' +
      'every load of a root flushes, which makes both the same unless that flush is left out',
  ],
  params: parameters,
  variants: [...variants, ...leftoverVariants, ...hypothesisVariants],
  build(m, p) {
    const s = declareState(m, { ...p, bug: bugOf(p) })
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    const ioctl = declareDeletion(m, s, vcpus)
    declareReclaim(m, s)
    declareShrinker(m, s)
    declareNxRecovery(m, s)
    declareDevice(m, s)
    declareProperties(m, s, { vcpus, ioctl })
    declareScenarios(m, s, { vcpus, ioctl })
    declareLeftovers(m, s, { vcpus, ioctl })
  },
})
