/**
 * Text for a terminal. Names and messages come from models and trace files that others wrote: what
 * could move the cursor, change colors or reverse the reading order is shown as an escape instead.
 */

/** Control characters of both sets, line separators, and marks that change the text's direction. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** `text` on one line, unsafe characters as `\u001b`. */
export function printable(text: string): string {
  return text.replaceAll(UNSAFE, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** How a piece of text stands out. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'

/** Puts a style around a text, or leaves it plain. */
export type Paint = (style: Style, text: string) => string

/** SGR parameters that begin and end a style. */
const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
}

/** Leaves every text as it is. */
export const plain: Paint = (_, text) => text

/** Colors for a terminal that shows them (ECMA-48). */
export const colored: Paint = (style, text) => {
  const [begin, end] = CODES[style]
  return `\u001b[${begin}m${text}\u001b[${end}m`
}
