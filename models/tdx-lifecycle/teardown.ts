/**
 * The end of a TD: K7, and KVM_TDX_TERMINATE_VM, which releases the key while the VM is there.
 *
 *   remove leafs (K2) ─▶ VP.FLUSH each vCPU ─▶ VPFLUSHDONE ─▶ CACHE.WB ─▶ KEY.FREEID
 *     ─▶ PAGE.RECLAIM of S-EPT and control pages ─▶ PAGE.RECLAIM of TDR
 *
 * Terminate (a proposal of 2025): all vcpu->mutex, the VM is dead, the key is released under
 * mmu_lock for write; later zaps reclaim pages where they would have blocked and removed them.
 *
 * Source: arch/x86/kvm/vmx/tdx.c (v7.0) `tdx_mmu_release_hkid`, `tdx_reclaim_td_control_pages`,
 * `tdx_sept_free_private_spt`; the order of calls from its comments.
 */
import { and, array, assert, bool, branch, each, enumeration, exit, implies } from 'zapcheck'
import { mutex, not, or, set, step } from 'zapcheck'
import type { Bool, Item, ModelBuilder, Statement, Statements } from 'zapcheck'
import type { Vcpu } from '../components/vcpu-requests.js'
import type { Parameters } from './parameters.js'

function declareState(m: ModelBuilder, p: Parameters) {
  const vcpus = m.symmetric('vcpu', 2)
  const s = m.state({
    /** REUSED: another TD has the same hkid. */
    hkid: enumeration('ASSIGNED', 'RELEASED', 'REUSED'),
    /** What the vCPU left on the CPU where it ran last: not flushed since. */
    associated: set(vcpus, each(vcpus)),
    flushDone: bool(),
    /** Lines of the TD's key are in some cache. */
    dirty: bool(true),
    leaf: enumeration('MAPPED', 'BLOCKED', 'GONE'),
    table: enumeration('TD', 'HOST'),
    control: enumeration('TD', 'HOST'),
    tdr: enumeration('TD', 'HOST'),
  })
  const live =
    p.phase === 'terminate'
      ? m.state({
          isDead: bool(),
          mmuLock: mutex('zap', 'terminate'),
          vcpuMutex: array(vcpus, mutex('run', 'terminate')),
          inGuest: set(vcpus),
        })
      : null
  return { ...s, p, vcpus, live }
}

type State = ReturnType<typeof declareState>

/**
 * A call of the module, which refuses it in the wrong order; an unchecked one does not. What comes
 * next is given up then: the key and the pages leak. `failed` is what has to be undone.
 */
function call(s: State, label: string, isInOrder: Bool, failed: Item, effect: Item): Statement {
  if (s.p.module === 'unchecked') return step(label, effect)
  const fails = assert(
    or(),
    'no call of the teardown is refused',
    'the module refuses a call that comes in the wrong order: the key and all control pages of ' +
      'the TD are leaked',
  )
  return branch(isInOrder, [step(label, effect)], [step(`${label}_refused`, fails, failed), exit()])
}

/** PHYMEM.PAGE.RECLAIM, for a TD whose key is gone; TDR last. */
function reclaim(s: State, what: 'table' | 'control' | 'tdr'): Statement {
  const isFree = s.hkid.isNot('ASSIGNED')
  const areGone = and(s.table.is('HOST'), s.control.is('HOST'))
  const others = what === 'tdr' ? areGone : and()
  const last = assert(
    others,
    'TDR is reclaimed last',
    'the root of the TD goes to the host while pages of the TD are left, which nobody can ' +
      'reclaim any more',
  )
  const released = assert(
    isFree,
    'pages are reclaimed after the key is released',
    'a page goes to the host while lines of the key of the TD can be written back to it',
  )
  const label = `K7_tdh_phymem_page_reclaim_${what}`
  const effect = [released, last, s[what].set('HOST')]
  // The table comes before the other pages, so a wrong order shows at the table.
  if (what === 'control') return step(label, effect)
  return call(s, label, and(isFree, others), [], effect)
}

/** K2 as far as the key matters. */
function removeLeafs(s: State, failed: Item): Statements {
  const isAssigned = s.hkid.is('ASSIGNED')
  const inOrder = assert(
    isAssigned,
    'pages are removed while the key is assigned',
    'a private page is blocked or removed after the key is gone: KVM_BUG_ON in tdx.c',
  )
  const removed = [inOrder, s.leaf.set('GONE')]
  return [
    branch(s.leaf.is('MAPPED'), [
      call(s, 'K2_tdh_mem_range_block', isAssigned, failed, [inOrder, s.leaf.set('BLOCKED')]),
      s.live === null
        ? step('K2_tdh_mem_page_remove', removed)
        : call(s, 'K2_tdh_mem_page_remove', isAssigned, failed, removed),
    ]),
  ]
}

/** The pieces of tdx_mmu_release_hkid. */
function release(s: State, failed: Item) {
  const { hkid, associated, flushDone, dirty } = s
  const isFlushed = associated.isEmpty()
  return {
    // On every CPU at once: VP.FLUSH concerns its own vCPU only.
    flush: step('K7_tdh_vp_flush', associated.clear()),
    done: call(s, 'K7_tdh_mng_vpflushdone', isFlushed, failed, flushDone.set(true)),
    writeBack: step('K7_tdh_phymem_cache_wb', dirty.set(false)),
    free: call(s, 'K7_tdh_mng_key_freeid', and(flushDone, not(dirty)), failed, [
      hkid.set('RELEASED'),
    ]),
  }
}

/** K7, in the order that the parameter asks for. */
function teardown(s: State): Statements {
  const { flush, done, writeBack, free } = release(s, [])
  const remove = removeLeafs(s, [])
  const table = reclaim(s, 'table')
  const control = reclaim(s, 'control')
  const tdr = reclaim(s, 'tdr')
  const first = [remove, flush, done]
  switch (s.p.bug) {
    case 'reclaim-before-free':
      return [first, writeBack, table, free, control, tdr]
    case 'free-before-writeback':
      return [first, free, writeBack, table, control, tdr]
    case 'flush-after-free':
      return [remove, done, writeBack, free, flush, table, control, tdr]
    case 'remove-after-free':
      return [flush, done, writeBack, free, remove, table, control, tdr]
    case 'tdr-first':
      return [first, writeBack, free, tdr, table, control]
    default:
      return [first, writeBack, free, table, control, tdr]
  }
}

type Live = NonNullable<State['live']>

/** KVM_TDX_TERMINATE_VM: tried until all mutexes could be taken. */
function terminate(s: State, live: Live): Statements {
  const { mmuLock, vcpuMutex, isDead } = live
  const vcpus = each(s.vcpus)
  const areFree = and(...vcpus.map(v => vcpuMutex[v].isFree))
  const take = vcpus.map(v => vcpuMutex[v].acquire('terminate'))
  const unlock = vcpus.map(v => vcpuMutex[v].release())
  const isInverted = s.p.bug === 'terminate-trylock-inverted'
  const trylock = isInverted
    ? step('V18_kvm_trylock_all_vcpus_failed_and_went_on', not(areFree))
    : step('V18_kvm_trylock_all_vcpus', take)
  const hasLock = s.p.bug !== 'terminate-no-mmu-lock'
  const mmuUnlock = hasLock ? mmuLock.release() : []
  const { flush, done, writeBack, free } = release(s, mmuUnlock)
  return [
    trylock,
    step('V18_kvm_vm_dead', isDead.set(true)),
    hasLock ? step('V18_write_lock', mmuLock.acquire('terminate')) : [],
    flush,
    done,
    writeBack,
    free,
    step('V18_unlock', mmuUnlock, isInverted ? [] : unlock),
  ]
}

/** A zap at any time: K2 with the key, PAGE.RECLAIM without. */
function zap(s: State, { mmuLock }: Live): Statements {
  const { leaf, hkid, p } = s
  const unlock = mmuLock.release()
  const removed = removeLeafs(s, unlock)
  const reclaimed = [
    branch(leaf.is('MAPPED'), [step('V18_tdh_phymem_page_reclaim', leaf.set('GONE'))]),
  ]
  const knowsKey = p.bug !== 'terminate-still-removes'
  return [
    step('K2_write_lock', mmuLock.acquire('zap')),
    knowsKey ? branch(hkid.is('ASSIGNED'), removed, reclaimed) : removed,
    step('K2_write_unlock', unlock),
  ]
}

/** KVM_RUN. */
function run(s: State, live: Live, v: Vcpu): Statements {
  const { vcpuMutex, isDead, inGuest } = live
  const own = vcpuMutex[v]
  return [
    step('KVM_RUN', own.acquire('run')),
    branch(
      isDead,
      [step('KVM_RUN_EIO', own.release())],
      [
        step('tdh_vp_enter', inGuest.add(v), s.associated.add(v), s.dirty.set(true)),
        step('td_exit', inGuest.remove(v)),
        step('KVM_RUN_returns', own.release()),
      ],
    ),
  ]
}

/** Declares the end of a TD. */
export function declareTeardown(m: ModelBuilder, p: Parameters): void {
  const s = declareState(m, p)
  const { hkid, live } = s
  const source = 'arch/x86/kvm/vmx/tdx.c tdx_mmu_release_hkid, tdx_vm_destroy'
  m.action('host_reuses_hkid').by('host').when(hkid.is('RELEASED')).do(hkid.set('REUSED'))
  const body = live === null ? teardown(s) : terminate(s, live)
  const main = m.process('vm', { actor: 'VMM', source }, body)
  if (live !== null) {
    m.process('zap', { actor: 'punch', repeats: true }, zap(s, live))
    for (const v of each(s.vcpus))
      m.process(
        'vcpu',
        { with: { v }, actor: `vCPU ${v.slice(v.indexOf('#') + 1)}`, repeats: true },
        run(s, live, v),
      )
    m.invariant(
      'no vCPU is in the guest without a key',
      implies(hkid.isNot('ASSIGNED'), live.inGuest.isEmpty()),
      'a vCPU runs in the TD while its key is gone, or belongs to another TD',
    )
  }
  m.invariant(
    'no line of a key that is released is left',
    implies(hkid.isNot('ASSIGNED'), and(not(s.dirty), s.associated.isEmpty())),
    'the hkid can be given to another TD while caches hold lines, or CPUs hold state, of the old ' +
      'one: they are written back under the wrong key',
  )
  if (p.bug === 'none') m.reachable('scenario: another TD has the hkid', hkid.is('REUSED'))
  m.deadlock(main.isDone)
}
