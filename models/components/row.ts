/**
 * The form of a row in the lists of variants.
 */
import { violated } from 'zapcheck'
import type { ExpectedVerdict, ParameterValue, Variant } from 'zapcheck'

/**
 * One variant: its counts are states, transitions and depth; violated properties with the depth.
 * Properties that are not named hold.
 */
export function row<P extends Readonly<Record<string, ParameterValue>>>(
  name: string,
  about: string,
  params: Partial<P>,
  [states, transitions, depth]: readonly [number, number, number],
  violations: Readonly<Record<string, number>> = {},
): Variant<P> {
  const properties: Record<string, ExpectedVerdict> = {}
  for (const [property, at] of Object.entries(violations)) properties[property] = violated(at)
  return { name, about, params, expect: { states, transitions, depth, properties } }
}
