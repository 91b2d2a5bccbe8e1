/** `check --spill`: states on disk, disks that are full, and what is left there in the end. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { commandPath, folderWith, zapcheck } from './command.js'

/** The parts of the JSON that the tests read. */
interface Output {
  readonly verdict: string
  readonly states: number
  readonly limit: string | null
  readonly memory: { readonly spilledBytes?: number }
}

const folder = folderWith({})
const middle = ['sept-zap', '-p', 'vcpus=3', '-p', 'gfns=3']
const big = ['sept-zap', '-p', 'vcpus=3', '-p', 'gfns=4']
const small = ['--memory=128MiB', '--workers=2', `--spill=${folder}`, '--json']

describe('states that memory has no room for', () => {
  test('go to disk; nothing is left there', async () => {
    const { code, stdout, stderr } = await zapcheck(['check', ...middle, ...small])
    expect(code).toBe(0)
    const output = JSON.parse(stdout) as Output
    expect(output).toMatchObject({ verdict: 'holds', states: 7_390_732, limit: null })
    expect(output.memory.spilledBytes).toBeGreaterThan(2 ** 20)
    expect(stderr).toMatch(/^memory .* on disk$/m)
    expect(readdirSync(folder)).toEqual([])
  })

  test('leave nothing on disk after an interruption', async () => {
    const options = { interruptAfterMs: 2500 }
    const { code, stdout } = await zapcheck(['check', ...big, ...small], options)
    expect([code, (JSON.parse(stdout) as Output).verdict]).toEqual([130, 'incomplete'])
    expect(readdirSync(folder)).toEqual([])
  })

  test.runIf(process.platform === 'linux')('end the run in order if the disk is full', () => {
    const words = ['check', ...big, ...small]
    const limited = [
      '-c',
      'ulimit -f 4096; exec "$0" "$@"',
      process.execPath,
      commandPath,
      ...words,
    ]
    const { status, stdout, stderr } = spawnSync('bash', limited, { encoding: 'utf8' })
    expect(stderr).toContain('the disk for states was full')
    expect(stderr).not.toContain('    at ')
    expect(status).toBe(3)
    const output = JSON.parse(stdout) as Output
    expect(output).toMatchObject({ verdict: 'incomplete', limit: 'disk' })
    expect(output.states).toBeGreaterThan(1_000_000)
    expect(readdirSync(folder)).toEqual([])
  })

  test('need a folder that exists', async () => {
    const { code, stderr } = await zapcheck(['check', ...middle, '--spill', '/no/such/folder'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^zapcheck: ZC201 cannot write a file in \/no\/such\/folder/)
  })
})
