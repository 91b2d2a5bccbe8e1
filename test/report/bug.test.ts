/** Bugs are reproduced by a buggy row, its trace and a fixed row. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideBug, isSubsequence } from '../../src/report/bug.js'
import type { DecidedBug, WaitingBug } from '../../src/report/ledger.js'
import { bugText, bugsPage, bugsSummary } from '../../src/report/bug-text.js'
import { plain } from '../../src/trace/printable.js'
import { wrap } from '../../src/cli/wrap.js'
import { rowWith } from './rows.js'

const bug: DecidedBug = {
  id: 'T1',
  switch: 'BUG_IT',
  about: 'It is wrong.',
  commit: 'abc',
  release: 'v1',
  model: 'example',
  buggy: 'bad',
  fixed: 'good',
  property: 'safe',
  follows: ['lock', 'zap'],
}
const waiting: WaitingBug = {
  id: 'T3',
  switch: 'BUG_LOOP',
  about: 'It loops.',
  commit: null,
  release: '-',
  waitsFor: '[]<>done',
}
const buggy = rowWith('bad', { safe: 3 })
const fixed = rowWith('good', { safe: 'holds' })
const actions = ['lock', 'walk', 'zap']

describe('decideBug', () => {
  test('is reproduced: violated along the known steps, and fixed exhaustively', () => {
    expect(decideBug(bug, { buggy, fixed, actions })).toMatchObject({
      buggy: { verdict: 'violated', depth: 3, follows: true },
      fixed: { verdict: 'holds', exhaustive: true },
      matches: true,
    })
  })

  test.each([
    ['the counterexample is another one', { buggy, fixed, actions: ['zap', 'lock'] }],
    ['there is no counterexample', { buggy: fixed, fixed, actions: null }],
    ['the fix does not fix it', { buggy, fixed: buggy, actions }],
    ['the fix was not explored', { buggy, fixed: { ...fixed, exhaustive: false }, actions }],
    ['a row is missing', { buggy, fixed: undefined, actions }],
  ])('is not reproduced if %s', (_, runs) => {
    expect(decideBug(bug, runs).matches).toBe(false)
  })

  test('waits for a temporal property', () => {
    const none = { buggy: undefined, fixed: undefined, actions: null }
    expect(decideBug(waiting, none)).toMatchObject({
      buggy: { verdict: 'waiting' },
      fixed: { verdict: 'waiting', exhaustive: false },
      waitsFor: '[]<>done',
      matches: true,
    })
  })
})

test('a subsequence keeps its order and may leave gaps', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), fc.array(fc.boolean()), (words, kept) => {
      const part = words.filter((_, i) => kept[i] === true)
      expect(isSubsequence(part, words)).toBe(true)
      expect(isSubsequence([...words, 'a'], words)).toBe(false)
    }),
  )
  expect(isSubsequence(['b', 'a'], ['a', 'b'])).toBe(false)
})

describe('the text of bugs', () => {
  const report = decideBug(bug, { buggy, fixed, actions })
  const none = { buggy: undefined, fixed: undefined, actions: null }

  test('has commit, verdicts and property', () => {
    expect(bugText(report, plain, wrap)).toMatch(
      /^T1 +abc +violated in 3 steps +holds, exhaustive +BUG_IT: It is wrong\./,
    )
    expect(bugText(decideBug(waiting, none), plain, wrap)).toContain('waits for: []<>done')
    const other = decideBug(bug, { buggy, fixed, actions: [] })
    expect(bugText(other, plain, wrap)).toMatch(/not the known\s+interleaving/)
  })

  test('is summed up', () => {
    expect(bugsSummary([report, decideBug(waiting, none)], plain)).toBe(
      '2 bugs (1 reproduced, 1 waiting for temporal properties): all as expected',
    )
    expect(bugsSummary([decideBug(bug, none)], plain)).toContain('1 not as expected')
  })

  test('is on a page', () => {
    const page = bugsPage([report, decideBug(waiting, none)])
    expect(page).toContain(
      '| T1 | abc | example | safe | violated in 3 steps | holds, exhaustive |',
    )
    expect(page).toContain(String.raw`\[\]\<\>done`)
  })
})
