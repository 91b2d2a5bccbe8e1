/**
 * The generated successor code against C++ written by hand, per transition: all states of sept-zap
 * are expanded once more, batch by batch into one buffer, without a visited set. Both run in the
 * same rounds, and of each round's passes the fastest counts, as it was disturbed least.
 *
 * The generated code does more than the C++: it records which actions fired, counts deadlocks, and
 * keeps room for the rows of a batch in sight.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loadModel } from '../models/index.js'
import { compile } from '../src/compile/compile.js'
import { CONTEXT_FIRED, CONTEXT_OUTPUT_END, contextBytes } from '../src/compile/compiled-model.js'
import type { CompiledModel } from '../src/compile/compiled-model.js'
import { explore } from '../src/explore/explore.js'
import { instantiateModel } from '../src/explore/model-code.js'
import type { ModelCode } from '../src/explore/model-code.js'
import type { BuiltFiles } from '../src/explore/worker-url.js'
import { compileCpp } from './contender.js'
import type { Folders } from './contender.js'
import { mustRun } from './process.js'
import { median, spread } from './summary.js'
import type { System } from './systems.js'
import { spreadText } from './tables.js'
import type { Table } from './tables.js'

/** Time to generate all successors of all states once. */
export interface Pass {
  readonly transitions: number
  readonly seconds: number
}

/** What was measured; one pass a round. */
export interface SuccessorResult {
  readonly title: string
  readonly states: number
  readonly generated: readonly Pass[]
  /** None where there is no C++ compiler. */
  readonly cpp: readonly Pass[]
}

/** Rows that are expanded at once. */
const batchRows = 256

/** Passes of a round. */
const passes = 10

/** Passes until the engine has replaced its first, quick code by optimised code. */
const warmUpPasses = 3

const pageBytes = 65536

/** The generated code with all states in its memory, ready to run. */
class Expander {
  private readonly code: ModelCode
  private readonly view: DataView
  private readonly context = 0
  private readonly output: number
  private readonly outputBytes: number
  private readonly states: number

  private constructor(
    private readonly model: CompiledModel,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    readonly stateCount: number,
  ) {
    const fired = Math.ceil(contextBytes(model) / 8) * 8
    this.output = Math.ceil((fired + model.actionCount) / 64) * 64
    this.outputBytes = batchRows * model.maxFanout * model.strideWords * 8
    this.states = this.output + this.outputBytes
    this.code = instantiateModel(module, memory)
    this.view = new DataView(memory.buffer)
    this.view.setUint32(this.context + CONTEXT_FIRED, fired, true)
  }

  /** Explores the model and keeps all its states. */
  static async of(model: CompiledModel, files: BuiltFiles): Promise<Expander> {
    const { levels, states } = await explore(model, { workers: 1 }, files)
    const spareBytes = contextBytes(model) + model.actionCount + 128
    const rowBytes = model.strideWords * 8
    const bytes = spareBytes + (batchRows * model.maxFanout + states) * rowBytes
    const pages = Math.ceil(bytes / pageBytes)
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const module = await WebAssembly.compile(Uint8Array.from(model.wasm))
    const expander = new Expander(model, module, memory, states)
    const rows = new BigUint64Array(memory.buffer, expander.states, states * model.strideWords)
    let position = 0
    for (let depth = 0; depth < levels.levelCount; depth++)
      for (const row of levels.rows(depth)) {
        rows.set(row, position)
        position += row.length
      }
    return expander
  }

  /** Generates all successors once. */
  pass(): Pass {
    const { code, view, context, output, outputBytes, stateCount } = this
    const rowBytes = this.model.strideWords * 8
    let bytes = 0
    const start = performance.now()
    for (let first = 0; first < stateCount;) {
      const count = Math.min(batchRows, stateCount - first)
      const input = this.states + first * rowBytes
      first += code.expand(input, count, output, output + outputBytes, context)
      bytes += view.getUint32(context + CONTEXT_OUTPUT_END, true) - output
    }
    return { transitions: bytes / rowBytes, seconds: (performance.now() - start) / 1000 }
  }
}

/** The fastest of several passes. */
function fastest(runs: readonly Pass[]): Pass {
  return runs.reduce((best, run) => (run.seconds < best.seconds ? run : best))
}

/** The last line of what the C++ program printed. */
function lastObject(stdout: string): Pass {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Pass
}

/** Times both on one size of sept-zap. @throws Error if they do not agree on the transitions */
export async function successors(
  folders: Folders,
  system: System,
  rounds: number,
): Promise<SuccessorResult> {
  const scratch = join(folders.scratch, 'successors')
  await mkdir(scratch)
  const program = await compileCpp({ ...folders, scratch }, system)
  if (program === undefined) console.log('skipped: C++ (needs the program g++)')
  const definition = await loadModel(system.model)
  if (definition === undefined) throw new Error(`${system.model} is no built-in model`)
  const dist = join(folders.root, 'dist')
  const files = {
    worker: join(dist, 'workers/explorer.cjs'),
    kernel: join(dist, 'kernel.wasm'),
    level: join(dist, 'level.wasm'),
  }
  const model = compile(definition.instantiate(system.parameters))
  const expander = await Expander.of(model, files)
  for (let i = 0; i < warmUpPasses; i++) expander.pass()
  const generated: Pass[] = []
  const cpp: Pass[] = []
  for (let round = 0; round < rounds; round++) {
    generated.push(fastest(Array.from({ length: passes }, () => expander.pass())))
    if (program === undefined) continue
    const { stdout } = await mustRun(program, ['successors', String(passes)], scratch)
    cpp.push(lastObject(stdout))
  }
  const counts = new Set([...generated, ...cpp].map(({ transitions }) => transitions))
  if (counts.size > 1) throw new Error(`transitions differ: ${[...counts].join(', ')}`)
  return { title: system.title, states: expander.stateCount, generated, cpp }
}

/** How much longer the generated code takes than C++, per round. */
export function timesSlower({ generated, cpp }: SuccessorResult): readonly number[] {
  return cpp.map((run, i) => (generated[i]?.seconds ?? NaN) / run.seconds)
}

/** The table of both. */
export function successorTable(result: SuccessorResult): Table {
  const row = (name: string, runs: readonly Pass[]): string[] => {
    const nanoseconds = runs.map(run => (run.seconds / run.transitions) * 1e9)
    return [name, median(nanoseconds).toFixed(2), spreadText(spread(nanoseconds))]
  }
  const rows = [row('generated code', result.generated)]
  if (result.cpp.length > 0) {
    const slower = timesSlower(result)
    rows.push(row('C++', result.cpp))
    rows.push(['generated : C++, per round', median(slower).toFixed(2), spreadText(spread(slower))])
  }
  return [[`successors of ${result.title}`, 'ns a transition', 'median (min to max)'], ...rows]
}
