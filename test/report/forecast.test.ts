/** What can be known of a run before its end. */
import { expect, test } from 'vitest'
import type { ExploreProgress } from '../../src/explore/explore.js'
import { Forecast } from '../../src/report/forecast.js'
import type { Expected } from '../../src/report/forecast.js'

const nothing = { transitions: 0, depth: 0, visitedBytes: 0, visitedLoad: 0, memoryBytes: 0 }

/** Reports at the end of each level, 1 ms for each state that was expanded. */
function* reports(levels: readonly number[]): Generator<ExploreProgress> {
  let [expanded, states] = [0, levels[0] ?? 0]
  for (const [depth, count] of levels.entries()) {
    const frontier = levels[depth + 1] ?? 0
    expanded += count
    states += frontier
    yield { ...nothing, states, frontier, elapsedMs: expanded }
  }
}

function forecasts(levels: readonly number[]): (Expected | null)[] {
  const forecast = new Forecast()
  return [...reports(levels)].map(report => forecast.next(report))
}

const growing = Array.from({ length: 20 }, (_, i) => 2 ** i)
const shrinking = growing.toReversed()

test('says nothing while the frontier grows, or stays as it is', () => {
  expect(forecasts(growing).slice(0, -1)).toEqual(growing.slice(1).map(() => null))
  const steady = Array.from({ length: 50 }, () => 1000)
  expect(forecasts(steady).slice(0, 20).filter(Boolean)).toEqual([])
})

test('knows the rest of a space that shrinks by the same ratio in each level', () => {
  const levels = [...growing, ...shrinking]
  const total = levels.reduce((sum, count) => sum + count, 0)
  const found = forecasts(levels)
  const inShrinking = found.slice(growing.length + 4, -3)
  expect(inShrinking).not.toContain(null)
  let expanded = 0
  for (const [depth, expected] of found.entries()) {
    expanded += levels[depth] ?? 0
    if (depth < growing.length + 4 || expected === null) continue
    expect(expected.states / total).toBeCloseTo(1, 1)
    expect(expected.millisecondsLeft).toBeGreaterThanOrEqual(total - expanded - 2)
  }
})

test('says nothing once nothing is left', () => {
  expect(forecasts([1, 2, 1, 1]).at(-1)).toBeNull()
})

test('known limit: a space with a second wave is larger than the forecast', () => {
  const wave = [...growing.slice(0, 10), ...shrinking.slice(10)]
  const found = forecasts([...wave, ...growing, ...shrinking])
  const expected = found[wave.length - 3]
  expect(expected?.states).toBeLessThan(2 ** 12)
})
