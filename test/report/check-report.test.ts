/** From what a run found to verdicts, counts and warnings. */
import { describe, expect, test } from 'vitest'
import type { Candidate, ExploreResult } from '../../src/explore/explore.js'
import { compile } from '../../src/compile/compile.js'
import { explore } from '../../src/explore/explore.js'
import { reportOf } from '../../src/report/check-report.js'
import type { CheckReport } from '../../src/report/check-report.js'
import { renderReport } from '../../src/report/check-text.js'
import { plain } from '../../src/trace/printable.js'
import { everyKind } from '../trace/models.js'
import { example } from './report.js'

const model = everyKind.instantiate()
const found: Candidate = { depth: 3, state: new BigUint64Array(1), action: null }

/** The report of a run with these parts of its result changed. */
async function reportWith(changes: Partial<ExploreResult>): Promise<CheckReport> {
  const run = await explore(compile(model), { workers: 1 })
  const nothing = model.properties.map(() => null)
  const result = { ...run, candidates: nothing, exhaustive: true, limit: null, ...changes }
  return reportOf({ model, stateBits: 12, result, peakRssBytes: 5, version: '1.2.3' })
}

/** The verdicts in the model's order. */
const verdicts = (report: CheckReport): string[] => report.properties.map(p => p.verdict)
const kinds = model.properties.map(p => p.kind)

describe('reportOf', () => {
  test('of an exhausted space: all hold, but a reachability without a witness', async () => {
    const report = await reportWith({})
    expect(verdicts(report)).toEqual(kinds.map(k => (k === 'reachable' ? 'violated' : 'holds')))
    expect(report.verdict).toBe('violated')
  })

  test('of a run that was cut short: what was found is decided, the rest is unknown', async () => {
    const candidates = kinds.map(k => (k === 'reachable' ? found : null))
    const report = await reportWith({ candidates, exhaustive: false, limit: 'time' })
    expect(verdicts(report)).toEqual(kinds.map(k => (k === 'reachable' ? 'holds' : 'unknown')))
    expect([report.verdict, report.limit]).toEqual(['incomplete', 'time'])
  })

  test('of a violation before a limit: violated', async () => {
    const candidates = kinds.map(k => (k === 'invariant' ? found : null))
    const report = await reportWith({ candidates, exhaustive: false, limit: 'time' })
    expect(report.verdict).toBe('violated')
    expect(report.properties.find(p => p.kind === 'invariant')?.depth).toBe(3)
  })

  test('of a model error: never exhaustive', async () => {
    const report = await reportWith({ modelError: found })
    expect([report.exhaustive, report.verdict]).toEqual([false, 'incomplete'])
  })

  test('names actions that never fired only if every state was explored', async () => {
    const fired = new Uint8Array(model.actions.length).fill(1)
    fired[1] = 0
    expect((await reportWith({ fired })).deadActions).toEqual([model.actions[1]?.name])
    expect((await reportWith({ fired, exhaustive: false })).deadActions).toBeUndefined()
  })
})

describe('renderReport', () => {
  test('says verdict, counts, time, memory and each property', () => {
    const text = renderReport(example, plain)
    for (const part of [
      'example (vcpus=2)',
      'safe (invariant)',
      '1,000 distinct',
      '3,000 transitions',
      'depth 20',
      '2.00 k states/s',
      '8 bytes per state',
      'exact',
    ])
      expect(text).toContain(part)
  })

  test('says why a run is incomplete', () => {
    const properties = [
      { name: 'safe', kind: 'invariant', verdict: 'unknown', depth: null },
    ] as const
    const report = { ...example, verdict: 'incomplete', exhaustive: false, properties } as const
    for (const limit of ['time', 'memory', 'states', 'depth', 'interrupted'] as const)
      expect(renderReport({ ...report, limit }, plain)).toMatch(/incomplete: (the|it) .*; nothing/)
  })

  test('warns of dead actions and shows differences', () => {
    const more = { deadActions: ['retry'], variant: '2x2', differences: ['depth: 3, expected 4'] }
    const text = renderReport({ ...example, ...more }, plain)
    expect(text).toMatch(/warning +action retry/)
    expect(text).toMatch(/differs +depth: 3, expected 4/)
  })
})
