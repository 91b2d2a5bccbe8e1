/**
 * Source files as the tidy checks see them: text, lines, and the syntax tree where there is one.
 * The kernel's files are AssemblyScript, which no TypeScript parser reads whole: text only.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import type { ParseResult } from 'oxc-parser'

/** One source file. */
export interface SourceFile {
  /** Path from the repository root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  /** Undefined for the kernel. */
  readonly parsed: ParseResult | undefined
  /** Offsets at which lines begin. */
  readonly lineStarts: readonly number[]
}

/** A node of the syntax tree, as far as these checks look into it. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

/** Whether a value found in the tree is a node. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** Builds a source file; `text` is parsed unless it belongs to the kernel. */
export function sourceFile(path: string, text: string): SourceFile {
  const lineStarts = [0]
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lineStarts.push(i + 1)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const parsed = path.startsWith('workers/kernel/') ? undefined : parseSync(path, text)
  return { path, text, lines, parsed, lineStarts }
}

/** The line number, from 1, of an offset. */
export function lineOf(file: SourceFile, offset: number): number {
  let low = 0
  let high = file.lineStarts.length
  while (low + 1 < high) {
    const middle = (low + high) >> 1
    if ((file.lineStarts[middle] ?? Infinity) <= offset) low = middle
    else high = middle
  }
  return low + 1
}

/** Calls `visit` with every node below `root` and its parent, parents first. */
export function walk(
  root: unknown,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined) => void,
  parent?: SyntaxNode,
): void {
  if (Array.isArray(root)) {
    for (const item of root) walk(item, visit, parent)
  } else if (isNode(root)) {
    visit(root, parent)
    for (const value of Object.values(root))
      if (typeof value === 'object' && value !== null) walk(value, visit, root)
  }
}

/** Folders that hold sources, and the files of the top level that are sources. */
const sourceFolders = ['src', 'models', 'properties', 'workers', 'test', 'bench']
const sourceFiles = ['build.mjs', 'vitest.config.ts']

/** Paths of all files below the source folders, sorted. */
export function sourcePaths(root: string): string[] {
  const paths = [...sourceFiles]
  for (const folder of sourceFolders.filter(name => existsSync(join(root, name))))
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name).slice(root.length + 1)
      if (entry.isFile() && /\.(ts|mjs)$/.test(path)) paths.push(path)
    }
  return paths.sort()
}

/** Reads and parses all sources of the repository. */
export function readSources(root: string): SourceFile[] {
  return sourcePaths(root).map(path => sourceFile(path, readFileSync(join(root, path), 'utf8')))
}
