/**
 * What a deletion may leave behind in the MMU besides leafs: tables, shadow pages, and the symptoms
 * of the hypotheses. Properties, and witnesses that the scenarios can happen.
 *
 * A table is idle when it has no leaf, its root is in use, and the slot that it served is gone.
 */
import { and, each, implies, not, or, reachable } from 'zapcheck'
import type { Bool, ModelBuilder } from 'zapcheck'
import {
  idleTablesStay,
  memoryTypesFollow,
  noAccessInHole,
  noTableOutlivesRoot,
  noUseAfterFree,
} from 'zapcheck/properties'
import type { Processes } from './claims.js'
import { freeStep } from './deletion.js'
import { B, allTrees, directRoots, shadowRoots } from './state.js'
import type { State } from './state.js'

/** Declares the properties. */
export function declareLeftovers(m: ModelBuilder, s: State, { ioctl }: Processes): void {
  const { slot, dma, shadow } = s
  const trees = allTrees(s)
  m.check(
    idleTablesStay(
      trees.map(tree => ({
        isIdle: and(tree.isValid, tree.hasTable, tree.hasNoLeaf, slot.isAbsent),
        isThere: or(tree.hasTable, not(tree.isValid)),
      })),
      'KVM_SET_USER_MEMORY_REGION',
    ),
    noTableOutlivesRoot(
      [...directRoots(s), ...shadowRoots(s).map(({ tree }) => tree)].map(tree => ({
        isHeld: and(ioctl.at(freeStep(s)), tree.hasTable),
        isOver: not(tree.isValid),
      })),
    ),
  )
  if (shadow !== null)
    m.check(
      noUseAfterFree(
        'memslot by a shadow page',
        shadowRoots(s).flatMap(root =>
          each(s.incarnations).map(k => ({ isHeld: root.isCountedIn(k), isOver: slot.isFreed(k) })),
        ),
      ),
    )
  if (s.p.hypothesis === 'H6' || s.pause !== null) m.check(noAccessInHole(/V8_no_slot_exit_mmio$/))
  if (dma !== null) {
    const types = each(s.roots).map(r =>
      implies(and(s.direct[r].isValid, s.direct[r].maps(B)), dma.hasGuestType[r]),
    )
    m.check(
      memoryTypesFollow('no stale memory type after the attachment', dma.isSettled, types),
      memoryTypesFollow(
        'no stale memory type after a deletion',
        and(dma.isSettled, dma.device.is('zapped'), slot.isFreed(0)),
        types,
      ),
    )
  }
  declareWitnesses(m, s)
}

/** Declares the witnesses that fit the parameters. */
function declareWitnesses(m: ModelBuilder, s: State): void {
  const scenario = (name: string, predicate: Bool): void =>
    m.check(reachable(`scenario: ${name}`, predicate))
  if (s.shadow !== null) {
    const { nested } = s.shadow
    const inLeafs = shadowRoots(s).map(({ tree }) => tree.mapsPage(0, 0))
    scenario(
      'a nested guest runs on a leaf of the slot',
      or(...each(s.vcpus).map(v => and(nested[v].isL2, s.requests.isInGuest(v), or(...inLeafs)))),
    )
    scenario(
      'a shadow page is counted in the slot',
      or(...shadowRoots(s).map(root => root.isCountedIn(0))),
    )
  }
  if (s.nx !== null) {
    const { nxListed } = s.nx
    scenario(
      'a table is on the list of the NX recovery',
      or(...each(s.roots).map(r => nxListed[r])),
    )
  }
}
