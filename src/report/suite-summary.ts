/** The end of the suite: a line for each model, for the claims and for the bugs. */
import { printable } from '../trace/printable.js'
import type { Paint } from '../trace/printable.js'
import { formatCount, formatSeconds } from './numbers.js'
import type { SuiteRow } from './suite-table.js'

/** Columns of the numbers. */
const WIDTHS = { rows: 8, states: 14, seconds: 10 } as const

/** A table: models with their rows, states, time and how many rows are not as expected. */
export function summaryTable(rows: readonly SuiteRow[], paint: Paint): string {
  const models = [...new Set(rows.map(row => row.model))]
  const width = Math.max(...['summary', ...models].map(name => printable(name).length))
  const line = (name: string, count: string, states: string, seconds: string): string =>
    [
      printable(name).padEnd(width),
      count.padStart(WIDTHS.rows),
      states.padStart(WIDTHS.states),
      seconds.padStart(WIDTHS.seconds),
    ].join('')
  const body = models.map(model => {
    const own = rows.filter(row => row.model === model)
    const differing = own.filter(row => row.differences.length > 0).length
    const open = own.filter(row => !row.matches).length - differing
    const verdicts: string[] = []
    if (differing > 0) verdicts.push(paint('red', `${differing} not as expected`))
    if (open > 0) verdicts.push(paint('yellow', `${open} not checked to the end`))
    if (verdicts.length === 0) verdicts.push(paint('green', 'as expected'))
    const states = sum(own, 'states')
    const seconds = formatSeconds(sum(own, 'seconds'))
    return `${line(model, String(own.length), formatCount(states), seconds)}  ${verdicts.join(', ')}`
  })
  return [paint('dim', `${line('summary', 'rows', 'states', 'time')}  verdicts`), ...body].join(
    '\n',
  )
}

function sum(rows: readonly SuiteRow[], field: 'states' | 'seconds'): number {
  return rows.reduce((total, row) => total + ('states' in row ? row[field] : 0), 0)
}
