/**
 * The form of a row in the lists of variants.
 */
import { violated } from 'zapcheck'
import type { ExpectedVerdict, Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'

/**
 * One variant: its counts are states, transitions and depth; violated properties with the depth.
 */
export function row(
  name: string,
  about: string,
  params: Partial<Parameters>,
  [states, transitions, depth]: readonly [number, number, number],
  violations: Readonly<Record<string, number>> = {},
): Variant<Parameters> {
  const properties: Record<string, ExpectedVerdict> = {}
  for (const [property, at] of Object.entries(violations)) properties[property] = violated(at)
  return { name, about, params, expect: { states, transitions, depth, properties } }
}
