/** Dead letters as text: the list with its counts, one letter in full, and what a fix changes. */
import type { DeadLetter, ListedLetters, Resolution, ShownLetter } from '../runtime/kafka/connectKafka.ts'
import type { ErrorEntry } from '../runtime/errors.ts'
import type { FieldChange } from '../runtime/valuePatch.ts'
import { columns } from './columns.ts'
import { shown } from './recordText.ts'

const REASON_LENGTH = 80
const HEX_PER_LINE = 32
/** Longer values are cut: the whole is on the topic. */
const HEX_BYTES = 2_048

const time = (ms: number): string => new Date(ms).toISOString()

/** Counts per topic, group and code first, then up to `limit` letters, oldest first. */
export function listLines({ open, resolved, strangers }: ListedLetters, limit: number): string[] {
  const counts = new Map<string, { letter: DeadLetter; count: number; oldest: number }>()
  for (const letter of open) {
    const own = counts.get(`${letter.topic} ${letter.code}`)
    if (own === undefined) counts.set(`${letter.topic} ${letter.code}`, { letter, count: 1, oldest: letter.failedAt })
    else own.count += 1
  }
  const rest = open.length - Math.min(limit, open.length)
  return [
    ...(open.length === 0
      ? ['No dead letter is open.']
      : columns(
          [
            ['open', 'topic', 'group', 'code', 'since'],
            ...[...counts.values()].map(({ letter, count, oldest }) => [
              String(count),
              letter.sourceTopic,
              letter.group,
              letter.code,
              time(oldest),
            ]),
          ],
          { right: [0] },
        )),
    ...(open.length === 0 ? [] : ['']),
    ...columns(
      open
        .slice(0, limit)
        .map((letter) => [
          letter.id,
          keyOf(letter),
          letter.code,
          time(letter.failedAt),
          `${letter.attempts} attempt${letter.attempts === 1 ? '' : 's'}`,
          cut(letter.message),
        ]),
    ),
    ...(rest > 0 ? [`… and ${rest} more: --limit shows them.`] : []),
    ...(resolved > 0 ? [`${resolved} more are resolved.`] : []),
    ...(strangers > 0 ? [`${strangers} records on these topics are neither dead letters nor markers; they were passed over.`] : []),
  ]
}

/** Everything about one letter; `entry` is what its code means, if it is one of ours. */
export function showLines({ letter, resolution, repeats, decoded }: ShownLetter, entry: ErrorEntry | undefined): string[] {
  const { sourceTopic, sourceOffset, partition } = letter
  const place = sourceOffset < 0n ? `${sourceTopic}#${partition}, handed over in memory` : `${sourceTopic}#${partition}@${sourceOffset}`
  const headers = Object.entries(letter.headers).map(([name, value]) => [`  ${name}`, headerText(value)])
  return [
    ...columns([
      ['id', letter.id],
      ['from', `${place}, ${time(letter.sourceTimestamp)}`],
      ['key', keyOf(letter)],
      ['set aside by', `${letter.step} of group ${letter.group}, ${time(letter.failedAt)}, attempts: ${letter.attempts}`],
      ['state', stateText(resolution, repeats)],
      ...(letter.onlyFor === undefined ? [] : [['replayed for', `${letter.onlyFor} alone`]]),
      ...(letter.replayOf === undefined ? [] : [['replay of', letter.replayOf]]),
      ['code', letter.code],
      ['detail', letter.message],
    ]),
    ...(entry === undefined
      ? ['This code is in none of our tables: ask the team of the group.']
      : [entry.means, `What to do: ${entry.remedy}`]),
    '',
    headers.length === 0 ? 'No headers of its own.' : 'Headers:',
    ...columns(headers),
    '',
    ...(letter.leftOut === undefined ? valueLines(letter.value, decoded) : [leftOutLine(letter.leftOut)]),
  ]
}

/** One pair of lines per field that a fix changes. */
export function fixLines(changes: readonly FieldChange[]): string[] {
  return changes.flatMap(({ path, before, after }) => [
    ...(before === undefined ? [] : [`- ${path}: ${JSON.stringify(shown(before))}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${JSON.stringify(shown(after))}`]),
  ])
}

function leftOutLine(bytes: number): string {
  return `Value, ${bytes} bytes, and headers left out: too large for the topic of dead letters. They stand where it is from, as long as its topic keeps them.`
}

function valueLines(value: Buffer | null, decoded: ShownLetter['decoded']): string[] {
  if (value === null) return ['No value (a tombstone).']
  if ('value' in decoded) return ['Value:', ...JSON.stringify(shown(decoded.value), null, 2).split('\n')]
  const lines: string[] = []
  for (let at = 0; at < Math.min(value.length, HEX_BYTES); at += HEX_PER_LINE) {
    const part = value.subarray(at, at + HEX_PER_LINE)
    const printable = part.toString('latin1').replace(/[^\x20-\x7e]/g, '.')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${part.toString('hex').padEnd(2 * HEX_PER_LINE)}  ${printable}`)
  }
  return [
    `Value, ${value.length} bytes, not decodable: ${decoded.undecodable}.`,
    ...lines,
    ...(value.length > HEX_BYTES ? [`… and ${value.length - HEX_BYTES} more bytes`] : []),
  ]
}

function stateText(resolution: Resolution | undefined, repeats: string | undefined): string {
  const same = repeats === undefined ? '' : `the same record as ${repeats}, `
  if (resolution === undefined) return `${same}open`
  const { kind, by, at, reason } = resolution
  return `${same}${kind} by ${by}, ${time(at)}${reason === undefined ? '' : `: ${reason}`}`
}

function headerText(value: DeadLetter['headers'][string]): string {
  if (value === null) return '(null)'
  if (Array.isArray(value)) return value.map(headerText).join(', ')
  return typeof value === 'string' ? value : String(shown(value ?? ''))
}

function keyOf({ key }: DeadLetter): string {
  return key === null ? '(no key)' : String(shown(key))
}

function cut(text: string): string {
  return text.length <= REASON_LENGTH ? text : `${text.slice(0, REASON_LENGTH - 1)}…`
}
