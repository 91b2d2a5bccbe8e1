/**
 * The ledger of claims: what the discussions of the seeds assert, put to variants of the models.
 * `zapcheck claims` decides them; docs/claims.md is made from a run.
 */
import type { Claim } from 'zapcheck'
import { attributeFindings, seed002Claims } from './seed-002.js'

/** All claims, in the order of their ids. */
export const claims: readonly Claim[] = [...seed002Claims, ...attributeFindings]
