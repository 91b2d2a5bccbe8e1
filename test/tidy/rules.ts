/**
 * The tidy checks on single files: sizes, names, comments, and constructs that are not wanted. Each
 * returns one line per complaint, so that a test compares with an empty list and shows them all.
 */
import { isNode, lineOf, walk } from './source-file.js'
import type { SourceFile, SyntaxNode } from './source-file.js'

const isKernel = (path: string): boolean => path.startsWith('workers/kernel/')

/** Longest file, in lines. */
export const fileLinesMax = 600
/** Longest thread entry point, in lines. */
const workerLinesMax = 59
/** The median length of the files in `src` stays below this. */
const medianLines = 200
/** Longest function, in lines. */
const functionLinesMax = 70
/** Longest line, in columns. */
const columnsMax = 100

/** Files that are too long; `tables` are files of nothing but data, which may be. */
export function checkFileSizes(
  files: readonly SourceFile[],
  tables: readonly string[] = [],
): string[] {
  const complaints: string[] = []
  for (const { path, lines } of files) {
    const isEntry = path.startsWith('workers/') && !isKernel(path)
    const max = isEntry ? workerLinesMax : tables.includes(path) ? Infinity : fileLinesMax
    if (lines.length > max) complaints.push(`${path}: ${lines.length} lines, at most ${max}`)
  }
  const lengths = files
    .filter(({ path }) => path.startsWith('src/'))
    .map(({ lines }) => lines.length)
    .sort((a, b) => a - b)
  const median = lengths[lengths.length >> 1] ?? 0
  if (median >= medianLines)
    complaints.push(`src: the median file has ${median} lines, has to stay below ${medianLines}`)
  return complaints
}

/** The name under which a function can be found in its file. */
function functionName(node: SyntaxNode, parent: SyntaxNode | undefined): string {
  for (const named of [node.id, parent?.id, parent?.key])
    if (isNode(named) && typeof named.name === 'string') return named.name
  return 'a function'
}

/** Functions that are too long. A model's `build` is a description, not a procedure: exempt. */
export function checkFunctionSizes(files: readonly SourceFile[]): string[] {
  const complaints: string[] = []
  for (const file of files) {
    if (file.parsed === undefined || file.path.startsWith('test/')) continue
    walk(file.parsed.program, (node, parent) => {
      if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type))
        return
      const length = lineOf(file, node.end) - lineOf(file, node.start) + 1
      const name = functionName(node, parent)
      if (length <= functionLinesMax || (file.path.startsWith('models/') && name === 'build'))
        return
      const place = `${file.path}:${lineOf(file, node.start)}`
      complaints.push(`${place}: ${name} has ${length} lines, at most ${functionLinesMax}`)
    })
  }
  return complaints
}

/** Folders whose name says nothing, and files not named in kebab case. */
export function checkNames(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path }) => {
    const parts = path.split('/')
    const file = parts.pop() ?? ''
    const complaints = parts
      .filter(part => /^(utils?|helpers?|common|lib)$/.test(part))
      .map(part => `${path}: no folder is named ${part}`)
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.(ts|mjs)$/.test(file))
      complaints.push(`${path}: not in kebab case`)
    return complaints
  })
}

/** Files that do not open with a comment on their purpose. */
export function checkOpenings(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ text }) => !/^(#!.*\n)?\s*(\/\*|\/\/)/.test(text))
    .map(({ path }) => `${path}: does not open with a comment on its purpose`)
}

/** Where the strings and the templates in a file lie: start and end offsets. */
function textRanges(file: SourceFile): [number, number][] {
  const ranges: [number, number][] = []
  walk(file.parsed?.program, node => {
    if (node.type === 'TemplateLiteral' || typeof node.value === 'string')
      ranges.push([node.start, node.end])
  })
  return ranges
}

/** Lines that are too long, unless it is a string that runs over: formatting cannot break one. */
export function checkLineLengths(files: readonly SourceFile[]): string[] {
  return files.flatMap(file => {
    const long = file.lines.flatMap((line, i) => (line.length > columnsMax ? [i] : []))
    if (long.length === 0) return []
    const texts = textRanges(file)
    const isText = (offset: number): boolean =>
      texts.some(([start, end]) => start <= offset && offset <= end)
    return long
      .filter(i => !isText((file.lineStarts[i] ?? 0) + columnsMax))
      .map(i => `${file.path}:${i + 1}: ${file.lines[i]?.length} columns, at most ${columnsMax}`)
  })
}

/**
 * Exports of `src` and `properties` without a doc comment. Overloads share that of the first, and
 * so do constants that follow each other line by line.
 */
export function checkDocComments(files: readonly SourceFile[]): string[] {
  const complaints: string[] = []
  for (const file of files) {
    if (file.parsed === undefined || !/^(src|properties)\//.test(file.path)) continue
    const { comments, program } = file.parsed
    const documented = new Set<string>()
    let groupLine = NaN
    for (const node of program.body as unknown as readonly SyntaxNode[]) {
      if (!/^Export(Named|Default)Declaration$/.test(node.type) || !isNode(node.declaration))
        continue
      const { id, declarations } = node.declaration
      const first: unknown = Array.isArray(declarations) ? declarations[0] : undefined
      const named = isNode(first) ? first.id : id
      const name = isNode(named) && typeof named.name === 'string' ? named.name : 'default'
      // The first comment of a file is about the file, even if an export follows at once.
      const comment = comments.findLastIndex(({ end }) => end <= node.start)
      const found = comments[comment]
      const directlyAbove =
        found !== undefined &&
        comment > 0 &&
        found.type === 'Block' &&
        found.value.startsWith('*') &&
        /^\s*$/.test(file.text.slice(found.end, node.start))
      const line = lineOf(file, node.start)
      const grouped = first !== undefined && line === groupLine + 1
      const isOneLine = lineOf(file, node.end) === line
      groupLine = isOneLine && (directlyAbove || grouped) ? line : NaN
      if (directlyAbove || grouped) documented.add(name)
      else if (!documented.has(name))
        complaints.push(`${file.path}:${line}: ${name} has no doc comment`)
    }
  }
  return complaints
}

/** Marks of unfinished work and switched-off checks in comments, and `any` in types. */
export function checkShortcuts(files: readonly SourceFile[]): string[] {
  const complaints: string[] = []
  for (const file of files) {
    const complain = (offset: number, what: string): void => {
      complaints.push(`${file.path}:${lineOf(file, offset)}: ${what}`)
    }
    if (file.parsed === undefined) {
      for (const { index, 0: word } of file.text.matchAll(/\b(TODO|FIXME|XXX)\b/g))
        complain(index, word)
      continue
    }
    for (const { start, value } of file.parsed.comments) {
      const mark = /\b(TODO|FIXME|XXX)\b|@ts-(ignore|nocheck)/.exec(value)?.[0]
      // Tests may, with a reason: they also try what is wrong.
      const off = /(ox|es)lint-disable(?!.* -- \w)|@ts-expect-error(?! \w)/.exec(value)?.[0]
      const never = /(ox|es)lint-disable|@ts-expect-error/.exec(value)?.[0]
      const found = mark ?? (file.path.startsWith('test/') ? off : never)
      if (found !== undefined) complain(start, found)
    }
    walk(file.parsed.program, node => {
      if (node.type === 'TSAnyKeyword') complain(node.start, 'any')
    })
    for (const error of file.parsed.errors) complain(0, `does not parse: ${error.message}`)
  }
  return complaints
}

/**
 * Non-null assertions in `src` anywhere but on an index read, `list[i]!`: there the compiler cannot
 * know the bounds, everywhere else it can be told.
 */
export function checkNonNullAssertions(files: readonly SourceFile[]): string[] {
  const complaints: string[] = []
  for (const file of files) {
    if (file.parsed === undefined || !file.path.startsWith('src/')) continue
    walk(file.parsed.program, node => {
      if (node.type !== 'TSNonNullExpression' || !isNode(node.expression)) return
      if (node.expression.type === 'MemberExpression' && node.expression.computed === true) return
      complaints.push(`${file.path}:${lineOf(file, node.start)}: ! on something else than x[i]`)
    })
  }
  return complaints
}

/** Whether the file declares or imports something that it calls `process`. */
function bindsProcess(file: SourceFile): boolean {
  let found = false
  walk(file.parsed?.program, (node, parent) => {
    if (node.type !== 'Identifier' || node.name !== 'process' || parent === undefined) return
    const declares = /^(VariableDeclarator|Function|Import|Class)/.test(parent.type)
    const parameter = Array.isArray(parent.params) && parent.params.includes(node)
    const pattern = parent.type === 'Property' && parent.shorthand === true
    if ((declares && parent.init !== node) || parameter || pattern) found = true
  })
  return found
}

/** Uses of Node's `process` in `src` outside the command line; `allowed` are paths. */
export function checkProcess(
  files: readonly SourceFile[],
  allowed: readonly string[] = [],
): string[] {
  const complaints: string[] = []
  for (const file of files) {
    if (!file.path.startsWith('src/') || file.path.startsWith('src/cli/')) continue
    if (file.parsed === undefined || allowed.includes(file.path)) continue
    const own = bindsProcess(file)
    const complain = (node: SyntaxNode): void => {
      complaints.push(`${file.path}:${lineOf(file, node.start)}: only src/cli touches process`)
    }
    walk(file.parsed.program, (node, parent) => {
      if (node.type === 'Literal' && /^(node:)?process$/.test(String(node.value))) {
        if (parent?.source === node) complain(node)
      } else if (node.type === 'MemberExpression' && isNode(node.object)) {
        const { object, property } = node
        const global = object.type === 'Identifier' && object.name === 'process' && !own
        const through = object.name === 'globalThis' && isNode(property)
        if (global || (through && property.name === 'process')) complain(node)
      }
    })
  }
  return complaints
}
