/** `show`: reads what `check --trace` saved, and refuses what does not replay. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { climber, folderWith, zapcheck } from './command.js'

const folder = folderWith({ 'climber.ts': climber })
const file = (name: string): string => join(folder, name)

beforeAll(async () => {
  await zapcheck(['check', 'sept-zap', '-p', 'track=false', '--trace', 'zap.json'], { cwd: folder })
  await zapcheck(['check', './climber.ts', '-p', 'limit=5', '--trace', 'high.json'], {
    cwd: folder,
  })
})

/** Saves a copy of a trace in which `from` is replaced. */
function tamper(name: string, from: string, to: string): string {
  const text = readFileSync(file(name), 'utf8')
  expect(text).toContain(from)
  writeFileSync(file('tampered.json'), text.replace(from, to))
  return file('tampered.json')
}

describe('show', () => {
  test('renders a saved trace as check did', async () => {
    const checked = await zapcheck(['check', 'sept-zap', '-p', 'track=false'])
    const { code, stdout } = await zapcheck(['show', file('zap.json')])
    expect(code).toBe(0)
    expect(checked.stdout.startsWith(stdout)).toBe(true)
  })

  test('shows whole states with --full', async () => {
    const { stdout } = await zapcheck(['show', file('zap.json'), '--full'])
    expect(stdout).toContain('*pc=snap')
  })

  test("replays a trace of a user's model", async () => {
    const { code, stdout } = await zapcheck(['show', file('high.json')])
    expect(code).toBe(0)
    expect(stdout).toContain('x: 5 -> 6')
  })

  test.each([
    ['another action', '"action": "fault"', '"action": "flout"'],
    ['another state', '"vcpu[0].pc": "snap"', '"vcpu[0].pc": "lock"'],
    ['another property', '"no stale translation"', '"no such property"'],
    ['a parameter that is gone', '"gfns": 2', '"frames": 2'],
    ['a value that is gone', '"vcpus": 2', '"vcpus": 200'],
  ])('refuses a trace with %s as one that does not replay', async (_, from, to) => {
    const { code, stdout, stderr } = await zapcheck(['show', tamper('zap.json', from, to)])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^zapcheck: ZC205 .*\n$/)
  })

  test('refuses a trace of a model that has changed since, unless told not to replay', async () => {
    writeFileSync(file('climber.ts'), climber.replace('s.x.increase()', 's.x.set(top)'))
    const refused = await zapcheck(['show', file('high.json')])
    const shown = await zapcheck(['show', file('high.json'), '--no-replay'])
    writeFileSync(file('climber.ts'), climber)
    expect([refused.code, refused.stdout]).toEqual([2, ''])
    expect(refused.stderr).toContain('ZC205')
    expect(shown.code).toBe(0)
  })

  test('shows a trace whose model is not there, and says so', async () => {
    const trace = tamper('high.json', JSON.stringify(file('climber.ts')), '"/nowhere/climber.ts"')
    const { code, stdout, stderr } = await zapcheck(['show', trace])
    expect(code).toBe(0)
    expect(stdout).toContain('x: 5 -> 6')
    expect(stderr).toContain('not replayed')
  })

  test('runs no script that a trace names and that is no model', async () => {
    writeFileSync(
      file('script.mjs'),
      "import { writeFileSync } from 'node:fs'\nwriteFileSync('ran', '')\n",
    )
    const trace = tamper(
      'high.json',
      JSON.stringify(file('climber.ts')),
      JSON.stringify(file('script.mjs')),
    )
    const { code, stderr } = await zapcheck(['show', trace], { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toContain('ZC202')
    expect(() => readFileSync(file('ran'))).toThrow('ENOENT')
  })

  test.each([
    ['a missing part', '"verdict": "violated",', ''],
    ['an unknown part', '"verdict"', '"extra": 1, "verdict"'],
    ['a wrong type', '"gfns": 2', '"gfns": [2]'],
    ['a later format', '"formatVersion": 1', '"formatVersion": 2'],
    ['a state without a variable', '"lock": "vCPU",', ''],
  ])('refuses a file with %s as no trace', async (_, from, to) => {
    const { code, stdout, stderr } = await zapcheck(['show', tamper('zap.json', from, to)])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^zapcheck: ZC204 .*\n$/)
  })

  test('prints no control characters of a file', async () => {
    const trace = tamper(
      'zap.json',
      '"name": "no stale translation"',
      '"name": "\\u001b[2J\\u202e"',
    )
    const { stdout } = await zapcheck(['show', trace, '--no-replay'])
    expect(stdout).toContain('\\u001b[2J\\u202e')
    const controls = [...stdout].filter(c => c < ' ' && c !== '\n')
    expect(controls).toEqual([])
  })
})
