/** Numbers for people. */
import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatRate, formatSeconds } from '../../src/report/numbers.js'

test('counts are grouped by three digits', () => {
  expect([0, 999, 1000, 7_390_732].map(formatCount)).toEqual(['0', '999', '1,000', '7,390,732'])
})

test('rates have three digits and round up into the next unit', () => {
  const rates = [0, 812.4, 999.6, 45_210, 999_600, 6_712_345, 2e9].map(formatRate)
  expect(rates).toEqual(['0', '812', '1.00 k', '45.2 k', '1.00 M', '6.71 M', '2.00 G'])
})

test('sizes have binary units', () => {
  const sizes = [0, 1023, 1024, 65_536, 2 ** 20 * 1023.9, 1.5 * 2 ** 30].map(formatBytes)
  expect(sizes).toEqual(['0 B', '1023 B', '1.00 KiB', '64.0 KiB', '1.00 GiB', '1.50 GiB'])
})

test('durations carry into minutes and hours', () => {
  const texts = [0.004, 9.99, 12.34, 59.9, 125, 3599.6, 3725].map(formatSeconds)
  expect(texts).toEqual([
    '0.00 s',
    '9.99 s',
    '12.3 s',
    '59.9 s',
    '2:05 min',
    '1:00:00 h',
    '1:02:05 h',
  ])
})
