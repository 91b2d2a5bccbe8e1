/**
 * Bugs of moving an SEV context between VMs of one host.
 */
import type { Bug } from 'zapcheck'

const model = 'sev-intra-host'

/** The bugs that the model sev-intra-host decides. */
export const migrationBugs: readonly Bug[] = [
  {
    id: 'M1',
    switch: 'BUG_MIGRATE_IGNORES_CREATING',
    about: 'a vCPU that is being created for a plain VM comes online in an SEV-ES VM',
    commit: 'ecf371f8b02d',
    release: 'v6.16',
    model,
    buggy: 'M1',
    fixed: 'M1-fixed',
    property: 'every vCPU of an SEV-ES VM has a VMSA',
    follows: [
      'create.created_vcpus',
      'create.svm_vcpu_create',
      'move.sev_migrate_from',
      'create.online_vcpus',
    ],
  },
  {
    id: 'M2',
    switch: 'BUG_MOVE_WITH_MIRRORS',
    about: 'a VM that has mirrors is moved, and its ASID is freed while a mirror uses it',
    commit: '17d44a96f000',
    release: 'v5.16',
    model,
    buggy: 'M2',
    fixed: 'M2-fixed',
    property: 'no VM runs with an ASID that was freed',
    follows: [
      'copy.sev_vm_copy_enc_context_from_A',
      'move.sev_migrate_from',
      'close_L',
      'sev_vm_destroy_L',
    ],
  },
  {
    id: 'M4',
    switch: 'BUG_TWO_VM_NO_FLAG',
    about: 'two opposite moves take the locks of the two VMs in opposite order',
    commit: null,
    release: 'comment in sev_lock_two_vms',
    model,
    buggy: 'M4',
    fixed: 'M4-fixed',
    property: 'deadlock freedom',
    follows: ['move.mutex_lock_dst', 'move_back.mutex_lock_dst'],
  },
]
