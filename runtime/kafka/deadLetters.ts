/**
 * What stands on a dead-letter topic: the record with key, value and headers of its source untouched and `dlq-*` headers
 * that say where, why and when, or without value and headers where they are too large for it; and markers, without a value, that say what became of one.
 */
import { deadLetterName } from './names.ts'
import type { AnyTopic } from '../topic.ts'
import type { LogRecord, RawHeaders } from './partitionReader.ts'
import type { OutgoingRecord } from './openTransactions.ts'
import type { RecordSizes } from './recordSizes.ts'

export interface DeadLetterReason {
  readonly topic: AnyTopic
  readonly group: string
  /** Stage, worker or sink that refused it. */
  readonly step: string
  readonly code: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly attempts: number
  /** The step alone was not able to take it: others of the group that read the topic were given it. */
  readonly alone?: boolean
}

/** What an operator made of a dead letter. */
export type ResolutionKind = 'replayed' | 'fixed' | 'discarded'

export interface Resolution {
  readonly kind: ResolutionKind
  readonly by: string
  /** ms since the epoch. */
  readonly at: number
  /** Why it was discarded. */
  readonly reason?: string
}

/** A dead letter as it lies on its topic. */
export interface DeadLetter {
  /** `<dead-letter topic>#<partition>@<offset>`. */
  readonly id: string
  /** Physical name of the dead-letter topic. */
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Those of the source, without any of `dlq-*`. */
  readonly headers: RawHeaders
  /** Physical name. */
  readonly sourceTopic: string
  /** -1 for a record that was handed over in memory and had no offset yet. */
  readonly sourceOffset: bigint
  /** ms since the epoch. */
  readonly sourceTimestamp: number
  readonly group: string
  readonly step: string
  /** The stage that a replay is for; `undefined` when it is for all of the group that read the topic. */
  readonly onlyFor: string | undefined
  readonly code: string
  /** Detail of the refusal as JSON, possibly cut off. */
  readonly message: string
  /** ms since the epoch. */
  readonly failedAt: number
  readonly attempts: number
  /** Id of the dead letter that this record was replayed from, when it failed again. */
  readonly replayOf: string | undefined
  /** Bytes of the value where it was too large for the topic of dead letters: it stands at its source alone, and so do its headers. */
  readonly leftOut: number | undefined
}

/** A record of a dead-letter topic: a letter, what became of one, or something that nobody of ours wrote. */
export type DeadLetterTopicRecord =
  | { readonly kind: 'letter'; readonly letter: DeadLetter }
  | { readonly kind: 'marker'; readonly resolves: bigint; readonly resolution: Resolution }
  | { readonly kind: 'stranger'; readonly offset: bigint }

const MESSAGE_BYTES = 1024
const OWN_HEADER = 'dlq-'
const REPLAY_OF = 'dlq-replay-of'
/** On a letter the stage that its replay is for, and on the replay the same. */
const ONLY_FOR = 'dlq-only-for'
const LEFT_OUT = 'dlq-left-out'
/** What we say of a letter, beside `REPLAY_OF` of the record itself, which may be of whatever length. */
const SAID: ReadonlySet<string> = new Set([
  ...['dlq-source-topic', 'dlq-source-partition', 'dlq-source-offset', 'dlq-source-timestamp', 'dlq-group', 'dlq-step', 'dlq-code'],
  ...['dlq-message', 'dlq-failed-at', 'dlq-attempts', ONLY_FOR],
])

/**
 * The letter, or where its topic does not take it the same without value and headers of its record: others may compress better than we do, so
 * that what a topic took is more than any other takes. One that was handed over stands nowhere else, and stays as it is.
 */
export function fittingLetter(letter: OutgoingRecord, sizes: Pick<RecordSizes, 'excess'>): OutgoingRecord {
  if (letter.headers['dlq-source-offset'] === '-1' || sizes.excess([letter]) === undefined) return letter
  const said = Object.fromEntries(Object.entries(letter.headers).filter(([name]) => SAID.has(name)))
  return { ...letter, value: null, headers: { ...said, [LEFT_OUT]: String(letter.value?.length ?? 0) } }
}

/** The record for `<topic>.<group>.dlq`, on the partition its source had. */
export function deadLetterRecord(source: LogRecord, reason: DeadLetterReason, prefix: string, failedAt: number): OutgoingRecord {
  // A replay that is set aside again may be so by the whole group this time.
  const { [ONLY_FOR]: _before, ...headers } = source.headers
  return {
    topic: deadLetterName(reason.topic, reason.group, prefix),
    partition: source.partition,
    key: source.key,
    value: source.value,
    timestamp: failedAt,
    headers: {
      ...headers,
      'dlq-source-topic': source.topic,
      'dlq-source-partition': String(source.partition),
      'dlq-source-offset': String(source.offset),
      'dlq-source-timestamp': String(source.timestamp),
      'dlq-group': reason.group,
      'dlq-step': reason.step,
      'dlq-code': reason.code,
      'dlq-message': Buffer.from(JSON.stringify(reason.detail, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
        .subarray(0, MESSAGE_BYTES)
        .toString('utf8'),
      'dlq-failed-at': String(failedAt),
      'dlq-attempts': String(reason.attempts),
      ...(reason.alone === true ? { [ONLY_FOR]: reason.step } : {}),
    },
  }
}

/** The letter back on the partition of its source topic, `value` in place of its own when one is given. */
export function replayRecord(letter: DeadLetter, timestamp: number, value = letter.value): OutgoingRecord {
  return {
    topic: letter.sourceTopic,
    partition: letter.partition,
    key: letter.key,
    value,
    timestamp,
    headers: { ...letter.headers, [REPLAY_OF]: letter.id, ...(letter.onlyFor === undefined ? {} : { [ONLY_FOR]: letter.onlyFor }) },
  }
}

/** Says on the letter's own partition what became of it. */
export function resolutionMarker(letter: DeadLetter, { kind, by, at, reason }: Resolution): OutgoingRecord {
  return {
    topic: letter.topic,
    partition: letter.partition,
    key: letter.key,
    value: null,
    timestamp: at,
    headers: {
      'dlq-resolves': String(letter.offset),
      'dlq-resolution': kind,
      'dlq-resolved-by': by,
      'dlq-resolved-at': String(at),
      ...(reason === undefined ? {} : { 'dlq-resolution-reason': reason }),
    },
  }
}

/** Id of the letter that a record of `topic` (physical name) is the replay of. A fold may have passed the header on to a topic of its own: nothing there. */
export function replayOf(headers: Readonly<Record<string, string>>, topic: string): string | undefined {
  const id = headers[REPLAY_OF]
  return id?.startsWith(`${topic}.`) === true ? id : undefined
}

/**
 * Whether a record of `topic` (physical name) is the replay of a letter that another group set aside: that group has done
 * with it, everybody else has seen it before.
 */
export function isReplayForOthers(headers: Readonly<Record<string, string>>, topic: string, group: string): boolean {
  const id = replayOf(headers, topic)
  return id !== undefined && !id.startsWith(`${topic}.${group}.dlq#`)
}

/**
 * The stage of the group that a record of `topic` (physical name) is for: the one that set aside what it is the replay of, when others of
 * the group were given it then. `undefined` when it is for all that read the topic.
 */
export function replayedFor(headers: Readonly<Record<string, string>>, topic: string, group: string): string | undefined {
  const { [REPLAY_OF]: id, [ONLY_FOR]: stage } = headers
  return id?.startsWith(`${topic}.${group}.dlq#`) === true ? stage : undefined
}

/**
 * Reads a record of the dead-letter topic of `sourceTopic` and `group`. A letter that names another source is a stranger:
 * nobody may have a record written elsewhere by leaving it here.
 */
export function readDeadLetterRecord(record: LogRecord, sourceTopic: string, group: string): DeadLetterTopicRecord {
  const { headers, offset, partition, topic } = record
  const stranger = { kind: 'stranger', offset } as const
  const code = text(headers, 'dlq-code')
  if (code === undefined) return markerOf(headers) ?? stranger
  const sourceOffset = whole(headers, 'dlq-source-offset')
  const sourceTimestamp = whole(headers, 'dlq-source-timestamp')
  const failedAt = whole(headers, 'dlq-failed-at')
  const leftOut = whole(headers, LEFT_OUT)
  if (
    text(headers, 'dlq-source-topic') !== sourceTopic ||
    text(headers, 'dlq-group') !== group ||
    whole(headers, 'dlq-source-partition') !== BigInt(partition) ||
    sourceOffset === undefined ||
    sourceTimestamp === undefined ||
    failedAt === undefined
  )
    return stranger
  const letter: DeadLetter = {
    id: `${topic}#${partition}@${offset}`,
    topic,
    partition,
    offset,
    key: record.key,
    value: record.value,
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(OWN_HEADER))),
    sourceTopic,
    sourceOffset,
    sourceTimestamp: Number(sourceTimestamp),
    group,
    step: text(headers, 'dlq-step') ?? '',
    onlyFor: text(headers, ONLY_FOR),
    code,
    message: text(headers, 'dlq-message') ?? '',
    failedAt: Number(failedAt),
    attempts: Number(whole(headers, 'dlq-attempts') ?? 1n),
    replayOf: text(headers, REPLAY_OF),
    leftOut: leftOut === undefined ? undefined : Number(leftOut),
  }
  return { kind: 'letter', letter }
}

function markerOf(headers: RawHeaders): DeadLetterTopicRecord | undefined {
  const resolves = whole(headers, 'dlq-resolves')
  const kind = text(headers, 'dlq-resolution')
  const at = whole(headers, 'dlq-resolved-at')
  if (resolves === undefined || at === undefined) return undefined
  if (kind !== 'replayed' && kind !== 'fixed' && kind !== 'discarded') return undefined
  const reason = text(headers, 'dlq-resolution-reason')
  const by = text(headers, 'dlq-resolved-by') ?? ''
  return { kind: 'marker', resolves, resolution: { kind, by, at: Number(at), ...(reason === undefined ? {} : { reason }) } }
}

function text(headers: RawHeaders, name: string): string | undefined {
  const value = headers[name]
  const first = Array.isArray(value) ? value[0] : value
  return first?.toString('utf8')
}

function whole(headers: RawHeaders, name: string): bigint | undefined {
  const value = text(headers, name)
  return value !== undefined && /^-?\d{1,19}$/.test(value) ? BigInt(value) : undefined
}
