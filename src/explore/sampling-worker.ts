/**
 * One worker of a sampling search. All workers run the same loop: take the next task (some walks,
 * or a run of a swarm), do it, write down which properties it decided. They share nothing but the
 * slots of the tasks: no visited set, no barrier.
 *
 * A violation in task t lowers the bound to t + 1: tasks below are still done, so which walk or run
 * is the first with a violation does not depend on the number of workers nor on timing.
 */
import {
  RUN_CUT,
  RUN_OMITTED,
  RUN_STATES,
  SAMPLED_STATES,
  RUNS_COMPLETE,
  BEST_OMITTED,
  BEST_STATES,
  MOST_STATES,
  SAMPLING_BOUND,
  SAMPLING_DONE,
  SAMPLING_FOUND,
  SAMPLING_NEXT,
  SAMPLING_STOP,
} from '../store/sampling-slots.js'
import { STOP_TIME } from './protocol.js'
import { Sampler } from './sampler.js'
import type { Finding, SamplingSetup } from './sampling-plan.js'

/** States between two looks at the clock: some milliseconds. */
const BUDGET = 16_384

/** A worker; see the head of this file. Belongs to one thread. */
export class SamplingWorker {
  readonly #setup: SamplingSetup
  readonly #sampler: Sampler
  readonly #slots: Int32Array<ArrayBufferLike>
  readonly #view: DataView
  readonly #findings: Finding[] = []
  #active: bigint

  constructor(setup: SamplingSetup) {
    this.#setup = setup
    this.#sampler = new Sampler(setup)
    this.#slots = new Int32Array(setup.memory.buffer)
    this.#view = new DataView(setup.memory.buffer)
    this.#active = (1n << BigInt(setup.violations.length)) - 1n
    this.#sampler.setActive(this.#active)
  }

  /** Takes part in the search until it is over; gives what it found, one for a property at most. */
  run(): Finding[] {
    while (!this.#mustStop()) {
      const task = Atomics.add(this.#slots, SAMPLING_NEXT >> 2, 1)
      if (task >= Atomics.load(this.#slots, SAMPLING_BOUND >> 2)) break
      this.#sampler.begin(task)
      if (!this.#finish(task)) break
    }
    return this.#findings
  }

  /** Does the task that was begun. False if the search stops first. */
  #finish(task: number): boolean {
    for (;;) {
      const status = this.#sampler.step(BUDGET)
      if (status === SAMPLING_FOUND && this.#settle()) {
        this.#lowerBound(task + 1)
        this.#endRun(false)
        return true
      }
      if (status === SAMPLING_DONE) {
        this.#endRun(this.#sampler.statistic(RUN_CUT) === 0)
        return true
      }
      if (this.#mustStop()) {
        this.#endRun(false)
        return false
      }
    }
  }

  /** Writes down what was found. True if the task ends with it. */
  #settle(): boolean {
    const { violations, keepGoing, kind } = this.#setup
    const number = this.#sampler.number
    let isEnd = false
    for (let index = 0; index <= violations.length; index++) {
      const candidate = this.#sampler.candidate(index)
      if (candidate === null) continue
      const path = kind === 'swarm' ? this.#sampler.path() : null
      if (this.#findings.every(finding => finding.index !== index))
        this.#findings.push({ ...candidate, index, number, path })
      this.#active &= ~(1n << BigInt(index))
      if (index === violations.length || (violations[index] === true && !keepGoing)) isEnd = true
    }
    this.#sampler.setActive(this.#active)
    this.#sampler.clearCandidates()
    return isEnd
  }

  #lowerBound(bound: number): void {
    const slot = SAMPLING_BOUND >> 2
    for (;;) {
      const before = Atomics.load(this.#slots, slot)
      if (before <= bound) return
      if (Atomics.compareExchange(this.#slots, slot, before, bound) === before) return
    }
  }

  /** Adds the run at hand to the statistics of the runs; a walk adds nothing. */
  #endRun(isComplete: boolean): void {
    if (this.#setup.kind !== 'swarm') return
    const states = this.#sampler.statistic(RUN_STATES)
    const omitted = this.#sampler.statistic(RUN_OMITTED)
    this.#raise(SAMPLED_STATES, this.#sampler.statistic(SAMPLED_STATES) + states)
    this.#raise(MOST_STATES, Math.max(this.#sampler.statistic(MOST_STATES), states))
    if (!isComplete) return
    const complete = this.#sampler.statistic(RUNS_COMPLETE)
    if (complete === 0 || omitted < this.#sampler.statistic(BEST_OMITTED)) {
      this.#raise(BEST_STATES, states)
      this.#raise(BEST_OMITTED, omitted)
    }
    this.#raise(RUNS_COMPLETE, complete + 1)
  }

  #raise(offset: number, value: number): void {
    this.#view.setFloat64(this.#setup.area.statistics + offset, value, true)
  }

  #mustStop(): boolean {
    const { deadline } = this.#setup
    if (deadline !== Infinity && Date.now() >= deadline)
      Atomics.compareExchange(this.#slots, SAMPLING_STOP >> 2, 0, STOP_TIME)
    return Atomics.load(this.#slots, SAMPLING_STOP >> 2) !== 0
  }
}
