/**
 * What is stored in a piece of memory, when memory encryption is perfect: symbolic terms.
 *
 *   P(v)      the value v in plain text, written without a key
 *   C(k,v)    the ciphertext of v under key k
 *   X         garbage: no value that anybody ever wrote
 *
 *              write v under k       write v without a key
 *   anything ─────────────────▶ C(k,v)      anything ─────▶ P(v)
 *
 *   a read gives v only if it is done as the value was written: with the same key, or without one.
 *   Every other read gives X.
 *
 * Source: AMD64 Architecture Programmer's Manual, volume 2, 7.10 and 15.34 (C-bit, SEV); Intel TDX
 * module base specification, chapter on physical memory (HKID, private and shared accesses).
 *
 * Sound for properties that compare values: X differs from every value that is written, and a
 * cipher never turns one written value into another one. A key stands for all that the ciphertext
 * depends on. SEV mixes the physical address in: memory whose ciphertext is moved within one host
 * needs a key for each place. What a model does not tell apart from garbage (poison, ciphertext
 * that nobody can use) it stores as X by `spoil`.
 */
import { and, enumeration, not, or, part, when } from 'zapcheck'
import type { Bool, BoolLike, Item, Label, LabelDeclaration } from 'zapcheck'

/** The label of a term in the state and in traces. */
export type Term<V extends string, K extends string> = `P(${V})` | `C(${K},${V})` | 'X'

/** The key of an access; null: without encryption, as for a shared page. */
export type KeyOrNone<K extends string> = K | null

/** An access whose kind the state decides: encrypted with `key` where `isEncrypted` is true. */
export interface Access<K extends string> {
  readonly key: K
  readonly isEncrypted: BoolLike
}

/** The values and keys that a piece of memory can meet. */
export interface Alphabet<V extends string, K extends string> {
  readonly values: readonly V[]
  readonly keys: readonly K[]
}

/** What a read gives: a value that was written, or null for garbage. */
export function read<V extends string, K extends string>(
  { values }: Alphabet<V, K>,
  term: Term<V, K>,
  key: KeyOrNone<K>,
): V | null {
  return values.find(value => term === write(key, value)) ?? null
}

/** What a write leaves behind; garbage stays garbage under every key. */
export function write<V extends string, K extends string>(
  key: KeyOrNone<K>,
  value: V | null,
): Term<V, K> {
  if (value === null) return 'X'
  return key === null ? `P(${value})` : `C(${key},${value})`
}

/** All terms of the alphabet: each value in plain text, then under each key; X is the last. */
export function termsOf<V extends string, K extends string>({
  values,
  keys,
}: Alphabet<V, K>): readonly Term<V, K>[] {
  const under = (key: KeyOrNone<K>) => values.map(value => write<V, K>(key, value))
  return [...under(null), ...keys.flatMap(under), 'X']
}

/** A piece of memory that is always read and written as a whole. */
export interface MemoryContent<V extends string, K extends string> {
  /** What is stored, whoever looks at it. */
  readonly raw: Label<Term<V, K>>
  readonly isGarbage: Bool
  /** A read under `key` gives `value`; null: nothing that anybody wrote. */
  readsAs(key: KeyOrNone<K>, value: V | null): Bool
  /** The same for an access whose kind the state decides. */
  isSeen(by: Access<K>, value: V | null): Bool
  /** A read here gives what a read of `other` gives; two reads of garbage are equal. */
  readsLike(here: Access<K>, other: MemoryContent<V, K>, there: Access<K>): Bool
  /** Stores `value` under `key`. */
  write(key: KeyOrNone<K>, value: V): Item
  /** Stores `value` by an access whose kind the state decides. */
  writeBy(access: Access<K>, value: V): Item
  /** Stores garbage. */
  spoil(): Item
  /** Stores the bytes of `other` as they are: the copy of a page that is taken for shared. */
  copyBytes(other: MemoryContent<V, K>): Item
  /** Stores what a read of `other` under `from` gives, encrypted with `to`; null: plain text. */
  reencrypt(other: MemoryContent<V, K>, from: KeyOrNone<K>, to: KeyOrNone<K>): Item
}

/** A piece of memory over an alphabet; holds garbage at first unless `initially` says otherwise. */
export function memoryContent<const V extends string, const K extends string>(
  alphabet: Alphabet<V, K>,
  initially: Term<V, K> = 'X',
) {
  const terms = termsOf(alphabet)
  const declaration: LabelDeclaration<Term<V, K>> = enumeration(...terms).initially(initially)
  return part({ raw: declaration }, ({ raw }): MemoryContent<V, K> => {
    const readsAs = (key: KeyOrNone<K>, value: V | null): Bool =>
      raw.is(...terms.filter(term => read(alphabet, term, key) === value))
    const isSeen = ({ key, isEncrypted }: Access<K>, value: V | null): Bool =>
      or(and(isEncrypted, readsAs(key, value)), and(not(isEncrypted), readsAs(null, value)))
    return {
      raw,
      isGarbage: raw.is('X'),
      readsAs,
      isSeen,
      readsLike: (here, other, there) =>
        and(...alphabet.values.map(v => isSeen(here, v).is(other.isSeen(there, v)))),
      write: (key, value) => raw.set(write(key, value)),
      writeBy: ({ key, isEncrypted }, value) =>
        when(isEncrypted, raw.set(write(key, value)), raw.set(write<V, K>(null, value))),
      spoil: () => raw.set('X'),
      copyBytes: other => raw.set(other.raw),
      reencrypt: (other, from, to) =>
        alphabet.values.reduce<Item>(
          (otherwise, value) =>
            when(other.readsAs(from, value), raw.set(write(to, value)), otherwise),
          raw.set('X'),
        ),
    }
  })
}
