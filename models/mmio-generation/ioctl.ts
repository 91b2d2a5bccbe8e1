/**
 * The ioctl: KVM_SET_USER_MEMORY_REGION creates slot A, deletes it, or changes another slot, in any
 * order. Each swap of the memslots is
 *
 *   M2a publish, generation | IN_PROGRESS ─▶ synchronize_srcu
 *     ─▶ kvm_arch_memslots_updated: zap all if the new generation wraps ─▶ M2b generation + 1
 *
 * A zap is one step under mmu_lock with its flush and kick: how they have to be ordered is the
 * question of memslot-delete.
 */
import { branch, call, each, either, loopWhile, step, waitUntil, when } from 'zapcheck'
import type { Item, ModelBuilder, ProcessHandle, Statement } from 'zapcheck'
import { dropSpte } from './state.js'
import type { State } from './state.js'

/** Declares the process of the ioctl and what the host does with pages that it gets back. */
export function declareIoctl(m: ModelBuilder, s: State): ProcessHandle {
  const { slot, updates } = s
  for (const k of each(s.incarnations))
    m.action('host_reuses_page', { page: k })
      .by('host')
      .source('munmap of the page after the slot is gone')
      .when(slot.isReleased(k), slot.isReused(k).not())
      .do(slot.reuse(k))
  const { srcu } = slot
  const hasNext = slot.incarnation.lt(s.incarnations - 1)
  const options = {
    actor: 'KVM_SET_USER_MEMORY_REGION',
    source: 'virt/kvm/kvm_main.c kvm_swap_active_memslots, v6.16',
  }
  return m.process('ioctl', options, [
    loopWhile(updates.gt(0), [
      either(
        [
          branch(
            slot.wasCreated,
            [swap(s, 'CREATE_again', [createGuard(s), hasNext, slot.createNext(), srcu.publish()])],
            [swap(s, 'CREATE', [createGuard(s), slot.create(), srcu.publish()])],
          ),
        ],
        [
          swap(s, 'INVALID', [slot.isValid, updates.decrease(), slot.publishInvalid()]),
          zap(s),
          swap(s, 'absent', [slot.publishAbsent()]),
          step('M7_kvm_free_memslot', slot.free()),
        ],
        [swap(s, 'other_slot', [slot.isInvalid.not(), updates.decrease(), srcu.publish()])],
      ),
    ]),
  ])
}

function createGuard(s: State): Item {
  return [s.slot.isAbsent, s.updates.decrease()]
}

/** kvm_swap_active_memslots; `change` is what the new memslots have. */
function swap(s: State, name: string, change: Item): Statement {
  const { generation, inFlux, slot } = s
  const isOnce = s.p.bug === 'one-increment'
  const publish = step(
    'M2a_rcu_assign_pointer',
    change,
    isOnce ? generation.increase() : inFlux.set(true),
  )
  const synchronize =
    s.p.bug === 'no-srcu-sync' ? [] : [waitUntil('M2_synchronize_srcu', slot.srcu.isSynchronized)]
  if (isOnce) return call(name, [publish, synchronize])
  const store = step('M2b_generation_plus_1', generation.increase(), inFlux.set(false))
  const zapBefore = zapOnWrap(s, 1)
  switch (s.p.bug) {
    case 'publish-before-zap':
      return call(name, [publish, synchronize, store, zapOnWrap(s, 0)])
    case 'no-zap-on-wrap':
      return call(name, [publish, synchronize, store])
    default:
      return call(name, [publish, synchronize, zapBefore, store])
  }
}

/** kvm_mmu_invalidate_mmio_sptes: the generation in `ahead` swaps is 0 again in an SPTE. */
function zapOnWrap(s: State, ahead: number): Statement {
  const wraps = s.generation.plus(ahead).mod(s.p.generations).is(0)
  return branch(wraps, [step('kvm_mmu_invalidate_mmio_sptes_zap_all', zapAll(s))])
}

/** M3. */
function zap(s: State): Statement {
  if (s.p.zap === 'fast') return step('M3_kvm_mmu_zap_all_fast', s.slot.startZap(), zapAll(s))
  const isPresent = s.spte.leaf.isSome()
  return step(
    'M3_kvm_mmu_zap_memslot_leafs',
    s.slot.startZap(),
    s.mmuLock.isFree,
    when(isPresent, [dropSpte(s), each(s.vcpus).map(v => s.vcpu[v].tlb.clear())]),
  )
}

/** kvm_mmu_zap_all_fast: every vCPU has to load a root, which is empty, and flushes. */
function zapAll(s: State): Item {
  return [s.mmuLock.isFree, dropSpte(s), s.obsolete.set(each(s.vcpus))]
}
