/**
 * Reusable properties: functions from pieces of a model's state to a property. Each comes with one
 * sentence on what a violation means for the kernel.
 */
export { hostKeepsOff, noAssignedPageFreed } from './pages.js'
export { flushBeforeReuse, leafKeepsPage, noStaleMapping } from './translations.js'
export type { Translation } from './translations.js'
export {
  leavesBeforeNonLeaves,
  neutralFailure,
  noInstallAfterZap,
  noInstallInObsoleteRoot,
  preciseZap,
  rootNeverZapped,
} from './zaps.js'
export {
  balancedInvalidations,
  noEndWithoutBegin,
  noFaultAcrossZap,
  noObsoleteRootKept,
  noRunOnZappedRoot,
  noUseAfterFree,
} from './lifetimes.js'
export type { Holding } from './lifetimes.js'
export { countsOpenSections, retriesOnlyIfStale, writtenUnderWriteLock } from './invalidations.js'
export {
  idleTablesStay,
  memoryTypesFollow,
  noAccessInHole,
  noTableOutlivesRoot,
} from './leftovers.js'
export type { IdleTable } from './leftovers.js'
