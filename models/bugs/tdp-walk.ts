/**
 * Bugs of history in walks of the TDP MMU's page tables. Two are about never ending: T6 is decided
 * by a bound that the fix establishes, T22 waits for a temporal property.
 */
import type { Bug } from 'zapcheck'

/** The bugs that the model tdp-walk decides. */
export const tdpWalkBugs: readonly Bug[] = [
  {
    id: 'T5',
    switch: 'BUG_ITER_SKIP_AFTER_YIELD',
    about: 'A zap that yields starts its walk again and then skips the entry that it stopped at.',
    commit: '3a0f64de479c',
    release: 'v5.16',
    model: 'tdp-walk',
    buggy: 'T5',
    fixed: 'T5-fixed',
    property: 'a zapped root is empty',
    follows: [
      'zap.Z1.2_root_cond_resched_unlock',
      'zap.Z1.2_root_cond_resched_lock',
      'zap.Z1.2_root_tdp_iter_restart',
      'zap.Z1.2_root_tdp_iter_next',
      'zap.Z1.2_read_unlock',
    ],
  },
  {
    id: 'T6',
    switch: 'BUG_YIELD_WITHOUT_PROGRESS',
    about: 'A walk yields and starts again without having got on: two of them never end.',
    commit: null,
    release: 'v5.12',
    model: 'tdp-walk',
    buggy: 'T6',
    fixed: 'T6-fixed',
    property: 'a walk yields at most once for each gfn',
    follows: [
      'zap.Z1.2_4K_cond_resched_unlock',
      'zap.Z1.2_4K_tdp_iter_restart',
      'zap.Z1.2_4K_cond_resched_unlock',
      'zap.Z1.2_4K_tdp_iter_restart',
      'zap.Z1.2_4K_cond_resched_unlock',
    ],
  },
  {
    id: 'T8',
    switch: 'BUG_FLUSH_NOT_ACCUMULATED',
    about: 'The zap of a second root overwrites the flush that the first root needs.',
    commit: 'f47e5bbbc92f',
    release: 'v5.18',
    model: 'tdp-walk',
    buggy: 'T8',
    fixed: 'T8-fixed',
    property: 'flush before reuse',
    follows: [
      'H1_tlb_fill',
      'notifier.N2_root0_zap_leaf',
      'notifier.N2_root1_tdp_iter_start',
      'notifier.N2_write_unlock',
      'notifier.N3_page_is_reclaimed',
    ],
  },
  {
    id: 'T9',
    switch: 'BUG_NO_REMOVED_SPTE',
    about: 'A page fault installs a leaf in a table that was removed and emptied.',
    commit: 'e25f0e0cd51b',
    release: 'v5.12',
    model: 'tdp-walk',
    buggy: 'T9',
    fixed: 'T9-fixed',
    property: 'accounting balances',
    follows: [
      'vcpu.V14_try_step_down',
      'collapse.root0_tdp_mmu_zap_spte_atomic',
      'collapse.root0_handle_removed_pt_0',
      'vcpu.V15_tdp_mmu_map_handle_target_level',
    ],
  },
  {
    id: 'T22',
    switch: 'BUG_NO_EARLY_RETRY',
    about: 'Page faults that are bound to retry take mmu_lock again and again, and starve the zap.',
    commit: 'd02c357e5bfa',
    release: 'v6.9',
    waitsFor:
      '[](begin -> <>end) if each step of the notifier is weakly fair, where begin is ' +
      'N2_write_lock_kvm_mmu_invalidate_begin and end is N4_kvm_mmu_invalidate_end in the model ' +
      'tdp-walk: readers overtake the waiting writer for ever without the check, and with it ' +
      'they stop, as each vCPU takes the lock in vain at most once (which variant T22-fixed shows)',
  },
]
