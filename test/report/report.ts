/** A report for tests. */
import type { CheckReport } from '../../src/report/check-report.js'

/** An exhaustive run in which one invariant holds. */
export const example: CheckReport = {
  model: 'example',
  params: { vcpus: 2 },
  verdict: 'holds',
  exhaustive: true,
  states: 1000,
  transitions: 3000,
  depth: 20,
  deadlocks: 0,
  workers: 2,
  seconds: 0.5,
  statesPerSecond: 2000,
  memory: { stateBits: 30, visitedBytes: 8000, bytesPerState: 8, peakRssBytes: 1e8 },
  exactness: 'exact',
  reduction: { kind: 'none', groupOrder: 1, types: [] },
  properties: [{ name: 'safe', kind: 'invariant', verdict: 'holds', depth: null }],
  limit: null,
  trace: null,
  version: '1.2.3',
}
