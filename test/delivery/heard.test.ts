/** Up to when it is known what leads have said: never for what is still on its way between two steps. */
import fc from 'fast-check'
import t from 'tap'
import { hear } from '../../delivery/heard.ts'
import type { HeardPlace } from '../../delivery/heard.ts'
import { heardBy } from '../../cli/roles/heardPart.ts'
import { lineGroups } from '../../cli/roles/groups.ts'
import { leadEvents, webhooksUrgent } from '../../topics/index.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { assertProperty } from '../support/property.ts'

const settings = { everyMs: 250, skewMs: 1_000, loudAfterMs: 15_000 }
const fused = [{ group: 'pipeline', topic: webhooksUrgent }]
const split = [
  { group: 'pipeline-ingest', topic: webhooksUrgent },
  { group: 'pipeline-enrich', topic: leadEvents },
]

/** A line that needs this long for each step, ms; a record that is accepted reaches one place after the other. */
function line(delays: readonly number[], acceptedAt: readonly number[], copyEveryMs: number, sinkClockAhead = 0) {
  let now = 0
  const told: { at: number; unheard: number }[] = []
  const warned: object[] = []
  // Of the record accepted at `a`: on topic n from here on, done by its reader from there on.
  const reaches = (a: number, step: number) => delays.slice(0, step).reduce((sum, one) => sum + one, a)
  const stepOf = (topic: AnyTopic) => (topic === webhooksUrgent ? 0 : 1)
  const countedAt = (step: number): HeardPlace[] => [
    { partition: 0, offset: BigInt(acceptedAt.filter((a) => reaches(a, step) <= now).length) },
  ]
  const ports = {
    clock: {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms
      },
    },
    logger: { warn: (fields: object) => void warned.push(fields), debug: () => undefined },
    ends: async (topic: AnyTopic) => countedAt(stepOf(topic)),
    done: async (_: string, topic: AnyTopic) => countedAt(stepOf(topic) + 1),
    // Once a period: what was on the topic at its beginning is stored at that moment, as the clock of the sink has it.
    copiesCompleteAt: async () => Math.floor(now / copyEveryMs) * copyEveryMs + sinkClockAhead,
    tell: async (_: readonly number[], at: number) => {
      const lastCopy = Math.floor(now / copyEveryMs) * copyEveryMs
      told.push({ at, unheard: acceptedAt.filter((a) => a <= at && reaches(a, delays.length) > lastCopy).length })
    },
  }
  return { ports, told, warned }
}

t.test('what is told never vouches for a record that was accepted and is not stored yet', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(
      fc.constantFrom(fused, split),
      fc.array(fc.nat(4_000), { minLength: 2, maxLength: 2 }),
      fc.array(fc.nat(3_000), { maxLength: 8 }),
      fc.integer({ min: 100, max: 2_000 }),
      fc.nat(999),
      async (steps, delays, accepted, copyEveryMs, ahead) => {
        const { ports, told } = line(delays.slice(0, steps.length), accepted, copyEveryMs, ahead)
        for (let round = 0; round < 4; round++) await hear(steps, ports, new AbortController().signal, settings)
        t.equal(told.length, 4)
        return told.every(({ unheard }) => unheard === 0)
      },
    ),
    { numRuns: 300 },
  ),
)

t.test('a line that does not go on is said once, and nothing is told when it is stopped', async (t) => {
  const { ports, told, warned } = line([60_000], [0], 500)
  const stopping = new AbortController()
  const sleep = ports.clock.sleep
  let slept = 0
  ports.clock.sleep = async (ms) => {
    if (++slept === 200) stopping.abort()
    return sleep(ms)
  }
  await hear(fused, ports, stopping.signal, settings)
  t.strictSame(told, [])
  t.strictSame(warned, [{ waitsFor: 'pipeline on ghl.webhooks.urgent', partitions: [0], seconds: 15 }])
  t.equal(warned.length, 1)
})

t.test('a fused line has one step, one that is split has two', async (t) => {
  t.strictSame(heardBy(lineGroups({ agents: 'inside', fused: true })), fused)
  t.strictSame(heardBy(lineGroups({ agents: 'outside', fused: false })), split)
})
