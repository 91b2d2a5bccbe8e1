/**
 * Properties of what a deletion leaves behind: tables, memory types, holes in the address space.
 */
import { and, implies, invariant, next, or, stepProperty } from 'zapcheck'
import type { Bool, PropertySpecification } from 'zapcheck'
import type { Holding } from './lifetimes.js'

/** A page table without leafs. */
export interface IdleTable {
  readonly isIdle: Bool
  /** The table, or the root that it belonged to, is still what it was. */
  readonly isThere: Bool
}

/**
 * Nobody but the actor of deletions frees an idle table of a live root. A violation is no error: it
 * says that such tables are recycled while the VM runs.
 */
export function idleTablesStay(
  tables: readonly IdleTable[],
  deleter: string,
): PropertySpecification {
  const stay = and(...tables.map(({ isIdle, isThere }) => implies(isIdle, next(isThere))))
  return stepProperty(
    'idle tables stay',
    ({ actor }) => (actor === deleter ? true : stay),
    'an unused table of a live root is freed while the VM runs: such tables are recycled',
  )
}

/** When a memslot is freed each page table belongs to a valid root: idle tables are bounded. */
export function noTableOutlivesRoot(tables: readonly Holding[]): PropertySpecification {
  return invariant(
    'no table outlives its root',
    and(...tables.map(({ isHeld, isOver }) => implies(isHeld, isOver.not()))),
    'a page table is left below a root that nobody uses and nobody will zap again: each ' +
      'deletion can leak one more, without bound',
  )
}

/** Leafs have the memory type that an attached device needs, from `since` on. */
export function memoryTypesFollow(
  name: string,
  since: Bool,
  types: readonly Bool[],
): PropertySpecification {
  return invariant(
    name,
    implies(since, and(...types)),
    'a leaf was made before a device with non-coherent DMA was attached and still forces ' +
      'write-back: the guest and the device see different data',
  )
}

/** No vCPU touches a gfn between the deletion of its memslot and the creation of the next. */
export function noAccessInHole(exit: RegExp): PropertySpecification {
  return stepProperty(
    'no access in the hole',
    ({ name }) => (exit.test(name) ? or() : true),
    'a vCPU touches memory whose memslot is being replaced: the access is taken for MMIO, and ' +
      'data that the guest wrote or read is lost',
  )
}
