/** Claims are decided by the rows of their cases. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideClaim } from '../../src/report/claim.js'
import type { Claim, ClaimCase } from '../../src/report/ledger.js'
import { claimText, claimsPage, claimsSummary } from '../../src/report/claim-text.js'
import { plain } from '../../src/trace/printable.js'
import { wrap } from '../../src/cli/wrap.js'
import { rowWith } from './rows.js'

const good = rowWith('good', { safe: 'holds', fair: 'holds' })
const bad = rowWith('bad', { safe: 7, fair: 'holds' })
const open = rowWith('open', { safe: 'unknown', fair: 'holds' })
const rowOf = (_: string, name: string) => [good, bad, open].find(row => row.variant === name)

const claimWith = (cases: readonly ClaimCase[], expected: Claim['expected'] = 'confirmed') =>
  ({
    id: '000-01',
    seed: '000_x.txt',
    claim: 'It is safe.',
    expected,
    cases,
    why: 'Runs.',
  }) as const

const on = (variant: string, predicts: 'holds' | 'violated', property?: string): ClaimCase => ({
  model: 'example',
  variant,
  predicts,
  when: `it is ${variant}`,
  ...(property !== undefined && { property }),
})

describe('decideClaim', () => {
  test('a claim without cases is undecidable', () => {
    expect(decideClaim(claimWith([], 'undecidable'), rowOf)).toMatchObject({
      verdict: 'undecidable',
      matches: true,
      states: 0,
    })
  })

  test('all cases as predicted confirm, none refute, some make it depend', () => {
    const verdict = (...cases: ClaimCase[]) => decideClaim(claimWith(cases), rowOf).verdict
    expect(verdict(on('good', 'holds', 'safe'), on('bad', 'violated', 'safe'))).toBe('confirmed')
    expect(verdict(on('good', 'violated', 'safe'), on('bad', 'holds', 'safe'))).toBe('refuted')
    expect(verdict(on('good', 'holds', 'safe'), on('bad', 'holds', 'safe'))).toBe('depends')
  })

  test('a case without a property is about all of them', () => {
    expect(decideClaim(claimWith([on('good', 'holds')]), rowOf).cases[0]?.found).toBe('holds')
    expect(decideClaim(claimWith([on('bad', 'holds')]), rowOf).cases[0]).toMatchObject({
      found: 'violated',
      depth: 7,
    })
    expect(decideClaim(claimWith([on('open', 'holds')]), rowOf).cases[0]?.found).toBe('unknown')
  })

  test('what was not checked leaves the claim open, whatever the other cases say', () => {
    for (const hole of [
      on('open', 'holds', 'safe'),
      on('lost', 'holds'),
      on('good', 'holds', 'no'),
    ])
      expect(decideClaim(claimWith([on('good', 'holds', 'safe'), hole]), rowOf)).toMatchObject({
        verdict: 'unknown',
        matches: false,
        isAccounted: false,
      })
  })

  test('states of a variant that several cases share count once', () => {
    const cases = [on('good', 'holds', 'safe'), on('good', 'holds', 'fair'), on('bad', 'violated')]
    expect(decideClaim(claimWith(cases), rowOf).states).toBe(2000)
  })

  test('the verdict depends on agreement with the predictions alone', () => {
    const anyCase = fc.record({
      variant: fc.constantFrom('good', 'bad'),
      predicts: fc.constantFrom('holds', 'violated'),
    })
    fc.assert(
      fc.property(fc.array(anyCase, { minLength: 1 }), chosen => {
        const cases = chosen.map(({ variant, predicts }) => on(variant, predicts, 'safe'))
        const right = cases.filter(c => (c.variant === 'good') === (c.predicts === 'holds')).length
        const verdict = right === cases.length ? 'confirmed' : right === 0 ? 'refuted' : 'depends'
        expect(decideClaim(claimWith(cases), rowOf).verdict).toBe(verdict)
      }),
    )
  })

  test('a known difference is accounted for, and does not match the notes', () => {
    const claim = claimWith([on('good', 'holds', 'safe')], 'refuted')
    expect(decideClaim(claim, rowOf)).toMatchObject({ matches: false, isAccounted: false })
    const otherwise = { verdict: 'confirmed', why: 'The notes forgot it.' } as const
    expect(decideClaim({ ...claim, otherwise }, rowOf)).toMatchObject({
      matches: false,
      isAccounted: true,
      otherwise: 'The notes forgot it.',
    })
  })
})

describe('the text of a claim', () => {
  const text = (claim: Claim) => claimText(decideClaim(claim, rowOf), plain, wrap)

  test('has id, verdict, claim and cost', () => {
    expect(text(claimWith([on('good', 'holds', 'safe')]))).toMatch(
      /^000-01 +confirmed +It is safe\. \(1,000 states, 0\.50 s\)$/,
    )
  })

  test('says on what a verdict depends', () => {
    const depends = text(claimWith([on('good', 'holds', 'safe'), on('bad', 'holds', 'safe')]))
    expect(depends).toContain("true when it is good (example good: 'safe' holds)")
    expect(depends).toContain("false when it is bad (example bad: 'safe' violated at depth 7)")
  })

  test('says why a claim cannot be decided', () => {
    expect(text(claimWith([], 'undecidable'))).toMatch(/not decidable .*\n +Runs\.$/)
  })

  test('says what the notes expect, where it is another verdict', () => {
    expect(text(claimWith([on('good', 'holds', 'safe')], 'refuted'))).toContain(
      'The notes expect: refuted.',
    )
  })
})

test('the summary counts verdicts and differences', () => {
  const reports = [
    claimWith([on('good', 'holds', 'safe')]),
    claimWith([on('good', 'violated', 'safe')]),
    claimWith([on('open', 'holds', 'safe')]),
  ].map(claim => decideClaim(claim, rowOf))
  expect(claimsSummary(reports, plain)).toBe(
    '3 claims (1 confirmed, 1 refuted, 1 not decided): 1 not as expected, 1 not checked to the end',
  )
})

test('the page lists every claim, and treats its words as text', () => {
  const claim = { ...claimWith([on('bad', 'violated', 'safe')]), claim: 'a | <b> *c*' }
  const page = claimsPage([decideClaim(claim, rowOf)])
  expect(page).toContain('## Seed 000_x.txt')
  expect(page).toContain(
    String.raw`| [000-01](#000-01) | a \| \<b\> \*c\* | confirmed | confirmed |`,
  )
  expect(page).toContain('| it is bad | example bad | safe | violated | violated, depth 7 |')
})
