/**
 * What the workers of a sampling search get, and where their areas lie in its shared memory:
 *
 *   0     slots (src/store/sampling-slots.ts)
 *   256   one area per worker:
 *           statistics | registers | context | fired bytes | initial row | own row |
 *           successor buffer | stack of a run | set of bits of a run
 */
import {
  candidateBytes,
  contextBytes,
  CONTEXT_CANDIDATES,
  type CompiledModel,
} from '../compile/compiled-model.js'
import { REGISTERS, SAMPLING_AREAS, STATISTICS_BYTES } from '../store/sampling-slots.js'

/** How to sample: `random` walks, or a `swarm` of lossy depth-first runs. */
export type SamplingKind = 'random' | 'swarm'

/** Walks of a task; a run of a swarm is a task of its own. */
export const WALKS_PER_TASK = 64

/** Areas of one worker; byte addresses, multiples of 64. */
export interface SamplingArea {
  readonly statistics: number
  readonly registers: number
  readonly context: number
  readonly fired: number
  readonly initial: number
  readonly row: number
  readonly buffer: number
  readonly bufferEnd: number
  /** Rows and marks of a run; 0 if there are only walks. */
  readonly stack: number
  /** Bits of a run; 0 if there are only walks. */
  readonly bits: number
}

/** Sizes of the sets and stacks of a swarm. */
export interface SwarmSizes {
  /** Bytes of the set of bits of one run, a power of two. */
  readonly setBytes: number
  /** States that the stack of one run has room for. */
  readonly stackRows: number
}

/** Everything that a worker gets when it starts. Structured-cloneable; the memory is shared. */
export interface SamplingSetup {
  readonly index: number
  readonly kind: SamplingKind
  readonly memory: WebAssembly.Memory
  readonly sampler: WebAssembly.Module
  readonly model: WebAssembly.Module
  readonly area: SamplingArea
  readonly strideWords: number
  readonly initial: BigUint64Array
  /** Per property: true if a candidate is a violation. */
  readonly violations: readonly boolean[]
  readonly keepGoing: boolean
  readonly seed: number
  readonly depthMax: number
  /** Number of walks, Infinity if only time ends the search. */
  readonly walks: number
  readonly swarm: SwarmSizes
  /** Milliseconds since 1970; Infinity if there is none. */
  readonly deadline: number
}

/** What a worker hands over at the end: the first candidate that it met for a property. */
export interface Finding {
  /** Position of the property; after the last one, model errors. */
  readonly index: number
  /** Of the walk or run. */
  readonly number: number
  /** The candidate's packed state; before the action, where there is one. */
  readonly state: BigUint64Array
  /** The action instance taken from the state; null where the state alone decides. */
  readonly action: number | null
  /** Of a run: the states on its stack that lead to the one that was expanded; null for a walk. */
  readonly path: readonly BigUint64Array[] | null
}

/** The areas of all workers, and the first byte after them. */
export interface SamplingPlan {
  readonly areas: readonly SamplingArea[]
  readonly end: number
}

/** Most memory that a sampling search may take: that of one WebAssembly memory, with some spare. */
const MEMORY_BYTES_MAX = 2 ** 32 - 2 ** 26
const SET_BYTES_MIN = 2 ** 14
const SET_BYTES_DEFAULT = 2 ** 21
const STACK_ROWS_MIN = 2 ** 12
/** A stack takes as many bytes as a set, and so many at least. */
const STACK_BYTES_MIN = 2 ** 24

function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}

/** What the sizes of a swarm depend on. */
export interface SwarmNeeds {
  readonly strideWords: number
  readonly workers: number
  /** What the caller allows for all sets and stacks together; undefined for the usual. */
  readonly memoryBytes: number | undefined
  /** What the areas of all workers take besides. */
  readonly fixedBytes: number
}

/**
 * Sizes for the runs of a swarm. Without `memoryBytes` they do not depend on the number of workers
 * (up to some hundred), so a run is the same with any; with it, the memory is divided among them.
 */
export function swarmSizes(needs: SwarmNeeds): SwarmSizes {
  const { strideWords, workers, memoryBytes, fixedBytes } = needs
  const rowBytes = 8 * strideWords + 4
  const each = Math.min(memoryBytes ?? Infinity, MEMORY_BYTES_MAX - fixedBytes) / workers
  const asked = memoryBytes === undefined ? SET_BYTES_DEFAULT : each / 2
  const setBytes = Math.max(SET_BYTES_MIN, 2 ** Math.floor(Math.log2(Math.min(asked, each / 2))))
  const stackBytes = Math.min(each - setBytes, Math.max(STACK_BYTES_MIN, setBytes))
  return { setBytes, stackRows: Math.max(STACK_ROWS_MIN, Math.floor(stackBytes / rowBytes) - 64) }
}

/** Lays out the areas. Deterministic: equal sizes give equal plans. */
export function planSampling(
  model: CompiledModel,
  workers: number,
  swarm: SwarmSizes | null,
): SamplingPlan {
  const rowBytes = 8 * model.strideWords
  const areas: SamplingArea[] = []
  let next = SAMPLING_AREAS
  const take = (bytes: number): number => {
    const start = next
    next += aligned(bytes)
    return start
  }
  for (let worker = 0; worker < workers; worker++) {
    const statistics = take(STATISTICS_BYTES)
    const registers = take(REGISTERS)
    const context = take(contextBytes(model))
    const fired = take(model.actionCount)
    const initial = take(rowBytes)
    const row = take(rowBytes)
    const buffer = take(rowBytes * (model.maxFanout + 1))
    const bufferEnd = next
    const stack = swarm === null ? 0 : take(swarm.stackRows * (rowBytes + 4))
    const bits = swarm === null ? 0 : take(swarm.setBytes)
    const ofModel = { context, fired, initial, row, buffer, bufferEnd }
    areas.push({ statistics, registers, ...ofModel, stack, bits })
  }
  return { areas, end: next }
}

/** Address of the candidate record of property `index`; after the last one, of model errors. */
export function recordAddress(area: SamplingArea, strideWords: number, index: number): number {
  return area.context + CONTEXT_CANDIDATES + index * candidateBytes(strideWords)
}

/**
 * Depth bound of a run. Three of four runs are bounded more than asked: they find shorter traces,
 * and go into other parts of the space.
 */
export function runDepthMax(depthMax: number, run: number): number {
  return Math.min(depthMax, Math.max(16, Math.floor(depthMax / 4 ** (3 - (run % 4)))))
}
