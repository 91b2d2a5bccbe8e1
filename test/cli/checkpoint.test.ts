/** `check --checkpoint` and `resume`: killed processes, full disks, other models, refusals. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { loadModel } from '../../models/index.js'
import { compile } from '../../src/compile/compile.js'
import type { CompiledModel } from '../../src/compile/compiled-model.js'
import { explore } from '../../src/explore/explore.js'
import { layoutOf } from '../../src/layout/layout.js'
import { symmetryGroup } from '../../src/reduce/symmetry-group.js'
import { manifestPath, replaceManifest } from '../../src/store/checkpoint-manifest.js'
import { readManifest } from '../../src/store/checkpoint-reader.js'
import { climber, commandPath, folderWith, zapcheck } from './command.js'

const root = folderWith({ 'climber.ts': climber })
let folders = 0
const freshFolder = (): string => join(root, `checkpoint-${folders++}`)

/** The parts of the JSON that the tests read. */
interface Output {
  readonly verdict: string
  readonly exhaustive: boolean
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly deadlocks: number
  readonly properties: readonly { name: string; verdict: string; depth: number | null }[]
}

function facts(stdout: string) {
  const { verdict, exhaustive, states, transitions, depth, deadlocks, properties } = JSON.parse(
    stdout,
  ) as Output
  return { verdict, exhaustive, states, transitions, depth, deadlocks, properties }
}

/** A random number below `end` for each call: the same for the same seed (mulberry32). */
function randomNumbers(seed: number): (end: number) => number {
  let state = seed
  return end => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end
  }
}

async function compiled(track: boolean, reduce: 'none' | 'symmetry'): Promise<CompiledModel> {
  const definition = await loadModel('sept-zap')
  const model = definition?.instantiate({ vcpus: 3, track })
  if (model === undefined) throw new Error('sept-zap is there')
  return compile(model, layoutOf(model), reduce === 'symmetry' ? symmetryGroup(model) : null)
}

/**
 * Runs the command and kills it, `waitMs` after it has taken the folder or, with `early`, after its
 * start. True if it was alive until then.
 */
async function killed(
  args: string[],
  { folder, waitMs, early }: { folder: string; waitMs: number; early: boolean },
): Promise<boolean> {
  const child = spawn(process.execPath, [commandPath, ...args], { stdio: 'ignore' })
  const ended = new Promise<NodeJS.Signals | null>(done => {
    child.on('close', (_, signal) => done(signal))
  })
  const lock = join(folder, 'zapcheck.lock')
  const hasBegun = (): boolean => {
    try {
      return readFileSync(lock, 'utf8').startsWith(`${child.pid} `)
    } catch {
      // Not there yet, or not any more: the run has ended.
      return false
    }
  }
  while (!early && child.exitCode === null && !hasBegun()) await delay(1)
  await delay(waitMs)
  child.kill('SIGKILL')
  return (await ended) === 'SIGKILL'
}

describe('a run that is killed', () => {
  test(
    'at any of 60 moments goes on to the same counts and verdicts',
    { timeout: 600_000 },
    async () => {
      const random = randomNumbers(5)
      const scopes = [
        { track: true, reduce: 'symmetry', flags: [] },
        { track: false, reduce: 'none', flags: ['--keep-going', '--max-depth=40'] },
      ] as const
      const depths: number[] = []
      let kills = 0
      for (const { track, reduce, flags } of scopes) {
        const model = await compiled(track, reduce)
        const limits = flags.length === 0 ? {} : { keepGoing: true, depthMax: 40 }
        const options = { workers: 1, inline: true, ...limits }
        const summary = (result: Awaited<ReturnType<typeof explore>>) => {
          const { levels: _, seconds: __, visitedBytes: ___, checkpoint: ____, ...rest } = result
          return rest
        }
        const whole = summary(await explore(model, options))
        expect(whole.states).toBeGreaterThan(50_000)
        let folder = freshFolder()
        for (const target = kills + 30; kills < target;) {
          const scope = ['sept-zap', '-p', 'vcpus=3', '-p', `track=${track}`, ...flags]
          const begin = ['check', ...scope, `--reduce=${reduce}`, '--checkpoint', folder]
          const words = existsSync(manifestPath(folder)) ? ['resume', folder] : begin
          const workers = `--workers=${1 + Math.floor(random(3))}`
          const moment = { folder, waitMs: random(600), early: random(5) < 1 }
          const wasAlive = await killed([...words, workers, '--every=1ms'], moment)
          const from = readManifest(folder)
          const head = from?.head ?? { zapcheck: '', identity: '', command: null }
          // Does not write: it is not due, and no other limit ends it than that of the depth.
          const checkpoint = { folder, everyMs: 1e9, head, from }
          if (wasAlive && from !== null) {
            const resumed = await explore(model, { ...options, checkpoint })
            expect(summary(resumed)).toEqual(whole)
            depths.push(from.cut.depth)
            kills++
          }
          if (!wasAlive || (from?.cut.depth ?? 0) > 35) folder = freshFolder()
        }
      }
      expect(kills).toBe(60)
      expect(depths.some(depth => depth > 35)).toBe(true)
      expect(new Set(depths).size).toBeGreaterThan(15)
    },
  )
})

describe('resume', () => {
  const scope = ['sept-zap', '-p', 'vcpus=3']

  test('goes on with another number of workers to the same report', async () => {
    const folder = freshFolder()
    const limits = ['--max-depth=30', '--json']
    const first = await zapcheck(['check', ...scope, '--checkpoint', folder, ...limits])
    expect(first.code).toBe(3)
    expect(JSON.parse(first.stdout)).toMatchObject({
      checkpoint: { folder, depth: 30, failure: null },
    })
    expect(first.stderr).toMatch(/checkpoint at depth 30: 'zapcheck resume .*' goes on from it$/m)
    const deeper = ['--max-depth=1000', '--json']
    const { code, stdout } = await zapcheck(['resume', folder, '--workers=3', ...deeper])
    expect(code).toBe(0)
    expect(facts(stdout)).toMatchObject({
      verdict: 'holds',
      exhaustive: true,
      states: 387_236,
      transitions: 1_026_332,
      depth: 76,
    })
  })

  test('finds the same violation, with the same trace', async () => {
    const files = [join(root, 'whole.json'), join(root, 'resumed.json')]
    const words = [...scope, '-p', 'track=false']
    const whole = await zapcheck(['check', ...words, '--json', '--trace', files[0] ?? ''])
    const folder = freshFolder()
    await zapcheck(['check', ...words, '--checkpoint', folder, '--max-states=1000'])
    const depth = readManifest(folder)?.cut.depth
    expect(depth).toBeGreaterThan(3)
    const more = ['--max-states=1000000', '--json', '--trace', files[1] ?? '']
    const resumed = await zapcheck(['resume', folder, ...more])
    expect([whole.code, resumed.code]).toEqual([1, 1])
    expect(facts(resumed.stdout)).toEqual(facts(whole.stdout))
    expect(readFileSync(files[1] ?? '', 'utf8')).toBe(readFileSync(files[0] ?? '', 'utf8'))
  })

  test('compares with the variant, and counts coverage as if nothing had been', async () => {
    const folder = freshFolder()
    const words = ['sept-zap', '--variant=2x2', '--coverage']
    const whole = await zapcheck(['check', ...words, '--json'])
    await zapcheck(['check', ...words, '--checkpoint', folder, '--max-states=9000'])
    const resumed = await zapcheck(['resume', folder, '--max-states=1000000', '--json'])
    expect(resumed.code).toBe(0)
    const parts = (text: string): unknown => {
      const { coverage, differences } = JSON.parse(text) as Record<string, unknown>
      return { coverage, differences }
    }
    expect(parts(resumed.stdout)).toEqual(parts(whole.stdout))
    expect(parts(resumed.stdout)).toMatchObject({ differences: [] })
  })

  test('refuses a model that is not what it was', async () => {
    const file = join(root, 'changed.ts')
    writeFileSync(file, climber)
    const folder = freshFolder()
    await zapcheck(['check', file, '--checkpoint', folder, '--max-depth=4'])
    const again = await zapcheck(['resume', folder, '--max-depth=5', '--json'])
    expect(facts(again.stdout)).toMatchObject({ states: 6, depth: 5 })
    writeFileSync(file, climber.replace('s.x.lt(top)', 's.x.lt(top - 1)'))
    const { code, stdout, stderr } = await zapcheck(['resume', folder])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^zapcheck: ZC208 the model climber is not what it was at the checkpoint/,
    )
    rmSync(file)
    expect((await zapcheck(['resume', folder])).stderr).toMatch(/^zapcheck: ZC201 /)
  })

  test('refuses what is damaged, of another version, missing, or in use', async () => {
    const folder = freshFolder()
    await zapcheck(['check', 'sept-zap', '--checkpoint', folder, '--max-depth=9'])
    const manifest = readManifest(folder)
    const text = readFileSync(manifestPath(folder))
    if (manifest === null) throw new Error('there is a checkpoint')
    const refusal = async (...more: string[]): Promise<string> => {
      const { code, stderr } = await zapcheck(['resume', folder, ...more])
      expect(code).toBe(2)
      return stderr
    }
    replaceManifest(folder, { ...manifest, head: { ...manifest.head, zapcheck: '9.9.9' } })
    expect(await refusal()).toMatch(/ZC208 the checkpoint is one of zapcheck 9\.9\.9/)
    writeFileSync(manifestPath(folder), text.subarray(0, 200))
    expect(await refusal()).toMatch(/ZC207 the checkpoint cannot be used: .* its checksum is wrong/)
    writeFileSync(manifestPath(folder), text)
    expect(await refusal('--max-depth=8')).toMatch(/ZC104 --max-depth cannot be '8'/)
    writeFileSync(join(folder, 'zapcheck.lock'), `${process.ppid} `)
    const stat = readFileSync(`/proc/${process.pid}/stat`, 'utf8')
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    writeFileSync(join(folder, 'zapcheck.lock'), `${process.pid} ${start}`)
    expect(await refusal()).toMatch(/ZC206 another zapcheck works with the checkpoint/)
    rmSync(manifestPath(folder))
    expect(await refusal()).toMatch(/ZC206 there is no checkpoint in/)
  })
})

describe('check --checkpoint', () => {
  test('refuses a folder with a checkpoint, and flags that do not go together', async () => {
    const folder = freshFolder()
    const words = ['check', 'sept-zap', '--checkpoint', folder, '--max-depth=9']
    expect((await zapcheck(words)).code).toBe(3)
    const errorOf = async (args: string[]): Promise<string> => (await zapcheck(args)).stderr
    expect(await errorOf(words)).toMatch(/^zapcheck: ZC206 there is a checkpoint in .* already/)
    const file = join(root, 'climber.ts')
    expect(await errorOf(['check', 'sept-zap', '--checkpoint', file])).toMatch(/ZC201 cannot write/)
    expect(await errorOf([...words, '--lossy'])).toMatch(/ZC101 --checkpoint and --lossy do not/)
    expect(await errorOf(['check', 'sept-zap', '--every=1m'])).toMatch(/ZC101 --every needs/)
    expect(await errorOf(['check', '--checkpoint', folder])).toMatch(/ZC101 --checkpoint needs a/)
  })

  test.runIf(process.platform === 'linux')('survives a disk that is full', async () => {
    const folder = freshFolder()
    const words = ['check', 'sept-zap', '-p', 'vcpus=3', '--checkpoint', folder, '--every=1ms']
    const shell = 'ulimit -f 1024; exec "$0" "$@"'
    const args = ['-c', shell, process.execPath, commandPath, ...words, '--json']
    const { status, stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8' })
    expect(status).toBe(0)
    expect(facts(stdout)).toMatchObject({ verdict: 'holds', states: 387_236 })
    expect(stderr).toMatch(/^zapcheck: ZC209 a checkpoint could not be written in .*: EFBIG; the/m)
    const depth = readManifest(folder)?.cut.depth ?? 0
    expect(depth).toBeGreaterThan(10)
    expect(depth).toBeLessThan(70)
    const resumed = await zapcheck(['resume', folder, '--json'])
    expect(facts(resumed.stdout)).toEqual(facts(stdout))
  })
})
