/**
 * A store that is put back from a changelog: it says up to where it agrees with it, takes records as they stand there,
 * and remembers the schema definitions it met.
 */
import { schemaKeyPrefix } from '../stateEntry.ts'
import type { StateCodec } from '../stateEntry.ts'
import { MemoryStateStore } from '../stateStore.ts'
import type { StateEntry, StateStore } from '../stateStore.ts'

export interface RestorableStore extends StateStore {
  /** Next offset of the changelog that the store does not contain yet. */
  readonly position: bigint
  /** Id of the topic that `position` is a place in; `undefined` when it is not known. */
  readonly changelogId: string | undefined
  /** Says which topic the changelog is. */
  identify(changelogId: string): void
  /** Whether the changelog defines the current state schema. */
  readonly defined: boolean
  /** Takes one record of the changelog (tombstones as `null`); `next` is the offset after it. */
  load(key: string, value: Buffer | null, next: bigint): void
  /** How a key stands on the changelog, told once its entry is set: a store that writes bytes need not make them again. */
  encoded(key: string, entry: StateEntry, value: Buffer): void
  /** Everything before `position` is contained now; `defined` when a definition was among it. */
  advance(position: bigint, defined?: boolean): void
  /** Forgets everything but the id of its changelog, to be restored from the beginning. */
  wipe(): void
  /** Writes what is not on the disk yet. */
  checkpoint(): void
  /** Lets go of files; what `checkpoint` wrote stays. */
  close(): void
}

/** State in memory alone: restored whole at each start. */
export class VolatileStore extends MemoryStateStore implements RestorableStore {
  readonly #codec: StateCodec
  #position = 0n
  #changelogId: string | undefined
  #defined = false

  constructor(codec: StateCodec) {
    super()
    this.#codec = codec
  }

  get position(): bigint {
    return this.#position
  }

  get changelogId(): string | undefined {
    return this.#changelogId
  }

  get defined(): boolean {
    return this.#defined
  }

  identify(changelogId: string): void {
    this.#changelogId = changelogId
  }

  load(key: string, value: Buffer | null, next: bigint): void {
    this.#position = next
    if (!key.startsWith(schemaKeyPrefix)) return this.set(key, value === null ? undefined : this.#codec.decode(value))
    if (value !== null) this.#codec.learn(key, value)
    if (key === this.#codec.definition.key) this.#defined = true
  }

  encoded(_key: string, _entry: StateEntry, _value: Buffer): void {
    // Nothing is written, and kept the bytes would double what a key takes.
  }

  advance(position: bigint, defined = false): void {
    this.#position = position
    this.#defined ||= defined
  }

  wipe(): void {
    this.clear()
    this.#position = 0n
    this.#defined = false
  }

  checkpoint(): void {
    // Nothing outlives the process.
  }

  close(): void {
    this.clear()
  }
}
