/**
 * snp-rmp: the host side of SEV-SNP. Pages of a guest that behaves are faulted in, converted, split
 * and freed, and the RMP follows: lazily, when a page is mapped and when it is freed.
 *
 *   parameters.ts  scope, behaviour of guest and VMM, which step is left out or moved
 *   state.ts       RMP, nested page table, attributes, folios, what the guest believes
 *   fault-path.ts  V and P: the nested page fault, sev_gmem_prepare
 *   rmp-fault.ts   R: sev_handle_rmp_fault
 *   guest.ts       the guest on a vCPU: accesses, PVALIDATE, page state changes (C)
 *   free.ts        I: PUNCH_HOLE and sev_gmem_invalidate
 *   userspace.ts   memslots that are bound again, the RMP read as a list, writes of the host
 *   claims.ts      properties, and witnesses that the scenarios happen
 *   variants.ts    what is checked, with verdicts and counts
 *
 * Kernel: sev.c and guest_memfd.c as of v7.0; 2M folios are a proposal for which sev.c is prepared.
 * A malicious host is the subject of snp-integrity, the launch that of snp-launch.
 */
import { defineModel, each } from 'zapcheck'
import { declareProperties, declareScenarios } from './claims.js'
import { declareVcpu } from './guest.js'
import { parameters } from './parameters.js'
import { declareState } from './state.js'
import { declareUserspace } from './userspace.js'
import { variants } from './variants.js'

export default defineModel({
  name: 'snp-rmp',
  about: 'Pages of an SNP guest are converted, faulted in, split and freed; the RMP keeps up.',
  sources: [
    'arch/x86/kvm/svm/sev.c, v7.0: sev_handle_rmp_fault, sev_gmem_prepare, sev_gmem_invalidate, ' +
      'sev_private_max_mapping_level, snp_begin_psc_msr, snp_complete_psc_msr',
    'arch/x86/kvm/svm/svm.c, v7.0: npf_interception',
    'arch/x86/virt/svm/sev.c, v6.12: rmpupdate, adjust_direct_map, psmash, snp_lookup_rmpentry',
    'virt/kvm/guest_memfd.c, v7.0: kvm_gmem_get_pfn, kvm_gmem_prepare_folio, ' +
      'kvm_gmem_punch_hole, kvm_gmem_free_folio, kvm_gmem_bind, kvm_gmem_unbind',
    'arch/x86/kvm/mmu/mmu.c, v6.16: page_fault_can_be_fast, fast_page_fault, kvm_zap_gfn_range; ' +
      'tdp_mmu.c: kvm_tdp_mmu_map, tdp_mmu_split_huge_page',
    'virt/kvm/kvm_main.c, v6.16: kvm_vm_set_mem_attributes',
    'mail of March 2021 on KVM_GET_SHARED_PAGES_LIST: the RMP as the list of shared pages',
  ],
  omits: [
    'TLBs: every zap flushes before mmu_lock is dropped, and RMPUPDATE and PSMASH make hardware ' +
      'drop what it has cached; stale TLBs are the subject of memslot-delete',
    'FAIL_INUSE: instructions are atomic, and KVM tries PSMASH again until it is over',
    'Page content and encryption: no property of the host side reads it; see snp-integrity',
    'The range of an invalidation: every fault retries, also of another gfn, which a fault may ' +
      'always do',
    'fallocate: a folio is made by a fault, so its page is assigned when it is freed',
    'SRCU, INVALID memslots: the guest does not touch a gfn whose memslot is being deleted',
    'Conversions of a 2M range in one request: both gfns are converted one by one; the 2M ' +
      'RMPUPDATE to shared is there as a mutation only',
    'Readers of the attributes xarray between two gfns: a conversion is of one gfn',
    'VMPLs, AVIC and VMSA pages; pages that are used by DMA',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const vcpus = each(s.vcpus).map(v => declareVcpu(m, s, v))
    declareUserspace(m, s)
    declareProperties(m, s, vcpus)
    declareScenarios(m, s, vcpus)
  },
})
