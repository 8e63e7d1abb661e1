/** Where API processes tell each other what locations have sent, as a port, and how a message of it is written. */
import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const count = Type.Integer({ minimum: 0 })
const ShareCounts = Type.Tuple([Type.String({ minLength: 1 }), count, count, count, count])
/** Location; taken from its share, not covered by it; the same of the part that may be urgent. */
export type ShareCounts = Static<typeof ShareCounts>

const Message = Type.Object({ from: Type.String(), counts: Type.Array(ShareCounts) })
/** `from`: the process, to know its own again. */
export type ShareMessage = Static<typeof Message>
const message = TypeCompiler.Compile(Message)

export interface Swapped {
  /** How many messages there were, with the own one: where to go on. */
  readonly position: number
  /** The ledger's own time, ms. */
  readonly at: number
  /** Messages after the position that was named, oldest first, without the own one. */
  readonly messages: readonly string[]
}

export interface ShareLedger {
  /**
   * Gives the messages after a position (none without one) and appends the own one, unless the ledger's time is past `before`, ms:
   * what waited for long says nothing of now. Rejects when the ledger does not answer in time.
   */
  swap(after: number | undefined, own: { readonly message: string; readonly before: number } | undefined): Promise<Swapped>
}

export function writeShareMessage(told: ShareMessage): string {
  return JSON.stringify(told)
}

/** Throws with a sentence at what is no such message. */
export function readShareMessage(text: string): ShareMessage {
  const told: unknown = JSON.parse(text)
  if (!message.Check(told)) throw new Error(`a message about shares that cannot be read: ${text.slice(0, 200)}`)
  return told
}
