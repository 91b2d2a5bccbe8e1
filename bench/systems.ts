/**
 * The systems that every tool searches, and in which sizes. Each is one zapcheck model, one Promela
 * file and one Murphi file under `bench/models`; sept-zap, the reference workload, is built into
 * zapcheck, and C++ was written for it too.
 *
 * A size gives parameters by zapcheck's names; the other tools know them as constants, `vcpus` as V
 * for instance. Counts that are known from elsewhere are given, so that no tool is the measure.
 */

/** What a search counts. Depth is that of a breadth-first search. */
export interface Counts {
  readonly states: number
  readonly transitions: number
  readonly depth: number
}

/** A system in one size. */
export interface System {
  /** Of the files under `bench/models`. */
  readonly name: string
  /** As it is printed, and as `--only` knows it: `sept-zap (3,3)`. */
  readonly title: string
  /** What `zapcheck check` is given. */
  readonly model: string
  /** Parameters of the zapcheck model. */
  readonly parameters: Readonly<Record<string, number>>
  /** The same as constants of the other tools. */
  readonly constants: Readonly<Record<string, number>>
  /** Logarithm of the slots that SPIN's table gets: one or two for each state. */
  readonly tableBits: number
  /** Whether there is a C++ program, and a Promela model that packs its arrays by hand. */
  readonly isReference: boolean
  /** Whether zapcheck's model has symmetric types, so that a reduced search has fewer states. */
  readonly isSymmetric: boolean
  readonly known: Counts | undefined
}

function septZap(
  vcpus: number,
  gfns: number,
  tableBits: number,
  known: readonly [number, number, number],
): System {
  return {
    name: 'sept-zap',
    title: `sept-zap (${vcpus},${gfns})`,
    model: 'sept-zap',
    parameters: { vcpus, gfns },
    constants: { V: vcpus, G: gfns },
    tableBits,
    isReference: true,
    isSymmetric: true,
    known: { states: known[0], transitions: known[1], depth: known[2] },
  }
}

function ofSize(name: string, n: number, tableBits: number): System {
  return {
    name,
    title: `${name} (${n})`,
    model: `bench/models/${name}.ts`,
    parameters: { n },
    constants: { N: n },
    tableBits,
    isReference: false,
    isSymmetric: false,
    known: undefined,
  }
}

/** The reference workload. */
export const reference = septZap(3, 3, 24, [7_390_732, 23_192_404, 97])

/** The same at its smallest. */
export const smokeReference = septZap(2, 2, 16, [22_772, 49_156, 74])

/** The default: from some hundred thousand states to some million, one to five words a state. */
export const systems: readonly System[] = [
  septZap(2, 3, 18, [232_636, 593_484, 88]),
  reference,
  ofSize('peterson', 6, 22),
  ofSize('german', 4, 21),
  ofSize('leader', 8, 20),
]

/** Larger ones, only where `--only` names them: minutes and gigabytes for the other tools. */
export const largeSystems: readonly System[] = [
  septZap(2, 5, 26, [27_582_164, 89_039_012, 123]),
  ofSize('peterson', 7, 26),
  ofSize('german', 5, 25),
  ofSize('leader', 9, 23),
]

/** The smallest, to see that all files still say the same. */
export const smokeSystems: readonly System[] = [
  smokeReference,
  ofSize('peterson', 3, 16),
  ofSize('german', 2, 16),
  ofSize('leader', 4, 16),
]

/** Systems whose title starts with one of `words`; the default ones if there is no word. */
export function chooseSystems(words: readonly string[]): System[] {
  if (words.length === 0) return [...systems]
  const found = [...systems, ...largeSystems].filter(({ name, title }) =>
    words.some(word => title === word || (name === word && systems.some(s => s.title === title))),
  )
  for (const word of words)
    if (!found.some(({ name, title }) => name === word || title === word))
      throw new RangeError(`no system '${word}'; there are ${titles()}`)
  return found
}

const titles = (): string => [...systems, ...largeSystems].map(s => `'${s.title}'`).join(', ')
