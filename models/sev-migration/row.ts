/**
 * How a row of the tables of variants is written: what it chooses, its counts, and what it
 * violates at which depth.
 */
import { violated } from 'zapcheck'
import type { ExpectedVerdict, Variant } from 'zapcheck'
import type { Parameters } from './parameters.js'
import { contracts } from './state.js'

/** States, transitions and depth. */
export type Counts = readonly [number, number, number]

/** Depths of the first violation under contracts N, F and H; 0 where the property holds. */
type PerContract = readonly [number, number, number]

/** What a variant violates: names of the properties in short, with the depths. */
export interface Found {
  /** Transparency: what the guest would read now. */
  readonly R1?: PerContract
  /** What the guest reads at the end. */
  readonly reads?: PerContract
  /** Final agreement: pages are sent as they were written last. */
  readonly R3?: PerContract
  /** No shared access to private memory. */
  readonly R4?: number
  /** The host knows the kind of each write. */
  readonly R5?: number
  /** A send uses the current status. */
  readonly R6?: number
  /** The status is known at the end. */
  readonly end?: number
  /** Somebody can go on, or all is done. */
  readonly deadlock?: number
}

const perContract = {
  R1: 'transparent',
  reads: 'reads are right',
  R3: 'sent as last written',
} as const
const single = {
  R4: 'no shared access to private memory',
  R5: 'the host knows the kind of each write',
  R6: 'a send uses the current status',
  end: 'the status is known at the end',
  deadlock: 'deadlock freedom',
} as const

/** A variant. Properties that `found` does not name hold. */
export function row(
  name: string,
  about: string,
  params: Partial<Parameters>,
  [states, transitions, depth]: Counts,
  found: Found = {},
): Variant<Parameters> {
  const properties: Record<string, ExpectedVerdict> = {}
  for (const [short, text] of Object.entries(perContract))
    contracts.forEach((contract, i) => {
      const at = found[short as keyof typeof perContract]?.[i] ?? 0
      if (at > 0) properties[`${text} under contract ${contract}`] = violated(at)
    })
  for (const [short, text] of Object.entries(single)) {
    const at = found[short as keyof typeof single]
    if (at !== undefined) properties[text] = violated(at)
  }
  return { name, about, params, expect: { states, transitions, depth, properties } }
}
