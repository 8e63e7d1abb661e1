/**
 * Lets a consumer of kafkajs 2.2.4 say in which generation it has joined: it knows, and leaves it out of its GROUP_JOIN event.
 * Whoever commits offsets in a transaction needs it, because the coordinator refuses those of a generation that has passed. And it is
 * known of a member that the group has taken into a generation without its having heard what it has there.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const GROUP_JOIN = 'consumer.group_join'
const unsynced = new WeakSet()

/** Was its last join answered, and not told what it has in that generation? As the client is, it goes on with what it had before. */
export function isUnsynced(group: object): boolean {
  return unsynced.has(group)
}

interface Emitter {
  emit(name: string, payload: object): unknown
}
interface ConsumerGroup {
  readonly generationId: number | null
  instrumentationEmitter: Emitter
  joinAndSync: (this: ConsumerGroup) => Promise<void>
}

/** Corrects the client that is loaded, once. */
export function correctJoins(): void {
  const group = (require('kafkajs/src/consumer/consumerGroup.js') as { readonly prototype: ConsumerGroup }).prototype
  const { joinAndSync } = group
  const telling = new WeakSet<Emitter>()
  group.joinAndSync = async function () {
    const silent = this.instrumentationEmitter
    if (!telling.has(silent)) {
      const emitter: Emitter = {
        emit: (name, payload) => silent.emit(name, name === GROUP_JOIN ? { ...payload, generationId: this.generationId } : payload),
      }
      telling.add(emitter)
      this.instrumentationEmitter = emitter
    }
    const before = this.generationId
    try {
      await joinAndSync.call(this)
      unsynced.delete(this)
    } catch (error) {
      if (this.generationId !== before) unsynced.add(this)
      throw error
    }
  }
}

/** The generation in the payload of a GROUP_JOIN event. */
export function generationOf(payload: object): number {
  const { generationId } = payload as { generationId?: unknown }
  if (typeof generationId !== 'number') throw new Error('the client joined a group and does not say in which generation')
  return generationId
}
