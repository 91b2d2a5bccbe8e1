/** Text of others in Markdown. */
import { printable } from '../trace/printable.js'

/** Text for a paragraph or a cell of a table, in which nothing is markup. */
export function markdown(text: string): string {
  return printable(text).replaceAll(/[\\|<>*_`[\]]/g, character => `\\${character}`)
}
