/**
 * Diagnostics: every mistake of a user (flag, file, model, trace) as a value with a stable code.
 * A broken promise of our own code is an `assert` instead, and ends as an internal error.
 */

/** Stable codes; documented one by one in `docs/diagnostics.md`. */
export type DiagnosticCode =
  // Usage of the command line.
  | 'ZC101' // unknown command, flag or missing argument
  | 'ZC102' // unknown model
  | 'ZC103' // unknown parameter
  | 'ZC104' // parameter or flag value out of range or of the wrong type
  | 'ZC105' // unknown property
  | 'ZC106' // unknown variant
  // Files.
  | 'ZC201' // file cannot be read or written
  | 'ZC202' // not a model: the file does not export one
  | 'ZC203' // model file does not compile or throws while loading
  | 'ZC204' // not a trace file
  | 'ZC205' // trace does not replay in this version of the model
  | 'ZC206' // folder of a checkpoint: none is there, or one is that should not be, or it is in use
  | 'ZC207' // checkpoint damaged, or of another format
  | 'ZC208' // checkpoint of another model, of another version of it, or of zapcheck
  | 'ZC209' // checkpoint cannot be written; the run goes on
  // Models, found while building.
  | 'ZC301' // wrong declaration: name, range, size
  | 'ZC302' // wrong expression or update
  | 'ZC303' // conflicting updates of one variable in one action
  | 'ZC304' // wrong process: label, jump, loop without a step
  | 'ZC305' // symmetric index type misused
  | 'ZC306' // model too large: state bits, actions, properties
  | 'ZC307' // accepts an action or property that it does not have
  // Models, found while running.
  | 'ZC401' // write outside the variable's range
  | 'ZC402' // index outside the array
  | 'ZC403' // two updates of one action write one variable
  // The system.
  | 'ZC501' // it does not let the process reserve address space

/** Where in the author's text something is: a file and a line, column counted from 1. */
export interface SourcePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** What a diagnostic may add to its message. */
export interface DiagnosticDetails {
  /** Where the mistake is. */
  readonly place?: SourcePlace | undefined
  /** What would be right; a whole clause, shown after the message. */
  readonly hint?: string | undefined
}

/** A user's mistake. The command line prints it as one line and exits with 2. */
export class Diagnostic extends Error {
  readonly code: DiagnosticCode
  readonly place: SourcePlace | undefined
  readonly hint: string | undefined

  constructor(code: DiagnosticCode, message: string, details: DiagnosticDetails = {}) {
    super(message)
    this.name = 'Diagnostic'
    this.code = code
    this.place = details.place
    this.hint = details.hint
  }
}

/** Renders a diagnostic as one line: `code message (place); hint`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { code, message, place, hint } = diagnostic
  const where = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`
  const help = hint === undefined ? '' : `; ${hint}`
  return `${code} ${message}${where}${help}`.replaceAll(/\s*\n\s*/g, ' ')
}
