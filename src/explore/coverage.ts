/**
 * Counters of coverage: how often each action instance fired, and each property was interesting.
 * The compiled model counts (`compiled-model.ts`), every worker in its own area; the depth at which
 * a counter left 0 is noted at the end of each level, in a 32-bit number per counter after them:
 * 0, or 1 + the depth. The main thread adds up the areas once all workers have ended.
 */
import type { CompiledModel } from '../compile/compiled-model.js'
import { counterCount } from '../compile/compiled-model.js'
import type { WorkerArea } from '../store/memory-plan.js'

/** How often something happened, and when first. */
export interface Count {
  readonly count: number
  /**
   * Length of the shortest trace that has it: depth of the state, or of the successor where it is
   * of a transition. Null if it never happened.
   */
  readonly depth: number | null
}

/** What was counted in a run. Independent of the number of workers, unless a limit ended it. */
export interface Coverage {
  /** By action instance: how often it fired, stutters included. */
  readonly actions: readonly Count[]
  /**
   * By property: in how many states (invariant, reachability) or transitions (step property,
   * assertion) its interesting part was true; 0 for deadlock freedom.
   */
  readonly properties: readonly Count[]
}

/** Notes the depth of the level that has ended for counters that it has moved. */
export function noteFirstDepths(
  view: DataView,
  { fired }: WorkerArea,
  counters: number,
  depth: number,
): void {
  const firsts = fired + 8 * counters
  for (let index = 0; index < counters; index++) {
    if (view.getInt32(firsts + 4 * index, true) !== 0) continue
    const counter = fired + 8 * index
    const isMoved = (view.getInt32(counter, true) | view.getInt32(counter + 4, true)) !== 0
    if (isMoved) view.setInt32(firsts + 4 * index, 1 + depth, true)
  }
}

/** Adds up the counters of all workers; null if the model has none. */
export function collectCoverage(
  view: DataView,
  model: CompiledModel,
  areas: readonly WorkerArea[],
): Coverage | null {
  if (!model.coverage) return null
  const counters = counterCount(model)
  const counts = Array.from({ length: counters }, (_, index): Count => {
    let count = 0n
    let first = Infinity
    for (const { fired } of areas) {
      count += view.getBigUint64(fired + 8 * index, true)
      const noted = view.getInt32(fired + 8 * counters + 4 * index, true)
      if (noted !== 0) first = Math.min(first, noted - 1)
    }
    return { count: Number(count), depth: first === Infinity ? null : first }
  })
  return {
    actions: counts.slice(0, model.actionCount),
    properties: counts.slice(model.actionCount),
  }
}
