/** The diagnostic that a wrong model causes, with the line it blames. */
import { expect } from 'vitest'
import { Diagnostic, formatDiagnostic } from '../../src/base/diagnostic.js'
import { defineModel } from '../../src/index.js'
import type { ModelBuilder } from '../../src/index.js'

/** Gets a value past the type checker, as an author does who silences it. */
export function wrong<T>(value: unknown): T {
  return value as T
}

/** A diagnostic without its place, and the line of it. */
export interface Mistake {
  readonly text: string
  /** Counted from the line of the call of `mistake`, which is 0; null if no place is known. */
  readonly line: number | null
}

/** The diagnostic that `build` causes. Its place must be in the file of the caller. */
export function mistake(build: (m: ModelBuilder) => void): Mistake {
  const here = new Error('where').stack?.split('\n')[2] ?? ''
  const [, caller = '', start] = /([^/(]+):(\d+):\d+\)?$/.exec(here) ?? []
  const definition = defineModel({ name: 'demo', about: 'A demo.', build })
  try {
    definition.instantiate()
  } catch (error) {
    if (!(error instanceof Diagnostic)) throw error
    const { code, message, hint, place } = error
    expect(place?.file ?? caller).toContain(caller)
    const text = formatDiagnostic(new Diagnostic(code, message, { hint }))
    return { text, line: place === undefined ? null : place.line - Number(start) }
  }
  throw new Error('the model was accepted')
}
