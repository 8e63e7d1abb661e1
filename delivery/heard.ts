/**
 * Up to when everything that may take a permission back is in the copies that the fence asks: what was answered with 2xx lies on the urgent lane
 * until the line has folded it, and a message that is due meanwhile must wait. Each step is asked about after the one before it was seen
 * done, so the time that is told never vouches for what is still on its way between two of them.
 */
import type { Logger } from 'pino'
import type { Clock } from '../integrations/ghl/clock.ts'
import type { AnyTopic } from '../runtime/topic.ts'

/** A group that has to be done with what lies on a topic. */
export interface HeardBy {
  readonly group: string
  readonly topic: AnyTopic
}

export interface HeardPlace {
  readonly partition: number
  readonly offset: bigint
}

export interface HeardPorts {
  /** Where each partition ends (exclusive), also for whom a transaction that is still open hides it. */
  ends(topic: AnyTopic): Promise<readonly HeardPlace[]>
  /** Up to where the group has done each partition (exclusive). */
  done(group: string, topic: AnyTopic): Promise<readonly HeardPlace[]>
  /** When the copies of what the steps write were last known to be complete, all of them, ms. */
  copiesCompleteAt(): Promise<number | undefined>
  /** Everything that was on these partitions of the first topic at this time, ms, is in the copies. */
  tell(partitions: readonly number[], at: number): Promise<void>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly logger: Pick<Logger, 'warn' | 'debug'>
}

export interface HeardSettings {
  /** Between two looks, ms. */
  readonly everyMs: number
  /** Clocks of processes agree within this, ms: docs/guarantees.md. */
  readonly skewMs: number
  /** Messages wait for longer than this by now, ms: it is said once. */
  readonly loudAfterMs: number
}

export const heardDefaults: HeardSettings = { everyMs: 250, skewMs: 1_000, loudAfterMs: 15_000 }

/** One round: tells the time at which it began once all that was there then is in the copies, or nothing when it is stopped before. */
export async function hear(steps: readonly HeardBy[], ports: HeardPorts, signal: AbortSignal, settings = heardDefaults): Promise<void> {
  const { clock, logger } = ports
  const at = clock.now()
  let isLoud = false
  /** Waits until nothing is behind any more; false when it is stopped. */
  async function until(what: string, behind: () => Promise<readonly number[] | 'some' | 'none'>): Promise<boolean> {
    while (!signal.aborted) {
      const partitions = await behind()
      if (partitions === 'none' || partitions.length === 0) return true
      if (!isLoud && clock.now() - at > settings.loudAfterMs) {
        isLoud = true
        logger.warn(
          {
            waitsFor: what,
            // One of them holds up the messages of all locations: who owns it is who has to be looked at.
            ...(partitions === 'some' ? {} : { partitions }),
            seconds: Math.round((clock.now() - at) / 1000),
          },
          'messages wait: what may be an opt-out is not known yet',
        )
      }
      await clock.sleep(settings.everyMs, signal)
    }
    return false
  }
  let partitions: number[] | undefined
  for (const { group, topic } of steps) {
    const ends = await ports.ends(topic)
    partitions ??= ends.map(({ partition }) => partition)
    const behind = async () => {
      const done = new Map((await ports.done(group, topic)).map(({ partition, offset }) => [partition, offset]))
      return ends.filter(({ partition, offset }) => (done.get(partition) ?? 0n) < offset).map(({ partition }) => partition)
    }
    if (!(await until(`${group} on ${topic.name}`, behind))) return
  }
  const writtenBy = clock.now() + settings.skewMs
  if (!(await until('the copies in Postgres', async () => (((await ports.copiesCompleteAt()) ?? 0) >= writtenBy ? 'none' : 'some')))) return
  await ports.tell(partitions ?? [], at)
}
