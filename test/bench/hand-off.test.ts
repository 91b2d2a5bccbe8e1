/** The time from core to core. */
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { handOffNanoseconds } from '../../bench/hand-off.js'

test('a number takes some nanoseconds from one core to another', async () => {
  const nanoseconds = await handOffNanoseconds()
  if (availableParallelism() < 2) expect(nanoseconds).toBeNull()
  else expect(nanoseconds).toBeGreaterThan(1)
})
