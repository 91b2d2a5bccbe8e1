/** What an action may read and write: sets of variables, dynamic indices taken as any element. */
import { walk } from './expression.js'
import type { Expression, VariableIndex } from './expression.js'
import { walkUpdates } from './model.js'
import type { ActionInstance, Update } from './model.js'

/** The variables that some assignment may write. */
export function writtenVariables(updates: readonly Update[]): readonly number[] {
  return updates.flatMap(u => {
    if (u.kind === 'assign') return u.location.elements
    return u.kind === 'if' ? [...writtenVariables(u.then), ...writtenVariables(u.otherwise)] : []
  })
}

/** The variables that an expression may read, in this state or the next. */
export function variablesOf(e: Expression): ReadonlySet<VariableIndex> {
  const found = new Set<VariableIndex>()
  walk(e, part => {
    if (part.kind !== 'read' && part.kind !== 'next') return
    for (const variable of part.location.elements) found.add(variable)
  })
  return found
}

/** The variables that guard and updates of an action may read. */
export function readVariables({ guard, updates }: ActionInstance): ReadonlySet<VariableIndex> {
  const read = new Set<VariableIndex>()
  const add = (e: Expression): void => {
    for (const variable of variablesOf(e)) read.add(variable)
  }
  guard.forEach(add)
  walkUpdates(updates, update => {
    if (update.kind !== 'assign') add(update.condition)
    else {
      add(update.value)
      for (const { expression } of update.location.indices) add(expression)
    }
  })
  return read
}
