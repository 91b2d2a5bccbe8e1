/**
 * The benchmark at its smallest sizes, through its command, so that it still runs when somebody
 * wants numbers. What is compared is counts, never speed.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SystemResult } from '../../bench/search.js'

describe('npm run bench', () => {
  const run = promisify(execFile)
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zapcheck-bench-test-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('agrees with every other tool that is installed on the smallest sizes', async () => {
    const json = join(folder, 'bench.json')
    const args = ['bench/run.mjs', '--smoke', '--parts', 'search', '--json', json]
    const { stdout } = await run(process.execPath, args)
    for (const line of stdout.split('\n').filter(text => text.startsWith('skipped:')))
      console.warn(line)
    const { search } = JSON.parse(readFileSync(json, 'utf8')) as { search: SystemResult[] }
    expect(search.map(({ title }) => title)).toEqual([
      'sept-zap (2,2)',
      'peterson (3)',
      'german (2)',
      'leader (4)',
    ])
    for (const { title, series, differences } of search) {
      expect(differences, title).toEqual([])
      expect(series.map(({ name }) => name)).toContain('zapcheck, 1 worker')
    }
    const reduced = new Map(
      Object.entries({ symmetry: 11_948, por: 19_868, all: 10_436 }).map(([kind, states]) => [
        `zapcheck, 2 workers, --reduce ${kind}`,
        { states },
      ]),
    )
    for (const { name, isReduced, runs } of search[0]?.series ?? [])
      expect(runs, name).toMatchObject([
        isReduced ? reduced.get(name) : { states: 22_772, transitions: 49_156 },
      ])
    expect(stdout).toContain('22,772 states, 49,156 transitions, depth 74; all agree')
  }, 240_000)

  test('refuses an option that it does not know', async () => {
    const wrong = run(process.execPath, ['bench/run.mjs', '--round', '3'])
    await expect(wrong).rejects.toMatchObject({ code: 2 })
  })
})
