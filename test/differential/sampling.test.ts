/**
 * Sampling on generated models against the reference interpreter: nothing is found that is not
 * there, every trace is confirmed, and a run that left nothing out found everything.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { sample } from '../../src/explore/sampling.js'
import type { SamplingResult } from '../../src/explore/sampling.js'
import type { Model } from '../../src/ir/model.js'
import { candidateOf } from '../../src/report/sampling-report.js'
import { traceThrough } from '../../src/trace/rebuild.js'
import { replayTrace } from '../../src/trace/replay.js'
import { isPackable } from '../compile/compiled-code.js'
import { printModel } from '../generators/print-model.js'
import { boundedSearch, randomModel } from '../generators/random-model.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 25)

/** Every candidate must be one of the reference's, no nearer, with a trace that replays. */
function confirm(
  model: Model,
  result: SamplingResult,
  depths: readonly (number | null)[],
  text: string,
): void {
  result.candidates.forEach((found, property) => {
    if (found === null) return
    const candidate = candidateOf(found)
    expect(depths[property], text).not.toBeNull()
    expect(candidate.depth, text).toBeGreaterThanOrEqual(depths[property]!)
    const evidence = { model, candidate, subject: { kind: 'property', property } as const }
    const trace = traceThrough(evidence, found.rows, { zapcheck: '1.2.3', file: null })
    expect(() => replayTrace(model, trace), text).not.toThrow()
  })
}

test('finds nothing that is not there, and all of it in a run that omits nothing', async () => {
  let complete = 0
  await fc.assert(
    fc.asyncProperty(randomModel({ mayFail: false }), fc.nat(), async (model, seed) => {
      fc.pre(isPackable(model))
      const reference = boundedSearch(model)
      fc.pre(reference !== null)
      const text = printModel(model)
      const compiled = compile(model)
      const options = { seed, workers: 1, keepGoing: true }
      const walks = await sample(compiled, { ...options, kind: 'random', walks: 70, depthMax: 60 })
      confirm(model, walks, reference.depths, text)
      const swarm = await sample(compiled, { ...options, kind: 'swarm', runs: 4 })
      confirm(model, swarm, reference.depths, text)
      const best = swarm.swarm?.best ?? null
      if (best === null || best.omitted > 1e-6) return
      complete++
      expect(best.states, text).toBe(reference.states)
      expect(
        swarm.candidates.map(c => c !== null),
        text,
      ).toEqual(reference.depths.map(depth => depth !== null))
      expect([...swarm.fired].map(Boolean), text).toEqual(reference.fired)
    }),
    { numRuns: RUNS },
  )
  expect(complete).toBeGreaterThan(RUNS / 4)
}, 300_000)
