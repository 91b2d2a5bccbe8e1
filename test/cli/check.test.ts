/** `check` with a model: exit codes, JSON, traces, limits, interruption. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { climber, folderWith, zapcheck } from './command.js'

/** The parts of the JSON that the tests read. */
interface Output {
  readonly verdict: string
  readonly exhaustive: boolean
  readonly states: number
  readonly transitions: number
  readonly reduction: { readonly kind: string }
  readonly limit: string | null
  readonly trace: string | null
  readonly properties: readonly { name: string; kind: string; verdict: string; depth: number }[]
  readonly differences?: readonly string[]
  readonly error?: { readonly code: string; readonly depth: number }
}

async function checkJson(args: readonly string[], cwd?: string): Promise<[number | null, Output]> {
  const options = cwd === undefined ? {} : { cwd }
  const { code, stdout } = await zapcheck(['check', ...args, '--json'], options)
  return [code, JSON.parse(stdout) as Output]
}

const big = ['sept-zap', '-p', 'vcpus=4', '-p', 'gfns=5']
const middle = ['sept-zap', '-p', 'vcpus=3', '-p', 'gfns=3']
const folder = folderWith({
  'climber.ts': climber,
  'overflow.ts': climber.replace('int(0, top)', 'int(0, top - 1)'),
})

describe('a check', () => {
  test('prints exactly the promised JSON object and exits with 0 if all holds', async () => {
    const { code, stdout, stderr } = await zapcheck(['check', 'sept-zap', '--json', '--workers=2'])
    expect(code).toBe(0)
    expect(stderr).toContain('22,772')
    expect(JSON.parse(stdout)).toEqual({
      model: 'sept-zap',
      params: { vcpus: 2, gfns: 2, track: true },
      verdict: 'holds',
      exhaustive: true,
      states: 22_772,
      transitions: 49_156,
      depth: 74,
      deadlocks: 0,
      workers: 2,
      seconds: expect.any(Number) as number,
      statesPerSecond: expect.any(Number) as number,
      memory: {
        stateBits: 30,
        visitedBytes: expect.any(Number) as number,
        bytesPerState: expect.any(Number) as number,
        peakRssBytes: expect.any(Number) as number,
      },
      exactness: 'exact',
      reduction: { kind: 'none', groupOrder: 1, types: [] },
      properties: [
        { name: 'no stale translation', kind: 'invariant', verdict: 'holds', depth: null },
      ],
      limit: null,
      trace: null,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    })
  })

  test('exits with 1 and the shortest trace if a property is violated', async () => {
    const { code, stdout } = await zapcheck(['check', 'sept-zap', '-p', 'track=false'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ +1 .*vcpu\[0\]\.pc: +run -> snap$/m)
    expect(stdout).toMatch(/^violated by step 10: no stale translation /m)
  })

  test('gives the same trace with any number of workers', async () => {
    const traces = await Promise.all(
      [1, 2, 3].map(async workers => {
        const file = join(folder, `trace-${workers}.json`)
        await zapcheck([
          'check',
          ...middle,
          '-p',
          'track=false',
          `--workers=${workers}`,
          '--trace',
          file,
        ])
        return readFileSync(file, 'utf8')
      }),
    )
    expect(traces[1]).toBe(traces[0])
    expect(traces[2]).toBe(traces[0])
  })

  test('stops at the level of a violation unless it is to keep going', async () => {
    const args = ['sept-zap', '-p', 'track=false']
    const [, stopped] = await checkJson(args)
    const [code, whole] = await checkJson([...args, '--keep-going'])
    expect(code).toBe(1)
    expect([stopped.exhaustive, whole.exhaustive]).toEqual([false, true])
    expect(whole.states).toBeGreaterThan(stopped.states)
  })

  test('checks only the properties that are asked for, and shows their witnesses', async () => {
    const [code, output] = await checkJson(
      ['./climber.ts', '-p', 'limit=5', '--property=on top'],
      folder,
    )
    expect(code).toBe(0)
    expect(output.properties).toEqual([
      { name: 'on top', kind: 'reachable', verdict: 'holds', depth: 10 },
    ])
    const { stdout } = await zapcheck(['check', './climber.ts', '--property', 'on top'], {
      cwd: folder,
    })
    expect(stdout).toContain('x: 9 -> 10')
  })

  test('compares a variant with its expectation', async () => {
    const [, fine] = await checkJson(['./climber.ts', '--variant', 'fine'], folder)
    expect(fine.differences).toEqual([])
    const [violated, high] = await checkJson(['./climber.ts', '--variant', 'high'], folder)
    expect([violated, high.differences]).toEqual([1, []])
    const [differs, wrong] = await checkJson(['./climber.ts', '--variant', 'wrong'], folder)
    expect([differs, wrong.verdict, wrong.differences?.length]).toEqual([1, 'holds', 1])
  })

  test('reports an error of the model with the way to it, exit 2', async () => {
    const { code, stdout, stderr } = await zapcheck(['check', './overflow.ts', '--json'], {
      cwd: folder,
    })
    expect(code).toBe(2)
    expect((JSON.parse(stdout) as Output).error).toMatchObject({ code: 'ZC401', depth: 10 })
    expect(stderr).toMatch(/^zapcheck: ZC401 .*overflow\.ts:15:\d+\)/m)
  })
})

describe('a reduction by symmetry', () => {
  test.each([
    [['sept-zap'], 11_948, 74, 2],
    [['sept-zap', '-p', 'vcpus=3'], 75_676, 76, 6],
  ])('of %j counts representatives, at the same depth', async (args, states, depth, groupOrder) => {
    const [code, output] = await checkJson([...args, '--reduce', 'symmetry'])
    const reduction = { kind: 'symmetry', groupOrder, types: [expect.anything()] }
    expect(code).toBe(0)
    expect(output).toMatchObject({ verdict: 'holds', states, depth, reduction })
    const [, one] = await checkJson([...args, '--reduce=symmetry', '--workers=1'])
    expect(one).toMatchObject({ states, depth, reduction })
  })

  test('shows a trace with real names, as long as without it', async () => {
    const args = ['check', ...middle, '-p', 'track=false', '--reduce=symmetry']
    const { code, stdout } = await zapcheck(args)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^violated by step 11: no stale translation /m)
    expect(stdout).toMatch(/representatives, each for up to 6 states \(3 vcpu\)$/m)
  })

  test('is what a variant says, unless the command line says otherwise', async () => {
    const variant = ['sept-zap', '--variant', '2x2-symmetry']
    const [, own] = await checkJson(variant)
    const [, whole] = await checkJson([...variant, '--reduce=none'])
    expect([own.states, own.differences]).toEqual([11_948, []])
    expect([whole.states, whole.differences]).toEqual([22_772, []])
  })
})

describe('a reduction by partial order', () => {
  test('counts what is left, alone and with symmetry, with any number of workers', async () => {
    const counts = { por: 0, all: 0 }
    for (const kind of ['por', 'all'] as const) {
      const [code, output] = await checkJson(['sept-zap', '--reduce', kind, '--workers=2'])
      const [, one] = await checkJson(['sept-zap', '--reduce', kind, '--workers=1'])
      expect([code, output.verdict, output.reduction.kind]).toEqual([0, 'holds', kind])
      expect([output.states, output.transitions]).toEqual([one.states, one.transitions])
      counts[kind] = output.states
    }
    expect(counts.por).toBeLessThan(22_772)
    expect(counts.all).toBeLessThan(11_948)
  })

  test('says what is counted, and that a trace may be longer', async () => {
    const args = ['check', ...middle, '-p', 'track=false', '--reduce=all']
    const { code, stdout } = await zapcheck(args)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^violated by step 1\d: no stale translation /m)
    expect(stdout).toMatch(/^partial order counts are of what is left; a trace may be longer /m)
  })

  test('is compared with verdicts alone', async () => {
    const variant = ['sept-zap', '--variant', '2x2-symmetry', '--reduce=por']
    const [, output] = await checkJson(variant)
    expect(output.differences).toEqual([])
  })
})

describe('a limit', () => {
  test.each([
    ['states', [...big, '--max-states', '1000']],
    ['depth', [...big, '--max-depth', '4']],
    ['time', [...big, '--time', '300ms']],
    ['memory', [...big, '--memory', '16MiB']],
  ])('of %s ends the run as incomplete, exit 3', async (limit, args) => {
    const [code, output] = await checkJson(args)
    expect(code).toBe(3)
    expect(output).toMatchObject({ verdict: 'incomplete', exhaustive: false, limit })
    expect(output.properties[0]?.verdict).toBe('unknown')
  })
})

describe('Ctrl-C', () => {
  test('ends a run in order with its partial result, exit 130', async () => {
    const args = ['check', ...big, '--json', '--workers', '1']
    const { code, stdout } = await zapcheck(args, { interruptAfterMs: 1500 })
    expect(code).toBe(130)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'incomplete', limit: 'interrupted' })
  })
})

describe('the text', () => {
  test('is silent with --quiet', async () => {
    const { code, stdout, stderr } = await zapcheck([
      'check',
      'sept-zap',
      '-p',
      'track=false',
      '--quiet',
    ])
    expect([code, stdout, stderr]).toEqual([1, '', ''])
  })

  test('has colors only where they are wanted', async () => {
    const args = ['check', 'sept-zap']
    const hasColor = async (more: string[], env: Record<string, string>): Promise<boolean> =>
      (await zapcheck([...args, ...more], { env })).stdout.includes('\u001b[')
    expect(await hasColor([], {})).toBe(false)
    expect(await hasColor([], { FORCE_COLOR: '1' })).toBe(true)
    expect(await hasColor([], { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
    expect(await hasColor(['--no-color'], { FORCE_COLOR: '1' })).toBe(false)
  })
})
