/**
 * What is claimed of the deletion: properties, and witnesses that the scenarios can happen.
 */
import { and, each, not, or, reachable } from 'zapcheck'
import type { ActionView, Bool, ModelBuilder, ProcessHandle } from 'zapcheck'
import {
  balancedInvalidations,
  flushBeforeReuse,
  leafKeepsPage,
  leavesBeforeNonLeaves,
  neutralFailure,
  noEndWithoutBegin,
  noFaultAcrossZap,
  noInstallAfterZap,
  noInstallInObsoleteRoot,
  noObsoleteRootKept,
  noRunOnZappedRoot,
  noStaleMapping,
  noUseAfterFree,
  preciseZap,
  rootNeverZapped,
} from 'zapcheck/properties'
import type { Vcpu } from '../components/vcpu-requests.js'
import { failureStep, freeStep, isAcceptedA, isMappedA } from './deletion.js'
import {
  A,
  B,
  allRoots,
  allTrees,
  directRoots,
  gfns,
  hasObsoleteRoot,
  hasObsoleteShadowRoot,
} from './state.js'
import type { State } from './state.js'
import { zapsOf } from './zap.js'

/** The processes of the model. */
export interface Processes {
  readonly vcpus: readonly ProcessHandle[]
  readonly ioctl: ProcessHandle
}

const holdingSteps = [
  'V10_kvm_faultin_pfn',
  'V12_read_lock',
  'V13_is_page_fault_stale_no',
  'V15_tdp_mmu_map_handle_target_level',
  'V16_read_unlock',
]

const holdingShadowSteps = [
  'shadow_V10_kvm_faultin_pfn',
  'shadow_V12_write_lock',
  'shadow_V13_is_page_fault_stale_no',
  'shadow_V15_mmu_set_spte_rmap_add',
  'shadow_V16_write_unlock',
]

/** Declares the properties. */
export function declareProperties(m: ModelBuilder, s: State, processes: Processes): void {
  const { slot, requests } = s
  const pages = each(s.pageB)
  const ofSlot = (isHeld: Bool, k: number) => ({ isHeld, isOver: slot.isFreed(k) })
  const held = each(s.vcpus).flatMap((_, i) =>
    each(s.incarnations).map(k => ({ k, isHeld: holds(s, processes, i, k) })),
  )
  const mapped = allTrees(s).flatMap(root =>
    pages.map(page => ({ page, isPresent: root.mapsPage(A, page) })),
  )
  m.check(
    noStaleMapping(
      'no stale mapping after deletion',
      mapped.map(({ page, isPresent }) => ({ isPresent, isGone: slot.isReleased(page) })),
    ),
    flushBeforeReuse(
      each(s.vcpus).flatMap(v =>
        pages.map(page => ({
          isPresent: and(requests.isInGuest(v), reaches(s, v, page)),
          isGone: slot.isReused(page),
        })),
      ),
    ),
    noInstallAfterZap(
      installer(s, /V15/, v => {
        const object = s.vcpu[v].fault.slot.number()
        return and(object.isNot(s.slotB), slot.isZapped(object))
      }),
    ),
    noInstallInObsoleteRoot(
      installer(s, /V1[45]/, (v, name) =>
        name.includes('shadow_') ? hasObsoleteShadowRoot(s, v) : targetIsObsolete(s, v),
      ),
    ),
    noFaultAcrossZap(held.map(({ isHeld, k }) => ({ isHeld, isOver: slot.isZapped(k) }))),
    noUseAfterFree(
      'memslot',
      [...held, ...heldInvalid(s, processes)].map(({ isHeld, k }) => ofSlot(isHeld, k)),
    ),
    noRunOnZappedRoot(
      each(s.vcpus).flatMap(v =>
        directRoots(s).map((root, r) => ({
          isHeld: and(requests.isInGuest(v), s.vcpu[v].root.is(r)),
          isOver: root.isZapped,
        })),
      ),
    ),
    noObsoleteRootKept(
      each(s.vcpus).map(v => ({
        isHeld: keepsObsoleteRoot(s, v),
        isOver: processes.ioctl.at(freeStep(s)),
      })),
    ),
    leafKeepsPage(
      allRoots(s).flatMap(root =>
        gfns.map(g => ({ isPresent: root.maps(g), page: root.pageOf(g) })),
      ),
    ),
    preciseZap(
      'other slots untouched',
      allTrees(s).map(root => root.maps(B)),
      'deleting one memslot removes mappings of another one, which the guest has to fault in again',
    ),
  )
  declareTdxProperties(m, s)
  declareFailureProperties(m, s, processes.ioctl)
  declareReclaimProperties(m, s, mapped)
}

/** Declares what an mmu_notifier asks for; `mapped` are the translations of gfn A by page. */
function declareReclaimProperties(
  m: ModelBuilder,
  s: State,
  mapped: readonly { readonly page: number; readonly isPresent: Bool }[],
): void {
  if (s.notifier === null) return
  m.check(
    noStaleMapping(
      'no stale mapping after reclaim',
      mapped.map(({ page, isPresent }) => ({ isPresent, isGone: s.slot.isReclaimed(page) })),
    ),
    balancedInvalidations(s.notifier.notifier),
    noEndWithoutBegin(s.notifier.notifier.inProgress),
  )
}

/** The vCPU has an obsolete root, and nobody asks it to drop it. */
function keepsObsoleteRoot(s: State, v: Vcpu): Bool {
  const isAsked = s.requests.isRequested('MMU_FREE_OBSOLETE_ROOTS', v)
  return and(or(hasObsoleteRoot(s, v), hasObsoleteShadowRoot(s, v)), not(isAsked))
}

/** The vCPU's TLB has the page for gfn A, in what the vCPU runs. */
function reaches(s: State, v: Vcpu, page: number): Bool {
  const isHit = s.vcpu[v].tlb[A].is(page)
  if (s.shadow === null) return isHit
  const { isL2, tlb } = s.shadow.nested[v]
  return or(and(isL2.not(), isHit), and(isL2, tlb[A].is(page)))
}

/** Declares what a TD asks for beyond that. */
function declareTdxProperties(m: ModelBuilder, s: State): void {
  if (s.tdx === null) return
  const { mirror, accepted } = s.tdx
  m.check(
    rootNeverZapped(or(mirror.isUnused, mirror.isValid)),
    leavesBeforeNonLeaves([{ isLinked: mirror.hasTable, hasNoLeaf: mirror.hasNoLeaf }]),
    preciseZap(
      'private pages of other slots stay accepted',
      [accepted.has(B)],
      'deleting one memslot takes private pages of another one from the TD: the guest dies ' +
        'when it touches one, because it has to accept the page again and does not know',
    ),
  )
}

/** Declares what a failed ioctl must not change. */
function declareFailureProperties(m: ModelBuilder, s: State, ioctl: ProcessHandle): void {
  if (s.before === null) return
  const { mapped, accepted } = s.before
  const isFailed = ioctl.at(failureStep(s))
  m.check(
    neutralFailure(
      'a failed ioctl takes no mapping',
      [{ isFailed, had: mapped, has: isMappedA(s) }],
      'the ioctl returns an error, and the guest has to fault pages of the slot in again: it ' +
        'notices nothing but time',
    ),
  )
  if (s.tdx === null) return
  m.check(
    neutralFailure(
      'a failed ioctl takes no private page',
      [{ isFailed, had: accepted, has: isAcceptedA(s) }],
      'the ioctl returns an error, and private pages of the slot have lost their content: the ' +
        'guest of the TD dies when it touches one',
    ),
  )
}

/** Faults that hold the INVALID copy of slot A, which goes together with the slot. */
function heldInvalid(s: State, { vcpus }: Processes) {
  if (!s.p.invalidCopy) return []
  return each(s.vcpus).flatMap((v, i) =>
    each(s.incarnations).map(k => ({
      k,
      isHeld: and(vcpus[i]?.at('V8_invalid_slot_RET_PF_RETRY') ?? or(), s.vcpu[v].fault.slot.is(k)),
    })),
  )
}

/** The fault of the i-th vCPU has found the object of slot A's incarnation k and still uses it. */
function holds(s: State, { vcpus }: Processes, i: number, k: number): Bool {
  const v = each(s.vcpus)[i]
  const process = vcpus[i]
  if (v === undefined || process === undefined) return or()
  const prefault = s.p.prefault === 'no' ? [] : holdingSteps.map(label => `prefault.${label}`)
  const inTdp = s.p.mmu === 'shadow' ? [] : [...holdingSteps, ...prefault]
  const inShadow = s.shadow === null ? [] : holdingShadowSteps
  return and(process.at(...inTdp, ...inShadow), s.vcpu[v].fault.slot.is(k))
}

/** For the steps of a fault whose name matches: the predicate of their vCPU. */
function installer(
  s: State,
  steps: RegExp,
  predicate: (v: Vcpu, name: string) => Bool,
): (action: ActionView) => Bool | null {
  return ({ name, parameters }) => {
    const v = each(s.vcpus).find(vcpu => vcpu === `vcpu#${parameters['v']}`)
    return v === undefined || !steps.test(name) ? null : predicate(v, name)
  }
}

/** The root that the vCPU's fault writes below is not valid. */
function targetIsObsolete(s: State, v: Vcpu): Bool {
  const { fault } = s.vcpu[v]
  const direct = hasObsoleteRoot(s, v)
  if (s.tdx === null) return direct
  const isPrivate = s.privateGfn(fault.gfn.number())
  return or(and(isPrivate, not(s.tdx.mirror.isValid)), and(not(isPrivate), direct))
}

/** Declares the witnesses that fit the parameters. */
export function declareScenarios(m: ModelBuilder, s: State, processes: Processes): void {
  const { slot, requests, p } = s
  const { vcpus, ioctl } = processes
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  const someVcpu = (predicate: (v: Vcpu, i: number) => Bool): Bool =>
    or(...each(s.vcpus).map((v, i) => predicate(v, i)))
  const { fast, leafs } = zapsOf(s)
  // Without a TDP MMU the fast zap ends with its write section, in which no vCPU can enter.
  const endOfFast = fast && p.mmu !== 'shadow' ? [ioctl.at('Z1.2_read_unlock')] : []
  const inZap = [...endOfFast, ...(leafs === null ? [] : [ioctl.at(leafs)])]
  const isSynchronized = p.bug !== 'no-srcu-sync' && p.bug !== 'no-first-srcu-sync'
  // A paused vCPU has no fault under way and is not in the guest while a slot is deleted.
  const isRunning = s.pause === null
  if (isRunning && isSynchronized)
    scenario(
      'a deletion waits for a fault that holds the slot',
      and(
        ioctl.at('M2_synchronize_srcu'),
        someVcpu((_, i) => holds(s, processes, i, 0)),
      ),
    )
  if (isRunning && inZap.length > 0)
    scenario(
      'a vCPU runs in the guest while the zap works',
      and(or(...inZap), not(requests.inGuest.isEmpty())),
    )
  scenario(
    'the slot is created again and reached again',
    someVcpu(v => and(requests.isInGuest(v), reaches(s, v, 1))),
  )
  scenario('the host reuses the page of the deleted slot', slot.isReused(0))
  if (fast && isRunning && s.nx === null)
    scenario('a fault meets an obsolete root', meetsObsoleteRoot(s, vcpus))
  if (fast && p.slots !== 'private')
    scenario(
      'a stale translation outside of the guest waits for the flush of the next root',
      someVcpu(v => and(not(requests.isInGuest(v)), reaches(s, v, 0), slot.isReused(0))),
    )
  if (leafs !== null && p.hypothesis !== 'H7')
    scenario('a table without leafs is left behind', emptyTable(s))
  if (s.tdx !== null && s.nx === null)
    scenario(
      'a private page of the other slot is in use while the slot is deleted',
      and(
        s.tdx.accepted.has(B),
        slot.isFreed(0),
        someVcpu(v => s.vcpu[v].tlb[B].isSome()),
      ),
    )
  if (s.before !== null)
    scenario(
      'the guest uses the slot again after a failed MOVE',
      and(
        ioctl.isDone,
        not(s.privateGfn(A)),
        someVcpu(v => and(requests.isInGuest(v), s.vcpu[v].tlb[A].is(0))),
      ),
    )
  if (p.prefault !== 'no')
    scenario(
      'KVM_PRE_FAULT_MEMORY maps a page',
      someVcpu((_, i) => vcpus[i]?.at('prefault.kvm_vcpu_pre_fault_memory_returns') ?? or()),
    )
  if (s.notifier !== null)
    scenario('the host reclaims a page while the zap works', and(or(...inZap), slot.isReclaimed(0)))
}

/** A fault is about to be found stale. */
function meetsObsoleteRoot(s: State, vcpus: readonly ProcessHandle[]): Bool {
  const isShadow = s.p.mmu === 'shadow'
  const check = `${isShadow ? 'shadow_' : ''}V13_is_page_fault_stale_no`
  const isObsolete = isShadow ? hasObsoleteShadowRoot : hasObsoleteRoot
  return or(...each(s.vcpus).map((v, i) => and(vcpus[i]?.at(check) ?? or(), isObsolete(s, v))))
}

/** A root in use has a table without a leaf while the slot is gone. */
function emptyTable(s: State): Bool {
  const empty = allTrees(s).map(root => and(root.isValid, root.hasTable, root.hasNoLeaf))
  return and(s.slot.isAbsent, s.slot.wasCreated, or(...empty))
}
