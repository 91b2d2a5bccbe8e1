/**
 * The sampler as TypeScript sees it: typed exports of `dist/sampler.wasm`, whose sources are in
 * `workers/kernel` (sampler.ts). It calls the compiled model, so it is instantiated with it. All
 * addresses are byte addresses in the shared memory, as 32-bit numbers.
 */
import { CONTEXT_ACTIVE, CONTEXT_FIRED, candidateBytes } from '../compile/compiled-model.js'
import { SAMPLED_NUMBER } from '../store/sampling-slots.js'
import { instantiateModel, type ModelCode } from './model-code.js'
import { recordAddress, runDepthMax, WALKS_PER_TASK } from './sampling-plan.js'
import type { SamplingSetup } from './sampling-plan.js'

/** Exports of one sampler instance. An instance belongs to one thread. */
interface SamplerCode {
  attach(
    rowBytes: number,
    initial: number,
    row: number,
    buffer: number,
    bufferEnd: number,
    context: number,
    records: number,
    recordBytes: number,
    recordCount: number,
    registers: number,
    statistics: number,
  ): void
  beginWalks(seed: bigint, first: number, end: number, depthMax: number): void
  /** Takes up to `budget` steps; returns a SAMPLING_ status. */
  walk(budget: number): number
  beginRun(
    seed: bigint,
    run: number,
    depthMax: number,
    statesMax: number,
    set: number,
    setBytes: number,
    stack: number,
    stackRows: number,
  ): void
  /** Expands up to `budget` states; returns a SAMPLING_ status. */
  dive(budget: number): number
  stackDepth(): number
  stackRow(index: number): number
}

/** A run ends when it has found a state for so many bits of its set. */
const BITS_PER_STATE = 8

/** A sampler over the area of one worker. Belongs to one thread. */
export class Sampler {
  readonly #setup: SamplingSetup
  readonly #code: SamplerCode
  readonly #view: DataView
  readonly model: ModelCode

  constructor(setup: SamplingSetup) {
    const { memory, area, strideWords, violations } = setup
    this.#setup = setup
    this.#view = new DataView(memory.buffer)
    this.model = instantiateModel(setup.model, memory)
    const { expand, check } = this.model
    const imports = { env: { memory }, model: { expand, check } }
    const instance = new WebAssembly.Instance(setup.sampler, imports)
    this.#code = instance.exports as unknown as SamplerCode
    this.#view.setUint32(area.context + CONTEXT_FIRED, area.fired, true)
    for (const [word, value] of setup.initial.entries())
      this.#view.setBigUint64(area.initial + 8 * word, value, true)
    this.#code.attach(
      8 * strideWords,
      area.initial,
      area.row,
      area.buffer,
      area.bufferEnd,
      area.context,
      recordAddress(area, strideWords, 0),
      candidateBytes(strideWords),
      violations.length + 1,
      area.registers,
      area.statistics,
    )
  }

  /** Properties with their bit set are evaluated from now on. */
  setActive(mask: bigint): void {
    this.#view.setBigUint64(this.#setup.area.context + CONTEXT_ACTIVE, mask, true)
  }

  /** Begins task `task`: some walks, or one run. */
  begin(task: number): void {
    const { kind, walks } = this.#setup
    const first = task * WALKS_PER_TASK
    if (kind === 'swarm') this.#beginRun(task)
    else this.#beginWalks(first, Math.min(first + WALKS_PER_TASK, walks))
  }

  /** Begins walk `number` alone. */
  beginWalk(number: number): void {
    this.#beginWalks(number, number + 1)
  }

  #beginWalks(first: number, end: number): void {
    const { seed, depthMax } = this.#setup
    this.#code.beginWalks(BigInt(seed), first, end, depthMax)
  }

  #beginRun(run: number): void {
    const { seed, depthMax, area, swarm } = this.#setup
    const { setBytes, stackRows } = swarm
    const depth = runDepthMax(depthMax, run)
    const states = (8 * setBytes) / BITS_PER_STATE
    const set = [area.bits, setBytes, area.stack, stackRows] as const
    this.#code.beginRun(BigInt(seed), run, depth, states, ...set)
  }

  /** Goes on with what was begun, for about `budget` states; returns a SAMPLING_ status. */
  step(budget: number): number {
    return this.#setup.kind === 'swarm' ? this.#code.dive(budget) : this.#code.walk(budget)
  }

  /** Number of the walk or run at hand. */
  get number(): number {
    return this.statistic(SAMPLED_NUMBER)
  }

  /** A number of the statistics, as of the end of the last step. */
  statistic(offset: number): number {
    return this.#view.getFloat64(this.#setup.area.statistics + offset, true)
  }

  /** The state of the walk at hand. */
  walkState(): BigUint64Array {
    return this.row(this.#setup.area.row)
  }

  /** The expanded states on the stack of the run at hand: the path to the last one of them. */
  path(): BigUint64Array[] {
    const rows: BigUint64Array[] = []
    for (let index = 0; index < this.#code.stackDepth(); index++) {
      const address = this.#code.stackRow(index) >>> 0
      if (address !== 0) rows.push(this.row(address))
    }
    return rows
  }

  /** A copy of the row at `address`. */
  row(address: number): BigUint64Array {
    const { strideWords } = this.#setup
    return BigUint64Array.from({ length: strideWords }, (_, word) =>
      this.#view.getBigUint64(address + 8 * word, true),
    )
  }

  /** The candidate that is recorded for property `index`, null if there is none. */
  candidate(index: number): { state: BigUint64Array; action: number | null } | null {
    const record = recordAddress(this.#setup.area, this.#setup.strideWords, index)
    if (this.#view.getInt32(record, true) === 0) return null
    const action = this.#view.getInt32(record + 4, true)
    return { state: this.row(record + 8), action: action < 0 ? null : action }
  }

  /** Forgets the candidates. */
  clearCandidates(): void {
    const { area, strideWords, violations } = this.#setup
    for (let index = 0; index <= violations.length; index++)
      this.#view.setInt32(recordAddress(area, strideWords, index), 0, true)
  }

  /** The successors of a state. */
  successors(state: BigUint64Array): BigUint64Array[] {
    const { area, strideWords } = this.#setup
    for (const [word, value] of state.entries())
      this.#view.setBigUint64(area.row + 8 * word, value, true)
    this.model.expand(area.row, 1, area.buffer, area.bufferEnd, area.context)
    const end = this.#view.getUint32(area.context, true)
    const rows: BigUint64Array[] = []
    for (let at = area.buffer; at < end; at += 8 * strideWords) rows.push(this.row(at))
    return rows
  }
}
