/** One record of a topic as a line: where, when, whose, what. Bytes that hold text are shown as text. */
import type { AnyTopic } from '../runtime/topic.ts'
import { allTopics } from '../topics/index.ts'
import { cliError } from './errors.ts'

export interface ShownRecord {
  readonly partition: number
  readonly offset: bigint
  readonly timestamp: number
  readonly key: string | null
  /** `null` is a tombstone, `undefined` could not be read. */
  readonly value: unknown
  readonly undecodable?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** The topic of this name, with or without its version. Throws `E_TOPIC_UNKNOWN`. */
export function topicNamed(name: string): AnyTopic {
  const found = allTopics.find((topic) => topic.name === name || `${topic.name}.v${topic.version}` === name)
  if (found === undefined) throw cliError('E_TOPIC_UNKNOWN', `There is no topic ${name}.`)
  return found
}

/** Whether a record is about the lead: by its whole key or by the contact id. */
export function isAbout(record: Pick<ShownRecord, 'key'>, lead: string | undefined): boolean {
  return lead === undefined || record.key === lead || record.key?.endsWith(`:${lead}`) === true
}

export function recordLine(record: ShownRecord, options: { readonly headers?: boolean } = {}): string {
  const { partition, offset, timestamp, key, value, undecodable, headers } = record
  const content =
    value === undefined ? `(not readable: ${undecodable ?? 'unknown'})` : value === null ? '(deleted)' : JSON.stringify(shown(value))
  const heads = options.headers === true ? `  ${JSON.stringify(headers)}` : ''
  return `${partition}@${offset}  ${new Date(timestamp).toISOString()}  ${key ?? '(no key)'}  ${content}${heads}`
}

/** A value as JSON can say it: bytes as text where they hold text, as base64 otherwise. */
export function shown(value: unknown): unknown {
  if (Buffer.isBuffer(value)) {
    const text = value.toString('utf8')
    return Buffer.from(text).equals(value) ? text : `base64:${value.toString('base64')}`
  }
  if (Array.isArray(value)) return value.map(shown)
  if (value !== null && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shown(item)]))
  return value
}
