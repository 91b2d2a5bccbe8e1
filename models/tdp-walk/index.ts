/**
 * tdp-walk: walks of the TDP MMU's page tables, SPTE by SPTE. Page faults and tasks with mmu_lock
 * for read change entries at the same time, tasks give the lock away in the middle of a walk, and
 * tables are freed while others may still look at them.
 *
 *   parameters.ts  how large the tables are, who walks them, which rule is broken
 *   state.ts       roots, tables, what the hardware caches
 *   iterator.ts    tdp_iter: start, next, yield, restart
 *   tables.ts      an SPTE is exchanged; a table leaves the tree and is freed
 *   fault.ts       the vCPU: V4 to V16
 *   collapse.ts    dirty logging stops: tables become huge pages, or are zapped
 *   zap-root.ts    Z1: an invalid root is zapped
 *   notifier.ts    N2 to N4: leafs are zapped in every root
 *   claims.ts      properties, and witnesses that the scenarios happen
 *   variants.ts    what is checked, with verdicts and counts
 *
 * Kernel: v6.16; steps of other versions are parameters. `docs/models/tdp-walk.md` has the table of
 * steps, the verdicts, and what the traces show.
 */
import { defineModel, each } from 'zapcheck'
import { declareProperties, declareScenarios, isOver } from './claims.js'
import { declareCollapse } from './collapse.js'
import { declareVcpu } from './fault.js'
import { declareNotifier } from './notifier.js'
import { parameters } from './parameters.js'
import { declareState } from './state.js'
import { declareCallbacks, declareHardware } from './tables.js'
import { variants } from './variants.js'
import { declareRootZap } from './zap-root.js'

export default defineModel({
  name: 'tdp-walk',
  about: 'Page faults, zaps and collapses walk the TDP MMU page tables, SPTE by SPTE.',
  sources: [
    'arch/x86/kvm/mmu/tdp_iter.c, v6.16: tdp_iter_start, tdp_iter_restart, tdp_iter_next',
    'arch/x86/kvm/mmu/tdp_mmu.c, v6.16: kvm_tdp_mmu_map, tdp_mmu_link_sp, ' +
      'tdp_mmu_map_handle_target_level, tdp_mmu_set_spte_atomic, handle_changed_spte, ' +
      'handle_removed_pt, tdp_mmu_iter_cond_resched, tdp_mmu_zap_root, tdp_mmu_zap_leafs, ' +
      'recover_huge_pages_range, tdp_mmu_make_huge_spte; v6.9: tdp_mmu_zap_spte_atomic',
    'commits 3a0f64de479c (v5.16), e25f0e0cd51b and a835429cda91 (v5.12), cf3e26427c08 and its ' +
      'successor f47e5bbbc92f (v5.18), fcb93eb6d09d (v5.18), d02c357e5bfa (v6.9)',
  ],
  omits: [
    'Levels between the root and the last table: a walk that goes on after a yield starts from ' +
      'the root whatever is in between, and a table below an unlinked one is removed ' +
      'by the same steps',
    'mmu_lock for write beside the notifier and the invalidation of a root: other writers ' +
      'exclude every walk in the same way',
    'Requests and kicks: a remote flush is one step. Each property of TLBs is about one vCPU, ' +
      'and what that one caches between its own flush and the end of all it finds in the tables ' +
      'of that time, as it would later; memslot-delete has the protocol in full',
    'Loading a root: a vCPU faults on a valid root only, and its caches of a root are gone when ' +
      'the root is invalidated, with the kick that the section waits for',
    'Failure to allocate: a fault that finds no free table retries; caches are filled before ' +
      'mmu_lock is taken, so nobody waits for memory with the lock held',
    'The count of a leaf is changed in the step that changes the leaf. In between the kernel has ' +
      'nothing but readers of the count, and accounting is judged only while mmu_lock is free',
    'V11, which is V9 again; memory slots and roots of other kinds; A/D and write-protection bits',
    'Memory order: each step sees all earlier ones',
  ],
  params: parameters,
  variants,
  build(m, p) {
    const s = declareState(m, p)
    const processes = {
      vcpus: each(s.vcpus).map(v => declareVcpu(m, s, v)),
      notifier: declareNotifier(m, s),
      collapse: declareCollapse(m, s),
      zap: declareRootZap(m, s),
    }
    declareCallbacks(m, s)
    declareHardware(m, s)
    m.deadlock(isOver(processes))
    declareProperties(m, s, processes)
    declareScenarios(m, s, processes)
  },
})
