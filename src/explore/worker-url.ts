/**
 * Where the built files lie that a search needs at run time: the worker's script and the kernel.
 * The one place that knows. Worker code is always the built one, also when tests import `src`.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InternalError } from '../base/assert.js'

/** Absolute paths of the built files. */
export interface BuiltFiles {
  /** Script of an explorer thread. */
  readonly worker: string
  /** The store's kernel, WebAssembly. */
  readonly kernel: string
}

function isPackageRoot(directory: string): boolean {
  const file = join(directory, 'package.json')
  if (!existsSync(file)) return false
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof content === 'object' && content !== null && 'name' in content
    ? content.name === 'zapcheck'
    : false
}

/**
 * Finds the built files from this module upwards. Throws InternalError if the package is not
 * built.
 */
export function builtFiles(): BuiltFiles {
  const here = dirname(fileURLToPath(import.meta.url))
  for (let directory = here; ; directory = dirname(directory)) {
    if (isPackageRoot(directory)) {
      const worker = join(directory, 'dist', 'workers', 'explorer.cjs')
      const kernel = join(directory, 'dist', 'kernel.wasm')
      for (const file of [worker, kernel]) {
        if (!existsSync(file)) throw new InternalError(`${file} is missing: run "npm run build"`)
      }
      return { worker, kernel }
    }
    if (directory === dirname(directory)) {
      throw new InternalError(`no package "zapcheck" above ${here}`)
    }
  }
}
