/**
 * The author's line in the built package: a model of two files, bundled by the command, whose
 * mistakes lead back to the lines of the TypeScript files through source maps.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder = ''

beforeAll(() => {
  mkdirSync(join(root, '.zapcheck'), { recursive: true })
  folder = mkdtempSync(join(root, '.zapcheck/built-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the command says of a model that imports `component.ts`. */
function check(component: readonly string[], model: readonly string[]): string {
  writeFileSync(join(folder, 'component.ts'), component.join('\n'))
  writeFileSync(join(folder, 'model.ts'), model.join('\n'))
  const command = join(root, 'dist/bin/zapcheck.js')
  const { stderr, status } = spawnSync(process.execPath, [command, 'check', './model.ts'], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  return stderr.trim()
}

const model = [
  "import { bool, defineModel, enumeration, mutex } from 'zapcheck'",
  "import { take } from './component.js'",
  '',
  'interface Unused { readonly shifts: string; readonly lines: number }',
  '',
  'export default defineModel({',
  "  name: 'built', about: 'Built.',",
  '  build(m) {',
  "    const s = m.state({ pc: enumeration('run', 'lock'), lock: mutex('a'), b: bool() })",
  "    m.action('map', { v: 0 }).do(",
  '      s.b.set(true),',
  '      take(s),',
  '    )',
  '  },',
  '})',
]

it('names the line of a wrong label in an imported file', () => {
  const component = [
    'type S = any',
    'export function take(s: S) {',
    "  return s.pc.set('lokc')",
    '}',
  ]
  const text = check(component, model)
  expect(text).toMatch(/ZC302 model built, action map\(v=0\): variable pc: 'lokc' is not a label/)
  expect(text).toMatch(/\(component\.ts:3:\d+\); did you mean 'lock'\?$/)
})

it('names the line of the second write where a lock makes it', () => {
  const component = [
    "import type { Mutex } from 'zapcheck'",
    '',
    "export const take = (s: { lock: Mutex<'a'> }) => [",
    '  s.lock.acquire(),',
    '  s.lock.release(),',
    ']',
  ]
  const text = check(component, model)
  expect(text).toMatch(
    /ZC303 model built, action map\(v=0\): variable lock\.owner is written twice/,
  )
  expect(text).toMatch(/\(component\.ts:5:\d+\);/)
})
