/**
 * Bugs of history in how KVM mirrors the Secure-EPT, and in the life of a TD.
 */
import type { Bug } from 'zapcheck'

const lifecycle = 'tdx-lifecycle'
const mustSucceed = 'a SEAMCALL that must succeed does'
const suspected = 'no vCPU is suspected of zero-stepping'

/** An entry of X8: a call of the teardown moved, with a module that does not refuse it. */
function moved(
  which: string,
  buggy: string,
  about: string,
  property: string,
  follows: readonly string[],
): Bug {
  return {
    id: 'X8',
    switch: `BUG_HKID_ORDER_${which}`,
    about,
    commit: null,
    release: 'none: mutants of the order that comments in tdx.c ask for',
    model: lifecycle,
    buggy: `X8-${buggy}-unchecked`,
    fixed: 'teardown',
    property,
    follows,
  }
}

/** The bugs of the family tdx-sept. */
export const tdxSeptBugs: readonly Bug[] = [
  {
    id: 'X1',
    switch: 'BUG_SEPT_BUSY_RETURN',
    about: 'A busy SEAMCALL of a removal is returned as an error to a path that cannot fail.',
    commit: '4b2abc49712b',
    release: 'v6.16',
    model: 'tdx-sept',
    buggy: 'X1',
    fixed: 'V1',
    property: 'the mirror and the Secure-EPT agree',
    // Any of BLOCK, TRACK and REMOVE may be the one that is busy.
    follows: [
      'vmm.K2_tdp_mmu_zap_leafs',
      'vcpu.T1_tdh_vp_enter_lock',
      'vmm.K2_KVM_BUG_ON',
      'vmm.K2_unlock',
    ],
  },
  {
    id: 'X1',
    switch: 'BUG_SEPT_BUSY_SPIN',
    about: 'A busy SEAMCALL of a removal is repeated while vCPUs enter again and again.',
    commit: '4b2abc49712b',
    release: 'v6.16',
    waitsFor:
      '[](vmm.K2_tdp_mmu_zap_leafs -> <> vmm.K2_unlock) under weak fairness of each step of vmm ' +
      'and of each vCPU, with vCPUs that always want to run: a removal that has begun ends. The ' +
      'safety form, that a second try succeeds, is decided: row V5 of tdx-sept violates it',
  },
  {
    id: 'X3',
    switch: 'BUG_TD_STATE_FINE_LOCKS',
    about: 'INIT_MEM_REGION looks at the state of the TD, and adds its page after FINALIZE.',
    commit: '15945e9ec195',
    release: 'v6.19',
    model: lifecycle,
    buggy: 'X3',
    fixed: 'launch',
    property: 'no page is added after finalize',
    follows: [
      'init_mem_region.state_checked',
      'finalize.tdh_mr_finalize',
      'finalize.state_runnable',
      'init_mem_region.tdh_mem_page_add_KVM_BUG_ON',
    ],
  },
  {
    id: 'X3',
    switch: 'BUG_TD_STATE_FINE_LOCKS (VP.INIT)',
    about: 'MR.EXTEND finds the TD locked by VP.INIT of another vCPU, where no failure is allowed.',
    commit: '15945e9ec195',
    release: 'v6.19',
    model: lifecycle,
    buggy: 'X3-contention',
    fixed: 'X3-contention-fixed',
    property: mustSucceed,
    follows: [
      'init_mem_region.tdh_mem_page_add',
      'init_vcpu.tdh_vp_init_start',
      'init_mem_region.tdh_mr_extend_KVM_BUG_ON',
    ],
  },
  {
    id: 'X4',
    switch: 'BUG_PREMAP_ZAP_ERR',
    about: 'A zap takes the free entry of a page whose PAGE.ADD has failed for an error.',
    commit: null,
    release: 'v6.16',
    model: lifecycle,
    buggy: 'X4',
    fixed: 'X4-fixed',
    property: mustSucceed,
    follows: [
      'init_mem_region.premap',
      'init_mem_region.tdh_mem_page_add_fails_EIO',
      'punch.zap_leaf',
      'punch.tdh_mem_range_block_KVM_BUG_ON',
    ],
  },
  {
    id: 'X6',
    switch: 'BUG_ZEROSTEP_REENTER',
    about: 'Each RET_PF_RETRY enters the guest again, until the module suspects zero-stepping.',
    commit: 'b0327bb2e7e0',
    release: 'v6.16',
    model: 'tdx-sept',
    buggy: 'X6',
    fixed: 'V1-idle',
    property: suspected,
    // Busy with the other vCPU's ACCEPT; with its FROZEN_SPTE, as the corpus has it, is longer.
    follows: [
      'vcpu.T2_ept_violation',
      'vcpu.K1_tdh_mem_page_aug_BUSY_RETRY',
      'vcpu.K3_vcpu_enter_guest',
      'vcpu.T2_ept_violation',
    ],
  },
  {
    id: 'X7',
    switch: 'BUG_PENDING_IS_SPURIOUS',
    about: 'A violation of a page that is not accepted is taken for spurious, without end.',
    commit: 'e6a85781f783',
    release: 'v6.16',
    model: 'tdx-sept',
    buggy: 'X7',
    fixed: 'V1-idle',
    property: suspected,
    follows: ['vcpu.K1_tdh_mem_page_aug', 'vcpu.T2_pending_violation'],
  },
  moved(
    'RECLAIM_FIRST',
    'reclaim-first',
    'A table goes to the host before the key is freed.',
    'pages are reclaimed after the key is released',
    ['vm.K7_tdh_phymem_cache_wb', 'vm.K7_tdh_phymem_page_reclaim_table'],
  ),
  moved(
    'FREE_FIRST',
    'free-first',
    'The key is freed before the caches are written back.',
    'no line of a key that is released is left',
    ['vm.K7_tdh_mng_vpflushdone', 'vm.K7_tdh_mng_key_freeid'],
  ),
  moved(
    'FLUSH_LAST',
    'flush-last',
    'The key is freed before the vCPUs are flushed.',
    'no line of a key that is released is left',
    ['vm.K7_tdh_phymem_cache_wb', 'vm.K7_tdh_mng_key_freeid'],
  ),
  moved(
    'REMOVE_LAST',
    'remove-last',
    'Private pages are removed after the key is freed.',
    'pages are removed while the key is assigned',
    ['vm.K7_tdh_mng_key_freeid', 'vm.K2_tdh_mem_range_block'],
  ),
  moved(
    'TDR_FIRST',
    'tdr-first',
    'TDR goes to the host before the other pages of the TD.',
    'TDR is reclaimed last',
    ['vm.K7_tdh_mng_key_freeid', 'vm.K7_tdh_phymem_page_reclaim_tdr'],
  ),
]
