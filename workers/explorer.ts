/**
 * Thread entry of an explorer worker. Started by `src/explore/worker-threads.ts`, one thread per
 * worker of a search. Offers ExplorerApi over comlink; all bulk data stays in the shared memory.
 *
 * Before it is called, it has the engine optimize the modules that it was started with.
 *
 * `run` blocks the thread until the search is over, so no message is handled meanwhile: a running
 * search is steered through the slots of the shared memory (src/explore/protocol.ts).
 */
import { parentPort, workerData } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { optimizeModules } from '../src/explore/built-modules.js'
import type { ExplorerApi, ExplorerData } from '../src/explore/protocol.js'
import { SamplingWorker } from '../src/explore/sampling-worker.js'
import { SearchWorker } from '../src/explore/search-worker.js'

if (parentPort === null) throw new Error('this is the entry of a worker thread')

const api: ExplorerApi = {
  run(setup) {
    new SearchWorker(setup).run()
  },
  sample(setup) {
    return new SamplingWorker(setup).run()
  },
}

expose(api, nodeEndpoint(parentPort))

const { modules } = workerData as ExplorerData
if (modules.length > 0) optimizeModules(modules)
