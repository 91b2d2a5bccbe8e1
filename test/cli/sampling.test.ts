/** `check` with `--search random` and `--swarm`: exit codes, JSON, traces, wrong usage. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { climber, folderWith, zapcheck } from './command.js'

const folder = folderWith({
  'climber.ts': climber,
  'overflow.ts': climber.replace('int(0, top)', 'int(0, top - 1)'),
})
const random = ['--search', 'random', '--seed', '5']
const swarm = ['--swarm', '--time', '300ms']

/** The parts of the JSON that the tests read. */
interface Output {
  readonly verdict: string
  readonly exhaustive: boolean
  readonly limit: string | null
  readonly exactness: string
  readonly search: { readonly walks?: number; readonly foundBy: number | null }
  readonly properties: readonly { readonly name: string; readonly verdict: string }[]
  readonly differences?: readonly string[]
}

async function checkJson(args: readonly string[]): Promise<[number | null, Output]> {
  const { code, stdout } = await zapcheck(['check', ...args, '--json'], { cwd: folder })
  return [code, JSON.parse(stdout) as Output]
}

describe('--search random', () => {
  test('prints the promised JSON object, and exits with 3 if nothing is violated', async () => {
    const args = ['check', 'sept-zap', ...random, '--walks=200', '--workers=2', '--json']
    const { code, stdout, stderr } = await zapcheck(args)
    expect(code).toBe(3)
    expect(stderr).toContain('no violation found in 200 walks')
    const number = expect.any(Number) as number
    const memory = { stateBits: 30, visitedBytes: 0, bytesPerState: 0, peakRssBytes: number }
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'incomplete',
      exhaustive: false,
      limit: 'walks',
      exactness: 'sampled',
      memory,
      properties: [{ verdict: 'unknown', depth: null }],
      search: {
        kind: 'random',
        seed: 5,
        maxDepth: 10_000,
        walks: 200,
        walksPerSecond: number,
        steps: 2_000_000,
        stepsPerSecond: number,
        distinctEstimate: number,
        actionsFired: 25,
        actions: 25,
        neverFired: [],
        foundBy: null,
      },
    })
  })

  test('finds a violation, and saves a trace that shows again', async () => {
    const file = join(folder, 'walk.json')
    const { code, stdout } = await zapcheck([
      'check',
      'sept-zap',
      '-p',
      'track=false',
      ...random,
      '--trace',
      file,
    ])
    expect(code).toBe(1)
    expect(stdout).toContain('of seed 5; there may be shorter traces')
    expect((await zapcheck(['show', file])).code).toBe(0)
  })

  test('never says that a model holds, however small, and exits with 3', async () => {
    const [code, output] = await checkJson(['./climber.ts', ...random, '--walks', '10'])
    expect(code).toBe(3)
    expect(output).toMatchObject({ verdict: 'incomplete', exhaustive: false })
    const verdicts = output.properties.map(p => p.verdict)
    expect(verdicts).toEqual(['unknown', 'holds'])
  })

  test('compares the verdicts of a variant, but neither counts nor depths', async () => {
    const variant = ['./climber.ts', '--variant', 'wrong', ...random, '--walks', '1']
    expect((await checkJson(variant))[1].differences).toEqual([])
    const [code, high] = await checkJson(['./climber.ts', '--variant', 'high', ...random])
    expect([code, high.verdict, high.differences]).toEqual([1, 'violated', []])
  })

  test('reports a model error with its line', async () => {
    const { code, stderr } = await zapcheck(['check', './overflow.ts', ...random], { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toMatch(/ZC401 .*overflow\.ts:/)
  })

  test('ends in order when it is interrupted', async () => {
    const args = ['check', 'sept-zap', ...random, '--json']
    const { code, stdout } = await zapcheck(args, { interruptAfterMs: 1500 })
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'incomplete', limit: 'interrupted' })
  })
})

describe('--swarm', () => {
  test('exits with 3 at the end of its time, with what its runs did', async () => {
    const [code, output] = await checkJson(['sept-zap', ...swarm])
    expect(code).toBe(3)
    expect(output).toMatchObject({ verdict: 'incomplete', exhaustive: false, limit: 'time' })
    expect(output.search).toMatchObject({ kind: 'swarm', seed: 0, setBytes: 2 ** 21 })
  })

  test('finds a violation', async () => {
    const { code, stdout } = await zapcheck(['check', 'sept-zap', '-p', 'track=false', '--swarm'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/met by run \d+ of seed 0/)
  })
})

describe('wrong usage', () => {
  test.each([
    [['sept-zap', '--walks', '5'], 'ZC101', '--search random'],
    [['sept-zap', '--swarm', '--walks', '5'], 'ZC101', '--search random'],
    [['sept-zap', '--swarm', '--search', 'random'], 'ZC101', '--search cannot'],
    [['sept-zap', ...random, '--reduce', 'symmetry'], 'ZC101', '--reduce cannot'],
    [['sept-zap', ...random, '--lossy'], 'ZC101', '--lossy cannot'],
    [['sept-zap', ...random, '--memory', '1GiB'], 'ZC101', '--memory cannot'],
    [['sept-zap', '--swarm', '--max-states', '5'], 'ZC101', '--max-states cannot'],
    [['sept-zap', ...random, '--checkpoint', 'run1'], 'ZC101', '--checkpoint cannot'],
    [['sept-zap', ...random, '--coverage'], 'ZC101', '--coverage cannot'],
    [['sept-zap', ...random, '--max-depth', '2000000'], 'ZC104', '1000000'],
    [['sept-zap', '--search', 'randm'], 'ZC104', "'random'"],
    [['--swarm'], 'ZC101', 'needs a model'],
    [['--search', 'random'], 'ZC101', 'needs a model'],
  ])('%j is one line with exit 2', async (args, code, word) => {
    const finished = await zapcheck(['check', ...args])
    expect([finished.code, finished.stdout]).toEqual([2, ''])
    expect(finished.stderr).toMatch(new RegExp(`^zapcheck: ${code} [^\\n]*\\n$`))
    expect(finished.stderr).toContain(word)
  })
})
