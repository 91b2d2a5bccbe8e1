/**
 * Keeps the repository in order: floors, sizes, names, comments, and what must not be there. The
 * checkers are in `test/tidy`. The second half of this file feeds each of them something wrong,
 * since a check that cannot fail checks nothing.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkCycles, checkFloors } from './tidy/imports.js'
import * as packages from './tidy/package.js'
import * as rules from './tidy/rules.js'
import { readSources, sourceFile } from './tidy/source-file.js'
import type { SourceFile } from './tidy/source-file.js'

const root = process.cwd()
const sources = readSources(root)
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as packages.LockFile

/** Files of nothing but data, which may be longer than others. */
const tables: readonly string[] = []
/** Files of `src` below the command line that may use `process`, and why. */
const processUsers: readonly string[] = []

/** Most bytes that the packages a user installs may take together. */
const installedBytesMax = 30e6

describe('the repository', () => {
  const checks: [string, () => string[]][] = [
    ['imports go down the floors and through the doors', () => checkFloors(sources)],
    ['no files import each other in a circle', () => checkCycles(sources)],
    ['files are short', () => rules.checkFileSizes(sources, tables)],
    ['functions are short', () => rules.checkFunctionSizes(sources)],
    ['lines are short', () => rules.checkLineLengths(sources)],
    ['folders and files are named well', () => rules.checkNames(sources)],
    ['every file opens with a comment on its purpose', () => rules.checkOpenings(sources)],
    ['every export has a doc comment', () => rules.checkDocComments(sources)],
    ['no check is switched off and no work is left open', () => rules.checkShortcuts(sources)],
    ['! stands on index reads only', () => rules.checkNonNullAssertions(sources)],
    ['only the command line touches process', () => rules.checkProcess(sources, processUsers)],
    ['the lock file names no private host', () => packages.checkLockFile(lock)],
    ['the lock file is complete', () => packages.checkLockIsComplete(lock)],
  ]
  test.each(checks)('%s', (_, check) => expect(check()).toEqual([]))

  test('no text names a path of one machine', () => {
    const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root })
    const ignored = /^(node_modules|dist)\/|\.(png|wasm|gz)$/
    const paths = listed
      .toString()
      .split('\0')
      .filter(path => path !== '' && !ignored.test(path))
    const complaints = paths
      .filter(path => existsSync(join(root, path)))
      .flatMap(path => packages.checkMachinePaths(path, readFileSync(join(root, path), 'utf8')))
    expect(paths).toContain('package.json')
    expect(complaints).toEqual([])
  })

  test('what a user installs is small', () => {
    const folders = packages.productionPackages(lock)
    const counted = new Set<number>()
    const bytes = folders.map(path => packages.folderBytes(join(root, path), counted))
    const total = bytes.reduce((sum, size) => sum + size, 0)
    expect(folders).toContain('node_modules/esbuild')
    expect(total).toBeGreaterThan(1e6)
    expect(total).toBeLessThan(installedBytesMax)
  })
})

/** A file at `path` with an opening comment before `body`. */
const file = (path: string, body: string): SourceFile =>
  sourceFile(path, `/** A file. */\n${body}\n`)
const complaints = (check: (files: SourceFile[]) => string[], path: string, body: string): number =>
  check([file(path, body)]).length

describe('the checks themselves', () => {
  test.each([
    ['upward', 'src/base/a.ts', "import { b } from '../ir/b.js'"],
    ['upward for a type', 'src/base/a.ts', "import type { B } from '../cli/b.js'"],
    ['upward inside a type', 'src/base/a.ts', "type B = import('../cli/b.js').B"],
    ['upward at run time', 'src/base/a.ts', "void import('../ir/b.js')"],
    ['upward by exporting', 'src/store/a.ts', "export * from '../explore/b.js'"],
    ['of the public door', 'src/cli/a.ts', "import { b } from '../index.js'"],
    ['of the own package', 'src/cli/a.ts', "import { b } from 'zapcheck'"],
    ['of a worker by a source', 'src/cli/a.ts', "import '../../workers/b.js'"],
    ['of src by a model', 'models/a.ts', "import { b } from '../src/ir/b.js'"],
    ['of the models below the command line', 'src/report/a.ts', "import '../../models/index.js'"],
    ['of one model by the command line', 'src/cli/a.ts', "import '../../models/b.js'"],
    ['of a package by a model', 'models/a.ts', "import { b } from 'node:fs'"],
    ['of a model by properties', 'properties/a.ts', "import { b } from '../models/b.js'"],
    ['of the public door by a worker', 'workers/a.ts', "import { b } from 'zapcheck'"],
    ['of explore by the kernel', 'workers/kernel/a.ts', "import { b } from '../../src/explore/b'"],
    ['of no floor', 'src/other/a.ts', ''],
    ['of src itself', 'src/a.ts', ''],
  ])('finds an import %s', (_, path, body) => expect(complaints(checkFloors, path, body)).toBe(1))

  test.each([
    ['downward', 'src/cli/a.ts', "import { b } from '../base/b.js'"],
    ['of the own folder', 'src/ir/a.ts', "import { b } from './b.js'"],
    ['of the models by the command line', 'src/cli/a.ts', "import '../../models/index.js'"],
    ['by the public door', 'src/index.ts', "export { b } from './explore/b.js'"],
    ['by a model', 'models/a.ts', "import 'zapcheck'\nimport './parts/b.js'"],
    ['by the kernel', 'workers/kernel/a.ts', "import { b } from '../../src/store/control-slots'"],
    ['by a worker', 'workers/a.ts', "import 'comlink'\nimport '../src/explore/b.js'"],
  ])('allows an import %s', (_, path, body) => expect(complaints(checkFloors, path, body)).toBe(0))

  test('finds cycles, also those of types and of one file', () => {
    const a = file('src/ir/a.ts', "import { b } from './b.js'")
    const b = file('src/ir/b.ts', "import type { C } from './c.js'")
    const c = file('src/ir/c.ts', "export type A = import('./a.js').A")
    expect(checkCycles([a, b])).toEqual([])
    expect(checkCycles([a, b, c])).toHaveLength(1)
    expect(checkCycles([file('src/ir/d.ts', "import './d.js'")])).toHaveLength(1)
    const door = file('src/index.ts', "export { e } from './cli/e.js'")
    const model = file('models/index.ts', "import 'zapcheck'")
    const e = file('src/cli/e.ts', "import '../../models/index.js'")
    expect(checkCycles([door, model, e])).toHaveLength(1)
  })

  test('finds long files, long entry points and a high median', () => {
    const lines = (path: string, count: number): SourceFile =>
      sourceFile(path, '// line\n'.repeat(count))
    expect(rules.checkFileSizes([lines('test/a.ts', 600)])).toEqual([])
    expect(rules.checkFileSizes([lines('test/a.ts', 601)])).toHaveLength(1)
    expect(rules.checkFileSizes([lines('test/a.ts', 601)], ['test/a.ts'])).toEqual([])
    expect(rules.checkFileSizes([lines('workers/a.ts', 60)])).toHaveLength(1)
    expect(rules.checkFileSizes([lines('workers/kernel/a.ts', 60)])).toEqual([])
    expect(rules.checkFileSizes([lines('src/ir/a.ts', 200)])).toHaveLength(1)
  })

  test('finds long functions, but not the build function of a model', () => {
    const { checkFunctionSizes } = rules
    const method = (name: string): string => `export const a = { ${name}() {${'\n'.repeat(70)}} }`
    expect(complaints(checkFunctionSizes, 'src/ir/a.ts', `function f() {${'\n'.repeat(70)}}`)).toBe(
      1,
    )
    expect(complaints(checkFunctionSizes, 'src/ir/a.ts', `function f() {${'\n'.repeat(69)}}`)).toBe(
      0,
    )
    expect(complaints(checkFunctionSizes, 'src/ir/a.ts', `call(() => {${'\n'.repeat(70)}})`)).toBe(
      1,
    )
    expect(complaints(checkFunctionSizes, 'models/a.ts', method('other'))).toBe(1)
    expect(complaints(checkFunctionSizes, 'models/a.ts', method('build'))).toBe(0)
  })

  test('finds names that say nothing or are not in kebab case', () => {
    expect(complaints(rules.checkNames, 'src/utils/a.ts', '')).toBe(1)
    expect(complaints(rules.checkNames, 'test/lib/helpers/a.ts', '')).toBe(2)
    expect(complaints(rules.checkNames, 'src/ir/someThing.ts', '')).toBe(1)
    expect(complaints(rules.checkNames, 'test/ir/some-thing.test-d.ts', '')).toBe(0)
  })

  test('finds files without an opening comment', () => {
    expect(rules.checkOpenings([sourceFile('src/ir/a.ts', 'export {}\n// late\n')])).toHaveLength(1)
    expect(rules.checkOpenings([sourceFile('a.mjs', '#!/usr/bin/env node\n/* x */\n')])).toEqual([])
  })

  test('finds long lines', () => {
    expect(complaints(rules.checkLineLengths, 'src/ir/a.ts', `// ${'x'.repeat(98)}`)).toBe(1)
    expect(complaints(rules.checkLineLengths, 'src/ir/a.ts', `// ${'x'.repeat(97)}`)).toBe(0)
    expect(complaints(rules.checkLineLengths, 'src/ir/a.ts', `f('${'x'.repeat(120)}')`)).toBe(0)
    expect(complaints(rules.checkLineLengths, 'src/ir/a.ts', `f('x')${' '.repeat(100)}+ 1`)).toBe(1)
  })

  test('finds exports without a doc comment', () => {
    const count = (body: string): number => complaints(rules.checkDocComments, 'src/ir/a.ts', body)
    expect(count('export const a = 1')).toBe(1)
    expect(count('// A number.\nexport const a = 1')).toBe(1)
    expect(count('/** A. */\nconst b = 2\nexport const a = b')).toBe(1)
    expect(count('/** A. */\nexport const a = 1\n\nexport const b = 1')).toBe(1)
    expect(count('/** A. */\nexport const a = [\n]\nexport const b = 1')).toBe(1)
    expect(count('/** A, and B. */\nexport const a = 1\nexport const b = 1')).toBe(0)
    expect(count('/** A. */\nexport function a(): void\nexport function a(b?: 1): void {}')).toBe(0)
    expect(count("export { a } from './b.js'")).toBe(0)
    expect(complaints(rules.checkDocComments, 'models/a.ts', 'export const a = 1')).toBe(0)
  })

  test('finds shortcuts', () => {
    const count = (body: string): number => complaints(rules.checkShortcuts, 'src/ir/a.ts', body)
    expect(count('let a: any')).toBe(1)
    expect(count('let a = b as any[]')).toBe(1)
    expect(count('// @ts-ignore')).toBe(1)
    expect(count('// @ts-expect-error wrong')).toBe(1)
    expect(count('/* TODO: all of it */')).toBe(1)
    expect(count('// oxlint-disable-next-line eqeqeq -- reason')).toBe(1)
    const inTest = (body: string): number => complaints(rules.checkShortcuts, 'test/a.ts', body)
    expect(inTest('// oxlint-disable-next-line eqeqeq')).toBe(1)
    expect(inTest('// oxlint-disable-next-line eqeqeq -- reason')).toBe(0)
    expect(inTest('// @ts-expect-error')).toBe(1)
    expect(inTest('// @ts-expect-error wrong label')).toBe(0)
    expect(count('let a = ')).toBe(1)
    expect(count("const any = 'TODO'")).toBe(0)
    expect(complaints(rules.checkShortcuts, 'workers/kernel/a.ts', '// FIXME')).toBe(1)
  })

  test('finds non-null assertions on anything but index reads', () => {
    const count = (body: string): number =>
      complaints(rules.checkNonNullAssertions, 'src/ir/a.ts', body)
    expect(count('f()!')).toBe(1)
    expect(count('a.b!')).toBe(1)
    expect(count('a.b[i + 1]!')).toBe(0)
  })

  test('finds uses of process, but not something else of that name', () => {
    const count = (path: string, body: string): number => complaints(rules.checkProcess, path, body)
    expect(count('src/ir/a.ts', 'process.exit(1)')).toBe(1)
    expect(count('src/ir/a.ts', 'const a = process.argv')).toBe(1)
    expect(count('src/ir/a.ts', 'globalThis.process.exit(1)')).toBe(1)
    expect(count('src/ir/a.ts', "import { argv } from 'node:process'")).toBe(1)
    expect(count('src/cli/a.ts', 'process.exit(1)')).toBe(0)
    expect(count('src/lang/a.ts', 'function f(process: P) { return process.steps }')).toBe(0)
    expect(count('src/lang/a.ts', 'm.process.steps')).toBe(0)
  })

  test('finds private hosts in a lock file', () => {
    const locked = (resolved: string): packages.LockFile => ({ packages: { a: { resolved } } })
    expect(packages.checkLockFile(locked('https://registry.npmjs.org/a.tgz'))).toEqual([])
    expect(packages.checkLockFile(locked('https://npm.example/a.tgz'))).toHaveLength(1)
  })

  test('follows the dependencies of a user, nested ones too', () => {
    const dependencies = { b: '1' }
    const lock = {
      packages: {
        '': { dependencies: { a: '1' }, optionalDependencies: { absent: '1' } },
        'node_modules/a': { dependencies },
        'node_modules/a/node_modules/b': { dependencies: { c: '1' } },
        'node_modules/b': { dependencies: { unused: '1' } },
        'node_modules/c': { dependencies },
        'node_modules/unused': {},
        'node_modules/unrelated': {},
      },
    }
    expect(packages.productionPackages(lock)).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/b',
      'node_modules/c',
      'node_modules/unused',
    ])
    expect(packages.checkLockIsComplete(lock)).toHaveLength(1)
  })

  test('measures folders', () => {
    expect(packages.folderBytes(join(root, 'node_modules/esbuild'))).toBeGreaterThan(10_000)
    expect(packages.folderBytes(join(root, 'no-such-folder'))).toBe(0)
  })

  test('finds paths of one machine', () => {
    const path = (folder: string): string => `see /${folder}/someone/notes.txt`
    expect(packages.checkMachinePaths('a.md', path('home'))).toHaveLength(1)
    expect(packages.checkMachinePaths('a.md', path('usr'))).toEqual([])
    expect(packages.checkMachinePaths('a.md', `the folder docs${path('work').slice(4)}`)).toEqual(
      [],
    )
  })
})
