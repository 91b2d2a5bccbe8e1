/**
 * The launch of a TD: tasks of userspace that populate, finalize, initialise a second vCPU, punch
 * holes, prefault and run, all at once.
 *
 *   kvm->lock  >  vcpu->mutex, all  >  slots_lock  >  invalidate lock of guest_memfd  >  mmu_lock
 *
 * With fine locks (v6.16): INIT_MEM_REGION has the mutex of its vCPU, and slots_lock after it has
 * checked the state; FINALIZE has kvm->lock and slots_lock; INIT_VCPU the mutex of its vCPU.
 */
import { array, assert, bool, branch, either, enumeration, goto, implies } from 'zapcheck'
import { int, leave, loopWhile, mutex, not, or, step } from 'zapcheck'
import type { Bool, Item, ModelBuilder, Statement, Statements } from 'zapcheck'
import { TdxModule, seamcall, septEntry, tdOpState, tlbEpochs } from '../components/tdx-module/index.js' // prettier-ignore
import { moduleLocks } from '../components/tdx-module/index.js'
import type { Seamcall } from '../components/tdx-module/index.js'
import type { Parameters } from './parameters.js'

const owners = ['populate', 'finalize', 'init_vcpu', 'prefault', 'run'] as const
type Owner = (typeof owners)[number]

function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', 1)
  const s = m.state({
    vm: enumeration('alive', 'bugged'),
    kvmLock: mutex(...owners),
    vcpuMutex: array(2, mutex(...owners)),
    slotsLock: mutex(...owners),
    invalidateLock: mutex('populate', 'punch'),
    mmuLock: mutex('populate', 'init_vcpu', 'punch', 'prefault', 'finalize'),
    /** kvm_tdx->state, and what allows KVM_PRE_FAULT_MEMORY. */
    state: enumeration('INITIALIZED', 'RUNNABLE'),
    preFaultAllowed: bool(!p.prefaultGate),
    opState: tdOpState().initially('INITIALIZED'),
    leaf: enumeration('NONE', 'FROZEN', 'LEAF'),
    sept: array(1, septEntry()),
    epochs: tlbEpochs(vcpus, 1),
    locks: moduleLocks(1, 1),
    nrPremapped: int(0, 2),
    /** The second vCPU: created_vcpus counts it, online_vcpus counts it, VP.INIT is done. */
    vcpu1: enumeration('absent', 'created', 'online', 'initialized'),
  })
  const { opState, epochs, locks } = s
  const tdx = new TdxModule({ leafs: 1, entries: s.sept, opState, epochs, locks })
  return { ...s, p, tdx }
}

type State = ReturnType<typeof declareState>

const mustSucceed = 'a SEAMCALL that must succeed does'

/** KVM_BUG_ON after a call that has failed. */
function bugOn(s: State, label: string, ...items: readonly Item[]): Statement {
  return step(
    `${label}_KVM_BUG_ON`,
    assert(
      or(),
      mustSucceed,
      'a SEAMCALL fails or is busy where KVM allows no failure: another task has changed the ' +
        'state of the TD, or holds a lock of the module',
    ),
    s.vm.set('bugged'),
    items,
  )
}

/** Takes the locks of an ioctl that looks at the state; `own` is the vCPU that it belongs to. */
function lockAll(s: State, by: Owner): Statements {
  return [
    step('kvm_lock', s.vm.is('alive'), s.kvmLock.acquire(by)),
    branch(
      // A vCPU that is not online yet has no mutex that could be taken.
      s.vcpu1.is('created'),
      [step('created_is_not_online_EBUSY', s.kvmLock.release()), leave()],
      [step('kvm_lock_all_vcpus_0', s.vcpuMutex[0].acquire(by))],
    ),
    step('kvm_lock_all_vcpus_1', s.vcpuMutex[1].acquire(by)),
    step('slots_lock', s.slotsLock.acquire(by)),
  ]
}

function unlockAll(s: State): Item {
  return [
    s.kvmLock.release(),
    s.vcpuMutex[0].release(),
    s.vcpuMutex[1].release(),
    s.slotsLock.release(),
  ]
}

/** KVM_TDX_INIT_MEM_REGION for the page. */
function populate(s: State): Statements {
  const isFine = s.p.locking === 'fine'
  const first = s.vcpuMutex[0]
  const unlock = isFine ? [first.release(), s.slotsLock.release()] : unlockAll(s)
  const early = isFine ? [first.release()] : unlockAll(s)
  const isLate: Bool = s.p.bug === 'no-state-check' ? or() : s.state.is('RUNNABLE')
  const check = branch(isLate, [step('runnable_EINVAL', early), leave()], [step('state_checked')])
  return [
    isFine
      ? [
          step('vcpu_mutex', s.vm.is('alive'), first.acquire('populate')),
          check,
          step('slots_lock', s.slotsLock.acquire('populate')),
        ]
      : [lockAll(s, 'populate'), check],
    step('filemap_invalidate_lock', s.invalidateLock.acquire('populate')),
    step('mmu_lock', s.mmuLock.acquire('populate')),
    mapInitialPage(s, [s.invalidateLock.release(), unlock]),
  ]
}

/** The page in the mirror and PAGE.ADD, in one (v7.0) or one after the other (v6.16). */
function mapInitialPage(s: State, unlock: Item): Statements {
  const { leaf, tdx, nrPremapped, p } = s
  const add = tdx.pageAdd(0)
  const never = assert(
    s.opState.is('INITIALIZED'),
    'no page is added after finalize',
    'PAGE.ADD is called for a TD that is finalized: what was measured is not what runs',
  )
  const made = tdx.mrExtend(0)
  const extend = branch(
    made.isOk,
    [step('tdh_mr_extend')],
    [bugOn(s, 'tdh_mr_extend'), goto('unlock')],
  )
  const mmuUnlock = s.mmuLock.release()
  const measure = [either([extend], [step('not_measured')]), step('unlock', unlock)]
  const isThere = branch(p.populate === 'premap' ? tdx.entry(0).isNot('FREE') : leaf.is('LEAF'), [
    step('already_mapped_EIO', mmuUnlock, unlock),
    leave(),
  ])
  if (p.populate === 'premap') {
    const fail = p.addFails ? [[step('tdh_mem_page_add_fails_EIO', unlock), leave()]] : []
    return [
      isThere,
      branch(leaf.is('NONE'), [step('premap', leaf.set('LEAF'), nrPremapped.increase())]),
      step('mmu_unlock', mmuUnlock),
      either(
        [
          seamcall('tdh_mem_page_add', add, {
            ok: [never, nrPremapped.decrease()],
            busy: [step('tdh_mem_page_add_BUSY_EBUSY', unlock), leave()],
            refused: [bugOn(s, 'tdh_mem_page_add', never), goto('unlock')],
          }),
          measure,
        ],
        ...fail,
      ),
    ]
  }
  return [
    isThere,
    step('freeze_leaf', leaf.set('FROZEN')),
    // RET_PF_RETRY is retried in kvm_tdp_mmu_map_private_pfn.
    loopWhile(add.isBusy, [step('tdh_mem_page_add_BUSY_RETRY')]),
    seamcall('tdh_mem_page_add', add, {
      ok: [never, leaf.set('LEAF')],
      refused: [bugOn(s, 'tdh_mem_page_add', never, leaf.set('NONE'), mmuUnlock), goto('unlock')],
    }),
    step('mmu_unlock', mmuUnlock),
    measure,
  ]
}

/** KVM_TDX_FINALIZE_VM. */
function finalize(s: State): Statements {
  const { state, preFaultAllowed, tdx, nrPremapped, leaf, p } = s
  const isFine = p.locking === 'fine'
  const hasMmuLock = p.finalize === 'mmu-lock'
  const unlock = isFine ? [s.kvmLock.release(), s.slotsLock.release()] : unlockAll(s)
  const mmuUnlock = hasMmuLock ? s.mmuLock.release() : []
  const isPremapped = p.bug === 'no-premap-check' ? or() : nrPremapped.gt(0)
  const complete = assert(
    implies(leaf.is('LEAF'), tdx.entry(0).is('MAPPED')),
    'the image is complete at finalize',
    'a page that KVM counts as part of the image was never added: it is not measured, and the ' +
      'guest does not find it',
  )
  const made = tdx.mrFinalize()
  const runnable = step('state_runnable', state.set('RUNNABLE'))
  const allowed = step('pre_fault_allowed', preFaultAllowed.set(true))
  const stores = p.bug === 'allowed-before-runnable' ? [allowed, runnable] : [runnable, allowed]
  return [
    isFine
      ? [
          step('kvm_lock', s.vm.is('alive'), s.kvmLock.acquire('finalize')),
          step('slots_lock', s.slotsLock.acquire('finalize')),
        ]
      : lockAll(s, 'finalize'),
    branch(state.is('RUNNABLE'), [step('runnable_EINVAL', unlock), leave()]),
    hasMmuLock ? [step('write_lock', s.mmuLock.acquire('finalize'))] : [],
    branch(isPremapped, [
      step(
        'premapped_EINVAL',
        unlock,
        mmuUnlock,
        assert(
          or(),
          'finalize does not depend on prefaults',
          'KVM_TDX_FINALIZE_VM fails since a page was prefaulted that INIT_MEM_REGION did not ' +
            'add: userspace has to match the two calls',
        ),
      ),
      leave(),
    ]),
    branch(
      made.isOk,
      [step('tdh_mr_finalize', made.effect, complete)],
      [step('tdh_mr_finalize_EBUSY', unlock, mmuUnlock), leave()],
    ),
    stores,
    step('unlock', unlock, mmuUnlock),
  ]
}

/** KVM_CREATE_VCPU and KVM_TDX_INIT_VCPU of the second vCPU. */
function initVcpu(s: State): Statements {
  const { vcpu1, locks, state, p } = s
  const isFine = p.locking === 'fine'
  const own = s.vcpuMutex[1]
  const unlock = isFine ? own.release() : unlockAll(s)
  const hasMmuLock = p.vpInit === 'mmu-lock'
  const mmuLock = hasMmuLock ? s.mmuLock.acquire('init_vcpu') : []
  const isOpen = s.opState.is('INITIALIZED')
  const lockKvm = step('kvm_lock', s.kvmLock.acquire('init_vcpu'))
  const lockFirst = step('kvm_lock_all_vcpus_0', s.vcpuMutex[0].acquire('init_vcpu'))
  const lockOwn = step('kvm_lock_all_vcpus_1', own.acquire('init_vcpu'))
  const lockSlots = step('slots_lock', s.slotsLock.acquire('init_vcpu'))
  // An ioctl of a vCPU has the vCPU's mutex before it is dispatched, unless it opts out.
  const isInverted = p.bug === 'init-vcpu-locks-inverted'
  return [
    // kvm->lock is dropped between the two: created_vcpus and online_vcpus.
    step('kvm_vm_ioctl_create_vcpu', s.kvmLock.isFree, vcpu1.set('created')),
    step('online_vcpus', s.kvmLock.isFree, vcpu1.set('online')),
    isFine
      ? [step('vcpu_mutex', own.acquire('init_vcpu'))]
      : isInverted
        ? [lockOwn, lockKvm, lockFirst, lockSlots]
        : [lockKvm, lockFirst, lockOwn, lockSlots],
    branch(state.is('RUNNABLE'), [step('runnable_EINVAL', unlock), leave()]),
    branch(
      isOpen,
      [
        step('tdh_vp_init_start', mmuLock, locks.startInit()),
        step('tdh_vp_init_end', locks.endInit(), hasMmuLock ? s.mmuLock.release() : []),
        step('unlock', unlock, vcpu1.set('initialized')),
      ],
      [step('tdh_vp_init_EIO', unlock)],
    ),
  ]
}

/** PUNCH_HOLE: K2 for a TD without vCPUs in the guest; kicking nobody does not help. */
function punch(s: State): Statements {
  const { tdx, leaf, state, nrPremapped, mmuLock, p } = s
  const end = step('unlock', mmuLock.release(), s.invalidateLock.release())
  const call = (label: string, made: Seamcall): Statement =>
    seamcall(label, made, {
      busy: [
        step(`${label}_BUSY_kick_vcpus`),
        branch(
          made.isOk,
          [step(`${label}_again`, made.effect)],
          [bugOn(s, `${label}_BUSY_again`), goto('unlock')],
        ),
      ],
      refused: [bugOn(s, label), goto('unlock')],
    })
  const block = tdx.rangeBlock(0)
  const track = tdx.memTrack()
  // tdx_is_sept_zap_err_due_to_premap: the entry is free since PAGE.ADD never came.
  const isPremapped = block.returns('EPT_ENTRY_STATE_INCORRECT').and(nrPremapped.gt(0))
  const premapped = [step('zap_of_a_premapped_page', nrPremapped.decrease()), goto('unlock')]
  const tellApart = p.populate === 'premap' && p.bug !== 'premap-zap-error'
  const remove = [
    step('zap_leaf', leaf.set('NONE')),
    branch(tellApart ? isPremapped : or(), premapped, [call('tdh_mem_range_block', block)]),
    // No vCPU is in the guest, so it can be neither busy nor early.
    branch(state.is('RUNNABLE'), [step('tdh_mem_track', track.isOk, track.effect)]),
    call('tdh_mem_page_remove', tdx.pageRemove(0)),
  ]
  return [
    step('filemap_invalidate_lock', s.invalidateLock.acquire('punch')),
    step('mmu_lock', mmuLock.acquire('punch')),
    branch(leaf.is('LEAF'), remove),
    end,
  ]
}

/** KVM_PRE_FAULT_MEMORY of the first vCPU. */
function prefault(s: State): Statements {
  const { leaf, state, preFaultAllowed, nrPremapped, mmuLock, p } = s
  const own = s.vcpuMutex[0]
  const unlock = [mmuLock.release(), own.release()]
  const map: Statements =
    p.populate === 'premap'
      ? [
          branch(
            state.is('RUNNABLE'),
            [augment(s)],
            [step('premap', leaf.set('LEAF'), nrPremapped.increase())],
          ),
        ]
      : [
          branch(
            state.is('RUNNABLE'),
            [augment(s)],
            // No source page: KVM_BUG_ON(!kvm_tdx->page_add_src).
            [bugOn(s, 'tdx_mem_page_add_no_source')],
          ),
        ]
  return [
    step('vcpu_mutex', s.vm.is('alive'), own.acquire('prefault')),
    branch(
      preFaultAllowed,
      [
        step('mmu_lock', mmuLock.acquire('prefault')),
        branch(leaf.is('NONE'), map),
        step('unlock', unlock),
      ],
      [step('not_allowed_EOPNOTSUPP', own.release())],
    ),
  ]
}

/** PAGE.AUG: after finalize no VP.INIT can make it busy. */
function augment(s: State): Statement {
  const aug = s.tdx.pageAug(0)
  return step('tdh_mem_page_aug', aug.isOk, aug.effect, s.leaf.set('LEAF'))
}

/** KVM_RUN of the first vCPU: tdx_vcpu_pre_run. */
function run(s: State): Statements {
  const own = s.vcpuMutex[0]
  const enter = step(
    'tdh_vp_enter',
    assert(
      s.opState.is('RUNNABLE'),
      'no vCPU enters before finalize',
      'KVM_RUN calls VP.ENTER for a TD that is not finalized, which the module refuses',
    ),
    own.release(),
  )
  const isEarly = s.p.bug === 'no-run-check' ? or() : s.state.isNot('RUNNABLE')
  return [
    step('vcpu_mutex', s.vm.is('alive'), own.acquire('run')),
    branch(isEarly, [step('not_runnable_EINVAL', own.release())], [enter]),
  ]
}

/** Declares the launch. */
export function declareLaunch(m: ModelBuilder, p: Parameters): void {
  const s = declareState(m, p)
  const repeats = true
  const file = 'arch/x86/kvm/vmx/tdx.c'
  const options = (actor: string, source: string) => ({
    actor,
    repeats,
    source: `${file} ${source}`,
  })
  m.process('init_mem_region', options('populate', 'tdx_vcpu_init_mem_region'), populate(s))
  if (p.finalize !== 'never')
    m.process('finalize', options('finalize', 'tdx_td_finalize'), finalize(s))
  m.process('init_vcpu', { actor: 'init vCPU 1', source: `${file} tdx_vcpu_init` }, initVcpu(s))
  if (p.punch) m.process('punch', options('punch', 'tdx_sept_remove_private_spte'), punch(s))
  m.process('prefault', options('prefault', 'kvm_vcpu_pre_fault_memory'), prefault(s))
  m.process('run', options('run', 'tdx_vcpu_pre_run'), run(s))
  m.reachable('scenario: a page of the image is in place', s.tdx.entry(0).is('MAPPED'))
  if (p.finalize !== 'never')
    m.reachable('scenario: the TD can run with its image', s.state.is('RUNNABLE'))
  m.deadlock(not(s.vm.is('alive')))
}
