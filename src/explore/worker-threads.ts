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
import type { ExplorerApi, ExplorerData, WorkerSetup } from './protocol.js'
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
 * left to the program. The first of several has the engine optimize what the search needs while it
 * waits: later the workers have all processors. Each set of threads serves one search.
 */
export class ExplorerThreads {
  readonly #threads: Thread[] = []
  readonly #script: string
  readonly #modules: readonly string[]
  #isClosed = false

  /**
   * Starts `count` threads of `script`, some of them when others have started.
   * @param modules  paths of built modules to be optimized, if there are several threads.
   */
  constructor(
    readonly count: number,
    script: string = builtFiles().worker,
    modules: readonly string[] = [],
  ) {
    this.#script = script
    this.#modules = count > 1 ? modules : []
    const spare = Math.max(1, availableParallelism() - 1)
    while (this.#threads.length < Math.min(count, spare)) this.#start()
  }

  /** Starts a thread, which starts another if one is missing. */
  #start(): void {
    const index = this.#threads.length
    const workerData: ExplorerData = { modules: index === 0 ? this.#modules : [] }
    const name = `explorer ${index}`
    const worker = new Worker(this.#script, { name, env: SHARE_ENV, workerData })
    this.#threads.push({ worker, death: deathOf(worker) })
    worker.once('online', () => {
      if (!this.#isClosed && this.#threads.length < this.count) this.#start()
    })
  }

  /**
   * Runs one search, a thread per setup; resolves when the first has finished, which is when the
   * search is over: what other threads do then is to return, or to start too late.
   * @param onFailure  called once when a worker failed; must make the other workers give up.
   * @throws InternalError naming the first worker that failed, and why.
   */
  async run(setups: readonly WorkerSetup[], onFailure: () => void): Promise<void> {
    const { answers, end } = this.#call(
      (remote, index) => remote.run(defined(setups[index])),
      onFailure,
    )
    await Promise.any(answers).catch(() => undefined)
    end()
  }

  /** As `run`, for a sampling search; resolves with what each worker found, when all have. */
  async sample(setups: readonly SamplingSetup[], onFailure: () => void): Promise<Finding[][]> {
    const { answers, end } = this.#call(
      (remote, index) => remote.sample(defined(setups[index])),
      onFailure,
    )
    await Promise.allSettled(answers)
    end()
    return Promise.all(answers)
  }

  /**
   * Calls each thread. `end` is for the end of the search: it throws if a worker has failed, and
   * what happens to a thread from then on is no failure.
   */
  #call<T>(
    call: (remote: Remote<ExplorerApi>, index: number) => Promise<T>,
    onFailure: () => void,
  ): { readonly answers: readonly Promise<T>[]; readonly end: () => void } {
    while (this.#threads.length < this.count) this.#start()
    const failures: Failure[] = []
    let isOver = false
    const answers = this.#threads.map(async ({ worker, death }, index) => {
      const remote = wrap<ExplorerApi>(nodeEndpoint(worker))
      try {
        return await Promise.race([call(remote, index), death])
      } catch (cause) {
        failures.push({ worker: index, cause })
        if (!isOver && failures.length === 1) onFailure()
        throw cause
      } finally {
        remote[releaseProxy]()
      }
    })
    const end = (): void => {
      isOver = true
      if (failures[0] !== undefined) throw failureError(failures[0])
    }
    return { answers, end }
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }
}
