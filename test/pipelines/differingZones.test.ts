/** A lead whose number and address say different places is written to only when it is lawful in all of them, and no hour is learned of it. */
import fc from 'fast-check'
import t from 'tap'
import { drawHour, lawfulPlaceOf } from '../../pipelines/consensus/drawHour.ts'
import { placeOf } from '../../pipelines/enrich/timeZones.ts'
import { hours } from '../../pipelines/followup/gates/hours.ts'
import { atWeekend, runningHours } from '../../pipelines/trials/hours/hourTrial.ts'
import { mixedShares } from '../../pipelines/trials/shares.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { MINUTE, followUpRecord, profileRecord, tenantRecord } from '../support/leadRecords.ts'
import { assertProperty } from '../support/property.ts'

const verdictAt = (at: number, over: Partial<LeadProfile>) =>
  hours({
    ...{
      at,
      followUp: followUpRecord(),
      tenant: tenantRecord(),
      copyCompleteAt: at,
      allCompleteAt: at,
      addressLedgers: [],
      ownSends: [],
      locationSends: { count: 0, oldestAt: null },
      textsOfWeek: { sent: 0, optOuts: 0, failures: 0 },
      provider: 'unread',
    },
    lead: profileRecord({ timeZone: null, country: 'US', state: null, phone: null, lastInboundAt: null, ...over }),
    limits: {
      maxCopyAgeMs: 1,
      recheckMs: 1,
      providerRecheckMs: 1,
      halted: false,
      haltedChannels: [],
      messagesPer24h: 500,
      optOutShare: 0.025,
      failureShare: 0.08,
    },
    ...{ assignee: undefined, isAssigning: false },
  })

/** 212 is Manhattan; the address is in California. */
const torn = { phone: '+12125550101', state: 'CA' }
/** Tuesday, 17 November 2026, by the clock of New York, which is UTC - 5 h then. */
const newYork = (hour: number, minute = 0) => Date.UTC(2026, 10, 17, hour + 5, minute)

t.test('from 9:00 in California to 20:00 in New York, and at no other time', async (t) => {
  t.strictSame(placeOf(profileRecord({ timeZone: null, ...torn }), tenantRecord()), {
    zones: ['America/Los_Angeles', 'America/New_York'],
    states: ['US-CA', 'US-NY'],
  })
  const opens = { verdict: 'deny_until', ruleId: 'outside_hours' }
  t.match(verdictAt(newYork(9), torn), { ...opens, liftsAt: newYork(12) }, 'in New York it would be time')
  t.match(verdictAt(newYork(11, 59), torn), { ...opens, liftsAt: newYork(12) })
  t.match(verdictAt(newYork(12), torn), { verdict: 'allow' })
  t.match(verdictAt(newYork(19, 59), torn), { verdict: 'allow' })
  t.match(verdictAt(newYork(20), torn), { ...opens, liftsAt: newYork(36) }, 'in California it would be time still')
  t.match(verdictAt(newYork(9), { phone: torn.phone }), { verdict: 'allow' }, 'the number alone')
  t.match(verdictAt(newYork(22, 59), { state: 'CA' }), { verdict: 'allow' }, 'the address alone')
})

t.test('a report of a workflow that says another zone narrows the hours and never widens them', async (t) => {
  t.match(verdictAt(newYork(9), { phone: torn.phone, reportedTimeZone: 'America/Los_Angeles' }), { liftsAt: newYork(12) })
  t.match(verdictAt(newYork(22), { phone: torn.phone, reportedTimeZone: 'America/Los_Angeles' }), { verdict: 'deny_until' })
})

const numbers = ['+12125550101', '+15125550101', '+13035550101', '+12065550101', '+18085550101', '+12705550101']
const addresses = ['NY', 'TX', 'CO', 'WA', 'HI', 'KY', 'CA', 'FL', 'RI']

t.test('whichever number and address contradict each other: what is allowed is allowed by either alone', { timeout: 120_000 }, (t) => {
  let allowed = 0
  return assertProperty(
    t,
    fc.property(fc.constantFrom(...numbers), fc.constantFrom(...addresses), fc.nat({ max: 14 * 24 * 4 }), (phone, state, quarters) => {
      const at = Date.UTC(2026, 9, 26) + quarters * 15 * MINUTE
      const zonesOf = (over: Partial<LeadProfile>) =>
        new Set(placeOf(profileRecord({ timeZone: null, state: null, phone: null, country: 'US', ...over }), tenantRecord()).zones)
      const byAddress = zonesOf({ state })
      fc.pre([...zonesOf({ phone })].every((zone) => !byAddress.has(zone)))
      if (verdictAt(at, { phone, state }).verdict !== 'allow') return true
      allowed++
      return verdictAt(at, { phone }).verdict === 'allow' && verdictAt(at, { state }).verdict === 'allow'
    }),
    { numRuns: 300 },
  ).then(() => t.ok(allowed > 0, 'some of them were allowed, so the rule was asked'))
})

t.test('no hour is drawn for it, whatever was learned: the message goes at its usual time', async (t) => {
  const shares = mixedShares(
    runningHours.arms.map((_, place) => (place === 0 ? 1 : 0)),
    40_000,
  ).map((shareMicro, place) => ({ option: runningHours.arms[place] ?? '', shareMicro }))
  const weekday = { trial: runningHours.id, seed: 's', exploreMicro: runningHours.exploreMicro, shares }
  const lots = { weekday, weekend: { ...weekday, shares: atWeekend(weekday.shares) } }
  const drawnIn = (...timeZones: string[]) =>
    drawHour(lots, 'sms', { delayMinutes: '480' }, lawfulPlaceOf({ timeZones, states: ['US-NY'] }, undefined), newYork(9))
  t.ok(drawnIn('America/New_York'))
  t.ok(drawnIn('America/New_York', 'America/Detroit'), 'two zones with one clock')
  t.equal(drawnIn('America/New_York', 'America/Los_Angeles'), undefined)
})
