/**
 * The Confluent wire format: a zero byte, the writer schema's id (int32), the Avro payload. Encoding is synchronous once
 * the topics are registered; decoding is synchronous once the ids of a batch are known. Bytes that cannot be read are a
 * value (`Undecodable`), never an exception; only a registry that is away or refuses us throws.
 */
import { RekindleError } from '../errors.ts'
import type { PassedOver } from '../sink.ts'
import { Undecodable } from '../task.ts'
import { physicalName } from '../topic.ts'
import type { AnyTopic, ValueOf } from '../topic.ts'
import type { SchemaRegistry } from './registry.ts'

const MAGIC = 0
const PREFIX_BYTES = 5
/** An id the registry does not know is asked for again after this long, ms: a restored registry may know it then. */
const UNKNOWN_ID_MS = 60_000

type Reader = (bytes: Buffer) => unknown

export class WireFormat {
  readonly #registry: SchemaRegistry
  readonly #prefix: string
  readonly #prefixes = new Map<string, Buffer>()
  /** Ids of our own that the registry has given. */
  readonly #own = new Set<number>()
  readonly #definitions = new Map<number, object>()
  readonly #unknown = new Map<number, number>()
  /** By topic name, then writer id. */
  readonly #readers = new Map<string, Map<number, Reader | Undecodable>>()
  /** By writer id. */
  readonly #partReaders = new WeakMap<PassedOver, Map<number, Reader | Undecodable>>()

  constructor(registry: SchemaRegistry, topicPrefix: string) {
    this.#registry = registry
    this.#prefix = topicPrefix
  }

  /** Registers the value schema of each topic under `<physical name>-value` with the compatibility of its contract. */
  async register(topics: readonly AnyTopic[]): Promise<void> {
    for (const topic of topics) {
      if (this.#prefixes.has(topic.name)) continue
      const id = await this.#registry.register(
        `${physicalName(topic, this.#prefix)}-value`,
        topic.value.definition,
        topic.contract === 'public' ? 'FULL_TRANSITIVE' : 'BACKWARD_TRANSITIVE',
      )
      this.#know(topic, id)
    }
  }

  /**
   * For values that are written nowhere: registers nothing. Where a schema is not registered, an id of its own stands for it,
   * which only this format reads.
   */
  async lookUp(topics: readonly AnyTopic[]): Promise<void> {
    for (const topic of topics) {
      if (this.#prefixes.has(topic.name)) continue
      const id = await this.#registry.idOf(`${physicalName(topic, this.#prefix)}-value`, topic.value.definition)
      this.#know(topic, id ?? -1 - this.#prefixes.size)
    }
  }

  #know(topic: AnyTopic, id: number): void {
    const prefix = Buffer.alloc(PREFIX_BYTES)
    prefix.writeUInt8(MAGIC, 0)
    prefix.writeInt32BE(id, 1)
    this.#prefixes.set(topic.name, prefix)
    if (id >= 0) this.#own.add(id)
    this.#definitions.set(id, topic.value.definition)
    this.#readersOf(topic).set(id, (bytes) => topic.value.decode(bytes))
  }

  /** Throws `TypeError` when the value does not match the schema: a bug of the writer. */
  encode<T extends AnyTopic>(topic: T, value: ValueOf<T>): Buffer {
    return this.frame(topic, topic.value.encode(value))
  }

  /** The same for a payload that is encoded already. */
  frame(topic: AnyTopic, payload: Buffer): Buffer {
    const prefix = this.#prefixes.get(topic.name)
    if (prefix === undefined) throw new Error(`the schema of ${topic.name} is not registered yet: call registerSchemas first`)
    // Twice as fast as concatenating the two.
    const bytes = Buffer.allocUnsafe(PREFIX_BYTES + payload.length)
    bytes.set(prefix)
    bytes.set(payload, PREFIX_BYTES)
    return bytes
  }

  /** Fetches the writer schemas that decoding these values needs. Throws only when the registry is away, or refuses us. */
  async prepare(topic: AnyTopic, values: Iterable<Buffer | null>): Promise<void> {
    const readers = this.#readersOf(topic)
    for (const value of values) {
      const id = value === null ? undefined : idOf(value)
      if (id === undefined || readers.has(id)) continue
      const definition = await this.#definition(id)
      if (definition === undefined) continue
      readers.set(
        id,
        readerOf(topic, id, () => topic.value.reader(definition)),
      )
    }
  }

  /** The decoded value. Every id must have been through `prepare`; one that stayed unknown is undecodable. */
  decode<T extends AnyTopic>(topic: T, bytes: Buffer): ValueOf<T> | Undecodable {
    const id = idOf(bytes)
    if (id === undefined) return new Undecodable(`the value (${bytes.length} bytes) does not start with a zero byte and a schema id`)
    const reader = this.#readersOf(topic).get(id)
    if (reader === undefined) return new Undecodable(`the schema registry does not know schema ${id}, or does not give it out`)
    if (typeof reader !== 'function') return reader
    try {
      return reader(bytes.subarray(PREFIX_BYTES)) as ValueOf<T>
    } catch (error) {
      return new Undecodable(`the payload is not a ${topic.value.name} written with schema ${id}: ${String((error as Error).message)}`)
    }
  }

  /** Whether the rule passes the record over, by the fields it asks for and nothing else. Of what cannot be read it is not said. */
  isPassedOver(rule: PassedOver, bytes: Buffer): boolean {
    const id = idOf(bytes)
    const reader = id === undefined ? undefined : this.#partReader(rule, id)
    if (typeof reader !== 'function') return false
    let part: unknown
    try {
      part = reader(bytes.subarray(PREFIX_BYTES))
    } catch {
      return false
    }
    return rule.when(part as never)
  }

  #partReader(rule: PassedOver, id: number): Reader | Undecodable | undefined {
    let readers = this.#partReaders.get(rule)
    if (readers === undefined) this.#partReaders.set(rule, (readers = new Map<number, Reader | Undecodable>()))
    const known = readers.get(id)
    const definition = known === undefined ? this.#definitions.get(id) : undefined
    if (definition === undefined) return known
    const { topic, fields } = rule
    const made = readerOf(topic, id, () => topic.value.partReader(fields, definition))
    readers.set(id, made)
    return made
  }

  async #definition(id: number): Promise<object | undefined> {
    const known = this.#definitions.get(id)
    if (known !== undefined) return known
    // No registry gives one out.
    if (id < 0) return undefined
    const askAgainAt = this.#unknown.get(id)
    if (askAgainAt !== undefined && performance.now() < askAgainAt) return undefined
    const definition = await this.#given(id)
    if (definition === undefined) this.#unknown.set(id, performance.now() + UNKNOWN_ID_MS)
    else this.#definitions.set(id, definition)
    return definition
  }

  /** As the registry gives it out. Whom it refuses one schema and gives our own is not refused as a user: anybody may write that id before a value. */
  async #given(id: number): Promise<object | undefined> {
    try {
      return await this.#registry.definition(id)
    } catch (error) {
      const [own] = this.#own
      if (own === undefined || !(error instanceof RekindleError) || error.code !== 'E_REGISTRY_LOGIN_REFUSED') throw error
      await this.#registry.definition(own)
      return undefined
    }
  }

  #readersOf(topic: AnyTopic): Map<number, Reader | Undecodable> {
    const name = topic.name
    let readers = this.#readers.get(name)
    if (readers === undefined) this.#readers.set(name, (readers = new Map<number, Reader | Undecodable>()))
    return readers
  }
}

function idOf(bytes: Buffer): number | undefined {
  return bytes.length >= PREFIX_BYTES && bytes[0] === MAGIC ? bytes.readInt32BE(1) : undefined
}

function readerOf(topic: AnyTopic, id: number, make: () => Reader): Reader | Undecodable {
  try {
    return make()
  } catch (error) {
    return new Undecodable(`schema ${id} cannot be read as ${topic.value.name}: ${String((error as Error).message)}`)
  }
}
