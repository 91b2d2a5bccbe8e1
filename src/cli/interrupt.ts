/** Ctrl-C: the first ends the run in order, the second kills the process. */

import { setMaxListeners } from 'node:events'

/** A run that can be interrupted. */
export interface Interruption {
  readonly signal: AbortSignal
  /** Gives the signals back to the system. */
  readonly release: () => void
}

/** Listens for SIGINT and SIGTERM until `release`; calls `onFirst` at the first of them. */
export function listenForInterrupt(onFirst: () => void): Interruption {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal) // One for each row of the suite.
  const release = (): void => {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
  const stop = (): void => {
    release() // From here on the system's own handling is back: the next signal ends the process.
    onFirst()
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return { signal: controller.signal, release }
}
