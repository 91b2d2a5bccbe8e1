/** What the suite asks of a thread: one row. Structured-cloneable. */
import type { RowName } from './suite-table.js'

/** A row to check, with its share of the limits. */
export interface SuiteJob extends RowName {
  /** Properties that have to be decided, also if others are violated before. */
  readonly decides: readonly string[]
  /** Properties whose trace is asked for, if there is one. */
  readonly traces: readonly string[]
  /** Version of zapcheck. */
  readonly version: string
  /** When the suite has to be over, milliseconds since 1970; null for no limit. */
  readonly deadline: number | null
  /** Memory for this row, bytes; null for no limit. */
  readonly memoryBytes: number | null
}
