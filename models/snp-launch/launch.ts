/**
 * The launch: SNP_LAUNCH_UPDATE of the one page, and SNP_LAUNCH_FINISH with the VMSAs.
 */
import { branch, either, leave, or, step, when } from 'zapcheck'
import type { Item, ModelBuilder, Statement, Statements } from 'zapcheck'
import { PAGE, VMSA, vcpus } from './state.js'
import type { State } from './state.js'

/** Declares the task that launches: both calls, as often and in the order that it likes. */
export function declareLaunch(m: ModelBuilder, s: State): void {
  const options = {
    actor: 'launch',
    source: 'arch/x86/kvm/svm/sev.c snp_launch_update and snp_launch_finish, v7.0',
  }
  m.process('launch', { ...options, repeats: true }, [either(launchUpdate(s), launchFinish(s))])
}

/** SNP_LAUNCH_UPDATE, with slots_lock and the filemap's invalidate lock held. */
function launchUpdate(s: State): Statements {
  const { rmp, p } = s
  const isAssigned = rmp.isAssigned(PAGE)
  const update = rmp.rmpupdate(PAGE, { gfn: 0, immutable: p.bug !== 'not-immutable' })
  // Firmware wants PRE_GUEST. A host without the immutable bit is one whose firmware call does
  // not insist on it, or there would be no launch at all.
  const isLaunchable = rmp.isState(PAGE, 'PRE_GUEST', 'GUEST_INVALID')
  const unlock = s.slotsLock.release()
  const measure = when(s.measurements.lt(2), s.measurements.increase())
  const add: Statements = [
    // A page of type ZERO has no source; with a source, the copy to an assigned page would fault.
    branch(isAssigned, [], [step('L2_copy_from_user', s.content.set('image'))]),
    branch(
      update.isSuccess,
      [step('L3_rmp_make_private', update.update)],
      [step('L3_rmp_make_private_fails', unlock), leave()],
    ),
    either(
      [
        step('L4_firmware_measures', isLaunchable, s.measured.set(s.content), measure),
        branch(
          isLaunchable,
          [step('L4_firmware_encrypts', rmp.launchUpdate(PAGE), unlock), leave()],
          [step('L4_firmware_refuses')],
        ),
      ],
      [step('L4_firmware_error')],
    ),
    reclaim(s),
  ]
  return [
    step('SNP_LAUNCH_UPDATE', s.isFinished.not(), s.isFreed.not(), s.slotsLock.acquire()),
    p.bug === 'no-assigned-check'
      ? add
      : branch(isAssigned, [step('L1_assigned_EEXIST', unlock)], add),
  ]
}

/** L5: SNP_PAGE_RECLAIM, then the page is shared again and freed; if firmware keeps it, leaked. */
function reclaim(s: State): Statements {
  const { rmp } = s
  const shared = rmp.rmpupdate(PAGE, 'HYPERVISOR')
  const unlock = s.slotsLock.release()
  const free: Item = [s.isFreed.set(true), s.content.set('empty')]
  return [
    either(
      [
        step('L5_snp_page_reclaim', rmp.reclaim(PAGE)),
        step('L5_rmp_make_shared', shared.isSuccess, shared.update, free, unlock),
      ],
      [
        s.p.bug === 'failed-reclaim-freed'
          ? step('L5_reclaim_fails_page_freed', s.isFreed.set(true), unlock)
          : step('L5_reclaim_fails_snp_leak_pages', s.isLeaked.set(true), unlock),
      ],
    ),
  ]
}

/** SNP_LAUNCH_FINISH: every online vCPU's registers go to its VMSA, which becomes the guest's. */
function launchFinish(s: State): Statements {
  const { p } = s
  const locks = p.bug === 'vmsa-sync-unlocked' ? [] : s.vcpuMutex.acquire('finish')
  const unlock = p.bug === 'vmsa-sync-unlocked' ? [] : s.vcpuMutex.release()
  const creating = s.created.and(s.vcpu[1].online.not())
  const isRefused = p.creation === 'refused' ? creating : or()
  return [
    branch(
      isRefused,
      [step('SNP_LAUNCH_FINISH_EBUSY')],
      [
        step('SNP_LAUNCH_FINISH', locks),
        vcpus.map(v => branch(s.vcpu[v].online, syncVmsa(s, v))),
        step('finished', s.isFinished.set(true), unlock),
      ],
    ),
  ]
}

/** snp_launch_update_vmsa for one vCPU. */
function syncVmsa(s: State, v: 0 | 1): Statements {
  const { rmp, p, vmsa, regs } = s
  const page = VMSA + v
  const on = (label: string, ...items: readonly Item[]): Statement =>
    step(`${label}_vcpu${v}`, ...items)
  const isMine = rmp.allowsHostWrite(page)
  const write = (item: Item): Item => when(isMine, item, s.hasPanicked.set(true))
  const update = rmp.rmpupdate(page, { gfn: 0, immutable: true })
  const copy =
    v === 0
      ? [
          on('sev_es_sync_vmsa_a', write(vmsa.a.set(regs.a))),
          on('sev_es_sync_vmsa_b', write(vmsa.b.set(regs.b))),
        ]
      : [on('sev_es_sync_vmsa', write([]))]
  const encrypt = [
    on('rmp_make_private', update.isSuccess, update.update),
    on('firmware_encrypts_vmsa', rmp.launchUpdate(page), s.vcpu[v].protected.set(true)),
  ]
  if (p.bug === 'vmsa-resync')
    return [copy, branch(s.vcpu[v].protected, [on('rmp_make_private_fails')], encrypt)]
  const refuse = on('guest_state_protected_EINVAL')
  const refused = p.bug === 'error-keeps-mutexes' ? [refuse, leave()] : [refuse]
  return [branch(s.vcpu[v].protected, refused, [copy, encrypt])]
}
