/** What the rows of a model say together. */
import { describe, expect, test } from 'vitest'
import type { Accepts } from '../../src/lang/accepts.js'
import { findingsOf } from '../../src/report/findings.js'
import type { Finding } from '../../src/report/findings.js'
import type { SuiteRow } from '../../src/report/suite-table.js'
import type { VariantRow } from '../../src/report/variant-row.js'
import { rowWith } from './rows.js'

const first: VariantRow = {
  ...rowWith('first', {}),
  firedActions: ['lock'],
  deadActions: ['retry', 'end'],
  exercisedProperties: ['safe'],
  vacuousProperties: ['late', 'never'],
}
const second: VariantRow = {
  ...rowWith('second', {}),
  firedActions: ['retry'],
  deadActions: ['end'],
  exercisedProperties: ['late'],
  vacuousProperties: ['never'],
}

/** Kinds and names of the findings. */
function found(rows: readonly SuiteRow[], accepts: Accepts = {}): string[] {
  const findings = findingsOf([first, second], rows, () => accepts)
  return findings.map(({ kind, name }: Finding) => `${kind}: ${name}`)
}

describe('findingsOf', () => {
  test('finds what no row has, and not what one row has', () => {
    expect(found([first, second])).toEqual(['dead action: end', 'vacuous property: never'])
  })

  test('leaves out what the model accepts', () => {
    const accepts = { dead: { end: 'a reason' }, vacuous: { never: 'a reason' } }
    expect(found([first, second], accepts)).toEqual([])
  })

  test('finds acceptances that nothing needs, and those of unknown names', () => {
    const accepts = { dead: { end: 'x', lock: 'x', edn: 'x' }, vacuous: { never: 'x', end: 'x' } }
    expect(found([first, second], accepts)).toEqual([
      'needless acceptance: lock',
      'acceptance of an unknown name: edn',
      'acceptance of an unknown name: end',
    ])
    const findings = findingsOf([first, second], [first, second], () => accepts)
    expect(findings.map(({ text }) => text)).toContainEqual(
      "ZC307 model example accepts 'edn', and has no such action; did you mean 'end'?",
    )
  })

  test('judges a model only if all its rows were checked to their end', () => {
    const failed = { model: 'example', variant: 'second', matches: false, differences: ['ZC302'] }
    expect(found([first])).toEqual([])
    expect(found([first, { ...second, limit: 'time' }])).toEqual([])
    expect(found([first, { ...failed, matches: false, isInternal: false }])).toEqual([])
  })
})
