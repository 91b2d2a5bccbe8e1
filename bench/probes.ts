/**
 * The machine's random-access rate, as a measure for the visited set: independent loads of 8 bytes
 * from random places of a table, in a shared WebAssembly memory as the visited set lies in one. The
 * loads do not depend on each other, so that the processor has many misses under way at once: no
 * table that is asked once for each state can be faster than that.
 *
 * A search asks its table at least once for each distinct state; most duplicates are dropped before
 * they reach it. So states per second, divided by probes per second over a table of equal size, is
 * how close the explorer comes to the limit that memory sets.
 */
import { FunctionBuilder } from '../src/compile/wasm/function-builder.js'
import { ModuleBuilder } from '../src/compile/wasm/module-builder.js'
import { zapcheck } from './contender.js'
import type { Folders } from './contender.js'
import { median, spread } from './summary.js'
import type { System } from './systems.js'
import type { Table } from './tables.js'

const pageBytes = 65536

/** Loads of one call; some hundredths of a second. */
const callProbes = 2 ** 20

/** Calls of a round; the middle one counts. */
const roundCalls = 9

/** Calls before the time is taken: first quick code, then optimised code. */
const warmUpCalls = 8

/** Below this many states, a search is mostly its start. */
const comparableStates = 500_000

/** Probes in one pass of the generated loop; their addresses do not depend on what is loaded. */
const unrolled = 8

/** A table of random-access probes and the best rate that was seen. */
export interface ProbeResult {
  readonly title: string
  /** Size of the table, as the visited set of the run had it. */
  readonly tableBytes: number
  /** Per round. */
  readonly probesPerSecond: readonly number[]
  /** Distinct states per second of zapcheck with one worker, in the same rounds. */
  readonly statesPerSecond: readonly number[]
}

/**
 * The module: `probe(bytes, count, seed) -> sum` loads `count` words of a table of `bytes` bytes at
 * address 0, at places that a linear congruential generator chooses, and adds them up.
 */
export function probeModule(): Uint8Array {
  const f = new FunctionBuilder(['i32', 'i32', 'i64'])
  const [bytes, count, random] = [f.parameter(0), f.parameter(1), f.parameter(2)]
  const sum = f.local('i64')
  const words = f.local('i64')
  f.get(bytes).op('i64.extend_i32_u').i64(3n).op('i64.shr_u').set(words)
  const done = f.open('block')
  const next = f.open('loop')
  f.get(count).i32(0).op('i32.le_s').brIf(done)
  for (let i = 0; i < unrolled; i++) {
    f.get(random).i64(6364136223846793005n).op('i64.mul').i64(1442695040888963407n).op('i64.add')
    f.set(random)
    // The upper half of the state times the number of words, upper half again: 0..words - 1.
    f.get(random).i64(32n).op('i64.shr_u').get(words).op('i64.mul').i64(32n).op('i64.shr_u')
    f.op('i32.wrap_i64').i32(3).op('i32.shl').memory('i64.load')
    f.get(sum).op('i64.add').set(sum)
  }
  f.get(count).i32(unrolled).op('i32.sub').set(count)
  f.br(next)
  f.end()
  f.end()
  f.get(sum)
  const module = new ModuleBuilder()
  module.define(f, ['i64'], 'probe')
  return module.finish()
}

/** What the module exports. */
interface Probe {
  probe(bytes: number, count: number, seed: bigint): bigint
}

/** A table in memory that can be probed again and again. */
async function probedTable(tableBytes: number): Promise<() => number> {
  const pages = Math.ceil(tableBytes / pageBytes)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  // Every page exists before the time is taken; a page that nobody wrote would be one of zeros.
  new Uint8Array(memory.buffer).fill(1)
  const module = await WebAssembly.compile(Uint8Array.from(probeModule()))
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const code = exports as unknown as Probe
  let seed = 1n
  const call = (): number => {
    const start = performance.now()
    code.probe(tableBytes, callProbes, seed++)
    return (performance.now() - start) / 1000
  }
  for (let i = 0; i < warmUpCalls; i++) call()
  return () => callProbes / median(Array.from({ length: roundCalls }, call))
}

/** For each large system: searches it, then probes a table as large as its visited set. */
export async function probes(
  folders: Folders,
  systems: readonly System[],
  rounds: number,
): Promise<ProbeResult[]> {
  const results: ProbeResult[] = []
  for (const system of systems) {
    const contender = zapcheck(folders, system, 1)
    const first = await contender.run()
    if (first.bytesPerState === undefined || first.states < comparableStates) continue
    const tableBytes = Math.ceil((first.states * first.bytesPerState) / 64) * 64
    const probe = await probedTable(tableBytes)
    const probesPerSecond: number[] = []
    const statesPerSecond: number[] = []
    for (let round = 0; round < rounds; round++) {
      const { states, searchSeconds } = await contender.run()
      statesPerSecond.push(states / searchSeconds)
      probesPerSecond.push(probe())
    }
    results.push({ title: system.title, tableBytes, probesPerSecond, statesPerSecond })
  }
  return results
}

/** How close the explorer comes to the limit of memory. */
export function probeTable(results: readonly ProbeResult[]): Table {
  const head = [
    'visited set',
    'MiB',
    'M probes/s',
    'M states/s, 1 worker',
    '% (median / min / max)',
  ]
  const rows = results.map(({ title, tableBytes, probesPerSecond, statesPerSecond }) => {
    const shares = probesPerSecond.map((limit, i) => (100 * (statesPerSecond[i] ?? NaN)) / limit)
    const share = spread(shares)
    return [
      title,
      (tableBytes / 2 ** 20).toFixed(1),
      (median(probesPerSecond) / 1e6).toFixed(1),
      (median(statesPerSecond) / 1e6).toFixed(2),
      [share.median, share.min, share.max].map(value => value.toFixed(0)).join(' / '),
    ]
  })
  return [head, ...rows]
}
