/**
 * Traces of real runs: the shortest, confirmed by the interpreter, the same for any number of
 * workers, and replayed again after a round trip through a file.
 */
import { describe, expect, test } from 'vitest'
import septZap from '../../models/sept-zap.js'
import { InternalError } from '../../src/base/assert.js'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import type { ExploreOptions } from '../../src/explore/explore.js'
import { search } from '../../src/interpret/search.js'
import type { Model } from '../../src/ir/model.js'
import { rebuildTrace } from '../../src/trace/rebuild.js'
import { replayTrace } from '../../src/trace/replay.js'
import { decodeTrace, encodeTrace } from '../../src/trace/saved-trace.js'
import type { Trace } from '../../src/trace/trace.js'
import { erroneous, everyKind } from './models.js'

const origin = { zapcheck: '1.2.3', file: null }

/** Explores everything and rebuilds a trace for each property that was decided by a state. */
async function tracesOf(
  model: Model,
  workers = 1,
  options: Partial<ExploreOptions> = {},
): Promise<Trace[]> {
  const compiled = compile(model)
  const all = { workers, keepGoing: true, ...options }
  const { candidates, levels } = await explore(compiled, all)
  const traces: Trace[] = []
  for (const [property, candidate] of candidates.entries())
    if (candidate !== null) {
      const subject = { kind: 'property', property } as const
      traces.push(await rebuildTrace({ model, compiled, levels, candidate, subject }, origin))
    }
  levels.close()
  return traces
}

describe('rebuildTrace', () => {
  const model = everyKind.instantiate()

  test('finds the shortest trace for every kind of property', async () => {
    const traces = await tracesOf(model)
    const found = traces.map(t => [t.property?.kind, t.verdict, t.steps.length])
    const expected = search(model).depths.map((depth, i) => {
      const { kind } = model.properties[i]!
      return [kind, kind === 'reachable' ? 'holds' : 'violated', depth]
    })
    expect(found).toEqual(expected)
    expect(new Set(traces.map(t => t.property?.kind)).size).toBe(5)
  })

  test('gives the same traces with one worker and with three', async () => {
    const big = septZap.instantiate({ track: false })
    expect(await tracesOf(big, 3)).toEqual(await tracesOf(big, 1))
    expect(await tracesOf(model, 3)).toEqual(await tracesOf(model, 1))
  })

  test('gives the same traces when the states are on disk', async () => {
    const big = septZap.instantiate({ track: false })
    const expected = await tracesOf(big)
    for (const workers of [1, 2])
      expect(await tracesOf(big, workers, { logBytesMemory: 0, logBlockRows: 32 })).toEqual(
        expected,
      )
  })

  test('decodes values into the words of their types', async () => {
    const [trace] = await tracesOf(model)
    expect(trace?.initial).toEqual({ x: 0, mode: 'up', last: null, at: 0, seen: [] })
    expect(trace?.steps[0]?.state['last']).toBe(0)
  })

  test('leads to a model error, with the action that fails', async () => {
    const wrong = erroneous.instantiate()
    const compiled = compile(wrong)
    const { modelError, levels } = await explore(compiled, { workers: 1 })
    const subject = { kind: 'error', action: modelError?.action ?? null } as const
    const evidence = { model: wrong, compiled, levels, candidate: modelError!, subject }
    const trace = await rebuildTrace(evidence, origin)
    expect(modelError?.depth).toBe(4)
    expect(trace.steps).toHaveLength(3)
    expect(trace.error).toMatchObject({ code: 'ZC401', action: { action: 'up' } })
    expect(() => replayTrace(wrong, trace)).not.toThrow()
  })

  test('is an internal error if the interpreter does not confirm the violation', async () => {
    const compiled = compile(model)
    const { candidates, levels } = await explore(compiled, { workers: 1, keepGoing: true })
    const position = (kind: string): number => model.properties.findIndex(p => p.kind === kind)
    const candidate = candidates[position('reachable')]!
    const subject = { kind: 'property', property: position('deadlock') } as const
    const rebuilt = rebuildTrace({ model, compiled, levels, candidate, subject }, origin)
    await expect(rebuilt).rejects.toThrow(InternalError)
  })
})

describe('replayTrace', () => {
  test('accepts every rebuilt trace after a round trip through a file', async () => {
    for (const definition of [everyKind, septZap]) {
      const model = definition.instantiate(definition === septZap ? { track: false } : {})
      for (const trace of await tracesOf(model))
        expect(() => replayTrace(model, decodeTrace(encodeTrace(trace), 'file.json'))).not.toThrow()
    }
  })

  test('refuses a trace that stops before its violation', async () => {
    const model = septZap.instantiate({ track: false })
    const [trace] = await tracesOf(model)
    const shorter = { ...trace!, steps: trace!.steps.slice(0, -1) }
    expect(() => replayTrace(model, shorter)).toThrow(/is not violated/)
  })

  test('refuses a trace in a model whose bug is fixed', async () => {
    const [trace] = await tracesOf(septZap.instantiate({ track: false }))
    expect(() => replayTrace(septZap.instantiate(), trace!)).toThrow(/step 9/)
  })
})
