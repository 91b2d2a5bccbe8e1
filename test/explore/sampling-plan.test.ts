/** Sizes of swarms, and the depths of their runs. */
import { describe, expect, test } from 'vitest'
import septZap from '../../models/sept-zap.js'
import { compile } from '../../src/compile/compile.js'
import { planSampling, runDepthMax, swarmSizes } from '../../src/explore/sampling-plan.js'

describe('swarmSizes', () => {
  const usual = { strideWords: 1, workers: 1, memoryBytes: undefined, fixedBytes: 65_536 }

  test('do not depend on the number of workers unless a size is asked for', () => {
    const one = swarmSizes(usual)
    expect(one.setBytes).toBe(2 ** 21)
    for (const workers of [2, 3, 64]) expect(swarmSizes({ ...usual, workers })).toEqual(one)
  })

  test('divide what is asked for among the workers, in powers of two', () => {
    const asked = { ...usual, memoryBytes: 2 ** 30 }
    expect(swarmSizes(asked).setBytes).toBe(2 ** 29)
    expect(swarmSizes({ ...asked, workers: 3 }).setBytes).toBe(2 ** 27)
  })

  test('fit into one memory, with any number of workers and as much as can be asked for', () => {
    const model = compile(septZap.instantiate())
    for (const workers of [1, 7, 256])
      for (const memoryBytes of [undefined, 2 ** 24, 2 ** 35]) {
        const fixedBytes = planSampling(model, workers, null).end
        const sizes = swarmSizes({ strideWords: 1, workers, memoryBytes, fixedBytes })
        expect(Number.isInteger(Math.log2(sizes.setBytes))).toBe(true)
        expect(planSampling(model, workers, sizes).end).toBeLessThan(2 ** 32)
      }
  })
})

test('areas of workers do not overlap', () => {
  const model = compile(septZap.instantiate())
  const { areas, end } = planSampling(model, 3, { setBytes: 2 ** 14, stackRows: 100 })
  const starts = areas.flatMap(({ bufferEnd: _, ...area }) => Object.values(area))
  expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  expect(new Set(starts).size).toBe(starts.length)
  expect(end).toBeGreaterThan(Math.max(...starts))
})

test('one run of four goes to the depth asked for, the others less deep', () => {
  const depths = [0, 1, 2, 3, 4].map(run => runDepthMax(10_000, run))
  expect(depths).toEqual([156, 625, 2500, 10_000, 156])
  expect(runDepthMax(20, 0)).toBe(16)
  expect(runDepthMax(5, 0)).toBe(5)
})
