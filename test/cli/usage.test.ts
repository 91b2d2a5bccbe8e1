/** Wrong usage: one line on stderr with a stable code, exit 2, and nothing else done. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { folderWith, zapcheck } from './command.js'

const folder = folderWith({ 'not-a-trace.json': '{}', 'not-json.json': '{' })

describe('wrong usage', () => {
  test.each([
    ['an unknown command', ['chekc'], 'ZC101', "'check'"],
    ['an unknown flag', ['check', 'sept-zap', '--wrokers', '3'], 'ZC101', "'--workers'"],
    ['an unknown flag of the suite', ['--jsn'], 'ZC101', "'--json'"],
    ['a flag without its value', ['check', 'sept-zap', '--time'], 'ZC101', '--time'],
    ['a missing argument', ['info'], 'ZC101', '<model>'],
    ['one argument too many', ['list', 'x'], 'ZC101', "'x'"],
    ['-p without a value', ['check', 'sept-zap', '-p', 'vcpus'], 'ZC101', 'name=value'],
    ['a model flag for the suite', ['check', '--property', 'x'], 'ZC101', '--property'],
    ['an unknown model', ['check', 'sept-zpa'], 'ZC102', "'sept-zap'"],
    ['an unknown model of info', ['info', 'sept-zpa'], 'ZC102', "'sept-zap'"],
    ['an unknown parameter', ['check', 'sept-zap', '-p', 'vcpu=2'], 'ZC103', "'vcpus'"],
    ['a parameter named as a method', ['check', 'sept-zap', '-p', 'toString=2'], 'ZC103', ''],
    ['a parameter out of range', ['check', 'sept-zap', '-p', 'vcpus=9'], 'ZC104', '1..4'],
    ['a parameter that is no number', ['check', 'sept-zap', '-p', 'vcpus=x'], 'ZC104', '1..4'],
    ['a flag that is no boolean', ['check', 'sept-zap', '-p', 'track=1'], 'ZC104', 'true|false'],
    ['no workers', ['check', 'sept-zap', '--workers', '0'], 'ZC104', '256'],
    ['a size without a unit that exists', ['check', '--memory', '4GBB'], 'ZC104', '512MiB'],
    ['too little memory', ['check', '--memory', '1'], 'ZC104', '16MiB'],
    ['a time that is none', ['check', '--time', 'soon'], 'ZC104', '10m'],
    ['a count that is none', ['check', 'sept-zap', '--max-states', '-1'], 'ZC104', ''],
    ['an unknown reduction', ['check', 'sept-zap', '--reduce', 'symetry'], 'ZC104', 'symmetry'],
    ['a reduction of the suite', ['check', '--reduce', 'symmetry'], 'ZC101', 'needs a model'],
    ['an unknown property', ['check', 'sept-zap', '--property', 'x'], 'ZC105', 'stale'],
    ['an unknown variant', ['check', 'sept-zap', '--variant', '2x'], 'ZC106', "'2x2'"],
    ['a model file that does not exist', ['check', './nothing.ts'], 'ZC201', 'nothing.ts'],
    ['a trace that cannot be written', ['check', 'sept-zap', '--trace', 'no/x'], 'ZC201', 'no/x'],
    ['a trace that does not exist', ['show', 'nothing.json'], 'ZC201', 'nothing.json'],
    ['a file that is no trace', ['show', 'not-a-trace.json'], 'ZC204', 'not-a-trace.json'],
    ['a file that is not JSON', ['show', 'not-json.json'], 'ZC204', 'not-json.json'],
  ])('%s is one line with exit 2', async (_, args, code, word) => {
    const finished = await zapcheck(args, { cwd: folder })
    expect(finished.code).toBe(2)
    expect(finished.stdout).toBe('')
    expect(finished.stderr).toMatch(new RegExp(`^zapcheck: ${code} [^\\n]*\\n$`))
    expect(finished.stderr).toContain(word)
  })

  test('--json prints no object for wrong usage', async () => {
    const { code, stdout } = await zapcheck(['check', 'sept-zpa', '--json'])
    expect([code, stdout]).toEqual([2, ''])
  })

  test('probing whether a trace can be written leaves no file behind', async () => {
    const trace = join(folder, 'fresh.json')
    const { code } = await zapcheck(['check', 'sept-zap', '--quiet', '--trace', trace])
    expect([code, existsSync(trace)]).toEqual([0, false])
  })
})

describe('help', () => {
  test.each([
    [['--help'], 'Exit codes:'],
    [['help'], 'Exit codes:'],
    [['check', '--help'], '--max-depth'],
    [['help', 'check'], '--max-depth'],
    [['list', '--help'], 'Examples:'],
    [['info', '--help'], 'Examples:'],
    [['show', '--help'], 'Examples:'],
  ])('%j goes to stdout with exit 0', async (args, word) => {
    const finished = await zapcheck(args)
    expect([finished.code, finished.stderr]).toEqual([0, ''])
    expect(finished.stdout).toContain(word)
  })

  test('--version prints the version alone', async () => {
    const { code, stdout } = await zapcheck(['--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/)
  })
})
