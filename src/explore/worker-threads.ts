/**
 * The worker threads of one search: starts them, waits for them, and turns the death of one into
 * an error that names worker and cause. Main thread. comlink is the control plane; it carries one
 * `run` call per worker and its end.
 */
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { releaseProxy, wrap, type Remote } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { InternalError } from '../base/assert.js'
import type { ExplorerApi, WorkerSetup } from './protocol.js'

/** What went wrong first, and in which worker. */
interface Failure {
  readonly worker: number
  readonly cause: unknown
}

function failureError({ worker, cause }: Failure): InternalError {
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return new InternalError(`explorer worker ${worker} failed: ${message}`, { cause })
}

/** Rejects when the thread ends or fails; never resolves. */
function threadDeath(thread: Worker): Promise<never> {
  return new Promise((_, reject) => {
    thread.once('error', reject)
    thread.once('messageerror', reject)
    thread.once('exit', code => {
      reject(new Error(`the thread exited with code ${code} before the search was over`))
    })
  })
}

/**
 * Runs one thread of `script` per setup until all have finished their search.
 * @param onFailure  called once when a worker failed; must make the other workers give up.
 * @throws InternalError naming the first worker that failed, and why.
 */
export async function runThreads(
  script: string,
  setups: readonly WorkerSetup[],
  onFailure: () => void,
): Promise<void> {
  const failures: Failure[] = []
  const threads = setups.map(
    ({ index }) => new Worker(script, { name: `explorer ${index}`, env: SHARE_ENV }),
  )
  const remotes = threads.map(thread => wrap<ExplorerApi>(nodeEndpoint(thread)))
  const run = async (remote: Remote<ExplorerApi>, index: number): Promise<void> => {
    try {
      await Promise.race([remote.run(setups[index]!), threadDeath(threads[index]!)])
    } catch (cause) {
      failures.push({ worker: index, cause })
      if (failures.length === 1) onFailure()
    }
  }
  try {
    await Promise.all(remotes.map(run))
  } finally {
    for (const remote of remotes) remote[releaseProxy]()
    await Promise.all(threads.map(thread => thread.terminate()))
  }
  const first = failures[0]
  if (first !== undefined) throw failureError(first)
}
