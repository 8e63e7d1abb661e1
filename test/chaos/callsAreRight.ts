/**
 * What the provider saw and what came of it: each notice is told at least once and always under its own key, one notice of
 * a key after the other, not too many at the same time, and its answer is written exactly once.
 */
import { grouped, sameSequence } from './compare.ts'
import { isUnknown } from './deadLettersAreRight.ts'
import type { Observation, ProviderCall, Report, Stored } from './observation.ts'
import type { Notice } from './workload.ts'

const CONCURRENCY = 3

const isFinal = ({ status }: ProviderCall) => status === 200 || status === 422

/** Reports calls that nobody had to make, that were not made or came too early, and answers that are lost, doubled or not right. */
export function callsAreRight({ notices, calls, deliveries }: Observation, report: Report): void {
  const made = grouped(calls, ({ idempotencyKey }) => idempotencyKey)
  const keyOf = ({ partition, offset }: Stored<Notice>) => `courier:notices:${partition}:${offset}`
  const known = new Map(notices.map((notice) => [keyOf(notice), notice]))
  for (const call of calls) {
    const notice = known.get(call.idempotencyKey)
    if (notice?.key !== call.key || notice.value.cause !== call.cause)
      report('provider', call, 'a call for no notice', notice?.value ?? 'nothing', call)
    if (call.beside > CONCURRENCY) report('provider', call, 'more calls at the same time than agreed', CONCURRENCY, call)
  }
  const answered: Stored<{ cause: string; receipt: number }>[] = []
  for (const list of grouped(notices, ({ key }) => key).values()) {
    let earlier = -1
    for (const notice of list) {
      const own = made.get(keyOf(notice)) ?? []
      const first = own[0]?.arrived ?? Infinity
      if (first < earlier) report('provider', notice, 'was called for before the notice before it was done', earlier, own[0])
      const ends = own.filter(isFinal).map(({ answered: end }) => end ?? Infinity)
      if (ends.length === 0) report('provider', notice, 'never answered', 'an answer', own)
      earlier = Math.min(...ends)
      const receipts = new Set(own.filter(({ status }) => status === 200).map(({ receipt }) => receipt))
      const [receipt] = receipts
      if (receipts.size > 1) report('provider', notice, 'was done twice under one key', 'one receipt', own)
      if (isUnknown(notice.value) !== (receipt === undefined)) report('provider', notice, 'another answer', notice.value, own)
      if (receipt !== undefined) answered.push({ ...notice, value: { cause: notice.value.cause, receipt } })
    }
  }
  const byKey = <V>(records: readonly Stored<V>[]) => grouped(records, ({ key }) => key)
  sameSequence('deliveries', byKey(answered), byKey(deliveries), report)
}
