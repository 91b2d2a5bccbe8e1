/**
 * The way to what a walk or run met. Main thread, after the workers have ended.
 *
 * A run hands over the path on its stack. A walk keeps no path: it is made again, which takes as
 * many steps as it took. What was done is often much longer than needed, as it goes in circles.
 * So the way shown is the shortest one that uses only states of the walk or path; there may be a
 * shorter one through others.
 */
import { assert, defined } from '../base/assert.js'
import { SAMPLING_BUDGET, SAMPLING_FOUND } from '../store/sampling-slots.js'
import type { Sampler } from './sampler.js'
import type { Finding, SamplingSetup } from './sampling-plan.js'

/** A candidate that a walk or run met, and a way to it. */
export interface SampledCandidate {
  /** Of the walk or run. */
  readonly number: number
  /** Packed states from the initial one to the candidate's, each a successor of the one before. */
  readonly rows: readonly BigUint64Array[]
  /** The action instance taken from the last state; null where the state alone decides. */
  readonly action: number | null
}

/** The candidate of a finding, with the way to it. */
export function wayTo(sampler: Sampler, setup: SamplingSetup, finding: Finding): SampledCandidate {
  const { number, state, action } = finding
  const passed = finding.path ?? walkAgain(sampler, setup, finding)
  return { number, rows: shortestThrough(sampler, [...passed, state], state), action }
}

/** The states of a walk, up to the one whose expansion met the candidate. */
function walkAgain(sampler: Sampler, setup: SamplingSetup, finding: Finding): BigUint64Array[] {
  sampler.clearCandidates()
  sampler.setActive((1n << BigInt(setup.violations.length)) - 1n)
  sampler.beginWalk(finding.number)
  const passed = [sampler.walkState()]
  for (;;) {
    const status = sampler.step(1)
    if (sampler.candidate(finding.index) !== null) return passed
    sampler.clearCandidates()
    assert(
      status === SAMPLING_BUDGET || status === SAMPLING_FOUND,
      'a walk that is made again meets the same candidate',
    )
    if (status === SAMPLING_BUDGET) passed.push(sampler.walkState())
  }
}

const key = (row: BigUint64Array): string => row.join()

/** The shortest way from the first of `states` to `target` that passes no others. */
function shortestThrough(
  sampler: Sampler,
  states: readonly BigUint64Array[],
  target: BigUint64Array,
): BigUint64Array[] {
  const known = new Map(states.map(state => [key(state), state]))
  const initial = defined(states[0])
  const before = new Map<string, string | null>([[key(initial), null]])
  const waiting = [initial]
  for (let next = 0; !before.has(key(target)); next++) {
    const state = defined(waiting[next], 'the states of a walk are connected')
    for (const successor of sampler.successors(state)) {
      const name = key(successor)
      if (before.has(name) || !known.has(name)) continue
      before.set(name, key(state))
      waiting.push(defined(known.get(name)))
    }
  }
  const rows: BigUint64Array[] = []
  for (let name: string | null = key(target); name !== null; name = defined(before.get(name)))
    rows.unshift(defined(known.get(name)))
  return rows
}
