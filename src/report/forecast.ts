/**
 * How many states a running search will find, and how long it will take, as far as that can be
 * known: only while the frontier shrinks, and on the assumption that it goes on shrinking as it
 * has.
 *
 * Of the last 15 % of the states that were expanded the ratio r is taken of new states to expanded
 * ones. Each state of the frontier then stands for 1 + r + r^2 + ... = 1 / (1 - r) states that are
 * still to be expanded. While r is near 1 or above, nothing follows from it, and nothing is said.
 * A space with another wave behind a narrow place is larger than that: `docs/coverage.md` says how
 * far off forecasts were.
 */
import type { ExploreProgress } from '../explore/explore.js'

/** Share of the expanded states that the ratio is taken of. */
const WINDOW = 0.15

/** Ratios above this say nothing. */
const RATIO_MAX = 0.95

/** What is to be expected if the frontier goes on shrinking. */
export interface Expected {
  /** Distinct states in all. */
  readonly states: number
  readonly millisecondsLeft: number
}

/** A moment of the run. */
interface Sample {
  readonly states: number
  readonly expanded: number
  readonly elapsedMs: number
}

/** Watches the progress of one run. */
export class Forecast {
  /** The first one is the last before the window; all others are in it. */
  private readonly samples: Sample[] = []

  /** Takes the next report of the run; null if nothing can be known. */
  next({ states, frontier, elapsedMs }: ExploreProgress): Expected | null {
    const now = { states, expanded: states - frontier, elapsedMs }
    this.samples.push(now)
    const begin = (1 - WINDOW) * now.expanded
    while ((this.samples[1]?.expanded ?? Infinity) <= begin) this.samples.shift()
    const [first = now] = this.samples
    const expanded = now.expanded - first.expanded
    if (first.expanded > begin || expanded <= 0 || frontier === 0) return null
    const ratio = (now.states - first.states) / expanded
    if (ratio > RATIO_MAX) return null
    const left = frontier / (1 - ratio)
    return {
      states: Math.round(now.expanded + left),
      millisecondsLeft: (left * (now.elapsedMs - first.elapsedMs)) / expanded,
    }
  }
}
