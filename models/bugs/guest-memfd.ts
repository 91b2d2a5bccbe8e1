/**
 * Bugs of guest_memfd.
 */
import type { Bug } from 'zapcheck'

const model = 'guest-memfd-launch'

/** The bugs that the models of guest_memfd decide. */
export const guestMemfdBugs: readonly Bug[] = [
  {
    id: 'G2',
    switch: 'BUG_UPTODATE_EARLY',
    about: 'a folio is marked up to date before its preparation, which fails',
    commit: 'd04c77d23122',
    release: 'v6.11',
    model,
    buggy: 'uptodate-early',
    fixed: 'W1-snp-6.18',
    property: 'a page of the guest is prepared at its first access',
    follows: [
      'vcpu.V10_kvm_gmem_get_folio',
      'vcpu.V10_kvm_arch_gmem_prepare_fails',
      'vcpu.V10_kvm_gmem_get_folio',
      'vcpu.V10_kvm_gmem_prepare_folio',
      'vcpu.V15_tdp_mmu_map_handle_target_level',
      'guest_access',
    ],
  },
  {
    id: 'G2',
    switch: 'BUG_UPTODATE_EARLY (second variant: prepared again)',
    about: 'a page that is prepared, and part of the measured image, is prepared again',
    commit: 'd04c77d23122',
    release: 'v6.11',
    model,
    buggy: 'prepare-again',
    fixed: 'W1-snp-stays',
    property: 'a page is prepared once',
    follows: [
      'populate.L4_SNP_LAUNCH_UPDATE',
      'populate.L5_folio_mark_uptodate',
      'vcpu.V10_kvm_gmem_get_folio',
      'vcpu.V10_kvm_gmem_prepare_folio',
    ],
  },
  {
    id: 'G3',
    switch: 'BUG_GUP_UNDER_INVALIDATE_LOCK',
    about: 'populate pins its source under the invalidate lock: mmap_lock and it form a cycle',
    commit: '2a62345b3052',
    release: 'v7.0',
    model,
    buggy: 'W21',
    fixed: 'W21-fixed',
    property: 'deadlock freedom',
    follows: [
      'populate.L1_filemap_invalidate_lock',
      'touch.mmap_read_lock',
      'mmap.mmap_write_lock_waits',
    ],
  },
]
