/**
 * Dependence of special actions, as far as partial-order reduction needs it: two actions *accord*
 * if, wherever both are enabled, they can happen in either order and end in the same state, with
 * the same assertions failed on the way. Whether one can enable the other is not asked here.
 *
 * They accord if their guards contradict each other; else if, for every cell that one writes and
 * the other reads or writes,
 *
 *   it is read only by conjuncts of the guard that the write leaves true; and
 *   if both write it, both give it the same constant, or both add constants to it.
 *
 * Two additions may meet a model error in both orders; then there is an error in either.
 */
import { isFalse } from '../ir/expression.js'
import type { Cell, Cells } from './cells.js'
import type { CellWrite, Footprint, Footprints } from './footprint.js'
import type { SpecialAction } from './special-action.js'

/** A special action with its footprint. */
export interface Footed {
  readonly action: SpecialAction
  readonly footprint: Footprint
  /** Cells that its total conjuncts read. */
  readonly guardReads: ReadonlySet<Cell>
}

/** The action with its footprint. */
export function footed(action: SpecialAction, cells: Cells, footprints: Footprints): Footed {
  const guardReads = new Set(action.total.flatMap(e => [...cells.readBy(e)]))
  return { action, footprint: footprints.of(action), guardReads }
}

/** True if two actions accord. */
export function doAccord(a: Footed, b: Footed, cells: Cells, footprints: Footprints): boolean {
  const { writes } = a.footprint
  const others = b.footprint.writes
  const isApart =
    isDisjoint(writes, others) &&
    [a, b].every(({ footprint, guardReads }, i) => {
      const written = i === 0 ? others : writes
      return isDisjoint(written, footprint.reads) && isDisjoint(written, guardReads)
    })
  if (isApart || areContradictory(a, b, cells)) return true
  for (const [cell, write] of writes) {
    const other = others.get(cell)
    if (other !== undefined && !doCommute(write, other)) return false
  }
  return leavesAlone(a, b, footprints) && leavesAlone(b, a, footprints)
}

/** True if `writer` may make an enabled `other` disabled, or change what its body reads. */
export function mayDisturb(
  writer: Footed,
  other: Footed,
  cells: Cells,
  footprints: Footprints,
): boolean {
  return !leavesAlone(writer, other, footprints) && !areContradictory(writer, other, cells)
}

/** True if the guards cannot be true in one state, as far as known values tell. */
function areContradictory(a: Footed, b: Footed, cells: Cells): boolean {
  for (const [cell, value] of a.action.known) {
    const other = b.action.known.get(cell)
    if (other !== undefined && other !== value) return true
  }
  const isRefutedBy = (x: Footed, y: Footed): boolean =>
    !isDisjoint(y.action.known, x.guardReads) &&
    x.action.total.some(e => isFalse(cells.specialize(e, y.action.known)))
  return isRefutedBy(a, b) || isRefutedBy(b, a)
}

function leavesAlone(writer: Footed, other: Footed, footprints: Footprints): boolean {
  const { writes } = writer.footprint
  if (!isDisjoint(writes, other.footprint.reads)) return false
  if (isDisjoint(writes, other.guardReads)) return true
  return other.action.total.every(
    e => !footprints.influence(writer.action, writer.footprint, e, other.action.known).mayMakeFalse,
  )
}

function doCommute(a: CellWrite, b: CellWrite): boolean {
  if (a.kind === 'constant') return b.kind === 'constant' && a.value === b.value
  return a.kind === 'delta' && b.kind === 'delta'
}

function isDisjoint(
  written: ReadonlyMap<Cell, unknown>,
  read: { has(cell: Cell): boolean },
): boolean {
  for (const cell of written.keys()) if (read.has(cell)) return false
  return true
}
