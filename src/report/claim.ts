/**
 * Claims of a discussion, and how runs decide them. A claim is put to a list of cases; in each it
 * predicts the verdict of a property. If all cases come out as predicted the claim is confirmed, if
 * none does it is refuted, and else it depends on what distinguishes the cases.
 */
import type { Claim, ClaimCase, ClaimVerdict } from './ledger.js'
import type { SuiteRow } from './suite-table.js'
import { propertyOf } from './suite-table.js'

/** A case with its outcome. */
export interface CaseOutcome extends ClaimCase {
  readonly found: 'holds' | 'violated' | 'unknown'
  /** Length of the shortest trace that decides the property; null if there is none. */
  readonly depth: number | null
}

/** A claim with the verdict of a run. Plain data, printed by `--json`. */
export interface ClaimReport {
  readonly id: string
  readonly seed: string | null
  readonly claim: string
  /** `unknown` if a case was not decided: the run was cut short. */
  readonly verdict: ClaimVerdict | 'unknown'
  readonly expected: ClaimVerdict
  /** The verdict is the one that the design notes expect. */
  readonly matches: boolean
  /** The verdict is the one that the ledger knows, and explains if it is not the expected one. */
  readonly isAccounted: boolean
  /** Of all cases together; a variant that several cases share counts once. */
  readonly states: number
  readonly seconds: number
  readonly why: string
  readonly otherwise: string | null
  readonly cases: readonly CaseOutcome[]
}

/** Decides a claim by the rows of its cases. A case whose row is missing stays unknown. */
export function decideClaim(claim: Claim, rowOf: RowLookup): ClaimReport {
  const cases = claim.cases.map((one): CaseOutcome => {
    const row = rowOf(one.model, one.variant)
    return { ...one, ...(row === undefined ? unknown : outcomeOf(one, row)) }
  })
  const rows = new Set(claim.cases.map(one => rowOf(one.model, one.variant)))
  const sum = (field: 'states' | 'seconds'): number =>
    [...rows].reduce(
      (total, row) => total + (row !== undefined && 'states' in row ? row[field] : 0),
      0,
    )
  const verdict = verdictOf(cases)
  const { id, seed, expected, why, otherwise } = claim
  return {
    id,
    seed,
    claim: claim.claim,
    verdict,
    expected,
    matches: verdict === expected,
    isAccounted: verdict === (otherwise?.verdict ?? expected),
    states: sum('states'),
    seconds: Number(sum('seconds').toFixed(3)),
    why,
    otherwise: otherwise?.why ?? null,
    cases,
  }
}

/** The row of a variant; undefined if it was not checked. */
export type RowLookup = (model: string, variant: string) => SuiteRow | undefined

const unknown = { found: 'unknown', depth: null } as const

function outcomeOf({ property }: ClaimCase, row: SuiteRow): Pick<CaseOutcome, 'found' | 'depth'> {
  if (!('states' in row)) return unknown
  if (property !== undefined) {
    const found = propertyOf(row, property)
    return found === undefined ? unknown : { found: found.verdict, depth: found.depth }
  }
  const violated = row.properties.filter(p => p.verdict === 'violated')
  if (violated.length > 0)
    return { found: 'violated', depth: Math.min(...violated.map(p => p.depth ?? row.depth)) }
  const isDecided = row.properties.every(p => p.verdict === 'holds')
  return isDecided ? { found: 'holds', depth: null } : unknown
}

function verdictOf(cases: readonly CaseOutcome[]): ClaimReport['verdict'] {
  if (cases.length === 0) return 'undecidable'
  if (cases.some(({ found }) => found === 'unknown')) return 'unknown'
  const asPredicted = cases.filter(({ found, predicts }) => found === predicts).length
  if (asPredicted === cases.length) return 'confirmed'
  return asPredicted === 0 ? 'refuted' : 'depends'
}
