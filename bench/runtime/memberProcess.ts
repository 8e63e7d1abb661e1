/**
 * Members of a group that have no work, as the runtime makes them. Argument: JSON of MemberInput. Prints a line for each member
 * that is about to join, for each assignment, and at the beginning and the end of its leave; ends on SIGTERM.
 */
import pino from 'pino'
import { createClient } from '../../runtime/kafka/client.ts'
import { GroupMember } from '../../runtime/kafka/groupMember.ts'
import type { Place, Unit } from '../../runtime/kafka/unit.ts'

export interface MemberInput {
  readonly brokers: readonly string[]
  readonly groupId: string
  readonly topics: readonly string[]
  readonly members: number
}

const { brokers, groupId, topics, members } = JSON.parse(process.argv[2] as string) as MemberInput
const logger = pino({ level: 'warn' })
const tell = (event: object) => {
  console.log(JSON.stringify(event))
}

/** Begins at the first record and finds none. */
const idle = (places: readonly Place[]): Unit => ({
  prepare: () => Promise.resolve(new Map(places.map(({ topic }) => [topic, 0n]))),
  handle: () => Promise.resolve(),
  skip: () => undefined,
  drain: () => Promise.resolve(),
  release: () => Promise.resolve(),
})

const kafka = createClient({ brokers, clientId: `bench-${process.pid}`, logger })
const admin = kafka.admin()
await admin.connect()
const all = Array.from(
  { length: members },
  () =>
    new GroupMember({
      kafka,
      admin,
      groupId,
      topics,
      assignment: 'co-partitioned',
      logger,
      unit: (_, places) => idle(places),
      onJoin: ({ memberId, generationId }, units) => tell({ member: memberId, generation: generationId, at: Date.now(), units }),
      // A tick that is always there: what comes after it is the join, and nothing of the connecting before.
      tick: {
        everyMs: 1,
        clock: {
          now: Date.now,
          later(_, work) {
            tell({ begins: Date.now() })
            work()
            return () => undefined
          },
        },
      },
      onFatal(error) {
        console.error(error)
        process.exit(70)
      },
    }),
)
process.once('SIGTERM', () => {
  tell({ leaves: Date.now() })
  void Promise.all(all.map((member) => member.stop(15_000)))
    .then(() => admin.disconnect())
    .then(() => process.exit(0))
})
await Promise.all(all.map((member) => member.start()))
