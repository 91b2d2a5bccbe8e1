/**
 * Small variants of every built-in model in the other ways of searching: cut in the middle and
 * taken up again from the checkpoint, counts and depths are those of a search in one piece; random
 * walks violate only what the whole search violates.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { defined } from '../../src/base/assert.js'
import { compile } from '../../src/compile/compile.js'
import { explore, type ExploreResult } from '../../src/explore/explore.js'
import { sample } from '../../src/explore/sampling.js'
import { readManifest } from '../../src/store/checkpoint-reader.js'

const root = mkdtempSync(join(tmpdir(), 'zapcheck-test-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const definitions = await Promise.all(
  modelNames.map(async name => defined(await loadModel(name), name)),
)
/** The smallest variants of a model, so many. */
const VARIANTS = 4
const cases = definitions.flatMap(definition =>
  definition.variants
    .filter(v => v.tier !== 'large' && v.expect.states !== undefined)
    .toSorted((a, b) => (a.expect.states ?? 0) - (b.expect.states ?? 0))
    .slice(0, VARIANTS)
    .map(variant => ({
      name: definition.name,
      variant: variant.name,
      definition,
      params: variant.params,
    })),
)

const alone = { workers: 1, inline: true, keepGoing: true } as const
const head = { zapcheck: '1.2.3', identity: 'one', command: null }

/** What must not depend on where a search was cut. */
function facts(result: ExploreResult) {
  const { states, transitions, depth, deadlocks, exhaustive, candidates, fired } = result
  result.levels.close()
  return { states, transitions, depth, deadlocks, exhaustive, candidates, fired: [...fired] }
}

describe.each(cases)('$name, $variant', ({ name, variant, definition, params }) => {
  const model = definition.instantiate(params)
  const compiled = compile(model)

  test('goes on from a checkpoint to the same end', async () => {
    const whole = facts(await explore(compiled, alone))
    const folder = join(root, `${name}-${variant}`)
    mkdirSync(folder)
    const at = { folder, everyMs: 0, head }
    const depthMax = Math.floor(whole.depth / 2)
    const half = await explore(compiled, { ...alone, depthMax, checkpoint: { ...at, from: null } })
    expect(half.depth).toBe(depthMax)
    half.levels.close()
    const from = defined(readManifest(folder) ?? undefined)
    const rest = await explore(compiled, { ...alone, checkpoint: { ...at, everyMs: 1e9, from } })
    expect(facts(rest)).toEqual(whole)
  })

  test('is violated by random walks only where the whole search is', async () => {
    const whole = facts(await explore(compiled, alone))
    const options = { kind: 'random', seed: 1, workers: 1, walks: 64, depthMax: 300 } as const
    const { candidates, modelError } = await sample(compiled, { ...options, keepGoing: true })
    expect(modelError).toBeNull()
    for (const [property, found] of candidates.entries())
      if (found !== null) expect(whole.candidates[property]).not.toBeNull()
  })
})
