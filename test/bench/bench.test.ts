/**
 * The benchmark at its smallest size, through the built command, so that it still runs when
 * somebody wants numbers. What is compared is counts, never speed.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSpin } from '../../bench/contender.js'
import type { Measurement } from '../../bench/contender.js'
import { disagreements, ratios, spread } from '../../bench/summary.js'
import type { Series } from '../../bench/summary.js'

const measurement: Measurement = {
  states: 10,
  transitions: 20,
  depth: 3,
  searchSeconds: 2,
  wallSeconds: 3,
  bytesPerState: 8,
  peakBytes: undefined,
}
const series = (name: string, ...runs: Partial<Measurement>[]): Series => ({
  name,
  prepareSeconds: 0,
  runs: runs.map(run => ({ ...measurement, ...run })),
})

describe('npm run bench', () => {
  const run = promisify(execFile)
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zapcheck-bench-test-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('agrees with every other tool that is installed on the smallest size', async () => {
    const json = join(folder, 'bench.json')
    const { stdout } = await run(process.execPath, ['bench/run.mjs', '--smoke', '--json', json])
    for (const line of stdout.split('\n').filter(text => text.startsWith('skipped:')))
      console.warn(line)
    const { series: all } = JSON.parse(readFileSync(json, 'utf8')) as { series: Series[] }
    expect(all.map(({ name }) => name)).toContain('zapcheck, 1 worker')
    for (const { name, runs } of all)
      expect(runs, name).toMatchObject([{ states: 22_772, transitions: 49_156 }])
    expect(stdout).toContain('all agree: 22772 states, 49156 transitions')
  })

  test('refuses an option that it does not know', async () => {
    const wrong = run(process.execPath, ['bench/run.mjs', '--round', '3'])
    await expect(wrong).rejects.toMatchObject({ code: 2 })
  })
})

describe('the summary', () => {
  test('takes ratios within a round', () => {
    const first = series('a', { searchSeconds: 1 }, { searchSeconds: 2 })
    const second = series('b', { searchSeconds: 4 }, { searchSeconds: 6 })
    const expected = { median: 3.5, min: 3, max: 4 }
    expect(ratios(first, second, ({ searchSeconds }) => searchSeconds)).toEqual(expected)
  })

  test('takes the middle of an odd number of rounds', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 })
  })

  test('finds a tool whose counts differ, in any round', () => {
    expect(disagreements([series('a', {}), series('b', {}, {})])).toEqual([])
    expect(disagreements([series('a', {}), series('b', {}, { states: 9 })])).toHaveLength(1)
    expect(
      disagreements([series('a', {}), series('b', { transitions: 9, depth: 9 })]),
    ).toHaveLength(2)
    expect(disagreements([series('a', {}), series('b', { depth: undefined })])).toEqual([])
    expect(disagreements([])).toHaveLength(1)
  })
})

describe('what SPIN prints', () => {
  const output = [
    'State-vector 20 byte, depth reached 53632, errors: 0',
    '  7390732 states, stored',
    ' 23192405 transitions (= stored+matched)',
    '  458.737\tmemory usage (Mbyte)',
    'pan: elapsed time 4.8 seconds',
  ].join('\n')

  test('is read without the initial state among the transitions', () => {
    const { states, transitions, searchSeconds, bytesPerState } = readSpin(output)
    expect([states, transitions, searchSeconds]).toEqual([7_390_732, 23_192_404, 4.8])
    expect(bytesPerState).toBeCloseTo(40 + 18.2, 1)
  })

  test('is refused when the search was cut short or found an error', () => {
    const cut = 'error: max search depth too small'
    expect(() => readSpin(`${cut}\n${output}`)).toThrow('deep enough')
    expect(() => readSpin(output.replace('errors: 0', 'errors: 1'))).toThrow('did not finish')
    expect(() => readSpin('')).toThrow('did not finish')
  })
})
