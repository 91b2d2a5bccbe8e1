/**
 * Finds predecessors in the level log: the steps of a counterexample, backwards. No parent
 * pointers are kept while exploring; instead the level before is expanded once more and the
 * successors are searched for the target. Rebuilding a whole trace costs about as much as
 * exploring up to its end.
 *
 * Main thread, after the workers have ended. The choice (least packed state) depends on the state
 * space alone, so every number of workers gives the same trace.
 */
import { InternalError } from '../base/assert.js'
import {
  CONTEXT_ACTIVE,
  CONTEXT_FIRED,
  CONTEXT_OUTPUT_END,
  type CompiledModel,
} from '../compile/compiled-model.js'
import { compareRows, type LevelLog } from '../store/level-log.js'
import { instantiateModel, type ModelCode } from './model-code.js'

/** A model's code over the memory of one run. */
class PredecessorSearch {
  readonly #levels: LevelLog
  readonly #code: ModelCode
  readonly #view: DataView
  readonly #rowBytes: number

  constructor(levels: LevelLog, code: ModelCode) {
    this.#levels = levels
    this.#code = code
    this.#view = new DataView(levels.memory.buffer)
    this.#rowBytes = levels.strideWords * 8
    const { context, fired } = levels.workspace.area
    this.#view.setUint32(context + CONTEXT_FIRED, fired, true)
    this.#view.setBigUint64(context + CONTEXT_ACTIVE, 0n, true)
  }

  /** The least row of the level at `depth` that has `target` among its successors. */
  find(target: BigUint64Array, depth: number): BigUint64Array | null {
    const targetAddress = this.#levels.workspace.area.scratch
    for (const [word, value] of target.entries()) {
      this.#view.setBigUint64(targetAddress + 8 * word, value, true)
    }
    let least: BigUint64Array | null = null
    for (const run of this.#levels.runs(depth)) {
      const states = this.#levels.statesOf(run)
      if (!this.#reaches(states, run.rowCount, targetAddress)) continue
      for (let row = 0; row < run.rowCount; row++) {
        const address = states + row * this.#rowBytes
        const state = this.#levels.state(address)
        if (least !== null && compareRows(state, least) >= 0) continue
        if (this.#reaches(address, 1, targetAddress)) least = state
      }
    }
    return least
  }

  /** True if some of `count` states at `states` has that at `target` among its successors. */
  #reaches(states: number, count: number, target: number): boolean {
    const { kernel, area } = this.#levels.workspace
    const { buffer, bufferEnd, context } = area
    let done = 0
    while (done < count) {
      const input = states + done * this.#rowBytes
      done += this.#code.expand(input, count - done, buffer, bufferEnd, context)
      const outputEnd = this.#view.getUint32(context + CONTEXT_OUTPUT_END, true)
      const produced = (outputEnd - buffer) / this.#rowBytes
      this.#code.canonicalize?.(buffer, produced)
      if (kernel.findRow(buffer, produced, target) >= 0) return true
    }
    return false
  }
}

const searches = new WeakMap<LevelLog, Promise<PredecessorSearch>>()

async function createSearch(model: CompiledModel, levels: LevelLog): Promise<PredecessorSearch> {
  const module = await WebAssembly.compile(Uint8Array.from(model.wasm))
  return new PredecessorSearch(levels, instantiateModel(module, levels.memory))
}

/**
 * The least packed state at depth `depth` - 1 that has `target`, a state at `depth`, as a
 * successor. Expands the level before once; the model's code is compiled on the first call for a
 * log.
 * @param model  the model that was explored.
 * @param levels  the log of that run.
 * @throws InternalError if there is none, which means that `target` is not at that depth.
 */
export async function findPredecessor(
  model: CompiledModel,
  levels: LevelLog,
  target: BigUint64Array,
  depth: number,
): Promise<BigUint64Array> {
  const search = searches.get(levels) ?? createSearch(model, levels)
  searches.set(levels, search)
  const predecessor = (await search).find(target, depth - 1)
  if (predecessor === null) throw new InternalError(`no predecessor at depth ${depth - 1}`)
  return predecessor
}
