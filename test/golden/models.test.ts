/**
 * Every variant of every built-in model: verdicts, depths and exact counts as its author expects,
 * with one worker and with two, and every violation confirmed by the interpreter.
 */
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadModel, modelNames } from '../../models/index.js'
import { checkVariant } from '../../src/report/variant-row.js'
import { defined } from '../../src/base/assert.js'

const folder = fileURLToPath(new URL('../../models', import.meta.url))
const definitions = await Promise.all(
  modelNames.map(async name => defined(await loadModel(name), name)),
)

test('every model file is in the registry, under the name of its model', () => {
  const files = readdirSync(folder).flatMap(entry => {
    if (existsSync(`${folder}/${entry}/index.ts`)) return [entry]
    return entry.endsWith('.ts') && entry !== 'index.ts' ? [entry.slice(0, -3)] : []
  })
  expect([...modelNames].sort()).toEqual(files.sort())
  expect(definitions.map(d => d.name)).toEqual(modelNames)
})

describe.each(definitions)('$name', ({ name, variants }) => {
  const definition = defined(definitions.find(d => d.name === name))
  const included = variants.filter(v => v.tier !== 'large')

  test.each(included)('$name is as expected with one worker and with two', async variant => {
    const rows = []
    for (const workers of [1, 2])
      rows.push(
        await checkVariant(definition, variant, {
          explore: { workers, ...(workers === 1 && { inline: true }) },
          version: '0.0.0',
          peakRssBytes: () => 0,
        }),
      )
    const [one, two] = rows.map(
      ({ seconds: _, statesPerSecond: __, workers: ___, memory, ...row }) => {
        return { ...row, stateBits: memory.stateBits }
      },
    )
    expect(one?.differences).toEqual([])
    expect(one?.matches).toBe(true)
    expect(two).toEqual(one)
  })

  test('names each variant once', () => {
    expect(new Set(variants.map(v => v.name)).size).toBe(variants.length)
  })
})
