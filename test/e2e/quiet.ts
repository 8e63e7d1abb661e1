/** Waiting until the line has nothing left to do, told by positions in logs and rows in the ledger, never by time alone. */
import { setTimeout as pause } from 'node:timers/promises'
import { clickhouseGroup, lineGroups, postgresGroup } from '../../cli/roles/groups.ts'
import { subscriptions } from '../../runtime/task.ts'
import { clickhouseSinkTopics } from '../../sinks/clickhouse/sink.ts'
import { postgresSinkTopics } from '../../sinks/postgres/sink.ts'
import { sandboxMessages } from './findings.ts'
import type { Line } from './line.ts'

/** Time between two looks, ms. */
const LOOK_EVERY_MS = 200
/**
 * Longer than anything that the line waits for by design: a follow-up that was in hand when its worker died is taken up after 90 s,
 * and an outcome nobody knows is looked up for 90 s before it counts as not sent, and both may follow each other. Ms.
 */
const STUCK_MS = 230_000

export interface Wait {
  /** Ends the wait when what is missing has been the same for so long, ms. */
  readonly stuckMs?: number
}

/**
 * Asks again until the answer is empty; throws with the last answer when it stays the same for too long. A slow machine that comes
 * forward is waited for: a limit over all would say of it that the line is broken.
 */
export async function until(what: string, left: () => Promise<readonly string[]>, { stuckMs = STUCK_MS }: Wait = {}): Promise<void> {
  let last = ''
  let movedAt = Date.now()
  for (;;) {
    const missing = await left()
    if (missing.length === 0) return
    const now = missing.join('; ')
    if (now !== last) {
      last = now
      movedAt = Date.now()
    }
    if (Date.now() - movedAt > stuckMs) throw new Error(`${what}: for ${stuckMs / 1000} s there is still ${now}`)
    await pause(LOOK_EVERY_MS)
  }
}

/** Topics that the pipeline reads, each with records it has not processed. */
export async function pipelineBehind({ kafka, config }: Pick<Line, 'kafka' | 'config'>): Promise<string[]> {
  const behind: string[] = []
  // One after the other, as records flow: what the first had done when it was looked at lies before the next.
  for (const { group, stages } of lineGroups(config)) behind.push(...behindOn(await kafka.lag(group, subscriptions(stages))))
  return behind
}

/** Topics that the sinks read, each with records they have not stored. */
export async function sinksBehind({ kafka }: Line): Promise<string[]> {
  const lags = await Promise.all([kafka.lag(postgresGroup, postgresSinkTopics), kafka.lag(clickhouseGroup, clickhouseSinkTopics)])
  return behindOn(lags.flat())
}

function behindOn(lags: readonly { readonly topic: string; readonly partition: number; readonly lag: bigint }[]): string[] {
  return lags.filter(({ lag }) => lag > 0n).map(({ topic, partition, lag }) => `${topic}#${partition} with ${lag} unread`)
}

/** Rows of the ledger that were due by `at` (ms) or taken in hand and are not settled, and changes that are not on the topic. */
export async function ledgerBehind({ database }: Line, at: number): Promise<string[]> {
  const open = await database.query<{ status: string; count: string }>(
    `SELECT status, count(*) FROM followup_actions
     WHERE (status IN ('pending', 'deferred') AND scheduled_at <= to_timestamp($1 / 1000.0)) OR status IN ('reserved', 'handed_over', 'unknown')
     GROUP BY status`,
    [at],
  )
  const untold = await database.query<{ count: string }>('SELECT count(*) FROM delivery_outbox WHERE published_at IS NULL')
  const waiting = Number(untold.rows[0]?.count ?? 0)
  return [
    ...open.rows.map(({ status, count }) => `${count} follow-ups ${status}`),
    ...(waiting === 0 ? [] : [`${waiting} changes unpublished`]),
  ]
}

/** Messages at the sandbox whose OutboundMessage webhook is not on the topic. */
export async function echoesBehind(line: Line): Promise<string[]> {
  const missing = (await sandboxMessages(line)).filter(({ webhookId }) => !line.webhookIds.has(webhookId)).length
  return missing === 0 ? [] : [`${missing} messages the sandbox has not told back`]
}

/**
 * Resolves when everything that was sent has gone all the way: read by the pipeline, stored, decided on in the ledger as
 * far as it was due when the stream ended, told, and folded back.
 */
export async function quiet(line: Line, wait: Wait = {}): Promise<void> {
  await until('the pipeline reads what was sent', () => pipelineBehind(line), wait)
  await until('the sinks store it', () => sinksBehind(line), wait)
  const at = Date.now()
  await until('what is due is delivered and told', () => ledgerBehind(line, at), wait)
  await until('the sandbox tells its messages back', () => echoesBehind(line), wait)
  await until('what was told comes back', async () => [...(await pipelineBehind(line)), ...(await sinksBehind(line))], wait)
}

/**
 * Ends the pipeline cleanly and lets the sinks finish. From then on nothing moves: timers and due follow-ups no longer
 * add a record between one count and the next.
 */
export async function standStill(line: Line, wait: Wait = {}): Promise<void> {
  await line.end('pipeline')
  await until('the sinks store the last records', () => sinksBehind(line), wait)
}
