/** What went wrong, as one line on stderr and an exit code. */
import { Diagnostic, formatDiagnostic } from '../base/diagnostic.js'
import type { DiagnosticCode, SourcePlace } from '../base/diagnostic.js'
import { printable } from '../trace/printable.js'
import { printError } from './console.js'
import { EXIT_INTERNAL, EXIT_WRONG_USAGE } from './exit-code.js'
import { version } from './version.js'

/**
 * Any diagnostic, also of another copy of the package (whose class is another one).
 * Undefined if the error is none.
 */
export function asDiagnostic(error: unknown): Diagnostic | undefined {
  if (error instanceof Diagnostic) return error
  if (!(error instanceof Error) || error.name !== 'Diagnostic') return undefined
  const { code, place, hint } = error as Error & {
    code?: DiagnosticCode
    place?: SourcePlace
    hint?: string
  }
  if (typeof code !== 'string' || !/^ZC\d{3}$/.test(code)) return undefined
  return new Diagnostic(code, error.message, { place, hint })
}

/**
 * Prints what went wrong; returns the exit code. For an internal error ZAPCHECK_DEBUG=1 adds the
 * stack.
 */
export function reportFailure(error: unknown): number {
  const diagnostic = asDiagnostic(error)
  if (diagnostic !== undefined) {
    printError(`zapcheck: ${printable(formatDiagnostic(withShortPlace(diagnostic)))}`)
    return EXIT_WRONG_USAGE
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  printError(
    `zapcheck: internal error: ${printable(message)}; this is a defect of zapcheck ${version}: report it with the command line, and what ZAPCHECK_DEBUG=1 prints`,
  )
  if (process.env['ZAPCHECK_DEBUG'] === '1' && error instanceof Error) printError(error.stack ?? '')
  return EXIT_INTERNAL
}

/** Files below the current folder are named from there. */
function withShortPlace(diagnostic: Diagnostic): Diagnostic {
  const { code, message, place, hint } = diagnostic
  const here = `${process.cwd()}/`
  if (place?.file.startsWith(here) !== true) return diagnostic
  const short = { ...place, file: place.file.slice(here.length) }
  return new Diagnostic(code, message, { place: short, hint })
}
