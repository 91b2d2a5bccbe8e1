/** Measurements for the tests of the benchmark's arithmetic and texts. */
import type { Measurement } from '../../bench/contender.js'
import type { Series } from '../../bench/summary.js'

const measurement: Measurement = {
  states: 10,
  transitions: 20,
  depth: 3,
  searchSeconds: 2,
  wallSeconds: 3,
  bytesPerState: 8,
  peakBytes: undefined,
}

/** A series whose runs differ from one fixed measurement in what is given. */
export function series(name: string, ...runs: Partial<Measurement>[]): Series {
  return {
    name,
    prepareSeconds: 0,
    isReduced: false,
    runs: runs.map(run => ({ ...measurement, ...run })),
  }
}
