/**
 * The package as a user gets it: packed by npm, unpacked into another project, where its types are
 * checked by the compiler and its command runs. Needs `npm run build`, which `npm test` does first.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = process.cwd()
let project = ''
const installed = (path: string): string => join(project, 'node_modules/zapcheck', path)

/** Type checks one file of the user's project; returns what the compiler says. */
function typeCheck(text: string): string {
  writeFileSync(join(project, 'model.ts'), text)
  const flags = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--types',
    '',
  ]
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, ...flags, 'model.ts'], { cwd: project })
  return stdout.toString()
}

const model = (guard: string): string => `
  import { bool, defineModel, enumeration } from 'zapcheck'
  export default defineModel({
    name: 'light', about: 'A light.', params: {},
    build(m) {
      const s = m.state({ on: bool(), colour: enumeration('red', 'green') })
      m.action('toggle').when(${guard}).do(s.on.set(true))
    },
  })`

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'zapcheck-package-'))
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', project]
  execFileSync('npm', pack, { cwd: root })
  const archive = readdirSync(project).find(name => name.endsWith('.tgz')) ?? ''
  mkdirSync(installed('node_modules'), { recursive: true })
  execFileSync('tar', ['-xzf', archive, '-C', installed(''), '--strip-components=1'], {
    cwd: project,
  })
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  for (const name of Object.keys(manifest.dependencies))
    symlinkSync(join(root, 'node_modules', name), installed(join('node_modules', name)))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

describe('the installed package', () => {
  test('gives model authors types', () => {
    expect(typeCheck(model("s.colour.is('red')"))).toBe('')
  })

  test('reports a wrong label in the editor', () => {
    expect(typeCheck(model("s.colour.is('blue')"))).toContain('blue')
  })

  test('has types for the properties', () => {
    const text = "import * as properties from 'zapcheck/properties'\nexport default properties\n"
    expect(typeCheck(text)).toBe('')
  })

  test('contains the built files and no sources', () => {
    expect(readdirSync(installed(''))).toEqual(expect.arrayContaining(['LICENSE', 'dist']))
    expect(readdirSync(installed(''))).not.toContain('src')
    expect(readdirSync(installed('dist'))).toEqual(
      expect.arrayContaining(['bin', 'index.js', 'kernel.wasm', 'models', 'types', 'workers']),
    )
  })

  test('has a command that can be executed and runs', () => {
    const command = installed('dist/bin/zapcheck.js')
    expect(readFileSync(command, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true)
    expect(statSync(command).mode & 0o111).toBe(0o111)
    const list = execFileSync(command, ['list'], { cwd: project, encoding: 'utf8' })
    expect(list).toContain('sept-zap')
  })
})
