/** What the bench of many leads puts into the store and says about it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { contactOf, entryOf, eventOf, leadsOf, toldStories } from '../../bench/leads/knownLeads.ts'
import { measureLeads } from '../../bench/leads/measureLeads.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'

const NOW = Date.UTC(2026, 10, 27, 12)

t.test('leads of one story differ in their id, and what is said about one is new to it', async (t) => {
  const stories = toldStories(3, 4, NOW)
  t.equal(stories.length, 3)
  const [first, fourth] = [entryOf(stories, 0), entryOf(stories, 3)] as const
  t.strictSame(fourth.state, { ...(first.state as LeadProfile), contactId: contactOf(3) })
  t.strictSame(fourth.timers, first.timers)
  for (const dueAt of Object.values(first.timers)) t.ok(dueAt > NOW, 'what was due has fired')
  const event = eventOf(stories, 3, 9, NOW + 5)
  t.match(event, { contactId: contactOf(3), eventId: 'said-9', occurredAt: NOW + 5, receivedAt: NOW + 5 })
  t.strictSame(toldStories(3, 4, NOW), stories)
})

t.test('evenly all leads are as likely, skewed the busiest has as much as Zipf says', async (t) => {
  const DRAWS = 20_000
  const LEADS = 100
  for (const spread of ['even', 'skewed'] as const) {
    const next = leadsOf(spread, LEADS)
    const counts = new Array<number>(LEADS).fill(0)
    for (let draw = 0; draw < DRAWS; draw++) counts[next()]! += 1
    t.ok(Math.min(...counts) > 0, `${spread}: every lead is drawn`)
    // The sum of 1/n up to 100 is 5.187: the busiest has 0.193 of all. Of 20,000 draws the share lies within 5 deviations of it.
    const share = spread === 'even' ? 1 / LEADS : 1 / 5.187
    const most = Math.max(...counts) / DRAWS
    t.ok(Math.abs(most - share) < 5 * Math.sqrt((share * (1 - share)) / DRAWS), `${spread}: ${most}`)
  }
})

t.test('every event is folded and found in the state; what is written is as large as what was there', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-leads-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const input = { folder, leads: 40, stories: 5, events: 60, rounds: 1, warmUp: 0, profile: false }
  const { leads, spreads, seedBytes, diskBytes } = await measureLeads(input)
  t.equal(leads, 40)
  t.strictSame(
    spreads.map(({ spread }) => spread),
    ['even', 'skewed'],
  )
  for (const { cpuMicros, stateBytes, changesPerEvent } of spreads) {
    t.ok(cpuMicros > 0)
    t.ok(stateBytes > 0.9 * seedBytes && stateBytes < 1.2 * seedBytes, `${stateBytes} of ${seedBytes} bytes`)
    t.ok(changesPerEvent > 0 && changesPerEvent < 1, '60 events in two transactions are about fewer than 60 of 40 leads')
  }
  t.ok(diskBytes > 40 * seedBytes)
})
