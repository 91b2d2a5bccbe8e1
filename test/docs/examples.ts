/**
 * The examples of a document: every ```ts block, with the claims that the comment above it makes.
 *
 *   <!-- example: fragment; states 4; transitions 6; violated 'no overflow' at 3 -->
 *
 *   fragment               the block stands inside `build(m) { ... }`; imports are added, and an
 *                          action that does nothing if it declares none
 *   params n=3 fast=false  parameters that are not the defaults
 *   states, transitions, depth, deadlocks N
 *   violated 'NAME' at N   the property is first violated at depth N; all others hold
 *   no witness of 'NAME'   the reachability is not witnessed
 *   refused ZC303          the model is not accepted
 *   model error at N       the search meets a model error
 */

/** What a comment claims of its example. */
export interface Claims {
  readonly isFragment: boolean
  readonly params: Readonly<Record<string, number | boolean>>
  readonly counts: Readonly<Record<string, number>>
  readonly violated: Readonly<Record<string, number>>
  readonly refused: string | null
  readonly modelErrorDepth: number | null
}

/** One block of code. */
export interface Example {
  /** Line of the block in the document, counted from 1. */
  readonly line: number
  readonly code: string
  readonly claims: Claims
}

const BLOCK = /(<!-- example(?::([^>]*))? -->\n\n?)?```ts\n([\s\S]*?)```/g

/** The examples of `document`. Throws Error for a block without a comment. */
export function examplesOf(document: string): readonly Example[] {
  return [...document.matchAll(BLOCK)].map(match => {
    const [whole, comment, claims = '', code = ''] = match
    const line = document.slice(0, match.index + whole.indexOf('```ts')).split('\n').length
    if (comment === undefined) throw new Error(`the code in line ${line} has no example comment`)
    return { line, code, claims: parseClaims(claims, line) }
  })
}

/** The whole file that an example stands for; `exported` are the names that it may import. */
export function moduleOf({ code, claims, line }: Example, exported: readonly string[]): string {
  if (!claims.isFragment) return code
  const used = exported.filter(name => new RegExp(`(?<![.\\w'])${name}\\b(?!['?:])`).test(code))
  const names = [...new Set(['defineModel', ...used])].join(', ')
  const idle = /\bm\.(action|process)\(/.test(code) ? '' : "m.action('idle')\n"
  return [
    `import { ${names} } from 'zapcheck'`,
    `export default defineModel({ name: 'line-${line}', about: 'An example.', build(m) {`,
    code + idle,
    '} })',
    '',
  ].join('\n')
}

function parseClaims(text: string, line: number): Claims {
  const counts: Record<string, number> = {}
  const violated: Record<string, number> = {}
  const params: Record<string, number | boolean> = {}
  let isFragment = false
  let refused: string | null = null
  let modelErrorDepth: number | null = null
  for (const claim of text
    .split(';')
    .map(c => c.trim())
    .filter(c => c !== '')) {
    // prettier-ignore
    const count = /^(states|transitions|depth|deadlocks) ([\d,]+)$/.exec(claim)
    const violation = /^violated '(.+)' at (\d+)$/.exec(claim)
    const unwitnessed = /^no witness of '(.+)'$/.exec(claim)
    const refusal = /^refused (ZC\d+)$/.exec(claim)
    const modelError = /^model error at (\d+)$/.exec(claim)
    if (claim === 'fragment') isFragment = true
    else if (claim.startsWith('params '))
      for (const pair of claim.slice(7).split(' ')) {
        const [name = '', value = ''] = pair.split('=')
        params[name] = /^\d+$/.test(value) ? Number(value) : value === 'true'
      }
    else if (count !== null) counts[count[1] ?? ''] = Number(count[2]?.replaceAll(',', ''))
    else if (unwitnessed !== null) violated[unwitnessed[1] ?? ''] = -1
    else if (violation !== null) violated[violation[1] ?? ''] = Number(violation[2])
    else if (refusal !== null) refused = refusal[1] ?? ''
    else if (modelError !== null) modelErrorDepth = Number(modelError[1])
    else throw new Error(`line ${line}: '${claim}' is not a claim`)
  }
  return { isFragment, params, counts, violated, refused, modelErrorDepth }
}
