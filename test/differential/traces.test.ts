/**
 * Traces of generated models: for every property that a search decides by a state, the rebuilt
 * trace replays in the interpreter (`rebuildTrace` throws if it does not), has the length that the
 * interpreter's own search finds, and is the same for one worker and for two, and for two with
 * nearly all states on disk.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import type { ExploreOptions } from '../../src/explore/explore.js'
import type { Model } from '../../src/ir/model.js'
import { rebuildTrace } from '../../src/trace/rebuild.js'
import type { Trace } from '../../src/trace/trace.js'
import { isPackable } from '../compile/compiled-code.js'
import { printModel } from '../generators/print-model.js'
import { boundedSearch, randomModel } from '../generators/random-model.js'

const RUNS = Number(process.env['ZAPCHECK_FUZZ_RUNS'] ?? 60)

async function tracesOf(model: Model, options: ExploreOptions): Promise<(Trace | null)[]> {
  const compiled = compile(model)
  const { candidates, levels } = await explore(compiled, { ...options, keepGoing: true })
  const traces: (Trace | null)[] = []
  for (const [property, candidate] of candidates.entries()) {
    const subject = { kind: 'property', property } as const
    const evidence = { model, compiled, levels, subject }
    const origin = { zapcheck: 'test', file: null }
    traces.push(candidate && (await rebuildTrace({ ...evidence, candidate }, origin)))
  }
  levels.close()
  return traces
}

test('are valid, shortest, and the same for one worker and for two', async () => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(randomModel({ mayFail: false }), async model => {
      fc.pre(isPackable(model))
      const reference = boundedSearch(model)
      fc.pre(reference !== null)
      const text = printModel(model)
      const traces = await tracesOf(model, { workers: 1, inline: true })
      const lengths = traces.map(trace => trace?.steps.length ?? null)
      expect(lengths, text).toEqual(reference.depths)
      expect(await tracesOf(model, { workers: 2 }), text).toEqual(traces)
      const onDisk = { workers: 2, logBytesMemory: 0, logBlockRows: 4 }
      expect(await tracesOf(model, onDisk), text).toEqual(traces)
      compared += traces.filter(trace => trace !== null).length
    }),
    { numRuns: RUNS },
  )
  expect(compared).toBeGreaterThan(RUNS / 4)
})
