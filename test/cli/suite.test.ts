/** The suite, the lists, and what happens to output that nobody reads. */
import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { modelNames } from '../../models/index.js'
import { commandPath, zapcheck } from './command.js'

/** The parts of the JSON that the tests read. */
interface SuiteOutput {
  readonly matches: boolean
  readonly rows: readonly { model: string; variant: string; matches: boolean }[]
}

describe('the suite', () => {
  test('is what the bare command runs; every row is as expected, exit 0', async () => {
    const { code, stdout } = await zapcheck([])
    expect(stdout).toMatch(/^sept-zap +2x2 .* ok +holds$/m)
    expect(stdout).not.toContain('large')
    expect(code).toBe(0)
  })

  test('prints one JSON object, rows in order of the models', async () => {
    const { code, stdout } = await zapcheck(['--json', '--workers', '2'])
    const output = JSON.parse(stdout) as SuiteOutput
    expect([code, output.matches]).toEqual([0, true])
    const models = [...new Set(output.rows.map(row => row.model))]
    expect(models).toEqual(modelNames.filter(name => models.includes(name)))
    expect(output.rows.every(row => row.matches)).toBe(true)
  })

  test('is incomplete if its time is over, exit 3', async () => {
    const { code, stdout } = await zapcheck(['check', '--json', '--time', '1ms'])
    expect(code).toBe(3)
    expect((JSON.parse(stdout) as SuiteOutput).matches).toBe(false)
  })
})

describe('list and info', () => {
  test('list names every model', async () => {
    const { code, stdout } = await zapcheck(['list'])
    expect(code).toBe(0)
    for (const name of modelNames) expect(stdout).toContain(name)
    const json = JSON.parse((await zapcheck(['list', '--json'])).stdout) as { name: string }[]
    expect(json.map(model => model.name)).toEqual(modelNames)
  })

  test('info shows the facts of a model for chosen parameters', async () => {
    const { code, stdout } = await zapcheck(['info', 'sept-zap', '-p', 'vcpus=3'])
    expect(code).toBe(0)
    for (const word of ['38 bits', '1..4', 'notrack', 'given back to the host', 'tdp_mmu.c'])
      expect(stdout).toContain(word)
  })
})

test('a reader that closes its end early changes nothing', async () => {
  const child = spawn(process.execPath, [commandPath, 'check', 'sept-zap', '-p', 'track=false'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const code = await new Promise(done => child.on('close', done))
  expect([code, stderr]).toEqual([1, ''])
})
