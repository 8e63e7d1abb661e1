/**
 * Tells the sandbox of GoHighLevel what happens in the stories, so that its API shows it whether its webhook comes or not; and
 * loses a share of the webhooks, the same ones for a seed.
 */
import { seededRandom } from './seededRandom.ts'
import type { SimulatedWebhook } from './webhooks.ts'

export interface TruthOptions {
  /** Base URL of the sandbox. */
  readonly sandboxUrl: string
  readonly seed: number
  /** Share of the webhooks that are lost, 0 to 1. */
  readonly lost: number
  /** ms. */
  readonly now: () => number
  readonly fetch?: typeof fetch
}

const ANSWER_MS = 5_000

/**
 * For the sender's `onHappened`. What could not be told to the sandbox is not lost either: nobody could find it again. Rejects
 * only on what is no answer of a sandbox.
 */
export function platformTruth({
  sandboxUrl,
  seed,
  lost,
  now,
  fetch: ask = fetch,
}: TruthOptions): (webhook: SimulatedWebhook) => Promise<boolean> {
  return async ({ webhookId, body, changedAt, shown, isReport }) => {
    // What a workflow posts is about something that has happened already.
    if (isReport === true) return true
    const told = { at: changedAt, notedAt: now(), body: { ...(JSON.parse(body.toString('utf8')) as object), ...shown } }
    let noted: boolean
    try {
      const answer = await ask(new URL('/_sandbox/happened', sandboxUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(told),
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      await answer.arrayBuffer()
      noted = answer.ok
    } catch {
      // The sandbox starts, restarts or is away: the story goes on, and its webhook is sent.
      noted = false
    }
    return !(noted && seededRandom(seed, 'lost', webhookId).chance(lost))
  }
}
