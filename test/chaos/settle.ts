/** Waits for the end of a chaos run by position: nobody is behind, no timer is left, nothing is written any more. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import type { KafkaConnection } from '../../runtime/kafka/connectKafka.ts'
import { PartitionReader } from '../../runtime/kafka/partitionReader.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { topics } from './groupsOf.ts'
import type { KeyState } from './observation.ts'
import { ChangelogView } from './readBack.ts'
import { tide } from './tides.ts'
import { rollup, tally } from './workload.ts'

const SETTLE_WITHIN_MS = 180_000
const LOOK_MS = 250

/**
 * Resolves when every one of these groups has read all there is, no timer is left and nothing was written meanwhile; with a sentence that
 * says who is behind when that does not come true in time.
 */
export async function settle(
  kafka: KafkaConnection,
  client: Kafka,
  prefix: string,
  readers: readonly { readonly group: string; readonly inputs: readonly AnyTopic[] }[],
): Promise<string | undefined> {
  const until = Date.now() + SETTLE_WITHIN_MS
  let reader: PartitionReader | undefined
  let last = 'nothing was learned'
  const behind = async () => {
    const lags = await Promise.all(readers.map(async ({ group, inputs }) => ({ group, lags: await kafka.lag(group, inputs) })))
    return lags.flatMap(({ group, lags }) =>
      lags.filter(({ lag }) => lag > 0n).map(({ topic, partition, lag }) => `${group} ${topic}#${partition} by ${lag}`),
    )
  }
  const ends = async () =>
    JSON.stringify(await Promise.all(topics.map((topic) => kafka.endOffsets(topic))), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
  try {
    let changelogs: readonly ChangelogView[] | undefined
    while (Date.now() < until) {
      await delay(LOOK_MS)
      try {
        reader ??= await PartitionReader.connect(client)
        const opened = reader
        changelogs ??= [tally, rollup, tide].map((stage) => new ChangelogView(opened, stage, prefix))
        const before = await ends()
        const lagging = await behind()
        last = `behind: ${lagging.join(', ')}`
        if (lagging.length > 0) continue
        const armed: (readonly [string, KeyState<unknown>])[] = []
        for (const changelog of changelogs)
          armed.push(...[...(await changelog.read())].filter(([, { timers }]) => Object.keys(timers).length > 0))
        last = `timers that have not fired: ${armed.map(([key, { timers }]) => `${key} ${JSON.stringify(timers)}`).join(', ')}`
        if (armed.length === 0 && before === (await ends())) return undefined
      } catch (error) {
        last = String(error)
        changelogs = undefined
        await reader?.close()
        reader = undefined
      }
    }
    return `not everything was done within ${SETTLE_WITHIN_MS / 1000} s; ${last}`
  } finally {
    await reader?.close()
  }
}
