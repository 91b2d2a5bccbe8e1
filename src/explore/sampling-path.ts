/**
 * Makes a walk or run again that decided a property, and finds a way through its states. Main
 * thread, after the workers have ended.
 *
 * What a walk did is often much longer than needed: it goes in circles. So the way shown is the
 * shortest one that uses only states of the walk (or of the path of the run); there may be a
 * shorter one through others.
 */
import { assert, defined } from '../base/assert.js'
import { SAMPLING_BUDGET, SAMPLING_FOUND } from '../store/sampling-slots.js'
import type { Sampler } from './sampler.js'
import type { SamplingSetup } from './sampling-plan.js'

/** A candidate that a walk or run met, and a way to it. */
export interface SampledCandidate {
  /** Of the walk or run. */
  readonly number: number
  /** Packed states from the initial one to the candidate's, each a successor of the one before. */
  readonly rows: readonly BigUint64Array[]
  /** The action instance taken from the last state; null where the state alone decides. */
  readonly action: number | null
  /** States on the walk or path itself up to the candidate, less 1. */
  readonly depthMet: number
}

/** Which walk or run to make again, for which property; the last index means model errors. */
export interface Finding {
  readonly number: number
  readonly index: number
  readonly setup: SamplingSetup
}

/** Makes a walk or run again, up to the candidate that it met. */
export function remake(sampler: Sampler, { number, index, setup }: Finding): SampledCandidate {
  const isWalk = setup.kind === 'random'
  sampler.clearCandidates()
  sampler.setActive((1n << BigInt(setup.violations.length)) - 1n)
  sampler.beginOne(number)
  const passed: BigUint64Array[] = isWalk ? sampler.path() : []
  for (;;) {
    const status = sampler.step(isWalk ? 1 : 2 ** 20)
    const candidate = sampler.candidate(index)
    if (candidate !== null) {
      const states = [...passed, ...(isWalk ? [] : sampler.path()), candidate.state]
      const rows = shortestThrough(sampler, states, candidate.state)
      return { number, rows, action: candidate.action, depthMet: depthMet(states) }
    }
    sampler.clearCandidates()
    assert(
      status === SAMPLING_BUDGET || status === SAMPLING_FOUND,
      'a walk or run that is made again meets the same candidate',
    )
    if (isWalk && status === SAMPLING_BUDGET) passed.push(...sampler.path())
  }
}

const key = (row: BigUint64Array): string => row.join()

/** The last state counts once, though it may be the one before, too. */
function depthMet(states: readonly BigUint64Array[]): number {
  const [last, before] = [states.at(-1), states.at(-2)]
  const isSame = last !== undefined && before !== undefined && key(last) === key(before)
  return states.length - (isSame ? 2 : 1)
}

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
