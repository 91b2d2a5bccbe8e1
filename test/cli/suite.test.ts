/** The suite, the lists, and what happens to output that nobody reads. */
import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import { commandPath, zapcheck } from './command.js'

/** The parts of the JSON that the tests read. */
interface SuiteOutput {
  readonly matches: boolean
  readonly rows: readonly { model: string; variant: string; matches: boolean }[]
}

describe('the suite', () => {
  test('is what the bare command runs: a table, and one JSON object; exit 0', async () => {
    const { code, stdout, stderr } = await zapcheck(['--json'])
    const output = JSON.parse(stdout) as SuiteOutput
    expect(output.rows.filter(row => !row.matches)).toEqual([])
    expect([code, output.matches]).toEqual([0, true])
    const models = [...new Set(output.rows.map(row => row.model))]
    expect(models).toEqual(modelNames.filter(name => models.includes(name)))
    expect(stderr).toMatch(/^sept-zap +2x2 +22,772 +49,156 +74 .* ok +holds$/m)
    expect(stderr.match(/ {2}ok {2}/g)).toHaveLength(output.rows.length)
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
    const model = defined(await loadModel('sept-zap'))
    const { properties, variables } = model.instantiate({ vcpus: 3 })
    const meanings = properties.flatMap(p => p.meaning ?? [])
    const words = [`${variables.length} variables`, '1..4', ...model.variants.map(v => v.name)]
    for (const word of [...words, ...meanings, ...model.sources, ...model.omits])
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
