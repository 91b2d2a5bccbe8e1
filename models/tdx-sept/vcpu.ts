/**
 * The vCPU: entry into the guest (K3, T1), what the guest does (T5, ACCEPT, MapGPA), exits (T2).
 *
 *   K3 mode := IN_GUEST_MODE ─▶ wait_for_sept_zap? ─▶ T1 VP.ENTER ─▶ guest ─▶ T2 exit ─▶ K1 fault
 *
 * A TD exit and leaving guest mode are one step: nobody can act between REFCOUNT-- and the
 * acknowledgement of a kick who does not wait for the latter.
 */
import { all, and, assert, branch, choose, each, either, goto, loopWhile } from 'zapcheck'
import { not, or, step, when } from 'zapcheck'
import type { Bool, Item, ModelBuilder, ProcessHandle, SmallIndex, Statements } from 'zapcheck'
import type { Vcpu } from '../components/vcpu-requests.js'
import { handleEptViolation, handler } from './fault-path.js'
import { A, entry, forgetStrikes, gfnNames } from './state.js'
import type { State } from './state.js'

/** Declares the process of one vCPU. */
export function declareVcpu(m: ModelBuilder, s: State, v: Vcpu): ProcessHandle {
  const actor = `vCPU ${v.slice(v.indexOf('#') + 1)}`
  const source =
    'arch/x86/kvm/vmx/tdx.c tdx_vcpu_run, tdx_handle_ept_violation, v7.0; TDX module tdh_vp_enter'
  return m.process('vcpu', { with: { v }, actor, repeats: true, source }, [
    ...enterGuest(s, v),
    loopWhile(true, [either(...guestSteps(s, v), ...exits(s, v))]),
    ...handleEptViolation(s, v),
  ])
}

/** K3 and T1. */
function enterGuest(s: State, v: Vcpu): Statements {
  const { locked, requests, tdx, vcpu, epochs } = s
  const flush = s.p.module === 'no-flush' ? [] : when(epochs.mustFlush(v), vcpu[v].tlb.clear())
  const setMode = step('K3_vcpu_enter_guest', s.vm.is('alive'), requests.enterGuest(v))
  if (locked === null) return [setMode, step('T1_tdh_vp_enter', tdx.vpEnterEnd(v, or()), flush)]
  const { strikes, waitForSeptZap } = locked
  const needsTree = strikes[v].is(s.p.zeroStep)
  const start = tdx.vpEnterStart(needsTree)
  const back = [requests.exitGuest(v)]
  const call = branch(
    start.isBusy,
    [step('T1_tdh_vp_enter_BUSY', back), goto(entry(s))],
    [step('T1_tdh_vp_enter_lock', start.effect)],
  )
  const done = step('T1_tdh_vp_enter', tdx.vpEnterEnd(v, needsTree), flush)
  if (s.p.bug === 'busy-spin' || s.p.bug === 'busy-return') return [setMode, call, done]
  const stop = (items: Item) => [step('K3_wait_for_sept_zap_EXIT_HANDLED', items), goto(entry(s))]
  if (s.p.bug === 'flag-before-mode')
    return [step('K3_wait_for_sept_zap_read', waitForSeptZap.not()), setMode, call, done]
  return [setMode, branch(waitForSeptZap, stop(back), [call]), done]
}

/** The gfns as alternatives of a choice. */
export function chooseGfn(s: State, alternative: (g: SmallIndex) => Item): Item {
  const [a, b] = each(s.p.gfns)
  if (a === undefined) return []
  if (b === undefined) return alternative(a)
  return choose({ [gfnNames[0]]: alternative(a), [gfnNames[1]]: alternative(b) })
}

/** The guest may touch the page: it believes that it has accepted it, or it does not care. */
function mayTouch(s: State, g: SmallIndex): Bool {
  if (s.benign === null) return and()
  const isPrivate = g === A && s.conversion !== null ? s.conversion.attribute.is('private') : and()
  return and(s.benign.believes.has(g), isPrivate)
}

/** The guest may accept the page: a benign one does so once. */
function mayAccept(s: State, g: SmallIndex): Bool {
  if (s.benign === null) return and()
  const isPrivate = g === A && s.conversion !== null ? s.conversion.attribute.is('private') : and()
  return and(s.benign.believes.has(g).not(), isPrivate)
}

/** An instruction that faults is executed again before any other one. */
function isNext(s: State, v: Vcpu, g: SmallIndex): Bool {
  if (s.locked === null) return and()
  return or(s.locked.strikes[v].is(0), s.vcpu[v].gfn.is(g))
}

/** What the guest does without an exit. */
function guestSteps(s: State, v: Vcpu): readonly Statements[] {
  const { tlb } = s.vcpu[v]
  const fill = (g: SmallIndex): Item => [
    tlb.has(g).not(),
    s.tdx.isAccessible(g),
    mayTouch(s, g),
    isNext(s, v, g),
    tlb.add(g),
    forgetStrikes(s, v),
  ]
  return [[step('T5_tlb_fill', chooseGfn(s, fill))], ...accept(s, v), ...mapGpa(s)]
}

/** TDG.MEM.PAGE.ACCEPT, at 4K or 2M as the host has mapped. */
function accept(s: State, v: Vcpu): readonly Statements[] {
  if (s.p.module === 'no-accept') return []
  const { tdx, locked, mirror } = s
  const gfns = each(s.p.gfns)
  const isHuge = s.p.vmm === 'split'
  // What it does with gfn A, whose slot userspace may delete, a benign guest does not rely on.
  const believe = (g: SmallIndex): Item =>
    s.benign === null || (s.slot !== null && g === A) ? [] : s.benign.believes.add(g)
  const done = (g: SmallIndex): Item => [s.zeroed.add(g), believe(g), forgetStrikes(s, v)]
  const done2M = [s.zeroed.set(gfns), s.benign?.believes.set(gfns) ?? [], forgetStrikes(s, v)]
  const may2M = and(...gfns.map(g => mayAccept(s, g)), mirror.table.is('HUGE'))
  const accept2M = tdx.pageAccept(tdx.table)
  if (locked === null || isHuge) {
    const accept4K = (g: SmallIndex): Item => {
      const call = tdx.pageAccept(g)
      return [call.isOk, mayAccept(s, g), call.effect, done(g)]
    }
    const small = [step('TDG_MEM_PAGE_ACCEPT', chooseGfn(s, accept4K))]
    if (!isHuge) return [small]
    return [small, [step('TDG_MEM_PAGE_ACCEPT_2M', accept2M.isOk, may2M, accept2M.effect, done2M)]]
  }
  return gfns.map(g => {
    const call = tdx.pageAccept(g)
    const name = s.p.gfns === 1 ? '' : `_${gfnNames[g === 0 ? 0 : 1]}`
    const { locks } = locked
    const end = locks.endAccept(g)
    const guard = [mayAccept(s, g), isNext(s, v, g), s.sept.at(tdx.table).is('NL_MAPPED')]
    return [
      step(
        `TDG_MEM_PAGE_ACCEPT_lock${name}`,
        guard,
        locks.isEntryBusy(g).not(),
        locks.startAccept(g),
      ),
      branch(
        call.isOk,
        [step(`TDG_MEM_PAGE_ACCEPT${name}`, call.effect, end, done(g))],
        [
          branch(
            call.returns('EPT_VIOLATION'),
            [step(`T2_ept_violation_in_ACCEPT${name}`, end, violation(s, v, g)), goto(handler(s))],
            [step(`TDG_MEM_PAGE_ALREADY_ACCEPTED${name}`, end, believe(g), forgetStrikes(s, v))],
          ),
        ],
      ),
    ]
  })
}

/** A guest that converts gfn A asks with a hypercall; a forgetful one does not accept again. */
function mapGpa(s: State): readonly Statements[] {
  if (s.conversion === null || s.benign === null) return []
  const { attribute } = s.conversion
  const { believes } = s.benign
  // The guest has a lock of its own for that: no vCPU is about to accept or to touch the page.
  const isIdle =
    s.locked === null
      ? []
      : [s.locked.locks.isEntryBusy(A).not(), all(s.vcpus, v => isFaultOver(s, v))]
  const forget = s.p.guest === 'forgetful' ? [] : believes.remove(A)
  return [
    [step('G_MapGPA_shared', attribute.is('private'), isIdle, attribute.set('to-shared'), forget)],
    [step('G_MapGPA_private', attribute.is('shared'), attribute.set('to-private'))],
  ]
}

function isFaultOver(s: State, v: Vcpu): Bool {
  return s.locked === null ? and() : or(s.locked.strikes[v].is(0), s.vcpu[v].gfn.isNot(A))
}

/** A TD exit with an EPT violation on `g`. */
function violation(s: State, v: Vcpu, g: SmallIndex): Item {
  const { requests, epochs, vcpu, locked, p } = s
  const { gfn } = vcpu[v]
  const strike =
    locked === null ? [] : when(locked.strikes[v].lt(p.zeroStep), locked.strikes[v].increase())
  return [requests.exitGuest(v), epochs.exit(v), gfn.set(g), strike]
}

/** T2: the ways out of the guest. */
function exits(s: State, v: Vcpu): readonly Statements[] {
  const { requests, epochs, tdx, vm, vcpu } = s
  const { tlb } = vcpu[v]
  const out = [requests.exitGuest(v), epochs.exit(v)]
  const touches = (g: SmallIndex): Item => [tlb.has(g).not(), isNext(s, v, g)]
  const wants = (g: SmallIndex): Bool => or(mayTouch(s, g), mayAccept(s, g))
  const miss = (g: SmallIndex): Item => [
    touches(g),
    wants(g),
    not(or(tdx.isAccessible(g), tdx.isPending(g))),
    violation(s, v, g),
  ]
  const believed = (g: SmallIndex): Item =>
    s.benign === null
      ? []
      : assert(
          s.benign.believes.has(g).not(),
          'a benign guest never hits a pending page',
          'the guest touches a page that it has accepted, and the page is pending again: it was ' +
            'removed behind its back, its content is lost, and KVM kills the VM',
        )
  const pending = (g: SmallIndex): Item => [
    touches(g),
    mayTouch(s, g),
    tdx.isPending(g),
    believed(g),
  ]
  const spurious = (g: SmallIndex): Item => [pending(g), violation(s, v, g)]
  const killed = (g: SmallIndex): Item => [pending(g), out, vm.set('dead')]
  const onPending: Statements =
    s.p.bug === 'pending-is-spurious'
      ? [step('T2_pending_violation', chooseGfn(s, spurious)), goto(handler(s))]
      : [step('T2_pending_violation_VM_DEAD', chooseGfn(s, killed)), goto(entry(s))]
  return [
    [step('T2_external_interrupt', out), goto(entry(s))],
    [step('T2_ept_violation', chooseGfn(s, miss)), goto(handler(s))],
    onPending,
  ]
}
