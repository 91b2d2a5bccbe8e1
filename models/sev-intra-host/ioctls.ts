/**
 * The ioctls: KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM, KVM_CAP_VM_COPY_ENC_CONTEXT_FROM, KVM_CREATE_VCPU,
 * and what happens when the file of a VM is closed.
 *
 * Source: arch/x86/kvm/svm/sev.c (v6.16) `sev_lock_two_vms`, `sev_unlock_two_vms`,
 * `sev_vm_move_enc_context_from`, `sev_check_source_vcpus`, `sev_migrate_from`,
 * `sev_vm_copy_enc_context_from`, `sev_vm_destroy`; virt/kvm/kvm_main.c
 * `kvm_vm_ioctl_create_vcpu`; arch/x86/kvm/svm/svm.c `svm_vcpu_create`.
 */
import { assert, branch, either, exit, forEach, not, or, step, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, Statements } from 'zapcheck'
import { isCreating, isOwner, put } from './state.js'
import type { State, Vm, VmName } from './state.js'

type Owner = 'move' | 'move_back' | 'copy'

/** A system call as others see it. */
export interface SystemCall {
  readonly process: ProcessHandle
  /** It has not begun, or begins again. */
  readonly isIdle: Bool
  /** It runs, and holds the file of the VM. */
  holdsFile(name: VmName): Bool
}

/** KVM_CAP_VM_MOVE_ENC_CONTEXT_FROM on `to`, with the file of `from`. */
export function declareMove(
  m: ModelBuilder,
  s: State,
  name: 'move' | 'move_back',
  [to, from]: readonly [VmName, VmName],
): SystemCall {
  const [dst, src] = [s[to], s[from]]
  const unlock = unlockTwo(s, [dst, src])
  const wrong = or(dst.active, not(src.active))
  // The first move finds both VMs as they have to be.
  const isFirst = name === 'move'
  const process = m.process(name, { actor: `userspace of ${to}` }, [
    isFirst ? [] : branch(dst.dead, [step('kvm_vm_ioctl_EIO'), exit()]),
    step('kvm_vm_ioctl', dst.open, src.open),
    lockTwo(s, name, [dst, src]),
    isFirst ? [] : branch(wrong, [step('sev_vm_move_enc_context_from_EINVAL', unlock), exit()]),
    branch(isRefusedForMirrors(s, from), [step('has_mirrors_EBUSY', unlock), exit()]),
    checkVcpus(s, [dst, src], unlock),
    step('sev_migrate_from', moveContext(s, [to, from])),
    step('kvm_vm_dead', src.dead.set(true), unlock),
  ])
  const isIdle = or(process.isDone, process.at('kvm_vm_ioctl'))
  return { process, isIdle, holdsFile: () => not(isIdle) }
}

/** sev_lock_two_vms: flags first, each with a cmpxchg that fails; then both locks. */
function lockTwo(s: State, name: Owner, [dst, src]: readonly [Vm, Vm]): Statements {
  const locks = [
    step('mutex_lock_dst', dst.lock.acquire(name)),
    step('mutex_lock_src', src.lock.acquire(name)),
  ]
  if (s.p.bug === 'no-flags') return locks
  const [d, f] = [dst.migrationInProgress, src.migrationInProgress]
  return [
    branch(d, [step('migration_in_progress_dst_EBUSY'), exit()]),
    step('migration_in_progress_dst', d.set(true)),
    branch(f, [step('migration_in_progress_src_EBUSY', d.set(false)), exit()]),
    step('migration_in_progress_src', f.set(true)),
    locks,
  ]
}

/** sev_unlock_two_vms. */
function unlockTwo(s: State, vms: readonly [Vm, Vm]): Item {
  return vms.map(vm => [
    vm.lock.release(),
    s.p.bug === 'no-flags' ? [] : vm.migrationInProgress.set(false),
  ])
}

/** Before v5.18 a VM with mirrors could not be moved. */
function isRefusedForMirrors(s: State, from: VmName): Bool {
  return s.p.mirrors === 'refuse' && s.p.bug !== 'moves-with-mirrors' ? isOwner(s, from) : or()
}

/** sev_check_source_vcpus. */
function checkVcpus(s: State, [dst, src]: readonly [Vm, Vm], unlock: Item): Statements {
  const creating = s.p.bug === 'ignores-creating' ? or() : or(isCreating(dst), isCreating(src))
  const isProtected = src.vmsa.size().ge(src.online)
  const differ = or(src.online.isNot(dst.online), not(isProtected))
  return [
    branch(creating, [step('sev_check_source_vcpus_EBUSY', unlock), exit()]),
    branch(differ, [step('sev_check_source_vcpus_EINVAL', unlock), exit()]),
  ]
}

/** sev_migrate_from: ASID, VMSAs and mirrors belong to the destination now. */
function moveContext(s: State, [to, from]: readonly [VmName, VmName]): Item {
  const [dst, src] = [s[to], s[from]]
  const { B } = s
  const mirrors =
    B === null || s.p.bug === 'moves-with-mirrors'
      ? []
      : when(B.owner.is(from), [dst.references.increase(), put(src), B.owner.set(to)])
  return [
    [dst.active.set(true), src.active.set(false)],
    [dst.vmsa.set(src.vmsa), src.vmsa.clear()],
    mirrors,
  ]
}

/** KVM_CREATE_VCPU on the destination, one vCPU after the other. */
export function declareCreation(m: ModelBuilder, s: State): SystemCall | null {
  if (s.p.created === 0) return null
  const { L } = s
  const isFree = L.lock.isFree
  const process = m.process('create', { actor: 'VMM of L' }, [
    forEach('vcpu', s.p.created, i => [
      step('created_vcpus', L.open, not(L.dead), isFree, L.created.increase()),
      step('svm_vcpu_create', when(L.active, L.vmsa.add(i))),
      step('online_vcpus', isFree, L.online.increase()),
    ]),
  ])
  const isIdle = or(process.isDone, process.at('created_vcpus'))
  return { process, isIdle, holdsFile: name => (name === 'L' ? not(isIdle) : or()) }
}

/** KVM_CAP_VM_COPY_ENC_CONTEXT_FROM on B, with the file of A or of L. */
export function declareCopy(m: ModelBuilder, s: State): SystemCall | null {
  const { B } = s
  if (B === null) return null
  const from = (name: VmName): Statements => {
    const src = s[name]
    const done = unlockOne(s, src)
    const flag = src.migrationInProgress
    return [
      s.p.bug === 'no-flags'
        ? step(`fget_${name}`, src.open)
        : step(`migration_in_progress_${name}`, src.open, not(flag), flag.set(true)),
      step(`mutex_lock_${name}`, src.lock.acquire('copy')),
      branch(
        not(src.active),
        [step(`sev_vm_copy_enc_context_from_${name}_EINVAL`, done)],
        [
          step(`sev_vm_copy_enc_context_from_${name}`, [
            src.references.increase(),
            B.owner.set(name),
            B.active.set(true),
            done,
          ]),
        ],
      ),
    ]
  }
  const process = m.process('copy', { actor: 'userspace of B' }, [either(from('A'), from('L'))])
  const first = s.p.bug === 'no-flags' ? 'fget_A' : 'migration_in_progress_A'
  const copies = (name: VmName) =>
    process.at(`mutex_lock_${name}`, `sev_vm_copy_enc_context_from_${name}`)
  return { process, isIdle: or(process.isDone, process.at(first)), holdsFile: copies }
}

function unlockOne(s: State, vm: Vm): Item {
  return [vm.lock.release(), s.p.bug === 'no-flags' ? [] : vm.migrationInProgress.set(false)]
}

/** The last reference of B's file: sev_vm_destroy of a mirror. */
export function declareCloseOfMirror(m: ModelBuilder, s: State): SystemCall | null {
  const { B } = s
  if (B === null || !s.p.mirrorCloses) return null
  const owner = (name: VmName): Statements => [
    step(`mutex_lock_owner_${name}`, s[name].lock.acquire('close_B')),
    step(`list_del_mirror_entry_${name}`, s[name].lock.release()),
    step(
      `kvm_put_kvm_${name}`,
      assert(
        s[name].references.gt(0),
        'references of a VM are balanced',
        'a reference is given back twice: the VM is freed while somebody uses it',
      ),
      put(s[name]),
      [B.read.set('none'), B.owner.set('none')],
    ),
  ]
  const process = m.process('close_B', { actor: 'userspace of B' }, [
    step('sev_vm_destroy_reads_owner', [
      B.active,
      B.open.set(false),
      B.active.set(false),
      B.read.set(B.owner),
    ]),
    branch(B.read.is('A'), owner('A'), owner('L')),
  ])
  const isIdle = or(process.isDone, process.at('sev_vm_destroy_reads_owner'))
  return { process, isIdle, holdsFile: () => or() }
}
