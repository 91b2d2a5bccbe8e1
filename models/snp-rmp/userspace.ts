/**
 * The rest of the host: a memslot that is deleted and bound again, somebody who reads the RMP as a
 * list, and writes of the host through its direct map.
 */
import { and, assert, each, or, step, waitUntil, when } from 'zapcheck'
import type { Bool, ModelBuilder, ProcessHandle, SmallIndex, Statements } from 'zapcheck'
import { truncate } from './free.js'
import { isFree, zap } from './state.js'
import type { State } from './state.js'

/** Declares the actors that the parameters ask for; the processes of userspace. */
export function declareUserspace(m: ModelBuilder, s: State): readonly ProcessHandle[] {
  if (s.directMap !== null) declareHostWrites(m, s)
  return [...declareRebind(m, s), ...declareWalk(m, s)]
}

/** H6: a task of the host writes to a page that is not the guest's. */
function declareHostWrites(m: ModelBuilder, s: State): void {
  const { directMap } = s
  if (directMap === null) return
  for (const x of each(s.pages)) {
    const isLarge = directMap.at(x >> 1).is('2M')
    m.action('host_writes', { page: x })
      .by('host')
      .source('any kernel code that writes to its own page through the direct map')
      .when(isFree(s, x))
      .do(
        assert(
          s.rmp.allowsHostWrite(x, isLarge),
          'a host write does not fault',
          'the host writes to a page of its own and gets an RMP #PF, because the 2M entry of the ' +
            "direct map covers a page that is the guest's: the host crashes",
        ),
      )
  }
}

/** U: the memslot of gfn 0 is deleted, and a memslot is bound again. */
function declareRebind(m: ModelBuilder, s: State): readonly ProcessHandle[] {
  const { binding } = s
  if (binding === null) return []
  const { rebind } = s.p
  const gfn = rebind === 'other-file' ? 0 : 1
  const index = rebind === 'other-file' ? 1 : 0
  const bind = (label: string, i: number, g: SmallIndex): Statements => [
    step(label, binding.bind(i, g), s.attr.add(g), s.view[g].set('unaccepted')),
  ]
  const source = 'virt/kvm/guest_memfd.c kvm_gmem_bind, kvm_gmem_unbind, v6.18'
  return [
    m.process('slots', { actor: 'KVM_SET_USER_MEMORY_REGION', source }, [
      bind('U0_kvm_gmem_bind', 0, 0),
      waitUntil(
        'U1_kvm_set_memslot_delete',
        and(s.view[0].is('gone'), s.mmuLock.isFree),
        zap(s, 0),
        s.mmu.seq.increase(),
      ),
      step('U2_kvm_gmem_unbind', binding.unbind(0)),
      rebind === 'same-file-punched' ? truncate(s, 0) : [],
      bind('U3_kvm_gmem_bind', index, gfn),
    ]),
  ]
}

/** W: the list of private gfns, read from the RMP entry by entry. */
function declareWalk(m: ModelBuilder, s: State): readonly ProcessHandle[] {
  if (s.list === null) return []
  const { list, rmpLock } = s.list
  const { walk } = s.p
  const gfns = each(s.p.gfns)
  const isLocked = walk !== 'unlocked'
  const lock = walk === 'rmp-lock' ? rmpLock.acquire() : s.slotsLock.acquire()
  const unlock = walk === 'rmp-lock' ? rmpLock.release() : s.slotsLock.release()
  return [
    m.process('walk', { actor: 'migration', source: 'proposal: the RMP as the list' }, [
      isLocked ? step('W1_lock', lock) : [],
      each(s.pages).map(x =>
        step(
          `W2_snp_lookup_rmpentry_page${x}`,
          gfns.map(g => when(s.rmp.isGuests(x, g), list.add(g))),
        ),
      ),
      step(
        'W3_list_is_used',
        assert(
          and(...gfns.map(g => list.has(g).is(isListed(s, g)))),
          'the list is right when it is used',
          'the page of a gfn was assigned or freed after its entry was read: the list mixes ' +
            'states of different times',
        ),
        list.clear(),
        isLocked ? unlock : [],
      ),
    ]),
  ]
}

/** The RMP says that the gfn is private: some page is assigned as this gfn. */
export function isListed(s: State, g: SmallIndex): Bool {
  return or(...each(s.pages).map(x => s.rmp.isGuests(x, g)))
}
