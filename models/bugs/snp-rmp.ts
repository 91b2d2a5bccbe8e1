/** Bugs of the family snp-rmp that are about RMP faults and the direct map. */
import type { Bug } from 'zapcheck'

const psmash = { commit: 'c63cf135cc99', release: 'v6.11', model: 'snp-rmp', fixed: 'Y7' }
const directMap = {
  commit: '661b1c6169e2',
  release: 'v6.9',
  model: 'snp-rmp',
  fixed: 'Y12-split',
  property: 'a host write does not fault',
  follows: ['vcpu.V10_P3_rmp_make_private', 'host_writes'],
}

/** Decided by snp-rmp. */
export const snpRmpBugs: readonly Bug[] = [
  {
    ...psmash,
    id: 'S2',
    switch: 'BUG_PSMASH_NO_RECHECK',
    about: 'a vCPU that loses the race to split a 2M RMP entry reports an error',
    buggy: 'Y7-no-recheck',
    property: 'a lost race of PSMASH is no error',
    follows: [
      'vcpu.R4_snp_lookup_rmpentry_2M',
      'vcpu.R4_snp_lookup_rmpentry_2M',
      'vcpu.R6_snp_rmptable_psmash',
      'vcpu.R6_unable_to_split',
    ],
  },
  {
    ...psmash,
    id: 'S2',
    switch: 'BUG_PSMASH_NO_ZAP',
    about: 'a 2M mapping stays over the 4K RMP entries after the split: the same #NPF for ever',
    buggy: 'Y7-no-zap',
    property: 'an RMP fault is repaired',
    follows: [
      'vcpu.V15_tdp_mmu_map_handle_target_level',
      'vcpu.R4_snp_lookup_rmpentry_2M',
      'vcpu.R6_snp_rmptable_psmash',
      'vcpu.R8_kvm_release_page_unused',
    ],
  },
  {
    ...directMap,
    id: 'S4',
    switch: 'BUG_NO_DMAP_SPLIT',
    about: 'the direct map is not split: the host writes next to a private page and crashes',
    buggy: 'Y12',
  },
  {
    ...directMap,
    id: 'S4',
    switch: 'BUG_DMAP_SPLIT_AFTER',
    about: 'the direct map is split after the RMPUPDATE, which leaves a window',
    buggy: 'Y12-late',
  },
]
