/**
 * How one key of a stage's state stands in its changelog: an Avro envelope with the state bytes, the definition they were
 * written with, the timers and the end of the time to live. A newer state schema reads older bytes by Avro's rules.
 */
import { runtimeError } from './errors.ts'
import { schema } from './schema.ts'
import type { Schema } from './schema.ts'
import type { AnyStage } from './stage.ts'
import type { StateEntry } from './stateStore.ts'

interface Envelope {
  fingerprint: string
  state: Buffer
  timers: Record<string, number>
  expiresAt: number | null
}

const envelope = schema<Envelope>({
  type: 'record',
  name: 'StateEntry',
  namespace: 'rekindle.runtime',
  doc: 'One key of a stage: state, timers, expiry.',
  fields: [
    { name: 'fingerprint', type: 'string', doc: 'Fingerprint of the state schema the bytes were written with.' },
    { name: 'state', type: 'bytes', doc: 'Encoded state.' },
    { name: 'timers', type: { type: 'map', values: 'long' }, doc: 'Timer name to due time, ms.' },
    { name: 'expiresAt', type: ['null', 'long'], default: null, doc: 'End of the time to live, ms.' },
  ],
})

/** Reserved changelog key under which a stage keeps the definitions its state was written with. */
export const schemaKeyPrefix = '$schema:'

/** What a store must know of an entry without decoding its state. */
export type StateOutline = Pick<StateEntry, 'timers' | 'expiresAt'>

export interface StateCodec {
  encode(entry: StateEntry): Buffer
  /** Throws `E_STATE_INCOMPATIBLE` when the bytes cannot be read with the current schema. */
  decode(bytes: Buffer): StateEntry
  /** Timers and expiry alone. Throws `E_STATE_INCOMPATIBLE` when the bytes are no entry. */
  outline(bytes: Buffer): StateOutline
  /** The record that makes the current definition known to later readers: key and value for the changelog. */
  readonly definition: { readonly key: string; readonly value: Buffer }
  /** Learns an older definition from its changelog record. */
  learn(key: string, value: Buffer): void
}

/** The codec of a stage with state. */
export function stateCodec(stage: AnyStage): StateCodec {
  const current = stage.state as Schema<unknown> | undefined
  if (current === undefined) throw new TypeError(`stage ${stage.name} has no state`)
  const opened = (bytes: Buffer): Envelope => {
    try {
      return envelope.decode(bytes)
    } catch (error) {
      throw runtimeError('E_STATE_INCOMPATIBLE', `A record in the changelog of stage ${stage.name} is no state entry.`, { cause: error })
    }
  }
  const readers = new Map<string, (bytes: Buffer) => unknown>([[current.fingerprint, (bytes) => current.decode(bytes)]])
  return {
    definition: { key: `${schemaKeyPrefix}${current.fingerprint}`, value: Buffer.from(JSON.stringify(current.definition)) },
    learn(key, value) {
      const fingerprint = key.slice(schemaKeyPrefix.length)
      if (readers.has(fingerprint)) return
      try {
        readers.set(fingerprint, current.reader(JSON.parse(value.toString('utf8')) as object))
      } catch (error) {
        throw runtimeError(
          'E_STATE_INCOMPATIBLE',
          `State of stage ${stage.name} was written with schema ${fingerprint}, which ${current.name} cannot read.`,
          { cause: error },
        )
      }
    },
    encode: ({ state, timers, expiresAt }) =>
      envelope.encode({ fingerprint: current.fingerprint, state: current.encode(state), timers, expiresAt: expiresAt ?? null }),
    outline(bytes) {
      const { timers, expiresAt } = opened(bytes)
      return { timers, expiresAt: expiresAt ?? undefined }
    },
    decode(bytes) {
      const { fingerprint, state, timers, expiresAt } = opened(bytes)
      const read = readers.get(fingerprint)
      if (read === undefined)
        throw runtimeError(
          'E_STATE_INCOMPATIBLE',
          `State of stage ${stage.name} was written with schema ${fingerprint}, which its changelog does not define.`,
        )
      try {
        return { state: read(state), timers, expiresAt: expiresAt ?? undefined }
      } catch (error) {
        throw runtimeError('E_STATE_INCOMPATIBLE', `State of stage ${stage.name} cannot be decoded.`, { cause: error })
      }
    },
  }
}
