/**
 * The ledger of claims: what the discussions of the seeds assert, put to variants of the models.
 * `zapcheck claims` decides them; docs/claims.md is made from a run.
 */
import type { Claim } from 'zapcheck'
import { extraClaims } from './extra.js'
import { seed000 } from './seed-000.js'
import { migrationFindings, seed001Claims } from './seed-001.js'
import { attributeFindings, seed002Claims } from './seed-002.js'
import { seed003Claims } from './seed-003.js'
import { guestMemfdFindings, seed004Claims } from './seed-004.js'

const numberOf = ({ id }: Claim): number => Number(id.slice(id.indexOf('-') + 1))

const findings = [...extraClaims, ...guestMemfdFindings, ...attributeFindings, ...migrationFindings]

/** All claims: those of the seeds, then the findings, each in the order of their ids. */
export const claims: readonly Claim[] = [
  ...seed000,
  ...seed001Claims,
  ...seed002Claims,
  ...seed003Claims,
  ...seed004Claims,
  ...findings.sort((a, b) => numberOf(a) - numberOf(b)),
]
