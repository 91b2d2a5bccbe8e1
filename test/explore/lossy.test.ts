/** Searches that go on when memory runs out, with a visited set that omits states. */
import { describe, expect, it } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import septZap from '../../models/sept-zap.js'

describe('a lossy search', () => {
  const model = compile(septZap.instantiate({ vcpus: 3, gfns: 3 }))
  const states = 7_390_732

  it.each([18, 22, 24, 28, 30, 40])('comes to its end within %d MiB', async mib => {
    const result = await explore(model, { workers: 2, lossy: true, memoryBytes: mib * 2 ** 20 })
    result.levels.close()
    expect(result.limit).toBeNull()
    expect(result.depth).toBe(97)
    expect(result.omitted).toBeGreaterThan(100)
    const missing = states - result.states
    expect(missing).toBeGreaterThan(0)
    // The estimate is of those that were taken for others; what only these lead to is missing too.
    expect(missing).toBeLessThan(4 * (result.omitted ?? 0))
  })

  it('omits nothing while there is memory', async () => {
    const result = await explore(model, { workers: 2, lossy: true, memoryBytes: 2 ** 28 })
    result.levels.close()
    expect(result).toMatchObject({
      states,
      depth: 97,
      limit: null,
      exhaustive: true,
      omitted: null,
    })
  })
})
