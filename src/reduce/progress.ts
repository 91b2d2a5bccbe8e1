/**
 * Progress: which special actions cannot be on a cycle of states by themselves. The others are
 * sticky: every cycle has a transition of a sticky action.
 *
 * A ranking is found step by step. A cell with an order of its values is chosen; what may lower it
 * becomes sticky, and what raises it makes progress: a cycle that raises the cell has to lower it
 * somewhere. Only what does neither is left for the next cell, and there it does not matter any
 * more what the actions do which are sticky or make progress already: a cycle without sticky
 * actions cannot have them. What is left when no cell helps is sticky.
 *
 * Source: R. Kurshan, V. Levin, M. Minea, D. Peled, H. Yenigün, "Static partial order reduction",
 * TACAS 1998 (sticky transitions; there, one program counter for each process).
 */
import { defined } from '../base/assert.js'
import type { Cell } from './cells.js'
import type { CellWrite, Footprint } from './footprint.js'
import type { SpecialAction } from './special-action.js'

/** What an action may do to a cell, in an order of its values. */
interface Change {
  /** Raises it whenever it happens. */
  readonly raises: boolean
  readonly mayLower: boolean
}

/** More than any number of actions by any cost. */
const COST_FREE = 1e9

/**
 * By special action: it is sticky.
 * @param costs  by special action: what is lost if it is sticky, above 0
 */
export function stickyActions(
  actions: readonly SpecialAction[],
  footprints: readonly Footprint[],
  costs: readonly number[],
): readonly boolean[] {
  const sticky = actions.map(() => false)
  let left = actions.map((_, i) => i)
  const cells = new Set(footprints.flatMap(({ writes }) => [...writes.keys()]))
  for (;;) {
    let best: { safe: number[]; lowering: number[]; score: number } | null = null
    for (const cell of cells)
      for (const ranking of rankings(cell, left, actions, footprints)) {
        const changes = left.map(i => {
          const write = defined(footprints[i]).writes.get(cell)
          return changeOf(write, defined(actions[i]).known.get(cell), ranking)
        })
        const safe = left.filter((_, k) => defined(changes[k]).raises)
        const lowering = left.filter((_, k) => defined(changes[k]).mayLower)
        if (safe.length === 0) continue
        const cost = lowering.reduce((sum, i) => sum + defined(costs[i]), 0)
        const score = cost === 0 ? COST_FREE + safe.length : safe.length / cost
        if (best === null || score > best.score) best = { safe, lowering, score }
      }
    if (best === null) break
    for (const action of best.lowering) sticky[action] = true
    const done = new Set([...best.safe, ...best.lowering])
    left = left.filter(action => !done.has(action))
  }
  for (const action of left) sticky[action] = true
  return sticky
}

/** An order of a cell's values. */
interface Ranking {
  /** Position of a value. */
  readonly rank: (value: number) => number
  /** 1 if it is that of numbers, -1 if the reverse, 0 if some other. */
  readonly direction: 1 | -1 | 0
}

/** Orders that may fit: upwards, downwards, and those in which the actions lead upwards. */
function rankings(
  cell: Cell,
  left: readonly number[],
  actions: readonly SpecialAction[],
  footprints: readonly Footprint[],
): readonly Ranking[] {
  const edges = new Map<number, Set<number>>()
  for (const i of left) {
    const write = defined(footprints[i]).writes.get(cell)
    const from = defined(actions[i]).known.get(cell)
    if (write?.kind !== 'constant' || from === undefined) continue
    edges.set(from, (edges.get(from) ?? new Set()).add(write.value))
  }
  const starts = [...edges.keys()].sort((a, b) => a - b)
  const orders = starts.map(start => reversePostorder(start, edges))
  return [
    { rank: v => v, direction: 1 },
    { rank: v => -v, direction: -1 },
    ...orders.map((order): Ranking => ({ rank: v => order.get(v) ?? -1, direction: 0 })),
  ]
}

/** Positions in an order in which, but for cycles, edges lead from lower to higher. */
function reversePostorder(
  start: number,
  edges: ReadonlyMap<number, ReadonlySet<number>>,
): ReadonlyMap<number, number> {
  const found = new Set<number>()
  const finished: number[] = []
  const visit = (value: number): void => {
    if (found.has(value)) return
    found.add(value)
    for (const next of edges.get(value) ?? []) visit(next)
    finished.push(value)
  }
  visit(start)
  for (const other of edges.keys()) visit(other)
  return new Map(finished.reverse().map((value, position) => [value, position]))
}

function changeOf(
  write: CellWrite | undefined,
  from: number | undefined,
  { rank, direction }: Ranking,
): Change {
  if (write === undefined) return { raises: false, mayLower: false }
  if (write.kind === 'delta') {
    const isUp = !write.wraps && write.amount * direction > 0
    return { raises: isUp, mayLower: !isUp }
  }
  if (write.kind === 'other' || from === undefined) return { raises: false, mayLower: true }
  const step = rank(write.value) - rank(from)
  return { raises: write.isCertain && step > 0, mayLower: step < 0 }
}
