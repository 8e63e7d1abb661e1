/**
 * Every dead letter of a chaos run against what had to be refused: each once, from the record it names, in order. Readings
 * that ask and have a permit may be given up all the same, for the permit may come too late; those without one have to be.
 */
import { isDeepStrictEqual } from 'node:util'
import { grouped } from './compare.ts'
import type { DeadLetter, Observation, Report, Stored } from './observation.ts'
import type { Entry } from './workload.ts'

const REFUSED_EVERY = 61
const UNKNOWN_EVERY = 11
const ATTEMPTS = 8
const NO_PERMIT = 'E_CHAOS_NO_PERMIT'

export const isOutside = ({ cause }: Entry) => cause.startsWith('o')
export const asks = ({ cause }: Entry) => cause.startsWith('a')
export const isRefused = ({ steps }: Entry) => steps % REFUSED_EVERY === 0

const nameOf = (key: string, { cause, steps }: Pick<Entry, 'cause' | 'steps'>) => `${key} ${cause} ${steps}`

/** Says of an entry whether it was given up after it had waited for its permit. */
export function givenUp(ledger: readonly DeadLetter[]): (key: string, entry: Entry) => boolean {
  const names = new Set(ledger.filter(({ code }) => code === NO_PERMIT).map((letter) => nameOf(letter.key, letter)))
  return (key, entry) => asks(entry) && !isRefused(entry) && names.has(nameOf(key, entry))
}

/** Whether the provider does not know whom the notice is for. */
export const isUnknown = ({ sent }: { readonly sent: number }) => sent % UNKNOWN_EVERY === UNKNOWN_EVERY - 1

type Letter = Pick<DeadLetter, 'partition' | 'key' | 'code' | 'sourceOffset' | 'cause'>

const letterOf = (
  { partition, key, offset }: Omit<Stored<unknown>, 'value' | 'timestamp'>,
  code: string,
  cause: string,
  sourceOffset = offset,
): Letter => ({
  partition,
  key,
  code,
  sourceOffset,
  cause,
})

/** Reports dead letters that are lost, doubled, out of order or not right. */
export function deadLettersAreRight({ fused, readings, ledger, notices, dead }: Observation, report: Report): void {
  const poison = readings
    .filter(({ value }) => value === undefined || value.kind === 'poison')
    .map((record) =>
      record.value === undefined ? letterOf(record, 'E_RECORD_UNDECODABLE', '') : letterOf(record, 'E_CHAOS_POISON', `e${record.value.n}`),
    )
  const wasGivenUp = givenUp(dead.ledger)
  const entries = ledger
    .filter(({ key, value }) => isRefused(value) || wasGivenUp(key, value))
    .map((record) => {
      // A fused group hands its own entries over in memory.
      const source = fused && !isOutside(record.value) ? -1n : record.offset
      return letterOf(record, isRefused(record.value) ? 'E_CHAOS_REFUSED' : NO_PERMIT, record.value.cause, source)
    })
  const unknown = notices.filter(({ value }) => isUnknown(value)).map((record) => letterOf(record, 'E_CHAOS_UNKNOWN', record.value.cause))
  const byPartition = ({ partition }: Letter) => String(partition)
  sameLetters('readings.dlq', poison, dead.readings, byPartition, report)
  // A key that waits is passed by those that do not.
  sameLetters('ledger.dlq', entries, dead.ledger, ({ key }) => key, report)
  sameLetters('totals.dlq', [], dead.totals, byPartition, report)
  sameLetters('notices.dlq', unknown, dead.notices, byPartition, report)
  for (const letter of dead.ledger)
    if (letter.code === NO_PERMIT && letter.attempts !== ATTEMPTS)
      report('ledger.dlq', letter, 'was not tried as often as it should', ATTEMPTS, letter.attempts)
}

function sameLetters(
  where: string,
  expected: readonly Letter[],
  found: readonly DeadLetter[],
  by: (letter: Letter) => string,
  report: Report,
): void {
  const [wanted, got] = [grouped(expected, by), grouped(found, by)]
  for (const group of new Set([...wanted.keys(), ...got.keys()])) {
    const meant = wanted.get(group) ?? []
    const letters = (got.get(group) ?? []).map((letter) => letterOf(letter, letter.code, letter.cause, letter.sourceOffset))
    const at = Array.from({ length: Math.max(meant.length, letters.length) }).findIndex(
      (_, index) => !isDeepStrictEqual(meant[index], letters[index]),
    )
    if (at < 0) continue
    const what = at >= letters.length ? 'lost' : at >= meant.length ? 'one too many' : 'not what comes next'
    const record = { key: (letters[at] ?? meant[at])?.key ?? '', offset: got.get(group)?.[at]?.offset }
    report(where, record, what, meant[at] ?? 'nothing more', letters[at] ?? 'nothing')
  }
}
