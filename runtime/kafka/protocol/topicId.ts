/**
 * Asks for the id that a topic was given when it was made: a topic of the same name that is made later has another one.
 * @source https://kafka.apache.org/protocol, Metadata 11
 */
import { BrokerRefusal } from './errors.ts'
import { asked, flexible } from './request.ts'
import type { ProtocolRequest } from './request.ts'

const NEVER_GIVEN = '0'.repeat(32)

/** The id as 32 hexadecimal digits; `undefined` where the cluster gives none. */
export function askTopicId(topic: string): ProtocolRequest<string | undefined> {
  const body = flexible()
  body.compactArray([topic], (name) => body.int64(0n).int64(0n).compactString(name).noTags())
  // Nothing is made for the asking, and rights are not asked for.
  body.int8(0).int8(0).noTags()
  return asked('metadata', body, (from) => {
    from.tags()
    const clientSideThrottleTime = from.int32()
    from.compactArray(() => {
      from.int32()
      from.compactString()
      from.int32()
      from.compactString()
      from.tags()
    })
    from.compactString()
    from.int32()
    const [id] = from.compactArray(() => {
      const code = from.int16()
      from.compactString()
      const digits = [from.int64(), from.int64()].map((half) => BigInt.asUintN(64, half).toString(16).padStart(16, '0')).join('')
      // A boolean, which as a variable-length number has the same byte.
      from.uvarint()
      from.compactArray(() => {
        from.int16()
        from.int32()
        from.int32()
        from.int32()
        for (let lists = 3; lists > 0; lists -= 1) from.compactArray(() => from.int32())
        from.tags()
      })
      from.int32()
      from.tags()
      if (code !== 0) throw new BrokerRefusal(code, `id of ${topic}`)
      return digits
    })
    from.tags()
    return { answer: id === NEVER_GIVEN ? undefined : id, clientSideThrottleTime }
  })
}
