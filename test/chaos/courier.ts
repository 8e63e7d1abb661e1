/**
 * The worker of a chaos run: it tells each notice to a provider outside and writes what that answered. What the provider
 * does not know is a dead letter; any other bad answer, and none in time, is a failure of the outside.
 */
import { deadLetter, emit } from '../../runtime/outcome.ts'
import { topic } from '../../runtime/topic.ts'
import { flatRecord } from '../support/flatRecord.ts'
import { done, worker } from '../../runtime/worker.ts'
import { lead, notices } from './workload.ts'
import type { Notice } from './workload.ts'

export interface Delivery {
  cause: string
  /** What the provider calls it: the same for calls under one idempotency key. */
  receipt: number
}
const Delivery = flatRecord<Delivery>('rekindle.chaos.Delivery', { cause: 'string', receipt: 'long' })

export const deliveries = topic({
  ...lead,
  name: 'deliveries',
  value: Delivery,
  writtenBy: ['courier'],
  about: 'What the provider answered to each notice.',
})

export const COURIER_GROUP = 'courier'
/** Calls that run at the same time per partition, each of another key. */
export const CONCURRENCY = 3
const DEADLINE_MS = 1_500

export interface Asked {
  readonly idempotencyKey: string
  readonly notice: Notice
}
/** What the provider is sent. */
export interface Told extends Asked {
  /** Calls of the process and partition that are under way, this one included. */
  readonly beside: number
}
export interface Answered {
  readonly status: number
  /** With a status of 200. */
  readonly receipt?: number
}

/** The worker, with the way in which it asks its provider. */
export function courier(ask: (asked: Asked, signal: AbortSignal) => Promise<Answered>) {
  return worker({
    name: 'courier',
    input: notices,
    outputs: [deliveries],
    concurrency: CONCURRENCY,
    deadlineMs: DEADLINE_MS,
    // A provider that is down is left alone for seconds, not for minutes: a run has few of them.
    breaker: { inARow: 3, openMs: { first: 500, most: 4_000 } },
    async handle({ value }, { idempotencyKey, signal }) {
      const { status, receipt } = await ask({ idempotencyKey, notice: value }, signal)
      if (status === 422) return deadLetter('E_CHAOS_UNKNOWN', { cause: value.cause })
      if (status !== 200 || receipt === undefined) throw new Error(`the provider answered ${status}`)
      return done([emit(deliveries, { cause: value.cause, receipt })])
    },
  })
}

/**
 * Asks over HTTP, and tells how many calls of the partition are under way. It is counted here: on a busy machine a server learns of a
 * connection that was given up after the next one has begun.
 */
export function askOverHttp(url: string): Parameters<typeof courier>[0] {
  const underWay = new Map<string, number>()
  return async (asked, signal) => {
    const lane = asked.idempotencyKey.slice(0, asked.idempotencyKey.lastIndexOf(':'))
    const beside = (underWay.get(lane) ?? 0) + 1
    underWay.set(lane, beside)
    try {
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ ...asked, beside } satisfies Told), signal })
      return { status: answer.status, ...((await answer.json()) as { receipt?: number }) }
    } finally {
      underWay.set(lane, (underWay.get(lane) ?? 0) - 1)
    }
  }
}
