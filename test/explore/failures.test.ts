/** What happens when a worker traps, exits or does not start. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { InternalError } from '../../src/base/assert.js'
import { explore } from '../../src/explore/explore.js'
import { builtFiles } from '../../src/explore/worker-url.js'
import { endlessTree } from './fixtures/chain.js'

describe('a worker that fails', () => {
  it('ends the run with an internal error that names worker and cause', async () => {
    const model = await endlessTree(70_000)
    for (const workers of [1, 4]) {
      const run = explore(model, { workers })
      await expect(run).rejects.toThrow(InternalError)
      await expect(run).rejects.toThrow(/explorer worker [0-3] failed: .*unreachable/)
    }
  })

  it('is reported when its thread exits, and the others do not hang', async () => {
    const worker = fileURLToPath(new URL('fixtures/dying-worker.mjs', import.meta.url))
    const run = explore(await endlessTree(), { workers: 3 }, { ...builtFiles(), worker })
    await expect(run).rejects.toThrow(/explorer worker 1 failed: .*exited with code 3/)
  })

  it('is reported when its script does not load', async () => {
    const worker = fileURLToPath(new URL('fixtures/no-such-worker.mjs', import.meta.url))
    const run = explore(await endlessTree(), { workers: 2 }, { ...builtFiles(), worker })
    await expect(run).rejects.toThrow(/explorer worker [01] failed/)
  })

  it('does not exist for a number of workers out of range', async () => {
    const model = await endlessTree()
    await expect(explore(model, { workers: 0 })).rejects.toThrow(/workers must be 1 to/)
    await expect(explore(model, { workers: 2, inline: true })).rejects.toThrow(/one worker/)
  })
})
