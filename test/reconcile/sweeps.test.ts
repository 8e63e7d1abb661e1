/** What the platform lost is found by one sweep: the state of every lead is then that of a platform that loses nothing. */
import t from 'tap'
import { rated } from '../../pipelines/enrich/behaviour/behave.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { sweepSources } from '../../pipelines/reconcile/sweepPlan.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { SimulatedWebhook } from '../../simulate/webhooks.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { leadEvents } from '../../topics/index.ts'
import { ManualClock } from '../support/manualClock.ts'
import { HOUR, tuesdayNoon } from '../support/leadRecords.ts'
import { differences } from './differences.ts'
import { lossyLine } from './lossyLine.ts'
import type { LossyLine } from './lossyLine.ts'
import { database, platform } from './platform.ts'
import { stories } from './stories.ts'

t.setTimeout(240_000)
const now = tuesdayNoon

t.test('10 % dropped, 20 % up to 6 h late, 20 % doubled: after one sweep every lead is as if nothing had been', async (t) => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const clock = new ManualClock(now)
    const { sandbox, ghl } = await platform(t, clock)
    const pool = await database(t)
    const all = stories(seed, 60, now)
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
