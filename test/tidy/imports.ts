/**
 * The tidy checks on imports: floors, doors and cycles. Every import counts: of values and of
 * types, static, re-exported, dynamic, and `import('...')` inside a type.
 */
import { posix } from 'node:path'
import { isNode, lineOf, walk } from './source-file.js'
import type { SourceFile } from './source-file.js'

/** The floors of `src`, lowest first. */
export const floors = [
  'base',
  'ir',
  'lang',
  'layout',
  'interpret',
  'reduce',
  'compile',
  'store',
  'explore',
  'trace',
  'report',
  'nightly',
  'cli',
] as const

/** One import as written. */
export interface Import {
  readonly from: string
  readonly line: number
  readonly specifier: string
}

/** All imports of a file; the kernel's are read line by line. */
export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = []
  const add = (specifier: string, offset: number): void => {
    imports.push({ from: file.path, line: lineOf(file, offset), specifier })
  }
  if (file.parsed === undefined) {
    for (const match of file.text.matchAll(/^(?:import|export|\}).* from '([^']+)'/gm))
      add(match[1] ?? '', match.index)
    return imports
  }
  walk(file.parsed.program, node => {
    const { source } = node
    if (isNode(source) && typeof source.value === 'string') add(source.value, node.start)
  })
  return imports
}

/** The file that a relative import means; undefined for packages. `.js` stands for `.ts`. */
function importTarget({ from, specifier }: Import): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts')
  return /\.[a-z]+$/.test(path) ? path : `${path}.ts`
}

/** The floor of a file in `src`, -1 for any other file. */
function floorIndex(path: string): number {
  const folder = /^src\/([^/]+)\//.exec(path)?.[1]
  return folder === undefined ? -1 : floors.findIndex(floor => floor === folder)
}

/**
 * What is wrong with one import of a file in `src`. The command line is at the top of the house, so
 * it alone may reach the list of built-in models, which stand on the public door.
 */
function checkSourceImport(found: Import, target: string | undefined): string | undefined {
  if (target === undefined)
    return /^zapcheck(\/|$)/.test(found.specifier)
      ? 'imports the public door from inside'
      : undefined
  if (target === 'src/index.ts') return 'imports the public door from inside'
  if (target === 'models/index.ts' && found.from.startsWith('src/cli/')) return undefined
  if (!target.startsWith('src/')) return `imports ${target}, outside src`
  if (found.from === 'src/index.ts') return undefined
  const own = floorIndex(found.from)
  const other = floorIndex(target)
  if (other > own) return `imports upward, from ${floors[own]} to ${floors[other]}`
  return undefined
}

/** Where files outside `src` may import from: packages, and folders of this repository. */
const doors = [
  { files: /^models\//, packages: /^zapcheck(\/properties)?$/, targets: /^models\// },
  { files: /^properties\//, packages: /^zapcheck$/, targets: /^properties\// },
  { files: /^workers\/kernel\//, packages: /^$/, targets: /^(workers\/kernel|src\/store)\// },
  { files: /^workers\//, packages: /^(?!zapcheck)/, targets: /^(src\/[^/]+\/|models\/index\.ts$)/ },
  { files: /^bench\/models\//, packages: /^zapcheck$/, targets: /^bench\/models\// },
  {
    files: /^bench\//,
    packages: /^node:|^(esbuild|vitest)$/,
    targets: /^(bench\/|src\/[^/]+\/|models\/index\.ts$)/,
  },
]

function checkDoor(found: Import, target: string | undefined): string | undefined {
  const door = doors.find(({ files }) => files.test(found.from))
  if (door === undefined) return undefined
  const allowed =
    target === undefined ? door.packages.test(found.specifier) : door.targets.test(target)
  return allowed ? undefined : `must not import ${found.specifier}`
}

/** Imports that go up a floor or around a door, and files of `src` that are on no floor. */
export function checkFloors(files: readonly SourceFile[]): string[] {
  const complaints: string[] = []
  for (const file of files) {
    const inside = file.path.startsWith('src/')
    if (inside && file.path !== 'src/index.ts' && floorIndex(file.path) < 0)
      complaints.push(`${file.path}: is on no floor`)
    for (const found of importsOf(file)) {
      const target = importTarget(found)
      const wrong = inside ? checkSourceImport(found, target) : checkDoor(found, target)
      if (wrong !== undefined) complaints.push(`${file.path}:${found.line}: ${wrong}`)
    }
  }
  return complaints
}

/** The file of this repository that an import means, through its own package name too; else ''. */
function imported(found: Import): string {
  if (found.specifier === 'zapcheck') return 'src/index.ts'
  if (found.specifier === 'zapcheck/properties') return 'properties/index.ts'
  return importTarget(found) ?? ''
}

/** Files that import each other in a circle; one line per strongly connected group (Tarjan). */
export function checkCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map(file => [file.path, importsOf(file).map(found => imported(found))]),
  )
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const complaints: string[] = []
  const visit = (path: string): void => {
    const index = order.size
    order.set(path, index)
    lowest.set(path, index)
    stack.push(path)
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue
      if (!order.has(target)) visit(target)
      if (stack.includes(target))
        lowest.set(path, Math.min(lowest.get(path) ?? 0, lowest.get(target) ?? 0))
    }
    if (lowest.get(path) !== index) return
    const group = stack.splice(stack.indexOf(path))
    const self = group.length === 1 && targets.get(path)?.includes(path) === true
    if (group.length > 1 || self) complaints.push(`import cycle: ${group.sort().join(', ')}`)
  }
  for (const path of targets.keys()) if (!order.has(path)) visit(path)
  return complaints
}
