/** The progress line. */
import { expect, test } from 'vitest'
import { progressLine } from '../../src/report/progress-line.js'

const before = {
  states: 1_000_000,
  transitions: 3_000_000,
  depth: 20,
  frontier: 50_000,
  visitedBytes: 2 ** 23,
  visitedLoad: 0.5,
  memoryBytes: 2 ** 26,
  elapsedMs: 500,
}
const now = { ...before, states: 4_000_000, elapsedMs: 1000 }

test('the progress line shows the rate since the line before', () => {
  const line = progressLine(now, before, 200)
  for (const part of [
    '4,000,000 states',
    '6.00 M/s',
    'depth 20',
    'frontier 50,000',
    '50%',
    '64.0 MiB',
  ])
    expect(line).toContain(part)
})

test('the progress line fits every terminal', () => {
  for (let width = 1; width < 150; width++)
    expect(progressLine(now, null, width).length).toBeLessThanOrEqual(width)
})

test('the progress line says what is to be expected, if anything is', () => {
  const expected = { states: 7_390_732, millisecondsLeft: 2400 }
  expect(progressLine(now, before, 200, expected)).toContain('about 7.39 M in all, 3 s left')
  expect(progressLine(now, before, 200)).not.toContain('about')
})
