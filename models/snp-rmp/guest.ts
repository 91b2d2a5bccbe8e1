/**
 * The guest on a vCPU: accesses, PVALIDATE and conversions, with the exits that they lead to; and
 * C, what userspace does for a page state change.
 *
 *   private ─▶ PVALIDATE 0 ─▶ PSC SHARED ─▶ shared        unaccepted ─▶ PVALIDATE 1 ─▶ private
 *   shared ─▶ PSC PRIVATE ─▶ PVALIDATE 1 ─▶ private
 *
 * Whatever faults goes through V, and R if the RMP was the reason; then the guest does the same
 * again. A guest that behaves starts no conversion of a gfn that another vCPU is touching.
 */
import {
  and,
  assert,
  branch,
  call,
  choose,
  each,
  either,
  not,
  or,
  step,
  waitUntil,
  when,
} from 'zapcheck'
import type { Bool, Int, Item, ModelBuilder, ProcessHandle, SmallIndex, Statements } from 'zapcheck'
import type { Vcpu } from '../components/vcpu-requests.js'
import { dropPage, forget, gfnOf, nestedPageFault } from './fault-path.js'
import { punchHole } from './free.js'
import { handleRmpFault } from './rmp-fault.js'
import {
  constant,
  isPrivateAttr,
  isUsedByOther,
  maps,
  mapsPrivate,
  privateAccess,
  zap,
} from './state.js'
import type { State } from './state.js'

/** Declares the process of one vCPU. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source = 'arch/x86/kvm/svm/svm.c npf_interception, sev.c snp_begin_psc_msr, v7.0'
  return m.process('vcpu', { with: { v }, actor, repeats: true, source }, [
    either(
      [guestWrites(s, v)],
      [
        either([privateFault(s, v)], [sharedFault(s, v)], [pvalidateFault(s, v)]),
        handleFault(s, v),
      ],
      ...accept(s, v),
      ...toShared(s, v),
      ...toPrivate(s, v),
      ...offline(s, v),
    ),
  ])
}

/** An item for each gfn, as a choice. */
function forGfn(s: State, item: (g: SmallIndex) => Item): Item {
  return choose(Object.fromEntries(each(s.p.gfns).map(g => [`gfn ${g}`, item(g)])))
}

/** The vCPU may start something new. */
function isIdle(s: State, v: Vcpu): Bool {
  return and(s.vcpu[v].phase.is('run'), s.vcpu[v].gfn.isNone())
}

/** The guest uses the gfn as a private one; a racing guest does so while it converts it. */
function usesPrivate(s: State, g: SmallIndex): Bool {
  return s.p.guest === 'racing' ? s.view[g].is('private', 'converting') : s.view[g].is('private')
}

function guestWrites(s: State, v: Vcpu) {
  return step(
    'G_write',
    isIdle(s, v),
    forGfn(s, g => [
      usesPrivate(s, g),
      mapsPrivate(s, g),
      and(mapsPrivate(s, g), privateAccess(s, g).isAllowed),
      s.dirty.add(s.npt[g]),
    ]),
  )
}

function privateFault(s: State, v: Vcpu) {
  const { fault, gfn } = s.vcpu[v]
  const fails = (g: SmallIndex): Bool =>
    or(maps(s, g, s.sharedPage), and(mapsPrivate(s, g), privateAccess(s, g).isFault))
  const begin = (g: SmallIndex): Item => [usesPrivate(s, g), gfn.set(g), fault.isPrivate.set(true)]
  const rmp = fault.rmp.set(true)
  return step(
    'NPF_private',
    isIdle(s, v),
    choose({
      'not present': forGfn(s, g => [s.npt[g].isNone(), begin(g)]),
      'RMP, read': forGfn(s, g => [fails(g), begin(g), rmp]),
      'RMP, write': forGfn(s, g => [fails(g), begin(g), rmp, fault.isWrite.set(true)]),
    }),
  )
}

/** An access with C=0, which never reaches a private page that is assigned. */
function sharedFault(s: State, v: Vcpu) {
  const { fault, gfn } = s.vcpu[v]
  return step(
    'NPF_shared',
    isIdle(s, v),
    forGfn(s, g => [
      s.view[g].is('shared'),
      not(maps(s, g, s.sharedPage)),
      gfn.set(g),
      fault.rmp.set(s.npt[g].isSome()),
    ]),
  )
}

/** PVALIDATE with the nested mapping of its address as it is. */
function pvalidate(s: State, v: Vcpu, value: boolean) {
  const g = gfnOf(s, v)
  return s.rmp.pvalidate(s.npt.at(g).number(), g, { value, isMapped2M: s.npt2M.is(1) })
}

function pvalidateFault(s: State, v: Vcpu) {
  const { fault, phase } = s.vcpu[v]
  const g = gfnOf(s, v)
  const one = pvalidate(s, v, true)
  const isAny2M = s.rmp.isGuests(s.npt.at(g).number(), g)
  const fails = s.isHuge
    ? or(
        and(phase.isNot('validate-2M'), or(one.isFault, one.isSizeFault)),
        and(phase.is('validate-2M'), not(isAny2M)),
      )
    : one.isFault
  const hasRmpFault = or(maps(s, g, s.sharedPage), and(mapsPrivate(s, g), fails))
  const begin = fault.isPrivate.set(true)
  return step(
    'NPF_pvalidate',
    phase.isNot('run'),
    choose({
      'not present': [and(phase.isNot('run'), s.npt.at(g).isNone()), begin],
      RMP: [and(phase.isNot('run'), hasRmpFault), begin, fault.rmp.set(true)],
    }),
  )
}

/** V, then R. */
function handleFault(s: State, v: Vcpu): Statements {
  const { fault } = s.vcpu[v]
  const g = gfnOf(s, v)
  const convert = [setAttribute(s, g, fault.isPrivate), maybePunch(s, g, not(fault.isPrivate))]
  const exitToUser = [
    step('V7_KVM_EXIT_MEMORY_FAULT'),
    // The VMM of a racing guest converts nothing; the fault is tried again.
    s.p.guest === 'racing' ? [] : call('C3_implicit', convert),
    step('V7_KVM_RUN_again', dropPage(s, v), forget(s, v)),
  ]
  return [nestedPageFault(s, v, exitToUser), handleRmpFault(s, v)]
}

/** PVALIDATE of a page that was never used, or of both gfns as one 2M page. */
function accept(s: State, v: Vcpu): readonly Statements[] {
  const { phase, gfn } = s.vcpu[v]
  const one: Statements = [
    step(
      'G_accept',
      isIdle(s, v),
      phase.set('validate'),
      forGfn(s, g => [s.view[g].is('unaccepted'), s.view[g].set('converting'), gfn.set(g)]),
    ),
  ]
  const g = gfnOf(s, v)
  const isMapped = and(phase.is('validate'), mapsPrivate(s, g))
  const o = pvalidate(s, v, true)
  const end = [s.view.at(g).set('private'), phase.set('run'), gfn.clear()]
  const validate: Statements = [
    waitUntil(
      'PVALIDATE_1',
      and(isMapped, o.isSuccess),
      assert(
        not(o.isUnchanged),
        'PVALIDATE changes the entry',
        'PVALIDATE finds the page validated already: a guest that takes this for an attack ' +
          'terminates',
      ),
      o.update,
      end,
    ),
  ]
  if (!s.isHuge) return [one, validate]
  const two = s.rmp.pvalidate(0, 0, { value: true, size: '2M', isMapped2M: s.npt2M.is(1) })
  const isMapped2M = and(phase.is('validate-2M'), mapsPrivate(s, 0))
  return [
    one,
    validate,
    [
      step(
        'G_accept_2M',
        isIdle(s, v),
        s.view[0].is('unaccepted'),
        s.view[1].is('unaccepted'),
        [s.view[0].set('converting'), s.view[1].set('converting')],
        [phase.set('validate-2M'), gfn.set(0)],
      ),
    ],
    [
      waitUntil(
        'PVALIDATE_1_2M',
        and(isMapped2M, two.isSuccess),
        two.update,
        [s.view[0].set('private'), s.view[1].set('private')],
        [phase.set('run'), gfn.clear()],
      ),
    ],
    [
      waitUntil(
        'PVALIDATE_1_2M_FAIL_SIZEMISMATCH',
        and(isMapped2M, two.failSizeMismatch),
        s.view[1].set('unaccepted'),
        phase.set('validate'),
      ),
    ],
  ]
}

/** The beginning of a conversion. */
function begins(s: State, v: Vcpu, from: 'private' | 'shared', ...items: readonly Item[]): Item {
  return [
    isIdle(s, v),
    s.conversions.gt(0),
    s.conversions.decrease(),
    forGfn(s, g => [
      s.view[g].is(from),
      s.p.guest === 'racing' ? [] : not(isUsedByOther(s, v, g)),
      s.view[g].set('converting'),
      s.vcpu[v].gfn.set(g),
    ]),
    items,
  ]
}

/** To shared: PVALIDATE 0, then the page state change. */
function toShared(s: State, v: Vcpu): readonly Statements[] {
  if (s.p.conversions === 0) return []
  const { phase, gfn } = s.vcpu[v]
  const g = gfnOf(s, v)
  const end = [s.view.at(g).set('shared'), phase.set('run'), gfn.clear()]
  const psc: Statements = [
    call('C3_shared', [setAttribute(s, g, constant(false)), maybePunch(s, g, constant(true))]),
    step('C4_snp_complete_psc_msr_shared', end),
  ]
  if (s.p.guest === 'no-rescind')
    return [[step('G_psc_shared_without_rescind', begins(s, v, 'private')), psc]]
  const o = pvalidate(s, v, false)
  const isReady = and(phase.is('rescind'), mapsPrivate(s, g), o.isSuccess)
  return [
    [step('G_to_shared', begins(s, v, 'private', phase.set('rescind')))],
    s.p.guest === 'implicit'
      ? [waitUntil('PVALIDATE_0', isReady, o.update, end)]
      : [waitUntil('PVALIDATE_0', isReady, o.update), psc],
  ]
}

/** To private: the page state change, then PVALIDATE 1. */
function toPrivate(s: State, v: Vcpu): readonly Statements[] {
  if (s.p.conversions === 0) return []
  const { phase } = s.vcpu[v]
  if (s.p.guest === 'implicit')
    return [[step('G_to_private', begins(s, v, 'shared', phase.set('validate')))]]
  return [
    [
      step('G_psc_private', begins(s, v, 'shared')),
      call('C3_private', setAttribute(s, gfnOf(s, v), constant(true))),
      step('C4_snp_complete_psc_msr_private', phase.set('validate')),
    ],
  ]
}

/** The guest gives gfn 0 up before its memslot is deleted. */
function offline(s: State, v: Vcpu): readonly Statements[] {
  if (s.p.rebind === 'none') return []
  const { phase, gfn } = s.vcpu[v]
  const begin = [isIdle(s, v), s.view[0].is('private'), not(isUsedByOther(s, v, 0))]
  if (s.p.guest === 'no-rescind')
    return [[step('G_offline_without_rescind', begin, s.view[0].set('gone'))]]
  const o = pvalidate(s, v, false)
  const isReady = and(phase.is('rescind-offline'), mapsPrivate(s, gfnOf(s, v)), o.isSuccess)
  return [
    [
      step(
        'G_offline',
        begin,
        s.view[0].set('converting'),
        phase.set('rescind-offline'),
        gfn.set(0),
      ),
    ],
    [
      waitUntil(
        'PVALIDATE_0_offline',
        isReady,
        o.update,
        s.view[0].set('gone'),
        phase.set('run'),
        gfn.clear(),
      ),
    ],
  ]
}

/** C3: KVM_SET_MEMORY_ATTRIBUTES of one gfn, in the thread of the vCPU that asked for it. */
function setAttribute(s: State, g: Int, toPrivate: Bool): Statements {
  const change: Statements = [
    waitUntil(
      'A4_kvm_pre_set_memory_attributes',
      s.mmuLock.isFree,
      s.slotsLock.acquire(),
      s.mmu.begin(),
      zap(s, g),
    ),
    step('A5_xa_store', when(toPrivate, s.attr.set(s.attr.with(g)), s.attr.set(s.attr.without(g)))),
    waitUntil(
      'A6_kvm_post_set_memory_attributes',
      s.mmuLock.isFree,
      s.mmu.end(),
      s.slotsLock.release(),
    ),
  ]
  // Only two vCPUs that convert the same gfn implicitly ask for what is there already.
  if (s.p.guest !== 'implicit') return change
  const isSo = isPrivateAttr(s, g).is(toPrivate)
  return [branch(isSo, [step('A2_nothing_to_do', s.slotsLock.isFree)], change)]
}

/** The VMM frees the private page of a gfn that became shared, or keeps it. */
function maybePunch(s: State, g: Int, isShared: Bool): Statements {
  if (s.p.shared === 'keep') return []
  const punch = punchHole(s, g)
  if (s.p.shared === 'punch') return [branch(isShared, punch)]
  return [branch(isShared, [either([step('VMM_keeps_the_page')], punch)])]
}
