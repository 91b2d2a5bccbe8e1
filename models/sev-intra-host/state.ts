/**
 * The state of the model: two VMs that move one encryption context between them, a mirror, and the
 * ASID that belongs to the context.
 */
import { and, bool, enumeration, int, mutex, not, or, set, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder } from 'zapcheck'
import type { Parameters } from './parameters.js'

/** The VM that has the context at first, and the one that takes it. */
export type VmName = 'A' | 'L'

/** Declares the state. */
export function declareState(m: ModelBuilder, p: Parameters) {
  const vcpusMax = Math.max(p.vcpus, p.created, 1)
  const vm = (vcpus: number, active: boolean) => ({
    /** kvm->lock. */
    lock: mutex('move', 'move_back', 'copy', 'close_B'),
    migrationInProgress: bool(),
    /** sev->active, and sev->es_active with it: the guest is an SEV-ES guest. */
    active: bool(active),
    /** kvm->created_vcpus and kvm->online_vcpus. */
    created: int(0, vcpusMax, vcpus),
    online: int(0, vcpusMax, vcpus),
    /** vCPUs with a VMSA. */
    vmsa: set(
      vcpusMax,
      Array.from({ length: vcpus }, (_, i) => i),
    ),
    /** The file of the VM is open. */
    open: bool(true),
    /** References: of the file, and of mirrors. */
    references: int(0, 2, 1),
    /** kvm_vm_dead: no ioctl works any more. */
    dead: bool(),
    destroyed: bool(),
  })
  const s = m.state({
    A: vm(p.vcpus, true),
    L: vm(0, false),
    asid: enumeration('in use', 'free', 'reused'),
  })
  const mirror = p.mirror
    ? m.state({
        B: {
          active: bool(),
          open: bool(true),
          owner: enumeration('none', 'A', 'L'),
          /** The owner as sev_vm_destroy has read it. */
          read: enumeration('none', 'A', 'L'),
        },
      }).B
    : null
  return { ...s, B: mirror, p, vcpusMax }
}

/** The declared state. */
export type State = ReturnType<typeof declareState>
/** One of the two VMs. */
export type Vm = State['A']

/** A VM is or may become the owner of the mirror. */
export function isOwner(s: State, name: VmName): Bool {
  return s.B === null ? or() : s.B.owner.is(name)
}

/** KVM_CREATE_VCPU is between created_vcpus and online_vcpus. */
export function isCreating(vm: Vm): Bool {
  return vm.created.isNot(vm.online)
}

/** kvm_put_kvm; a reference too many is what a property looks for, and changes nothing here. */
export function put(vm: Vm): Item {
  return when(vm.references.gt(0), vm.references.decrease())
}

/** A VM that was not destroyed has the context, and may run with its ASID. */
export function usesAsid(vm: Vm): Bool {
  return and(vm.active, not(vm.destroyed))
}
