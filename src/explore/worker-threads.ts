/**
 * The worker threads of one search: starts them, waits for them, and turns the death of one into
 * an error that names worker and cause. Main thread. comlink is the control plane; it carries one
 * `run` call per worker and its end.
 */
import { availableParallelism } from 'node:os'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { releaseProxy, wrap, type Remote } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { InternalError, defined } from '../base/assert.js'
import type { ExplorerApi, WorkerSetup } from './protocol.js'
import type { Finding, SamplingSetup } from './sampling-plan.js'
import { builtFiles } from './worker-url.js'

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
function deathOf(thread: Worker): Promise<never> {
  const death = new Promise<never>((_, reject) => {
    thread.once('error', reject)
    thread.once('messageerror', reject)
    thread.once('exit', code => {
      reject(new Error(`the thread exited with code ${code} before the search was over`))
    })
  })
  // A thread that dies before it is asked to run is noticed then.
  death.catch(() => undefined)
  return death
}

/** A thread, and what tells of its end. */
interface Thread {
  readonly worker: Worker
  readonly death: Promise<never>
}

/**
 * Threads that wait for a search. Starting one takes some 25 ms of a processor, so a program that
 * still has a model to load and to compile starts them first, but not all at once: one processor is
 * left to the program. Each set of threads serves one search.
 */
export class ExplorerThreads {
  readonly #threads: Thread[] = []
  readonly #script: string
  #isClosed = false

  /** Starts `count` threads of `script`, some of them when others have started. */
  constructor(
    readonly count: number,
    script: string = builtFiles().worker,
  ) {
    this.#script = script
    const spare = Math.max(1, availableParallelism() - 1)
    while (this.#threads.length < Math.min(count, spare)) this.#start()
  }

  /** Starts a thread, which starts another if one is missing. */
  #start(): void {
    const name = `explorer ${this.#threads.length}`
    const worker = new Worker(this.#script, { name, env: SHARE_ENV })
    this.#threads.push({ worker, death: deathOf(worker) })
    worker.once('online', () => {
      if (!this.#isClosed && this.#threads.length < this.count) this.#start()
    })
  }

  /**
   * Runs one search, a thread per setup; resolves when all have finished.
   * @param onFailure  called once when a worker failed; must make the other workers give up.
   * @throws InternalError naming the first worker that failed, and why.
   */
  async run(setups: readonly WorkerSetup[], onFailure: () => void): Promise<void> {
    await this.#each((remote, index) => remote.run(defined(setups[index])), onFailure)
  }

  /** As `run`, for a sampling search; gives what each worker found. */
  sample(setups: readonly SamplingSetup[], onFailure: () => void): Promise<Finding[][]> {
    return this.#each((remote, index) => remote.sample(defined(setups[index])), onFailure)
  }

  async #each<T>(
    call: (remote: Remote<ExplorerApi>, index: number) => Promise<T>,
    onFailure: () => void,
  ): Promise<T[]> {
    while (this.#threads.length < this.count) this.#start()
    const failures: Failure[] = []
    const results: T[] = []
    await Promise.all(
      this.#threads.map(async ({ worker, death }, index) => {
        const remote = wrap<ExplorerApi>(nodeEndpoint(worker))
        try {
          results.push(await Promise.race([call(remote, index), death]))
        } catch (cause) {
          failures.push({ worker: index, cause })
          if (failures.length === 1) onFailure()
        } finally {
          remote[releaseProxy]()
        }
      }),
    )
    const first = failures[0]
    if (first !== undefined) throw failureError(first)
    return results
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }
}
