/**
 * Every example of docs/modelling.md compiles in strict TypeScript, is checked by the reference
 * search, and gives what the document says it gives.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as zapcheck from '../../src/index.js'
import type { ModelDefinition } from '../../src/index.js'
import { Diagnostic } from '../../src/base/diagnostic.js'
import { search } from '../../src/interpret/search.js'
import type { Model } from '../../src/ir/model.js'
import { examplesOf, moduleOf } from './examples.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const text = readFileSync(join(root, 'docs/modelling.md'), 'utf8')
const examples = examplesOf(text)

/** What the search says of each property that does not hold: its depth. */
function violationsOf(model: Model): { found: Record<string, number>; counts: object } {
  const result = search(model)
  const found: Record<string, number> = {}
  model.properties.forEach((p, i) => {
    const depth = result.depths[i] ?? null
    if (p.kind === 'reachable' ? depth === null : depth !== null) found[p.name] = depth ?? -1
  })
  if (result.modelErrorDepth !== null) found['model error'] = result.modelErrorDepth
  return { found, counts: result }
}

describe('docs/modelling.md', () => {
  let folder = ''
  const fileOf = (line: number): string => join(folder, `line-${line}.ts`)

  beforeAll(() => {
    mkdirSync(join(root, '.zapcheck'), { recursive: true })
    folder = mkdtempSync(join(root, '.zapcheck/docs-'))
    for (const e of examples) writeFileSync(fileOf(e.line), moduleOf(e, Object.keys(zapcheck)))
    const compilerOptions = { noUnusedLocals: false }
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions,
      include: ['*.ts'],
      exclude: [],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('has examples that compile in strict TypeScript', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', folder], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  it.each(examples.map(e => [e.line, e] as const))('is right in line %i', async (line, e) => {
    const { default: definition } = (await import(fileOf(line))) as { default: ModelDefinition }
    const { params, refused, violated, counts, modelErrorDepth } = e.claims
    if (refused !== null) {
      expect(() => definition.instantiate(params)).toThrow(Diagnostic)
      expect(() => definition.instantiate(params)).toThrow(
        expect.objectContaining({ code: refused }),
      )
      return
    }
    const result = violationsOf(definition.instantiate(params))
    const expected = modelErrorDepth === null ? violated : { 'model error': modelErrorDepth }
    expect(result.found).toEqual(expected)
    expect(result.counts).toMatchObject(counts)
    for (const variant of definition.variants) {
      const { found, counts: all } = violationsOf(definition.instantiate(variant.params))
      const { properties = {}, ...expectedCounts } = variant.expect
      expect(all).toMatchObject(expectedCounts)
      const expectedDepths = Object.entries(properties).map(([name, v]) => [
        name,
        typeof v === 'string' ? found[name] : v.depth,
      ])
      expect(found).toEqual(Object.fromEntries(expectedDepths))
    }
  })

  it('shows what the command prints for the first model', () => {
    const [first] = examples
    const blocks = [...text.matchAll(/\n\n```\n([\s\S]*?)```/g)]
    const [good, bad] = blocks.map(([, output = '']) => output)
    const run = (...options: string[]): { stdout: string; status: number | null } => {
      const args = [join(root, 'dist/bin/zapcheck.js'), 'check', fileOf(first?.line ?? 0)]
      return spawnSync(process.execPath, [...args, '--no-color', ...options], { encoding: 'utf8' })
    }
    const holds = run()
    for (const line of good?.trimEnd().split('\n') ?? []) expect(holds.stdout).toContain(line)
    expect(holds.status).toBe(0)
    const fails = run('-p', 'retry=false')
    expect(fails.stdout).toContain(bad)
    expect(fails.status).toBe(1)
  })

  it('explains everything that the package exports to authors', () => {
    const code = examples.map(e => e.code).join('\n')
    const functions = Object.entries(zapcheck)
      .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
      .map(([name]) => name)
      .filter(name => name !== 'formatDiagnostic')
    expect(functions.filter(name => !new RegExp(`\\b${name}\\(`).test(code))).toEqual([])
  })
})
