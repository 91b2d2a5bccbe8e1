/** The table of two workers against one. */
import { expect, test } from 'vitest'
import { scalingTable } from '../../bench/scaling.js'

test('pairs are grouped by what two threads compute', () => {
  const pairs = [
    { computing: 1.2, oneSeconds: 3, twoSeconds: 2 },
    { computing: 1.85, oneSeconds: 2, twoSeconds: 1 },
    { computing: 1.99, oneSeconds: 3, twoSeconds: 2 },
    { computing: 1.5, oneSeconds: 1, twoSeconds: 1 },
  ]
  const [, ...rows] = scalingTable([{ title: 'x', pairs }])
  expect(rows).toEqual([
    ['x', '1.85 and more', '2', '2.500', '1.500', '1.75 (1.50 to 2.00)'],
    ['x', '1.5 to 1.85', '1', '1.000', '1.000', '1.00'],
    ['x', 'below 1.5', '1', '3.000', '2.000', '1.50'],
  ])
})
