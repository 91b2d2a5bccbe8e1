/**
 * The ledger of bugs of the kernel's history, each as a variant with the bug and one with the fix.
 * `zapcheck bugs` checks them.
 */
import type { Bug } from 'zapcheck'
import { guestMemfdBugs } from './guest-memfd.js'
import { memoryAttributesBugs } from './memory-attributes.js'
import { migrationBugs } from './migration.js'
import { sevLaunchBugs } from './sev-launch.js'
import { snpRmpBugs } from './snp-rmp.js'
import { tdpMmuBugs } from './tdp-mmu.js'
import { tdpWalkBugs } from './tdp-walk.js'
import { tdxSeptBugs } from './tdx-sept.js'

/** All bugs, by family. */
export const bugs: readonly Bug[] = [
  ...memoryAttributesBugs,
  ...sevLaunchBugs,
  ...snpRmpBugs,
  ...tdpMmuBugs,
  ...tdpWalkBugs,
  ...guestMemfdBugs,
  ...migrationBugs,
  ...tdxSeptBugs,
]
