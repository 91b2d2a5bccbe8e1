/**
 * Source places: where in the author's file a piece of a model was written. Capturing is cheap (a
 * few unformatted stack frames); the place is worked out only when a diagnostic or a trace asks.
 */
import { fileURLToPath } from 'node:url'
import type { SourcePlace } from '../base/diagnostic.js'
import type { Site } from '../ir/model.js'

/** A function that stands between the author's line and `captureSite`. */
type Callee = (...parameters: never[]) => unknown

/** Frames to look through for the author's: a lock's `set` is some calls away from the author. */
const FRAMES_MAX = 6

/**
 * Remembers the line that called `callee`, a function of the language's surface. Where the language
 * itself calls it (a lock sets its owner), the author's line is the one further out.
 */
export function captureSite(callee: Callee): Site {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES_MAX
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, callee)
  Error.stackTraceLimit = limit
  return () => authorFrame(holder.stack) ?? parseFrame(holder.stack)
}

/** A site that is not known. */
export const noSite: Site = () => undefined

/**
 * Reads one frame: `at name (file:///path/model.ts:12:5)`, `at /path/model.ts:12:5`. Paths may have
 * spaces and parentheses; those of file URLs are decoded.
 */
function parseFrame(frame: string | undefined): SourcePlace | undefined {
  const match = /^\s*at (.*):(\d+):(\d+)(\)?)\s*$/m.exec(frame ?? '')
  const [, text, line, column, close] = match ?? []
  if (text === undefined || line === undefined || column === undefined) return undefined
  const url = text.indexOf('file://')
  const open = text.indexOf(' (')
  if (url >= 0) return placeOf(fileURLToPath(text.slice(url)), line, column)
  return placeOf(close === ')' && open >= 0 ? text.slice(open + 2) : text, line, column)
}

function placeOf(file: string, line: string, column: string): SourcePlace {
  return { file, line: Number(line), column: Number(column) }
}

/** The author's line that led to an error thrown by the language: the first frame outside of it. */
export function authorPlace(error: Error): SourcePlace | undefined {
  return authorFrame(error.stack)
}

function authorFrame(stack: string | undefined): SourcePlace | undefined {
  for (const line of (stack ?? '').split('\n')) {
    const place = parseFrame(line)
    if (place !== undefined && !isLibraryFile(place.file)) return place
  }
  return undefined
}

/** Matches the package's own files, as sources and as built chunks. */
function isLibraryFile(file: string): boolean {
  const own = fileURLToPath(import.meta.url)
  const root = own.replace(/(?:dist\/(?:chunks\/)?|src\/lang\/)[^/]*$/, '')
  return (
    file.startsWith('node:') ||
    /^(?:src\/|dist\/(?:chunks|bin|workers)\/|dist\/index\.js)/.test(
      file.startsWith(root) ? file.slice(root.length) : '',
    )
  )
}
