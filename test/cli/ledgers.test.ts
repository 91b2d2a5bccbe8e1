/** The commands over the ledgers of claims and of bugs, and the pages that they print. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadBugs, loadClaims } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import { zapcheck } from './command.js'

const page = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

/** What the tests read of `--json`. */
interface LedgerOutput {
  readonly claims: readonly { id: string; verdict: string; matches: boolean; states: number }[]
  readonly bugs: readonly { id: string; matches: boolean; buggy: { verdict: string } }[]
}

describe('claims', () => {
  test('docs/claims.md is what a run prints', async () => {
    const { code, stdout } = await zapcheck(['claims', '--markdown'])
    expect(code).toBe(0)
    expect(stdout).toBe(page('claims.md'))
  })

  test('--seed and --id choose; --json is one object', async () => {
    const { code, stdout, stderr } = await zapcheck(['claims', '--id', '002-04', '--json'])
    const { claims } = JSON.parse(stdout) as LedgerOutput
    expect([code, claims.length, claims[0]?.id]).toEqual([0, 1, '002-04'])
    expect(stderr).toMatch(/^002-04 +confirmed/m)
    const all = await loadClaims()
    const ofSeed = all.filter(claim => claim.seed?.startsWith('002') === true)
    const chosen = await zapcheck(['claims', '--seed', '002', '--json'])
    const output = JSON.parse(chosen.stdout) as LedgerOutput
    expect(output.claims.map(claim => claim.id)).toEqual(ofSeed.map(claim => claim.id))
  })

  test.each([
    [['--id', '002-4'], "there is no claim '002-4'; did you mean '002-04'?"],
    [['--seed', '9'], "no claim is of a seed '9'; the seeds are 000, 001, 002, 003, 004"],
  ])('%s is refused with the nearest word', async (flags, text) => {
    const { code, stdout, stderr } = await zapcheck(['claims', ...flags])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(text)
  })

  test('a limit leaves claims open, exit 3', async () => {
    const { code, stdout } = await zapcheck(['claims', '--id', '000-01', '--time', '1ms', '--json'])
    const { claims } = JSON.parse(stdout) as LedgerOutput
    expect([code, claims[0]?.verdict]).toEqual([3, 'unknown'])
  })
})

describe('bugs', () => {
  test('docs/bugs.md is what a run prints', async () => {
    const { code, stdout } = await zapcheck(['bugs', '--markdown'])
    expect(code).toBe(0)
    expect(stdout).toBe(page('bugs.md'))
  })

  test('--id chooses; --json is one object', async () => {
    const { code, stdout, stderr } = await zapcheck(['bugs', '--id', 'T4', '--json'])
    const { bugs } = JSON.parse(stdout) as LedgerOutput
    expect(code).toBe(0)
    expect(bugs.map(bug => [bug.id, bug.buggy.verdict, bug.matches])).toEqual([
      ['T4', 'violated', true],
    ])
    expect(stderr).toMatch(/^T4 +d62007edf01f +violated in \d+ steps +holds, exhaustive/m)
  })

  test('an unknown id is refused with the nearest one', async () => {
    const { code, stderr } = await zapcheck(['bugs', '--id', 'T44'])
    expect(code).toBe(2)
    expect(stderr).toContain("there is no bug 'T44'; did you mean 'T4'?")
  })

  test('at least twenty are reproduced', async () => {
    expect((await loadBugs()).filter(bug => 'model' in bug).length).toBeGreaterThanOrEqual(20)
    expect(defined((await loadBugs())[0]).id).not.toBe('')
  })
})
