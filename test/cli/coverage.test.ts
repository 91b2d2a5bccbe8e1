/** `check --coverage`: the tables, the JSON, and that it changes nothing else. */
import { expect, test } from 'vitest'
import { climber, folderWith, zapcheck } from './command.js'

const patient = climber.replace(
  "m.deadlock('allowed')",
  "m.deadlock('allowed'); m.action('fall').when(s.x.gt(limit)).do(s.x.set(0))",
)
const folder = folderWith({ 'climber.ts': patient })

/** The JSON of a check without what differs from run to run. */
async function stable(args: readonly string[]): Promise<Record<string, unknown>> {
  const { stdout } = await zapcheck(['check', ...args, '--json'], { cwd: folder })
  const { seconds, statesPerSecond, memory, ...rest } = JSON.parse(stdout) as Record<
    string,
    unknown
  >
  expect([seconds, statesPerSecond, memory]).not.toContain(undefined)
  return rest
}

test('the JSON gains exactly the member coverage, the same for any number of workers', async () => {
  const coverage = {
    actions: [
      { name: 'climb', instances: 1, deadInstances: 0, fired: 10, depth: 1 },
      { name: 'fall', instances: 1, deadInstances: 1, fired: 0, depth: null },
    ],
    properties: [
      { name: 'low', kind: 'invariant', exercised: 11, depth: 0 },
      { name: 'on top', kind: 'reachable', exercised: 1, depth: 10 },
    ],
    levels: Array.from({ length: 11 }, () => 1),
  }
  const without = await stable(['./climber.ts', '--workers=1'])
  expect(without['deadActions']).toEqual(['fall'])
  for (const workers of [1, 3]) {
    const found = await stable(['./climber.ts', '--coverage', `--workers=${workers}`])
    expect(found).toEqual({ ...without, workers, coverage })
  }
})

test('counts add up to the transitions, and levels to the states', async () => {
  const { transitions, states, coverage } = (await stable(['sept-zap', '--coverage'])) as {
    transitions: number
    states: number
    coverage: { actions: { fired: number }[]; levels: number[] }
  }
  expect(coverage.actions.reduce((sum, a) => sum + a.fired, 0)).toBe(transitions)
  expect(coverage.levels.reduce((sum, count) => sum + count, 0)).toBe(states)
})

test('the text has a table of actions, one of properties, and the profile', async () => {
  const { code, stdout } = await zapcheck(['check', './climber.ts', '--coverage'], { cwd: folder })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^climb +1 +10 +100\.0% +1$/m)
  expect(stdout).toMatch(/^fall .* dead$/m)
  expect(stdout).toMatch(/^low +11 +0 +states$/m)
  expect(stdout).toMatch(/^10 +1 +#+$/m)
})

test('what the model accepts is shown with its reason', async () => {
  const accepts = "accepts: { dead: { fall: 'nothing is too high' } },"
  const own = folderWith({
    'fine.ts': patient.replace('  params:', `  ${accepts} params:`),
    'wrong.ts': patient.replace('  params:', `  ${accepts.replace('fall', 'fell')} params:`),
  })
  const fine = await zapcheck(['check', './fine.ts', '--coverage'], { cwd: own })
  expect([fine.code, fine.stdout]).toEqual([
    0,
    expect.stringContaining('dead (accepted: nothing is too high)'),
  ])
  const wrong = await zapcheck(['check', './wrong.ts'], { cwd: own })
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining(
      "ZC307 model climber accepts 'fell', and has no such action; did you mean 'fall'?",
    ),
  ])
})

test('needs a model', async () => {
  const { code, stderr } = await zapcheck(['check', '--coverage'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('ZC101 --coverage needs a model')])
})
