/** The text of sampling searches: what was done, what was found, and what nobody can say. */
import { describe, expect, test } from 'vitest'
import type { SamplingReport } from '../../src/report/sampling-report.js'
import { renderSampling, samplingProgressLine } from '../../src/report/sampling-text.js'
import { plain } from '../../src/trace/printable.js'
import { example } from './report.js'

const walks: SamplingReport = {
  ...example,
  verdict: 'incomplete',
  exhaustive: false,
  limit: 'walks',
  exactness: 'sampled',
  properties: [
    { name: 'safe', kind: 'invariant', verdict: 'unknown', depth: null },
    { name: 'seen', kind: 'reachable', verdict: 'unknown', depth: null },
  ],
  search: {
    kind: 'random',
    seed: 7,
    maxDepth: 100,
    walks: 1,
    walksPerSecond: 1234,
    steps: 100,
    stepsPerSecond: 2_000_000,
    distinctEstimate: 99,
    actionsFired: 2,
    actions: 12,
    neverFired: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'],
    foundBy: null,
  },
}
const swarm: SamplingReport = {
  ...walks,
  search: {
    ...walks.search,
    kind: 'swarm',
    runs: 3,
    statesPerRun: 50,
    statesMost: 60,
    completeRuns: 0,
    bestRun: null,
    setBytes: 2 ** 21,
  },
}

describe('the text of a sampling search', () => {
  test('says what was looked at, and that nothing is known of the rest', () => {
    const text = renderSampling(walks, plain)
    expect(text).toContain('unknown   safe (invariant, no violation found)')
    expect(text).toContain('unknown   seen (reachability, no witness found)')
    expect(text).toContain('no violation found in 1 walk; nothing is said about states')
    expect(text).toContain('about 99 distinct (an estimate) of an unknown number')
    expect(text).toContain(
      '2 of 12 action instances fired; never: a, b, c, d, e, f, g, h and 2 more',
    )
  })

  test('names the walk of a violation', () => {
    const found = {
      ...walks,
      verdict: 'violated' as const,
      search: { ...walks.search, foundBy: 9 },
    }
    expect(renderSampling(found, plain)).toContain('met by walk 9 of seed 7; there may be shorter')
  })

  test('says what the runs of a swarm left out', () => {
    expect(renderSampling(swarm, plain)).toContain('each left states out')
    const bestRun = { states: 60, omittedExpected: 0.01 }
    const best = { ...swarm, search: { ...swarm.search, completeRuns: 2, bestRun } }
    expect(renderSampling(best, plain)).toContain(
      '2 runs bounded by nothing but their sets; the best found 60 states, and about 0.01 are expected',
    )
  })

  test('says that it was interrupted', () => {
    const text = renderSampling({ ...swarm, limit: 'interrupted' }, plain)
    expect(text).toContain('in 3 runs, interrupted;')
  })
})

test('the progress line shows the rate since the last one, and fits', () => {
  const now = { kind: 'random', tasks: 5, steps: 3000, transitions: 1, depth: 9 } as const
  const progress = { ...now, distinctEstimate: 77, elapsedMs: 2000 }
  const before = { ...progress, steps: 1000, elapsedMs: 1000 }
  const line = samplingProgressLine(progress, before, 80)
  expect(line).toBe('5 walks  2.00 k steps/s  depth 9  2.00 s  about 77 states')
  expect(samplingProgressLine(progress, null, 20)).toBe('5 walks')
})
