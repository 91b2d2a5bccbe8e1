/**
 * Sampling searches: what they do depends on the seed alone, what they find is real, and their
 * numbers mean what they say.
 */
import { describe, expect, test } from 'vitest'
import septZap from '../../models/sept-zap.js'
import tdxSept from '../../models/tdx-sept/index.js'
import { compile } from '../../src/compile/compile.js'
import { sample } from '../../src/explore/sampling.js'
import type { SamplingOptions, SamplingResult } from '../../src/explore/sampling.js'
import type { Model } from '../../src/ir/model.js'
import { candidateOf } from '../../src/report/sampling-report.js'
import { traceThrough } from '../../src/trace/rebuild.js'
import { replayTrace } from '../../src/trace/replay.js'
import type { Trace } from '../../src/trace/trace.js'
import { erroneous, everyKind } from '../trace/models.js'

const origin = { zapcheck: '1.2.3', file: null }
const good = septZap.instantiate()
const bad = septZap.instantiate({ track: false })

function run(model: Model, options: Partial<SamplingOptions>): Promise<SamplingResult> {
  return sample(compile(model), { kind: 'random', seed: 1, workers: 1, ...options })
}

/** What must not depend on the number of workers. */
function facts(result: SamplingResult) {
  const { tasks, steps, transitions, depth, distinctEstimate, deadlocks } = result
  const { candidates, modelError, fired, limit, swarm } = result
  const numbers = { tasks, steps, transitions, depth, distinctEstimate, deadlocks }
  return { ...numbers, candidates, modelError, fired: [...fired], limit, swarm }
}

function tracesOf(model: Model, { candidates }: SamplingResult): Trace[] {
  return candidates.flatMap((found, property) => {
    if (found === null) return []
    const subject = { kind: 'property', property } as const
    return [traceThrough({ model, candidate: candidateOf(found), subject }, found.rows, origin)]
  })
}

describe('random walks', () => {
  test('are the same with one worker and with three, and others with another seed', async () => {
    const options = { walks: 300, depthMax: 200 }
    const one = await run(good, options)
    const three = await run(good, { ...options, workers: 3 })
    const other = await run(good, { ...options, seed: 2 })
    expect(facts(three)).toEqual(facts(one))
    expect(one).toMatchObject({ tasks: 300, steps: 300 * 200, depth: 200, limit: 'walks' })
    expect(other.transitions).not.toBe(one.transitions)
  })

  test('of a seed are the same in every version', async () => {
    const { transitions, distinctEstimate } = await run(good, { walks: 10, depthMax: 100 })
    expect([transitions, distinctEstimate]).toEqual([2225, 1397])
    const { candidates } = await run(bad, { walks: 10 })
    expect(candidates[0]?.rows.length).toBe(16)
  })

  test('see about as many distinct states as there are', async () => {
    const { distinctEstimate, candidates, fired } = await run(good, { walks: 1000 })
    expect(distinctEstimate).toBeGreaterThan(0.95 * 22_772)
    expect(distinctEstimate).toBeLessThan(1.05 * 22_772)
    expect(candidates).toEqual([null])
    expect(fired.every(byte => byte === 1)).toBe(true)
  })

  test('find the seeded bug, by the same walk with any number of workers', async () => {
    const one = await run(bad, { walks: 10_000 })
    const three = await run(bad, { walks: 10_000, workers: 3 })
    expect(one.candidates).toEqual(three.candidates)
    expect(one.limit).toBeNull()
    const [trace] = tracesOf(bad, one)
    expect(trace?.steps.length).toBeGreaterThanOrEqual(10)
    expect(() => replayTrace(bad, trace!)).not.toThrow()
  })

  test('decide every kind of property, with traces that the interpreter confirms', async () => {
    const model = everyKind.instantiate()
    const found = await run(model, { walks: 100, keepGoing: true })
    const traces = tracesOf(model, found)
    expect(new Set(traces.map(t => t.property?.kind)).size).toBe(5)
    for (const trace of traces) expect(() => replayTrace(model, trace)).not.toThrow()
  })

  test('lead to a model error', async () => {
    const model = erroneous.instantiate()
    const { modelError } = await run(model, { walks: 1 })
    expect(modelError?.rows.map(row => row[0])).toEqual([0n, 1n, 2n, 3n])
    const candidate = candidateOf(modelError!)
    const subject = { kind: 'error', action: candidate.action } as const
    const trace = traceThrough({ model, candidate, subject }, modelError!.rows, origin)
    expect(trace.error).toMatchObject({ code: 'ZC401', action: { action: 'up' } })
  })

  test('end at the time limit, and when they are interrupted', async () => {
    expect(await run(good, { timeMs: 50, workers: 2 })).toMatchObject({ limit: 'time' })
    const signal = AbortSignal.timeout(50)
    expect(await run(good, { signal, workers: 2 })).toMatchObject({ limit: 'interrupted' })
  })

  test('take states of several words', async () => {
    const model = tdxSept.instantiate()
    expect(compile(model).strideWords).toBeGreaterThan(1)
    const one = await run(model, { walks: 100, depthMax: 300 })
    expect(one.modelError).toBeNull()
    expect(facts(await run(model, { walks: 100, depthMax: 300, workers: 2 }))).toEqual(facts(one))
  })
})

describe('a swarm', () => {
  const swarm = { kind: 'swarm', runs: 8 } as const

  test('makes the same runs with one worker and with three', async () => {
    const one = await run(good, swarm)
    const three = await run(good, { ...swarm, workers: 3 })
    expect(facts(three)).toEqual(facts(one))
    expect(one.tasks).toBe(8)
  })

  test('has runs that are nearly complete where the model is small, and says so', async () => {
    const { swarm: numbers } = await run(good, swarm)
    expect(numbers?.complete).toBeGreaterThan(0)
    const best = numbers?.best
    expect(best?.omitted).toBeLessThan(1)
    expect(best?.states).toBeGreaterThan(22_760)
    expect(best?.states).toBeLessThanOrEqual(22_772)
  })

  test('finds the seeded bug by a real trace', async () => {
    const found = await run(bad, { ...swarm, workers: 2 })
    const [trace] = tracesOf(bad, found)
    expect(() => replayTrace(bad, trace!)).not.toThrow()
  })

  test('decides every kind of property', async () => {
    const model = everyKind.instantiate()
    const traces = tracesOf(model, await run(model, { ...swarm, keepGoing: true }))
    expect(new Set(traces.map(t => t.property?.kind)).size).toBe(5)
    for (const trace of traces) expect(() => replayTrace(model, trace)).not.toThrow()
  })

  test('of a seed is the same in every version', async () => {
    const { transitions } = await run(good, { ...swarm, runs: 1, depthMax: 100 })
    const { candidates } = await run(bad, swarm)
    expect([transitions, candidates[0]?.number, candidates[0]?.rows.length]).toEqual([4396, 0, 15])
  })

  test('says that runs were cut by little memory or by a bound on depth', async () => {
    const shallow = await run(good, { ...swarm, depthMax: 5 })
    expect(shallow.swarm).toMatchObject({ complete: 0, best: null })
    const small = await run(good, { ...swarm, memoryBytes: 2 ** 15 })
    expect(small.swarm?.setBytes).toBe(2 ** 14)
    expect(small.swarm?.statesMost).toBeLessThan(22_772)
  })
})
