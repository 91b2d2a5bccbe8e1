/**
 * Bugs of history: each is two variants of a model at the same scope, one with the bug and one with
 * the fix. The bug is reproduced if the buggy one violates the property by a counterexample that
 * follows the known interleaving, and the fixed one satisfies it in all of its states.
 */
import type { Bug } from './ledger.js'
import type { SuiteRow } from './suite-table.js'
import { propertyOf } from './suite-table.js'

/** A bug with what runs say. Plain data, printed by `--json`. */
export interface BugReport {
  readonly id: string
  readonly switch: string
  readonly commit: string | null
  readonly model: string | null
  readonly property: string | null
  readonly buggy: {
    readonly verdict: 'holds' | 'violated' | 'unknown' | 'waiting'
    /** Steps of the counterexample. */
    readonly depth: number | null
    /** The counterexample has the steps of the known interleaving in their order. */
    readonly follows: boolean | null
  }
  readonly fixed: {
    readonly verdict: 'holds' | 'violated' | 'unknown' | 'waiting'
    readonly exhaustive: boolean
  }
  readonly about: string
  readonly waitsFor: string | null
  /** The bug is reproduced, or it waits for a temporal property. */
  readonly matches: boolean
}

/** What is known of the two runs of a bug. */
export interface BugRuns {
  readonly buggy: SuiteRow | undefined
  readonly fixed: SuiteRow | undefined
  /** Action names of the counterexample; null if there is none. */
  readonly actions: readonly string[] | null
}

/** Compares the runs of a bug with the ledger. */
export function decideBug(bug: Bug, { buggy, fixed, actions }: BugRuns): BugReport {
  const { id, commit, about } = bug
  const common = { id, switch: bug.switch, commit, about }
  if ('waitsFor' in bug)
    return {
      ...common,
      model: null,
      property: null,
      buggy: { verdict: 'waiting', depth: null, follows: null },
      fixed: { verdict: 'waiting', exhaustive: false },
      waitsFor: bug.waitsFor,
      matches: true,
    }
  const wrong = propertyOf(buggy, bug.property)
  const right = propertyOf(fixed, bug.property)
  const follows = actions === null ? null : isSubsequence(bug.follows, actions)
  const exhaustive = fixed !== undefined && 'states' in fixed && fixed.exhaustive
  return {
    ...common,
    model: bug.model,
    property: bug.property,
    buggy: { verdict: wrong?.verdict ?? 'unknown', depth: wrong?.depth ?? null, follows },
    fixed: { verdict: right?.verdict ?? 'unknown', exhaustive },
    waitsFor: null,
    matches:
      wrong?.verdict === 'violated' && follows === true && right?.verdict === 'holds' && exhaustive,
  }
}

/** All of `wanted` are in `words`, in this order. */
export function isSubsequence(wanted: readonly string[], words: readonly string[]): boolean {
  let found = 0
  for (const word of words) if (word === wanted[found]) found++
  return found === wanted.length
}
