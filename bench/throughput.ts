/**
 * What two threads compute beside what one does: both run a loop that keeps the arithmetic units of
 * a core busy and touches no memory. On two whole cores that is twice as much, on two threads of
 * one core 1.1 to 1.5 times as much; then a search gains from a second worker hardly more than what
 * it waits for memory. A virtual machine does not say which it has, and may have now the one, now
 * the other.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FunctionBuilder } from '../src/compile/wasm/function-builder.js'
import { ModuleBuilder } from '../src/compile/wasm/module-builder.js'
import { median } from './summary.js'

/** Passes of one call: some ten milliseconds. */
const passes = 5_000_000
/** Calls before the time is taken: first quick code, then optimised code. */
const warmUpCalls = 8
/** Calls of one thread, then of two at once; the middle one of their ratios counts. */
const trials = 7
/** Chains of operations that do not depend on each other, of one cycle each. */
const chains = 6

/** The module: `compute(passes) -> number`. */
export function computeModule(): Uint8Array {
  const f = new FunctionBuilder(['i32'])
  const count = f.parameter(0)
  const values = Array.from({ length: chains }, () => f.local('i64'))
  const next = f.open('loop')
  for (const [i, value] of values.entries()) {
    f.get(value)
      .i64(BigInt(2 * i + 3))
      .op('i64.add')
      .i64(BigInt(i + 5))
      .op('i64.xor')
      .set(value)
  }
  f.get(count).i32(1).op('i32.sub').tee(count).brIf(next)
  f.end()
  for (const [i, value] of values.entries()) {
    f.get(value)
    if (i > 0) f.op('i64.xor')
  }
  const module = new ModuleBuilder()
  module.define(f, ['i64'], 'compute')
  return module.finish()
}

/** The other thread: computes whenever cell 0 is raised, and raises cell 1 when it has. */
const other = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { cell, module, memory } = workerData
  const { compute } = new WebAssembly.Instance(module, { env: { memory } }).exports
  for (let i = 0; i < ${warmUpCalls}; i++) compute(${passes})
  parentPort.postMessage('ready')
  for (let call = 0; call < ${trials}; call++) {
    Atomics.wait(cell, 0, call)
    compute(${passes})
    Atomics.add(cell, 1, 1)
    Atomics.notify(cell, 1)
  }`

/** What the module exports. */
interface Compute {
  compute(passes: number): bigint
}

/** How many times the work of one thread two do in the same time; null on a single core. */
export async function computeScaling(): Promise<number | null> {
  if (availableParallelism() < 2) return null
  const cell = new Int32Array(new SharedArrayBuffer(64))
  const module = new WebAssembly.Module(Uint8Array.from(computeModule()))
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const { compute } = exports as unknown as Compute
  const thread = new Worker(other, { eval: true, workerData: { cell, module, memory } })
  const ended = once(thread, 'exit')
  await once(thread, 'message')
  for (let i = 0; i < warmUpCalls; i++) compute(passes)
  const ratios: number[] = []
  for (let trial = 0; trial < trials; trial++) {
    const start = performance.now()
    compute(passes)
    const middle = performance.now()
    Atomics.add(cell, 0, 1)
    Atomics.notify(cell, 0)
    compute(passes)
    Atomics.wait(cell, 1, trial)
    ratios.push((2 * (middle - start)) / (performance.now() - middle))
  }
  await ended
  return median(ratios)
}
