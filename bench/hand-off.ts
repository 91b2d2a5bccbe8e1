/**
 * How long a number takes from one core to another: two threads hand it back and forth. A machine
 * may run two threads on cores that share a cache or on ones that do not, a virtual one now so, now
 * so; then searches with several workers take different times, and this tells which it was.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'

/** Handed back and forth before the time is taken, until the code is optimised. */
const warmUpTrips = 20_000
const trips = 100_000

/** The other thread: answers each odd number with the next even one. */
const answer = `
  const { parentPort, workerData } = require('node:worker_threads')
  parentPort.postMessage('ready')
  for (let i = 1; i < ${2 * (warmUpTrips + trips)}; i += 2) {
    while (Atomics.load(workerData, 0) !== i);
    Atomics.store(workerData, 0, i + 1)
  }`

function ask(cell: Int32Array, from: number, to: number): void {
  for (let trip = from; trip < to; trip++) {
    Atomics.store(cell, 0, 2 * trip + 1)
    while (Atomics.load(cell, 0) !== 2 * trip + 2);
  }
}

/** Nanoseconds for one way; null on a single core, where threads have to wait for each other. */
export async function handOffNanoseconds(): Promise<number | null> {
  if (availableParallelism() < 2) return null
  const cell = new Int32Array(new SharedArrayBuffer(64))
  const other = new Worker(answer, { eval: true, workerData: cell })
  const ended = once(other, 'exit')
  await once(other, 'message')
  ask(cell, 0, warmUpTrips)
  const start = performance.now()
  ask(cell, warmUpTrips, warmUpTrips + trips)
  const nanoseconds = ((performance.now() - start) * 1e6) / trips / 2
  await ended
  return nanoseconds
}
