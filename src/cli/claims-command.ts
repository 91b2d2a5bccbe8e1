/** `zapcheck claims`: decides the claims of the ledger by checking the variants they rest on. */
import { loadClaims } from '../../models/index.js'
import { Diagnostic } from '../base/diagnostic.js'
import { nearest } from '../base/nearest.js'
import { decideClaim } from '../report/claim.js'
import type { ClaimReport } from '../report/claim.js'
import type { Claim } from '../report/ledger.js'
import { claimText, claimsPage, claimsSummary } from '../report/claim-text.js'
import { Console } from './console.js'
import type { OutputFlags } from './console.js'
import { checkPlanned, exitCodeOfLedger } from './row-run.js'
import type { RowLimits } from './suite-rows.js'
import { lookup, planQuestions } from './suite-rows.js'
import type { PlannedRow } from './suite-rows.js'
import { version } from './version.js'
import { wrap } from './wrap.js'

/** Flags of `claims`. */
export interface ClaimsFlags extends OutputFlags, RowLimits {
  /** Ids to decide; all if absent. */
  readonly id?: readonly string[]
  /** A seed's number or file name. */
  readonly seed?: string
  /** Print the page docs/claims.md. */
  readonly markdown?: boolean
}

/** Decides the claims that the flags choose; returns the exit code. @throws Diagnostic */
export async function claimsCommand(flags: ClaimsFlags): Promise<number> {
  const started = performance.now()
  const chosen = choose(await loadClaims(), flags)
  const planned: PlannedRow[] = []
  const cases = chosen.flatMap(claim => claim.cases)
  await planQuestions(planned, cases, [])
  const output = new Console(flags)
  const { rows, interrupted } = await checkPlanned(planned, flags, output)
  const claims = chosen.map(claim => decideClaim(claim, lookup(rows)))
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3))
  if (flags.markdown === true) output.print(claimsPage(claims))
  else {
    for (const claim of claims) output.print(`${claimText(claim, output.paint, wrap)}\n`)
    output.print(`${claimsSummary(claims, output.paint)}\n`)
  }
  output.printJson({ claims, seconds, interrupted, version })
  return exitCodeOfLedger(rows, claims.map(stateOf), interrupted)
}

function stateOf({ verdict, isAccounted }: ClaimReport): 'expected' | 'differs' | 'unknown' {
  if (verdict === 'unknown') return 'unknown'
  return isAccounted ? 'expected' : 'differs'
}

function choose(claims: readonly Claim[], { id: ids, seed }: ClaimsFlags): readonly Claim[] {
  for (const id of ids ?? [])
    if (claims.every(claim => claim.id !== id))
      throw new Diagnostic('ZC101', `there is no claim '${id}'`, {
        hint: `did you mean '${nearest(
          id,
          claims.map(claim => claim.id),
        )}'? 'zapcheck claims' prints all`,
      })
  const isOfSeed = (claim: Claim): boolean =>
    seed === undefined || (seed !== '' && claim.seed?.startsWith(seed) === true)
  if (!claims.some(isOfSeed)) {
    const seeds = [...new Set(claims.flatMap(claim => claim.seed ?? []))]
    throw new Diagnostic('ZC101', `no claim is of a seed '${seed ?? ''}'`, {
      hint: `the seeds are ${seeds.map(name => name.slice(0, 3)).join(', ')}`,
    })
  }
  return claims.filter(claim => isOfSeed(claim) && (ids === undefined || ids.includes(claim.id)))
}
