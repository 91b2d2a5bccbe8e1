/**
 * The public door: everything that a model author needs, and what programs need that run checks.
 */
export type { Accepts } from './lang/accepts.js'
export { defineModel, violated } from './lang/definition.js'
export type {
  Expectation,
  ExpectedVerdict,
  ModelDefinition,
  ModelSpecification,
  Reduction,
  Variant,
} from './lang/definition.js'
export { ActionDeclaration, ModelBuilder } from './lang/builder.js'
export type { ActionParameters, ProcessOptions } from './lang/builder.js'
export { flag, option, range } from './lang/parameters.js'
export type { Parameter, Parameters, ParameterValues } from './lang/parameters.js'
export {
  array,
  bool,
  counter,
  enumeration,
  index,
  indexOrNone,
  int,
  part,
  set,
} from './lang/types.js'
export type { ElementKey, LabelDeclaration, SmallIndex, SymmetricType } from './lang/types.js'
export type {
  ArrayDeclaration,
  Declaration,
  PartDeclaration,
  RecordDeclaration,
  ScalarDeclaration,
} from './lang/declarations.js'
export {
  Assignment,
  BoolVariable,
  IndexVariable,
  IntVariable,
  LabelVariable,
  SetVariable,
} from './lang/references.js'
export type { ArrayReference, RecordReference, Reference } from './lang/references.js'
export { Bool, Index, Int, Label, Members } from './lang/values.js'
export type { BoolLike, Element, IndexLike, IntLike } from './lang/values.js'
export { all, and, any, count, each, implies, next, not, or } from './lang/quantifiers.js'
export { assert, choose, operation, when } from './lang/updates.js'
export type { Item, Operation } from './lang/updates.js'
export {
  branch,
  call,
  either,
  exit,
  forEach,
  goto,
  leave,
  loopWhile,
  step,
  waitUntil,
} from './lang/statements.js'
export type { Statement, Statements } from './lang/statements.js'
export type { ProcessHandle } from './lang/process.js'
export { mutex, rwlock, srcu } from './lang/locks.js'
export type { Mutex, ReadWriteLock, Srcu } from './lang/locks.js'
export { invariant, reachable, stepProperty } from './lang/properties.js'
export type { ActionView, PropertySpecification } from './lang/properties.js'
export type {
  Bug,
  Claim,
  ClaimCase,
  ClaimVerdict,
  DecidedBug,
  WaitingBug,
} from './report/ledger.js'
export type { ParameterValue } from './ir/model.js'
export { Diagnostic, formatDiagnostic } from './base/diagnostic.js'
export type { DiagnosticCode, SourcePlace } from './base/diagnostic.js'
