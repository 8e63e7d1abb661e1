/** "Nobody waits" is said only of locations that were looked at: whatever is not compared is told of, with since when and why. */
import fc from 'fast-check'
import t from 'tap'
import { LATE_MS, coverageOf, coverageWords, isComplete } from '../../pipelines/reconcile/coverage.ts'
import type { LocationSwept } from '../../pipelines/reconcile/coverage.ts'
import { HOUR, MINUTE, tuesdayNoon } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const now = tuesdayNoon
const location = (
  tenantId: string,
  messages: number | null,
  emails: number | null,
  failedBecause: string | null = null,
): LocationSwept => ({
  tenantId,
  name: `Homes ${tenantId}`,
  heartbeat: null,
  swept: [
    ...(messages === null ? [] : [{ source: 'messages', until: now - messages, failedBecause }]),
    ...(emails === null ? [] : [{ source: 'emails', until: now - emails, failedBecause: null }]),
  ],
})

t.test('a location is behind when one of its sources was never compared, or not for 32 minutes', async (t) => {
  t.equal(LATE_MS, 32 * MINUTE, '2 x 15 min between sweeps, and the 2 min that a sweep leaves')
  const cases: [LocationSwept, number | null, boolean][] = [
    [location('a', 3 * MINUTE, 5 * MINUTE), now - 5 * MINUTE, false],
    [location('a', LATE_MS, 0), now - LATE_MS, false],
    [location('a', 0, LATE_MS + 1), now - LATE_MS - 1, true],
    [location('a', 0, null), null, true],
    [location('a', null, null), null, true],
  ]
  for (const [one, comparedUntil, isBehind] of cases)
    t.match(coverageOf([one], now), { locations: 1, comparedUntil, behind: isBehind ? [{ comparedUntil }] : [] }, JSON.stringify(one))
})

t.test('all are compared up to the one that is furthest behind; none is left out of those behind, never compared first', (t) => {
  const ago = fc.option(fc.integer({ min: 0, max: 3 * HOUR }))
  return assertProperty(
    t,
    fc.property(fc.array(fc.tuple(ago, ago), { maxLength: 8 }), (pairs) => {
      const locations = pairs.map(([messages, emails], n) => location(`l${n}`, messages, emails))
      const told = coverageOf(locations, now)
      const least = pairs.map(([a, b]) => (a === null || b === null ? null : now - Math.max(a, b)))
      const late = least.flatMap((until, n) => (until === null || now - until > 32 * MINUTE ? [`l${n}`] : []))
      const order = told.behind.map(({ comparedUntil }) => comparedUntil ?? 0)
      return (
        told.comparedUntil === (least.includes(null) || least.length === 0 ? null : Math.min(...least.filter((one) => one !== null))) &&
        JSON.stringify(told.behind.map(({ tenantId }) => tenantId).sort()) === JSON.stringify(late.sort()) &&
        order.every((until, n) => n === 0 || until >= (order[n - 1] ?? 0))
      )
    }),
  )
})

t.test('the sentences name the location, since when, and why', async (t) => {
  const words = (locations: LocationSwept[], tenantId?: string) => coverageWords(coverageOf(locations, now), now, tenantId)
  t.match(words([]), [/^No location is active: nothing is compared/])
  t.match(words([], 'gone'), [/^gone is no active location/])
  t.strictSame(words([location('a', 0, 5 * MINUTE)]), [
    'The location is compared with GoHighLevel up to 2026-11-10 16:55 UTC; of what came later, what a webhook has told is here.',
  ])
  t.match(words([location('a', 0, 0), location('b', 0, MINUTE)]), [/^All 2 active locations are compared with GoHighLevel up to .*16:59/])
  t.strictSame(words([location('a', 0, 0), location('b', null, null), location('c', 2 * HOUR, 0, 'E_X: no scope')]), [
    'Homes b (b) was never compared with GoHighLevel: what its webhooks lost is missing here.',
    'Homes c (c) is not compared with GoHighLevel since 2026-11-10 15:00 UTC, 2h 0m ago: what its webhooks lost since then is missing here. The last try: E_X: no scope.',
  ])
  const many = words(Array.from({ length: 25 }, (_, n) => location(`l${n}`, null, 0)))
  t.equal(many.length, 21)
  t.equal(many[20], '5 more such sentences about 25 active locations.')
})

t.test(
  'a location whose heartbeat stays away, or cannot be sent, is told of beside those that are behind; one without a heartbeat is not',
  async (t) => {
    const beating = { tenantId: 'a', contactId: 'hb', triedAt: now, waitMs: 10 * MINUTE, everyMs: 10 * MINUTE, sentAt: now } as const
    const heard = { ...beating, waitingSince: null, backAt: now, failedBecause: null, toldSilentAt: null }
    const one = (heartbeat: LocationSwept['heartbeat']) => coverageOf([{ ...location('a', 0, 0), heartbeat }], now)
    for (const heartbeat of [null, heard, { ...heard, waitingSince: now - 29 * MINUTE }, { ...heard, everyMs: 0, waitingSince: 1 }]) {
      t.strictSame(one(heartbeat).unheard, [])
      t.ok(isComplete(one(heartbeat)))
    }
    const silent = one({ ...heard, waitingSince: now - 30 * MINUTE, backAt: now - 41 * MINUTE })
    t.match(silent.unheard, [{ tenantId: 'a', name: 'Homes a', state: 'silent', heardAt: now - 41 * MINUTE }])
    t.strictSame(coverageWords(silent, now), [
      'Homes a (a): webhooks of this location have not arrived since 2026-11-10 16:19 UTC, 41m ago.',
    ])
    const refused = one({ ...heard, sentAt: null, backAt: null, failedBecause: 'scope_missing: 401' })
    t.match(refused.unheard, [{ state: 'unwatched', heardAt: null, words: /cannot be sent: scope_missing/ }])
    for (const coverage of [silent, refused, coverageOf([], now), coverageOf([location('a', 0, null)], now)]) t.notOk(isComplete(coverage))
  },
)
