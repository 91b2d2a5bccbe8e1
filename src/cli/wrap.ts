/** Text in lines of a fixed width, for listings. */

/** Columns of a listing. */
const COLUMNS_MAX = 100

/** Breaks `text` at spaces into lines with `indent` columns in front. Long words stay whole. */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && indent + longer.length > COLUMNS_MAX) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].map(l => ' '.repeat(indent) + l)
}
