/** The end of the suite's output. */
import { expect, test } from 'vitest'
import { summaryTable } from '../../src/report/suite-summary.js'
import { plain } from '../../src/trace/printable.js'
import { rowWith } from './rows.js'

test('the summary has a line for each model, and counts what differs', () => {
  const good = rowWith('good', { safe: 'holds' })
  const differing = { ...good, matches: false, differences: ['depth: 3, expected 4'] }
  const other = { ...good, model: 'other', matches: false }
  const [header, ...lines] = summaryTable([good, differing, other], plain).split('\n')
  expect(header).toMatch(/^summary +rows +states +time +verdicts$/)
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^example +2 +2,000 +1\.00 s {2}1 not as expected$/)
  expect(lines[1]).toMatch(/^other +1 +1,000 +0\.50 s {2}1 not checked to the end$/)
})
