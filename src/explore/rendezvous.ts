/**
 * Where the workers of a search meet: stop requests, the level barrier, the growth barrier.
 *
 * All waiting goes through one signal word (an event count): whoever changes a condition stores
 * it, bumps the signal and notifies; whoever waits reads the signal, then the condition, then
 * sleeps on the signal's old value. Either the condition is seen, or the bump came after the
 * signal was read and the sleep returns at once; so no wake-up is lost. JavaScript's Atomics are
 * sequentially consistent.
 * Before a worker sleeps it looks at the signal for a while, in WebAssembly (`Kernel.spinWhile`).
 *
 * Workers may come late: the barriers wait for those that are present, and who joins later is
 * present from the next level on. Only the last arriver in the level barrier changes their number,
 * while the others stand there, so it is the same for all who take part in a level.
 *
 * One instance per worker, and one on the main thread, which never waits.
 */
import { defined } from '../base/assert.js'
import type { Kernel } from '../store/kernel.js'
import {
  GROWTH_DONE,
  GROWTH_REFUSED,
  SLOT_GROWTH_ARRIVED,
  SLOT_GROWTH_OUTCOME,
  SLOT_GROWTH_PHASE,
  SLOT_FINISHED,
  SLOT_GROWTH_WANTED,
  SLOT_JOINED,
  SLOT_LEVEL_ARRIVED,
  SLOT_LEVEL_TAKEN,
  SLOT_LEVEL_GENERATION,
  SLOT_OVER,
  SLOT_PRESENT,
  SLOT_SIGNAL,
  SLOT_STOP,
  STOP_ABORT,
} from './protocol.js'

/** Looks at the signal before a worker goes to sleep: long enough for a short step of another. */
const SPINS = 20000
/** A sleeping worker looks around after this time even if nobody calls. */
const SLEEP_MS = 200

/** Thrown by a waiting worker when another worker has died. The main thread knows the cause. */
export class SearchAborted extends Error {
  override readonly name = 'SearchAborted'
}

/** The slots of the shared control area, and the barriers built on them. */
export class Rendezvous {
  readonly #slots: Int32Array<ArrayBufferLike>
  readonly #kernel: Kernel | null

  /** `kernel` is the worker's; null for who never waits. */
  constructor(memory: WebAssembly.Memory, kernel: Kernel | null = null) {
    this.#slots = new Int32Array(memory.buffer)
    this.#kernel = kernel
  }

  /** Reads the slot at byte address `slot`. */
  load(slot: number): number {
    return Atomics.load(this.#slots, slot >> 2)
  }

  /** Writes the slot at byte address `slot`. */
  store(slot: number, value: number): void {
    Atomics.store(this.#slots, slot >> 2, value)
  }

  /** The STOP_ reason, 0 while the search goes on. */
  get stopReason(): number {
    return this.load(SLOT_STOP)
  }

  /** Ends the search in order; the first reason counts. Any thread. */
  requestStop(reason: number): void {
    Atomics.compareExchange(this.#slots, SLOT_STOP >> 2, 0, reason)
    this.#signal()
  }

  /** Ends the search without a result, since a worker died. Main thread. */
  abort(): void {
    this.store(SLOT_STOP, STOP_ABORT)
    this.#signal()
  }

  /** Joins the search. Returns how many have joined before: the place to wait for. */
  join(): number {
    return Atomics.add(this.#slots, SLOT_JOINED >> 2, 1)
  }

  /** Waits until the worker that joined as number `place` is present, or the search is over. */
  waitForPresence(place: number): void {
    this.#waitUntil(() => this.load(SLOT_PRESENT) > place || this.load(SLOT_OVER) !== 0)
  }

  /** Notes that `runs` more runs of the level were taken. */
  noteTakenRuns(runs: number): void {
    Atomics.add(this.#slots, SLOT_LEVEL_TAKEN >> 2, runs)
  }

  /** Arrives at the level barrier. True for the last arriver, who must call `openLevel`. */
  arriveAtLevel(): boolean {
    return Atomics.add(this.#slots, SLOT_LEVEL_ARRIVED >> 2, 1) + 1 === this.load(SLOT_PRESENT)
  }

  /**
   * Lets all workers into the next level, those too that have joined meanwhile. Only by the last
   * arriver, after it prepared the slots.
   */
  openLevel(): void {
    this.store(SLOT_LEVEL_ARRIVED, 0)
    this.store(SLOT_PRESENT, this.load(SLOT_JOINED))
    this.store(SLOT_OVER, this.load(SLOT_FINISHED))
    Atomics.add(this.#slots, SLOT_LEVEL_GENERATION >> 2, 1)
    this.#signal()
  }

  /**
   * Waits until the level barrier has opened since `generation`; `joinGrowth` is called when
   * needed.
   */
  waitForLevel(generation: number, joinGrowth: () => void): void {
    for (;;) {
      this.#waitUntil(() => this.growthWanted || this.load(SLOT_LEVEL_GENERATION) !== generation)
      if (this.load(SLOT_LEVEL_GENERATION) !== generation) return
      joinGrowth()
    }
  }

  /** True while a worker asks for a larger table: every worker must join the growth. */
  get growthWanted(): boolean {
    return this.load(SLOT_GROWTH_WANTED) !== 0
  }

  /** Asks all workers to join a growth. */
  requestGrowth(): void {
    this.store(SLOT_GROWTH_WANTED, 1)
    this.#signal()
  }

  /**
   * Meets all workers; the last to arrive runs `decide` while the others stand still, and all get
   * its outcome. The outcome stays until the next meeting, which needs everybody who has to read
   * it.
   */
  meetForGrowth(decide: () => number): number {
    const phase = this.load(SLOT_GROWTH_PHASE)
    if (Atomics.add(this.#slots, SLOT_GROWTH_ARRIVED >> 2, 1) + 1 < this.load(SLOT_PRESENT)) {
      this.#waitUntil(() => this.load(SLOT_GROWTH_PHASE) !== phase)
      return this.load(SLOT_GROWTH_OUTCOME)
    }
    this.store(SLOT_GROWTH_ARRIVED, 0)
    const outcome = decide()
    if (outcome === GROWTH_REFUSED || outcome === GROWTH_DONE) this.store(SLOT_GROWTH_WANTED, 0)
    this.store(SLOT_GROWTH_OUTCOME, outcome)
    Atomics.add(this.#slots, SLOT_GROWTH_PHASE >> 2, 1)
    this.#signal()
    return outcome
  }

  #signal(): void {
    Atomics.add(this.#slots, SLOT_SIGNAL >> 2, 1)
    Atomics.notify(this.#slots, SLOT_SIGNAL >> 2)
  }

  #waitUntil(condition: () => boolean): void {
    const kernel = defined(this.#kernel ?? undefined, 'who waits has a kernel')
    for (;;) {
      const signal = this.load(SLOT_SIGNAL)
      if (condition()) return
      if (this.stopReason === STOP_ABORT) throw new SearchAborted('another worker has failed')
      if (kernel.spinWhile(SLOT_SIGNAL, signal, SPINS) !== 0) continue
      Atomics.wait(this.#slots, SLOT_SIGNAL >> 2, signal, SLEEP_MS)
    }
  }
}
