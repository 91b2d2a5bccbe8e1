/** Entries of the ledgers of claims and of bugs, as their authors write them. */

/** What a claim predicts of one variant of a model. */
export interface ClaimCase {
  readonly model: string
  readonly variant: string
  /** Name of the property; absent if the claim is about all properties of the variant. */
  readonly property?: string
  /** For a reachability, `holds` means that it is witnessed. */
  readonly predicts: 'holds' | 'violated'
  /** What the case stands for, in words that can follow "when": "the zap is a leaf zap". */
  readonly when: string
}

/** A verdict on a claim; `undecidable` is one that no model checking can decide. */
export type ClaimVerdict = 'confirmed' | 'refuted' | 'depends' | 'undecidable'

/** An entry of the ledger of claims. */
export interface Claim {
  /** As `000-01`: the seed's number and the claim's number in it; `X-1` for other findings. */
  readonly id: string
  /** File of the seed; null for a finding of the kernel's history. */
  readonly seed: string | null
  /** What is claimed, in one sentence. */
  readonly claim: string
  /** What the design notes expect. */
  readonly expected: ClaimVerdict
  /** Empty for a claim that model checking cannot decide. */
  readonly cases: readonly ClaimCase[]
  /** Why these cases decide it, or why it cannot be decided. */
  readonly why: string
  /** Where runs say otherwise than the notes: what they say, and which of both is wrong and why. */
  readonly otherwise?: { readonly verdict: ClaimVerdict; readonly why: string }
}

/** What all entries of the ledger have. */
interface CommonBug {
  /** Of the corpus, as `T1`. */
  readonly id: string
  /** The switch of the corpus: bugs with several have an entry for each. */
  readonly switch: string
  /** One line: what went wrong. */
  readonly about: string
  /** The commit that fixed it; null if there is none. */
  readonly commit: string | null
  /** The release with the fix, as the corpus says it. */
  readonly release: string
}

/** A bug that runs decide. */
export interface DecidedBug extends CommonBug {
  readonly model: string
  /** Name of the variant with the bug. */
  readonly buggy: string
  /** Name of the variant with the fix; the other parameters are the same. */
  readonly fixed: string
  /** The property that the bug violates. */
  readonly property: string
  /** Actions that the counterexample has in this order, others may be in between. */
  readonly follows: readonly string[]
}

/** A bug that only a temporal property decides, which zapcheck cannot check yet. */
export interface WaitingBug extends CommonBug {
  /** The property in linear temporal logic with its fairness, and what the atoms mean. */
  readonly waitsFor: string
}

/** An entry of the ledger of bugs. */
export type Bug = DecidedBug | WaitingBug
