/** Leads that wait are counted by cause once a minute; while that cannot be seen there is no number rather than an old one. */
import { Registry } from 'prom-client'
import t from 'tap'
import { KEPT_WAITING_MS, owedMetrics, watchOwed } from '../../../cli/roles/owedWatch.ts'
import { coverageOf } from '../../../pipelines/reconcile/coverage.ts'
import { owed } from '../../../pipelines/reconcile/owed.ts'
import { owedThrough } from '../../../sinks/postgres/owedLeads.ts'
import type { OwedFilter } from '../../../sinks/postgres/owedLeads.ts'
import { HOUR, MINUTE, profileRecord, tuesdayNoon } from '../../support/leadRecords.ts'

const owner = { since: tuesdayNoon - HOUR, userId: 'realtor7', reason: 'human_message', untilAt: null }
const waiting = (contactId: string, humanOwnership: typeof owner | null) => {
  const profile = profileRecord({ contactId, lastInboundAt: tuesdayNoon - HOUR, lastOutboundAt: null, humanOwnership })
  return owed({ profile, knownAt: undefined, decision: undefined, followUp: undefined, foundAt: undefined }, tuesdayNoon)
}
const swept = [{ source: 'messages', until: tuesdayNoon - HOUR, failedBecause: null }]
const locations = [
  { tenantId: 'a', name: 'A', swept: [], heartbeat: null },
  { tenantId: 'b', name: 'B', swept: [...swept, { ...swept[0], source: 'emails' } as (typeof swept)[0]], heartbeat: null },
]

t.test('by cause, and the locations that are behind; a failed look takes the numbers away, the next one brings them back', async (t) => {
  const registry = new Registry()
  const asked: OwedFilter[] = []
  const warnings: unknown[] = []
  const shown: string[] = []
  let looks = 0
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const watch = watchOwed({
    async owed(filter, now) {
      asked.push(filter)
      if (++looks === 2) throw new Error('no connection')
      const leads = [waiting('x', null), waiting('y', null), waiting('z', owner)].filter((one) => one !== undefined)
      return { at: now, leads, nextCursor: null, coverage: coverageOf(locations, now) }
    },
    clock: {
      now: () => tuesdayNoon,
      async sleep(ms, signal) {
        t.equal(ms, MINUTE)
        shown.push(await registry.metrics())
        if (looks < 3) return
        end()
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    },
    metrics: owedMetrics(registry),
    logger: { warn: (said: unknown) => void warnings.push(said) } as never,
  })
  await ended
  await watch.stop()
  const [first = '', second = '', third = ''] = shown
  for (const text of [first, third]) {
    t.match(text, /lr_owed_leads\{cause="no_decision"\} 2\n/)
    t.match(text, /lr_owed_leads\{cause="human_silent"\} 1\n/)
    t.match(text, /lr_owed_leads\{cause="gate"\} 0\n/, 'a cause that nobody has is 0, not missing')
    t.match(text, /lr_owed_locations_behind\{compared="never"\} 1\n/)
    t.match(text, /lr_owed_locations_behind\{compared="late"\} 1\n/)
  }
  t.notMatch(second, /lr_owed_\w+\{/)
  t.equal(warnings.length, 1)
  t.strictSame(asked[0], { writtenBefore: tuesdayNoon - KEPT_WAITING_MS, limit: 1_000 })
})

t.test('leads that are owed nothing hide nobody behind them: a look reads on until all are counted', async (t) => {
  const registry = new Registry()
  const asked: OwedFilter[] = []
  let shown = ''
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const watch = watchOwed({
    // The first page passes 5,000 who have refused us and finds nobody, as that of the store does.
    async owed(filter, now) {
      asked.push(filter)
      const pages = [[], [waiting('x', null)], [waiting('y', null), waiting('z', owner)]]
      const place = filter.cursor === undefined ? 0 : Number(filter.cursor)
      const leads = (pages[place] ?? []).filter((one) => one !== undefined)
      return { at: now, leads, nextCursor: place < 2 ? String(place + 1) : null, coverage: coverageOf(locations, now) }
    },
    clock: {
      now: () => tuesdayNoon,
      async sleep(_ms, signal) {
        shown = await registry.metrics()
        end()
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    },
    metrics: owedMetrics(registry),
    logger: { warn: (said: unknown) => t.fail(String(said)) } as never,
  })
  await ended
  await watch.stop()
  t.match(shown, /lr_owed_leads\{cause="no_decision"\} 2\n/)
  t.match(shown, /lr_owed_leads\{cause="human_silent"\} 1\n/)
  t.strictSame(
    asked.map(({ cursor, limit }) => [cursor, limit]),
    [
      [undefined, 1_000],
      ['1', 1_000],
      ['2', 999],
    ],
  )
})

t.test('no more are gathered than were asked for, and whether there are more stays known', async (t) => {
  const one = waiting('x', null)
  if (one === undefined) return t.fail('nobody waits')
  let asks = 0
  const ask = (filter: OwedFilter, at: number) => {
    asks += 1
    const leads = Array.from({ length: Math.min(2, filter.limit) }, () => one)
    return Promise.resolve({ at, leads, nextCursor: 'on', coverage: coverageOf(locations, at) })
  }
  const answer = await owedThrough(ask, { writtenBefore: tuesdayNoon, limit: 3 }, tuesdayNoon)
  t.match(answer, { leads: [one, one, one], nextCursor: 'on' })
  t.equal(answer.leads.length, 3)
  t.equal(asks, 2)
})
