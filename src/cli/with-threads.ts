/** The threads of a check. They start before the code of the command is loaded. */
import { availableParallelism } from 'node:os'
import { ExplorerThreads } from '../explore/worker-threads.js'
import { builtFiles } from '../explore/worker-url.js'

/** Starts as many threads as the flags say, runs `command`, and ends them. */
export async function withThreads(
  flags: { readonly workers?: number },
  command: (threads: ExplorerThreads) => Promise<number>,
): Promise<number> {
  const { worker, kernel, level } = builtFiles()
  const count = flags.workers ?? availableParallelism()
  const threads = new ExplorerThreads(count, worker, [kernel, level])
  try {
    return await command(threads)
  } finally {
    await threads.close()
  }
}
