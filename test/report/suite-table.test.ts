/** The verdict table of the suite. */
import { describe, expect, test } from 'vitest'
import { SuiteTable, deadActionsOf } from '../../src/report/suite-table.js'
import type { VariantRow } from '../../src/report/variant-row.js'
import { plain } from '../../src/trace/printable.js'
import { example } from './report.js'

const { trace: _, ...report } = example
const row: VariantRow = {
  ...report,
  variant: '2x2',
  matches: true,
  differences: [],
  firedActions: ['lock'],
  deadActions: ['retry'],
  exercisedProperties: [],
  vacuousProperties: [],
  traces: {},
}
const other: VariantRow = {
  ...row,
  variant: 'larger',
  firedActions: ['retry'],
  deadActions: ['end'],
}
const failed = {
  model: 'example',
  variant: 'broken',
  matches: false,
  differences: ['ZC302 no'],
  isInternal: false,
} as const

describe('SuiteTable', () => {
  const table = new SuiteTable([row, other, failed], plain)

  test('aligns rows with the header, whatever comes first', () => {
    const end = table.header().indexOf('  verdict')
    expect(table.row(row).indexOf('  ok')).toBe(end)
    expect(table.row(other).indexOf('  ok')).toBe(end)
  })

  test('shows differences and failures below their rows', () => {
    const differing = { ...row, matches: false, differences: ['depth: 3, expected 4'] }
    expect(table.row(differing)).toMatch(/DIFFERS .*\n +depth: 3, expected 4$/)
    expect(table.row(failed)).toMatch(/broken +FAILED\n +ZC302 no$/)
  })

  test('sums up in the footer', () => {
    expect(table.footer([row, other], 2, 1)).toMatch(/^2 rows .* 2,000 states: all as expected$/)
    expect(table.footer([row, failed], 2, 1)).toContain('1 not as expected')
    expect(table.footer([row], 2, 1)).toContain('1 not checked')
  })
})

test('an action is dead if it happened in no row of its model', () => {
  expect(deadActionsOf([row, other, failed])).toEqual([{ model: 'example', actions: ['end'] }])
  expect(deadActionsOf([row])).toEqual([{ model: 'example', actions: ['retry'] }])
  expect(deadActionsOf([])).toEqual([])
})
