/**
 * One worker of the level-synchronous breadth-first search. All workers do the same: each takes
 * runs of the level, expands them and inserts the successors (level-loop.ts), until no run is left;
 * then they meet in the level barrier.
 *
 * What a worker shares with others: the visited set and level log (kernel), the slots (Rendezvous).
 * Its own: context, fired bytes, buffer, statistics. What is done per state and per run is done in
 * WebAssembly; here is what happens per level, per growth and per block of the log, and every few
 * dozen runs a look at the limits.
 *
 * Levels of few states are expanded by the last arriver alone while the others stay in the
 * barrier, so a deep model with tiny levels pays for no wake-ups.
 */
import {
  CONTEXT_ACTIVE,
  CONTEXT_CANDIDATES,
  CONTEXT_FIRED,
  candidateBytes,
} from '../compile/compiled-model.js'
import { readRows, type LevelPlace } from '../store/checkpoint-rows.js'
import {
  DESCRIPTOR_COUNT,
  DESCRIPTOR_ROWS_MAX,
  LOG_ROW_BYTES,
  RESULT_FRESH_ADDRESS,
  RESULT_FRESH_COUNT,
  RESULT_RUN_COUNT,
  PARTITION_KEYS,
  RESULT_STATUS,
  SHARDS,
  STATISTIC_EXPANDED,
  STATISTIC_OMITTED,
  STATISTIC_STATES,
  STATISTIC_TRANSITIONS,
  STATUS_END,
  STATUS_FULL,
  STATUS_GROW,
  STATUS_MEMORY,
  STATUS_OK,
  STATUS_ON_DISK,
  STATUS_SPILL,
} from '../store/control-slots.js'
import { foldTree } from '../store/fold-tree.js'
import { attachKernel, instantiateKernel, type Kernel } from '../store/kernel.js'
import { planLogMemory } from '../store/log-budget.js'
import type { WorkerArea } from '../store/memory-plan.js'
import { ShardedSet } from '../store/sharded-set.js'
import { controlView, shardKeys } from '../store/visited-set.js'
import { assert, defined } from '../base/assert.js'
import { CheckpointWriter } from './checkpoint-writer.js'
import { writeCut } from './cut.js'
import { noteFirstDepths } from './coverage.js'
import { stepGrowth } from './growth-step.js'
import { instantiateLevelLoop, type LevelLoop } from './level-loop.js'
import { stepLevel, type LevelStep } from './level-step.js'
import { LogDisk } from './log-disk.js'
import { instantiateModel, type ModelCode } from './model-code.js'
import {
  GROWTH_DONE,
  GROWTH_MOVE,
  GROWTH_REFUSED,
  GROWTH_REHASH,
  SLOT_ABANDONED,
  SLOT_ACTIVE,
  SLOT_FINISHED,
  SLOT_FOUND,
  SLOT_LEVEL_DEPTH,
  SLOT_LEVEL_END,
  SLOT_LEVEL_FIRST,
  SLOT_LEVEL_GENERATION,
  STOP_DAMAGED,
  STOP_MEMORY,
  STOP_STATES,
  STOP_TIME,
  type WorkerSetup,
} from './protocol.js'
import { Rendezvous } from './rendezvous.js'

/** Levels of at most so many states are expanded by one worker alone. */
const SOLO_ROWS = 512
/** Runs between two looks at the limits; with a limit of states it is each run. */
const RUNS_PER_LOOK = 32

/** A worker; see the head of this file. Belongs to one thread. */
export class SearchWorker {
  readonly #setup: WorkerSetup
  readonly #area: WorkerArea
  readonly #meeting: Rendezvous
  readonly #kernel: Kernel
  readonly #loop: LevelLoop
  /** This worker's way to the shards of the visited set; null if there are none. */
  readonly #shards: ShardedSet | null
  readonly #disk: LogDisk
  readonly #checkpoints: CheckpointWriter | null
  readonly #model: ModelCode
  readonly #view: DataView
  /** 32-bit slots of the fixed part of the memory; index = byte address / 4. */
  readonly #words: Int32Array<ArrayBufferLike>
  readonly #rowBytes: number
  readonly #isFolded: boolean
  readonly #poll: (() => void) | undefined

  /** `poll` is called every few dozen runs of states; inline searches report progress there. */
  constructor(setup: WorkerSetup, poll?: () => void) {
    const { memory, strideWords, stateBits } = setup
    this.#setup = setup
    this.#area = defined(setup.plan.areas[setup.index])
    this.#kernel = instantiateKernel(setup.kernel, memory)
    this.#meeting = new Rendezvous(memory, this.#kernel)
    this.#model = instantiateModel(setup.model, memory)
    this.#view = controlView(memory)
    this.#words = new Int32Array(memory.buffer)
    this.#rowBytes = strideWords * 8
    this.#isFolded = foldTree({ strideWords, stateBits }) !== null
    this.#poll = poll
    attachKernel(this.#kernel, { strideWords, stateBits }, this.#area)
    this.#loop = instantiateLevelLoop(setup, this.#kernel, this.#model)
    this.#disk = new LogDisk(setup, this.#kernel, this.#meeting)
    this.#checkpoints = this.#attachCheckpoints()
    this.#shards = this.#attachShards()
    this.#view.setUint32(this.#area.context + CONTEXT_FIRED, this.#area.fired, true)
  }

  /** Takes part in the search until it is over. Throws SearchAborted if another worker died. */
  run(): void {
    let isOver = this.#join()
    while (!isOver) {
      this.#exploreLevel()
      isOver = this.#meetAtLevel()
    }
  }

  /**
   * Joins the search: from the start, or as it comes to the next level. True if the search is over.
   */
  #join(): boolean {
    const place = this.#meeting.join()
    const isLate = place >= this.#setup.workersFirst
    if (isLate) this.#meeting.waitForPresence(place)
    this.#kernel.refreshTable()
    if (isLate) return this.#meeting.load(SLOT_FINISHED) !== 0
    if (place === 0) this.#insertFirst()
    return this.#meetAtLevel()
  }

  #attachCheckpoints(): CheckpointWriter | null {
    const { checkpoint } = this.#setup
    if (checkpoint === null) return null
    return new CheckpointWriter(this.#setup, checkpoint, this.#kernel, this.#meeting)
  }

  #attachShards(): ShardedSet | null {
    const { shards, memory, index } = this.#setup
    if (shards === null) return null
    const first = { kernel: this.#kernel, memory, partition: this.#area.partition }
    const module = this.#setup.kernel
    return new ShardedSet(first, { module, shards, worker: index, keys: shardKeys(this.#setup) })
  }

  /** Inserts what the search begins with: the initial state, or the levels of a checkpoint. */
  #insertFirst(): void {
    const { checkpoint } = this.#setup
    if (checkpoint === null || checkpoint.resume === null) this.#insertInitial()
    else if (this.#insertLevels(checkpoint.rowsFd, checkpoint.resume.levels)) {
      const { cut } = checkpoint.resume
      writeCut(this.#view, this.#setup, cut)
      this.#count(STATISTIC_TRANSITIONS, cut.transitions)
      const frontier = defined(checkpoint.resume.levels.at(-1)).rowCount
      this.#count(STATISTIC_EXPANDED, cut.states - frontier)
    } else this.#meeting.store(SLOT_ABANDONED, 1)
  }

  /**
   * Inserts levels, from the first on, as if the search had come to them. Properties were evaluated
   * before. False if the search stops, which it is told to if some state is there twice.
   */
  #insertLevels(fd: number, levels: readonly LevelPlace[]): boolean {
    this.#meeting.store(SLOT_ACTIVE, 0)
    this.#meeting.store(SLOT_ACTIVE + 4, 0)
    for (const [depth, { offset, rowCount }] of levels.entries()) {
      const first = this.#meeting.load(DESCRIPTOR_COUNT)
      this.#meeting.store(SLOT_LEVEL_FIRST, first)
      this.#meeting.store(SLOT_LEVEL_END, first)
      this.#meeting.store(SLOT_LEVEL_DEPTH, depth - 1)
      this.#beginLevel()
      const before = this.#statistic(STATISTIC_STATES)
      const isWhole = this.#insertRows(fd, offset, rowCount) && this.#drain(0)
      this.#endLevel()
      if (!isWhole) return false
      if (this.#statistic(STATISTIC_STATES) - before === rowCount) continue
      this.#meeting.requestStop(STOP_DAMAGED)
      return false
    }
    return true
  }

  /** Inserts `rowCount` packed states of a file. False if the search stops first. */
  #insertRows(fd: number, offset: number, rowCount: number): boolean {
    const { buffer, bufferEnd } = this.#area
    const capacity = Math.floor((bufferEnd - buffer) / this.#rowBytes)
    for (let done = 0; done < rowCount;) {
      const count = Math.min(capacity, rowCount - done)
      const bytes = new Uint8Array(this.#view.buffer, buffer, count * this.#rowBytes)
      readRows(fd, offset + done * this.#rowBytes, bytes)
      if (!this.#insert(count)) return false
      done += count
    }
    return true
  }

  #insertInitial(): void {
    const { buffer } = this.#area
    for (const [word, value] of this.#setup.initial.entries()) {
      this.#view.setBigUint64(buffer + word * 8, value, true)
    }
    this.#beginLevel()
    if (!this.#insert(1)) this.#meeting.store(SLOT_ABANDONED, 1)
    this.#endLevel()
  }

  /** The level barrier. True if the search is over. */
  #meetAtLevel(): boolean {
    const meeting = this.#meeting
    const generation = meeting.load(SLOT_LEVEL_GENERATION)
    if (meeting.arriveAtLevel()) {
      let step = this.#stepLevel()
      while (this.#isSolo(step)) {
        this.#exploreLevel()
        step = this.#stepLevel()
      }
      meeting.openLevel()
    } else {
      meeting.waitForLevel(generation, () => this.#joinGrowth())
    }
    return meeting.load(SLOT_FINISHED) !== 0
  }

  #stepLevel(): LevelStep {
    const step = stepLevel(this.#meeting, this.#setup)
    this.#checkpoints?.settle(step)
    return step
  }

  /** True if the last arriver should expand the level alone. */
  #isSolo(step: LevelStep): boolean {
    if (step.finished || step.end - step.first > 2 * this.#setup.workers) return false
    let rows = 0
    for (let index = step.first; index < step.end; index++) {
      this.#kernel.readDescriptor(index)
      rows += this.#result(RESULT_RUN_COUNT)
    }
    return rows <= SOLO_ROWS
  }

  #beginLevel(): void {
    this.#kernel.beginDepth(this.#meeting.load(SLOT_LEVEL_DEPTH) + 1)
    const active = this.#area.context + CONTEXT_ACTIVE
    this.#view.setInt32(active, this.#meeting.load(SLOT_ACTIVE), true)
    this.#view.setInt32(active + 4, this.#meeting.load(SLOT_ACTIVE + 4), true)
  }

  /** Publishes what this worker found in the level. */
  #endLevel(): void {
    this.#kernel.flushLog()
    const depth = this.#meeting.load(SLOT_LEVEL_DEPTH)
    const { properties, strideWords } = this.#setup
    const candidates = this.#area.context + CONTEXT_CANDIDATES
    for (let index = 0; index <= properties.length; index++) {
      if (this.#words[(candidates + index * candidateBytes(strideWords)) >> 2] === 0) continue
      const slot = SLOT_FOUND + 4 * index
      if (this.#meeting.load(slot) !== 0) continue
      // Every worker that finds a candidate in this level writes the same depth.
      const property = properties[index]
      const ofState = property !== undefined && !property.isStateProperty && !property.hasAction
      this.#meeting.store(slot, 1 + (ofState ? depth : depth + 1))
    }
    noteFirstDepths(this.#view, this.#area, this.#setup.counters, depth + 1)
  }

  #exploreLevel(): void {
    const { statesMax } = this.#setup
    this.#beginLevel()
    this.#kernel.beginRuns(this.#meeting.load(SLOT_LEVEL_FIRST), this.#meeting.load(SLOT_LEVEL_END))
    const runs = statesMax === Infinity ? RUNS_PER_LOOK : 1
    while (!this.#mustStop()) {
      const status = this.#loop.explore(runs)
      if (status === STATUS_END) break
      this.#settle(status)
    }
    const isWhole = this.#loop.isAmidRun() === 0 && this.#drain(0)
    if (!isWhole) this.#meeting.store(SLOT_ABANDONED, 1)
    this.#meeting.noteTakenRuns(this.#loop.takenRuns())
    this.#endLevel()
  }

  /**
   * Inserts `count` rows of the buffer and checks the new ones. False if the search stops first.
   */
  #insert(count: number): boolean {
    this.#loop.beginRows(count)
    while (this.#loop.isAmidRun() !== 0) {
      if (this.#isStopped()) return false
      this.#settle(this.#loop.explore(0))
    }
    return true
  }

  /** Gets the loop what it needs to go on. If that is not to be had, the search is told to stop. */
  #settle(status: number): void {
    if (status === STATUS_SPILL) this.#disk.spillBlock()
    else if (status === STATUS_MEMORY) this.#meeting.requestStop(STOP_MEMORY)
    else if (status === STATUS_GROW) this.#meeting.requestGrowth()
    else if (status === STATUS_FULL) this.#drain(PARTITION_KEYS / 2)
    else if (status === STATUS_ON_DISK) this.#loop.beginRun(this.#disk.readRun())
    else assert(status === STATUS_OK, 'the level loop returns a status')
  }

  /** Counts and checks the rows that `appendKeys` has appended to the log. Returns its status. */
  #checkAppended(): number {
    const { context, fresh } = this.#area
    const count = this.#result(RESULT_FRESH_COUNT)
    const rows = this.#result(RESULT_FRESH_ADDRESS)
    this.#count(STATISTIC_STATES, count)
    if (!this.#isFolded) this.#model.check(rows, count, context)
    else {
      for (let first = 0; first < count; first += DESCRIPTOR_ROWS_MAX) {
        const length = Math.min(DESCRIPTOR_ROWS_MAX, count - first)
        this.#kernel.unfold(rows + first * LOG_ROW_BYTES, length, fresh)
        this.#model.check(fresh, length, context)
      }
    }
    const status = this.#result(RESULT_STATUS)
    this.#settle(status)
    return status
  }

  /** Inserts the keys that wait for shards, where more than `least` do. False if it stops. */
  #drain(least: number): boolean {
    const shards = this.#shards
    if (shards === null) return true
    for (let shard = 0; shard < SHARDS; shard++) {
      if (shards.waiting(shard) > least && !this.#drainShard(shards, shard)) return false
    }
    return true
  }

  #drainShard(shards: ShardedSet, shard: number): boolean {
    const count = shards.waiting(shard)
    let done = 0
    let fresh = 0
    while (done < count) {
      if (this.#isStopped()) break
      const inserted = shards.insert(shard, done, fresh)
      done += inserted.done
      fresh += inserted.fresh
      this.#count(STATISTIC_OMITTED, inserted.omitted)
      if (done < count) this.#meeting.requestGrowth()
    }
    for (let appended = 0; appended < fresh;) {
      const keys = shards.buffer(shard) + appended * 8
      appended += this.#kernel.appendKeys(shard, keys, fresh - appended)
      if (this.#checkAppended() === STATUS_MEMORY) return false
    }
    shards.clear(shard)
    return done === count
  }

  /** Looks at limits and requests. True if the search stops. */
  #mustStop(): boolean {
    const { statesMax, deadline, workers, plan } = this.#setup
    this.#poll?.()
    if (deadline !== Infinity && Date.now() >= deadline) this.#meeting.requestStop(STOP_TIME)
    if (statesMax !== Infinity) {
      let states = 0
      for (let worker = 0; worker < workers; worker++) {
        const { statistics } = defined(plan.areas[worker])
        states += this.#view.getFloat64(statistics + STATISTIC_STATES, true)
      }
      if (states > statesMax) this.#meeting.requestStop(STOP_STATES)
    }
    return this.#isStopped()
  }

  /**
   * Joins a growth if someone asks for one. True if the search stops. Who asks for a growth joins
   * it, even if the search is to stop: the others wait for all.
   */
  #isStopped(): boolean {
    if (this.#meeting.growthWanted) this.#joinGrowth()
    return this.#meeting.stopReason !== 0
  }

  /** Meets all workers and takes part in making the visited set larger. */
  #joinGrowth(): void {
    for (;;) {
      const outcome = this.#meeting.meetForGrowth(() => {
        const kernelOver = (memory: WebAssembly.Memory): Kernel =>
          defined(this.#shards ?? undefined).kernelOver(memory)
        const step = stepGrowth(this.#view, this.#kernel, this.#setup, kernelOver)
        if (step === GROWTH_REFUSED) this.#meeting.requestStop(STOP_MEMORY)
        else if (step === GROWTH_DONE) this.#planLogMemory()
        return step
      })
      if (outcome === GROWTH_REFUSED) return
      if (outcome === GROWTH_REHASH) while (this.#kernel.rehash() !== 0);
      else if (outcome === GROWTH_MOVE) this.#shards?.move()
      else break
    }
    this.#kernel.refreshTable()
    this.#shards?.refresh()
  }

  #planLogMemory(): void {
    const { strideWords, stateBits, shards, workers, logBytesMemory } = this.#setup
    const format = { strideWords, stateBits }
    planLogMemory({ view: this.#view, format, shards, workers, bytesMemory: logBytesMemory })
  }

  /** A number of this worker's statistics. */
  #statistic(offset: number): number {
    return this.#view.getFloat64(this.#area.statistics + offset, true)
  }

  #count(offset: number, more: number): void {
    const address = this.#area.statistics + offset
    this.#view.setFloat64(address, this.#view.getFloat64(address, true) + more, true)
  }

  /** A number of this worker's result line. */
  #result(offset: number): number {
    return this.#words[(this.#area.result + offset) >> 2]! >>> 0
  }
}
