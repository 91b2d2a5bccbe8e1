/** The line that shows on a terminal where a run stands. */
import type { ExploreProgress } from '../explore/explore.js'
import type { Expected } from './forecast.js'
import { formatBytes, formatCount, formatRate, formatSeconds } from './numbers.js'

/** One line, at most `width` characters; the rate is that since `before`. */
export function progressLine(
  now: ExploreProgress,
  before: ExploreProgress | null,
  width: number,
  expected: Expected | null = null,
): string {
  const states = now.states - (before?.states ?? 0)
  const elapsedMs = now.elapsedMs - (before?.elapsedMs ?? 0)
  const parts = [
    `${formatCount(now.states)} states`,
    `${formatRate(elapsedMs > 0 ? (1000 * states) / elapsedMs : 0)}/s`,
    `depth ${now.depth}`,
    formatSeconds(now.elapsedMs / 1000),
    ...(expected === null ? [] : [forecastText(expected)]),
    `frontier ${formatCount(now.frontier)}`,
    `table ${Math.round(100 * now.visitedLoad)}% of ${formatBytes(now.visitedBytes)}`,
    `memory ${formatBytes(now.memoryBytes)}`,
  ]
  while (parts.length > 1 && parts.join('  ').length > width) parts.pop()
  return parts.join('  ').slice(0, Math.max(0, width))
}

/** What is to be expected, in round numbers: it is a guess. */
function forecastText({ states, millisecondsLeft }: Expected): string {
  const seconds = Math.ceil(millisecondsLeft / 1000)
  const left = seconds < 60 ? `${seconds} s` : formatSeconds(seconds)
  return `about ${formatRate(states)} in all, ${left} left`
}
