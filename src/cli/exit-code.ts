/** Exit codes of the command. Scripts depend on them. */

/** Every checked property holds (or is as the suite expects) and the space was exhausted. */
export const EXIT_HOLDS = 0
/** A property is violated, or something differs from what is expected. */
export const EXIT_VIOLATED = 1
/** Wrong usage, model or file. */
export const EXIT_WRONG_USAGE = 2
/** A limit was reached first, and nothing was violated so far. */
export const EXIT_INCOMPLETE = 3
/** zapcheck broke a promise of its own. */
export const EXIT_INTERNAL = 70
/** Ended by Ctrl-C, after saving what could be saved. */
export const EXIT_INTERRUPTED = 130
