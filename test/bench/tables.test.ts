/** Tests of the benchmark's tables. */
import { describe, expect, test } from 'vitest'
import { grouped, ratioTable, render, speedTable, spreadText } from '../../bench/tables.js'
import { series } from './series.js'

describe('a table', () => {
  const table = [
    ['tool', 's'],
    ['SPIN', '10.0'],
  ]

  test('has columns in a terminal and bars in Markdown', () => {
    expect(render(table, 'text')).toBe('tool     s\nSPIN  10.0')
    expect(render(table, 'markdown')).toBe('| tool | s |\n|---|---|\n| SPIN | 10.0 |')
  })

  test('tells medians, and a dash for what a tool does not say', () => {
    const runs = [
      { states: 4e6, searchSeconds: 2 },
      { states: 4e6, searchSeconds: 4 },
    ]
    const [, ours, other] = speedTable([
      series('ours', ...runs),
      { ...series('other', { bytesPerState: undefined, peakBytes: 2 ** 21 }), prepareSeconds: 1.5 },
    ])
    expect(ours).toEqual([
      'ours',
      '4,000,000',
      '1.50',
      '0.00',
      '3.00',
      '-',
      '3.00',
      '8.0',
      '-',
      '2',
    ])
    expect(other?.slice(5)).toEqual(['1.5', '4.50', '-', '2', '1'])
  })

  test('compares more workers with one, and each with each other tool', () => {
    const ours = [series('1', { searchSeconds: 2 }), series('2', { searchSeconds: 1 })]
    const rows = ratioTable(ours, [series('SPIN', { searchSeconds: 8 })])
    expect(rows.slice(1).map(([name, search]) => [name, search])).toEqual([
      ['1 : SPIN', '4.00'],
      ['2 : 1', '2.00'],
      ['2 : SPIN', '8.00'],
    ])
  })

  test('writes spreads and large numbers for people', () => {
    expect(spreadText({ median: 12.34, min: 1.234, max: 100 })).toBe('12.3 (1.23 to 100.0)')
    expect(spreadText({ median: NaN, min: NaN, max: NaN })).toBe('-')
    expect(grouped(23192404)).toBe('23,192,404')
  })
})
