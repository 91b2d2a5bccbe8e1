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
  /** The loop over a level, WebAssembly. */
  readonly level: string
}

function isPackageRoot(directory: string): boolean {
  const file = join(directory, 'package.json')
  if (!existsSync(file)) return false
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  return typeof content === 'object' && content !== null && 'name' in content
    ? content.name === 'zapcheck'
    : false
}

/** The folder `dist` of the package, found from this module upwards. */
function builtFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  for (let directory = here; ; directory = dirname(directory)) {
    if (isPackageRoot(directory)) return join(directory, 'dist')
    if (directory === dirname(directory)) {
      throw new InternalError(`no package "zapcheck" above ${here}`)
    }
  }
}

function builtFile(...names: readonly string[]): string {
  const file = join(builtFolder(), ...names)
  if (!existsSync(file)) throw new InternalError(`${file} is missing: run "npm run build"`)
  return file
}

/**
 * The built files of a search. Throws InternalError if the package is not built.
 */
export function builtFiles(): BuiltFiles {
  return {
    worker: builtFile('workers', 'explorer.cjs'),
    kernel: builtFile('kernel.wasm'),
    level: builtFile('level.wasm'),
  }
}

/** The sampler, WebAssembly. Throws InternalError if the package is not built. */
export function builtSampler(): string {
  return builtFile('sampler.wasm')
}
