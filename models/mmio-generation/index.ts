/**
 * mmio-generation: MMIO SPTEs carry the generation of the memslots under which they were made, and
 * are believed only while that is the present one.
 *
 *   generation      0 ──────────── 0 | IN_PROGRESS ───────────── 1 ──────── ...
 *   memslots        old            new                          new
 *   update               publish       synchronize_srcu   store
 *   MMIO SPTE(0)    believed       not believed                 not believed
 *
 *   parameters.ts  width of a generation, updates, which rule is left out
 *   state.ts       slot, generation, the SPTE, vCPUs
 *   vcpu.ts        EPT violations and misconfigurations
 *   ioctl.ts       swaps of the memslots, zaps
 *   claims.ts      properties and witnesses
 *   variants.ts    what is checked
 */
import { defineModel, each } from 'zapcheck'
import { declareProperties, declareScenarios } from './claims.js'
import { declareIoctl } from './ioctl.js'
import { parameters } from './parameters.js'
import { declareState } from './state.js'
import { variants } from './variants.js'
import { declareVcpu } from './vcpu.js'

export default defineModel({
  name: 'mmio-generation',
  about: 'MMIO SPTEs are believed only as long as the memslots are those of their generation.',
  sources: [
    'virt/kvm/kvm_main.c, v6.16: kvm_swap_active_memslots, kvm_set_memslot',
    'arch/x86/kvm/mmu/mmu.c, v6.16: kvm_mmu_faultin_pfn, kvm_handle_noslot_fault, ' +
      'handle_mmio_page_fault, check_mmio_spte, kvm_mmu_invalidate_mmio_sptes',
    'arch/x86/kvm/mmu/spte.c and spte.h, v6.16: make_mmio_spte, MMIO_SPTE_GEN_MASK',
    'arch/x86/kvm/mmu/tdp_mmu.c, v6.16: tdp_mmu_map_handle_target_level, tdp_mmu_zap_leafs',
    'arch/x86/kvm/x86.h, v6.16: vcpu_cache_mmio_info, vcpu_match_mmio_gen',
  ],
  omits: [
    'How a zap locks, yields, flushes and kicks: a zap is one step here, as memslot-delete has its ' +
      'orders; no property of MMIO depends on them',
    'More than one gfn, and tables: an MMIO SPTE speaks of its own gfn alone',
    'mmu_notifiers: a fault without a slot does not look at their sequence number',
    'Address spaces (SMM): they divide the generations among themselves',
    'Why a page is mapped read-only: a read maps it so here, as for a zero page',
    'What the emulator does with the access: it takes the gfn for MMIO because of the cache that ' +
      'the same step fills',
    'An exit for another reason than this gfn: nothing in it looks at MMIO',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    const ioctl = declareIoctl(m, s)
    declareProperties(m, s)
    declareScenarios(m, s, vcpus, ioctl)
  },
})
