/** The nearest valid word to a mistyped one. */
import { closest } from 'fastest-levenshtein'

/** The word of `words` with the least edit distance to `word`; `words` must not be empty. */
export function nearest(word: string, words: readonly string[]): string {
  return closest(word, words)
}
