/** What the platform lost is found by one sweep: the state of every lead is then that of a platform that loses nothing. */
import t from 'tap'
import { rated } from '../../pipelines/enrich/behaviour/behave.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import { tellStory } from '../../simulate/leadStory.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import { webhooksOf } from '../../simulate/webhooks.ts'
import type { SimulatedWebhook } from '../../simulate/webhooks.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { leadEvents } from '../../topics/index.ts'
import { ManualClock } from '../support/manualClock.ts'
import { HOUR, MINUTE, tuesdayNoon } from '../support/leadRecords.ts'
import { lossyLine } from './lossyLine.ts'
import type { LossyLine } from './lossyLine.ts'
import { database, platform } from './platform.ts'

t.setTimeout(240_000)
const now = tuesdayNoon

/** Stories that ended at least `MINUTE` times five ago, so that all of it is settled. */
function stories(seed: number, leads: number): SimulatedWebhook[] {
  return Array.from({ length: leads }, (_, index) => {
    const story = tellStory(seed, index)
    const last = story.beats.at(-1)?.atMs ?? 0
    return webhooksOf(story, seed, (beat) => now - 5 * MINUTE - story.quietMs - (last - beat.atMs))
  })
    .flat()
    .sort((a, b) => a.at - b.at)
}

t.test('10 % dropped, 20 % up to 6 h late, 20 % doubled: after one sweep every lead is as if nothing had been', async (t) => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const clock = new ManualClock(now)
    const { sandbox, ghl } = await platform(t, clock)
    const pool = await database(t)
    const all = stories(seed, 60)
    for (const { body, changedAt } of all)
      t.equal(sandbox.happened(JSON.parse(body.toString()) as Record<string, unknown>, changedAt), undefined)

    const whole = lossyLine(now)
    for (const webhook of all) whole.deliver(webhook, 0)

    const random = seededRandom(seed, 'losses', 0)
    const lossy = lossyLine(now, pool)
    const late: SimulatedWebhook[] = []
    let dropped = 0
    for (const webhook of all) {
      const fate = random.between(0, 99)
      if (fate < 10) {
        dropped++
        continue
      }
      // What is delayed beyond now comes after the sweep.
      if (fate < 30 && webhook.at + random.between(0, 6 * HOUR) > now) late.push(webhook)
      else lossy.deliver(webhook, 0)
      if (random.chance(0.2)) lossy.deliver(webhook, 1)
    }
    await lossy.store()

    const sweeper = new Sweeper({ pool, ghl, clock, publish: lossy.publish })
    const from = Math.min(...all.map(({ changedAt }) => changedAt))
    let missed = 0
    for (const source of sweepSources) {
      const result = await clock.run(
        sweeper.sweep({ tenantId: sandboxTenantId, source, from, before: now, startedAt: now }, sandboxTenant(0)),
      )
      t.equal(result.kind, 'read', `${source}: ${result.kind === 'failed' ? result.detail : ''}`)
      missed += result.missed
    }
    t.ok(dropped > 10 && missed > 10, `seed ${seed}: ${all.length} webhooks, ${dropped} dropped, ${late.length} late, ${missed} found`)
    for (const webhook of late) lossy.deliver(webhook, 2)
    // Steps of silence that are past by now are taken.
    for (const { line } of [whole, lossy]) line.advance('1m')
    t.strictSame(lossy.line.deadLetters, [])

    for (const contactId of new Set(all.map((webhook) => webhook.contactId))) {
      const { lastAssessedAt, consents } = lossy.state(contactId) as LeadProfile
      const hasOptedOut = Object.values(consents).some(({ status }) => status === 'revoked')
      t.ok(lastAssessedAt !== null || hasOptedOut, `${contactId} was asked about, unless its opt-out was the first that was heard of it`)
      t.strictSame(differences(stateNow(lossy, contactId), stateNow(whole, contactId)), [], contactId)
    }

    const told = lossy.line.outputs(leadEvents).length
    await lossy.store()
    for (const source of sweepSources) {
      const again = await clock.run(
        sweeper.sweep({ tenantId: sandboxTenantId, source, from, before: now, startedAt: now }, sandboxTenant(0)),
      )
      t.match(again, { kind: 'read', missed: 0 }, `a second sweep of ${source} finds nothing`)
    }
    t.equal(lossy.line.outputs(leadEvents).length, told)
  }
})

/** Interest fades: how much is left is compared at one time, not at the times of the last look. */
function stateNow(line: LossyLine, contactId: string): LeadProfile | undefined {
  const state = line.state(contactId)
  return state === undefined ? undefined : rated(state, now, settingsOf(sandboxTenant(0)))
}

/**
 * What arrivals leave behind is no state of the lead: its versions, its counts of events, which of several events
 * a permission rests on, by whom something was told, and when we asked about it.
 */
const ARRIVALS = ['version', 'epoch', 'fieldTimes', 'provenance', 'eventId', 'events', 'staleEvents', 'lastAssessedAt']
/** From a change to its webhook passes up to 2.5 s with the simulator; a found state is dated 10 s after its change at most. */
const GATEWAY_MS = 12_500

/** A time as the reasons of a score tell it. */
const INSTANT = /\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC/
const INSTANTS = new RegExp(INSTANT, 'g')

/** Paths at which two states differ. Times may by what the gateway takes, and hours and shares that are made of them. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (typeof a === 'number' && typeof b === 'number') {
    const allowed = a > 1e12 ? GATEWAY_MS : path.includes('replyHours') ? GATEWAY_MS / HOUR : path.endsWith('likelihood') ? b * 0.001 : 0
    return Math.abs(a - b) <= allowed ? [] : [`${path}: ${a} ${b}`]
  }
  if (typeof a === 'string' && typeof b === 'string' && INSTANT.test(a)) {
    const times = (text: string) => [...text.matchAll(INSTANTS)].map(([at]) => Date.parse(at.replace(' UTC', 'Z')))
    const words = (text: string) => text.replaceAll(INSTANTS, 'then')
    return [...differences(times(a), times(b), path), ...differences(words(a), words(b), path)]
  }
  if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object')
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((name) => !ARRIVALS.includes(name))
      .flatMap((name) => differences((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], `${path}.${name}`))
  return a === b ? [] : [`${path}: ${JSON.stringify(a)} ${JSON.stringify(b)}`]
}
