/** Comparisons that the parts of the model share: lists key by key, last states, single values. */
import { isDeepStrictEqual } from 'node:util'
import type { KeyState, Report, Stored } from './observation.ts'

export function grouped<K, V>(list: readonly V[], by: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>()
  for (const value of list) {
    const group = groups.get(by(value))
    if (group === undefined) groups.set(by(value), [value])
    else group.push(value)
  }
  return groups
}

export function same<V>(where: string, record: Stored<V>, expected: V, report: Report): void {
  if (!isDeepStrictEqual(record.value, expected)) report(where, record, 'has another value', expected, record.value)
}

/** Each key's records, one by one; the first difference of a key is reported, what follows it would only repeat it. */
export function sameSequence<V>(
  where: string,
  expected: ReadonlyMap<string, readonly Stored<V>[]>,
  found: ReadonlyMap<string, readonly Stored<V>[]>,
  report: Report,
): void {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, got] = [expected.get(key) ?? [], found.get(key) ?? []]
    const at = Array.from({ length: Math.max(wanted.length, got.length) }).findIndex(
      (_, index) => !isDeepStrictEqual(wanted[index]?.value, got[index]?.value) || wanted[index]?.key !== got[index]?.key,
    )
    if (at < 0) continue
    const what = at >= got.length ? 'lost' : at >= wanted.length ? 'one too many' : 'not what comes next of its key'
    report(where, { key, offset: got[at]?.offset }, what, wanted[at]?.value ?? 'nothing more', got[at]?.value ?? 'nothing')
  }
}

export function sameStates<S>(
  where: string,
  expected: ReadonlyMap<string, KeyState<S>>,
  found: ReadonlyMap<string, KeyState<S>>,
  report: Report,
): void {
  for (const key of new Set([...expected.keys(), ...found.keys()]))
    if (!isDeepStrictEqual(expected.get(key), found.get(key)))
      report(where, { key }, 'another last state', expected.get(key) ?? 'none', found.get(key) ?? 'none')
}
