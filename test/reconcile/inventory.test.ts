/** What was deleted on the platform without a webhook is found by going over what leads hold, slowly, once, and by nothing that is unsure. */
import t from 'tap'
import type pg from 'pg'
import { rated } from '../../pipelines/enrich/behaviour/behave.ts'
import { settingsOf } from '../../pipelines/enrich/settings.ts'
import { allHeldBy, heldBy, heldKinds, heldParts } from '../../pipelines/reconcile/heldThings.ts'
import type { HeldKind } from '../../pipelines/reconcile/heldThings.ts'
import { Inventory } from '../../reconcile/inventory.ts'
import type { LookedAt } from '../../reconcile/inventory.ts'
import { Sweeper } from '../../reconcile/sweeper.ts'
import type { LeadProfile } from '../../schemas/generated/records.ts'
import { sandboxTenant, sandboxTenantId } from '../../simulate/sandboxTenant.ts'
import { seededRandom } from '../../simulate/seededRandom.ts'
import type { SimulatedWebhook } from '../../simulate/webhooks.ts'
import { inventories } from '../../sinks/postgres/inventories.ts'
import { HOUR, MINUTE, tuesdayNoon } from '../support/leadRecords.ts'
import { ManualClock } from '../support/manualClock.ts'
import { ARRIVALS, differences } from './differences.ts'
import { lossyLine } from './lossyLine.ts'
import type { LossyLine } from './lossyLine.ts'
import { database, platform } from './platform.ts'
import { stories } from './stories.ts'

t.setTimeout(240_000)
const now = tuesdayNoon
const POLL_MS = 15_000
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined } as never
const iso = (at: number) => new Date(at).toISOString()

/** A webhook of something that a person did with a thing of a contact. */
function webhookOf(type: string, contactId: string, at: number, content: object): SimulatedWebhook {
  const webhookId = `${type} ${at} ${JSON.stringify(content)}`
  const body = { type, locationId: sandboxTenantId, ...content, timestamp: iso(at + 1_000), webhookId }
  return { webhookId, contactId, type, changedAt: at, at: at + 1_000, body: Buffer.from(JSON.stringify(body)) }
}

/** Notes and tasks that staff made soon after each lead came. */
function staffWork(told: readonly SimulatedWebhook[], seed: number): SimulatedWebhook[] {
  const began = new Map<string, number>()
  for (const { contactId, changedAt } of told) began.set(contactId, Math.min(changedAt, began.get(contactId) ?? Infinity))
  return [...began].flatMap(([contactId, at]) => {
    const random = seededRandom(seed, 'staff', contactId)
    const note = (n: number) =>
      webhookOf('NoteCreate', contactId, at + n * 1_000, {
        id: `n${n}-${contactId}`,
        contactId,
        body: `<p>note ${n}</p>`,
        dateAdded: iso(at),
      })
    const task = (n: number, type: string, afterMs: number) =>
      webhookOf(type, contactId, at + n * 2_000 + afterMs, {
        id: `t${n}-${contactId}`,
        contactId,
        title: `task ${n}`,
        dueDate: iso(now + HOUR),
      })
    const [notes, tasks] = [random.between(0, 3), random.between(0, 3)]
    const done = random.chance(0.4) ? tasks : 0
    return [
      ...Array.from({ length: notes }, (_, n) => note(n)),
      ...Array.from({ length: tasks }, (_, n) => task(n, 'TaskCreate', 0)),
      ...Array.from({ length: done }, (_, n) => task(n, 'TaskComplete', MINUTE)),
    ]
  })
}

function deletionOf(kind: HeldKind, id: string, lead: LeadProfile, at: number): SimulatedWebhook[] {
  const { contactId } = lead
  switch (kind) {
    case 'opportunities':
      // The platform sends an update after it too.
      return [
        webhookOf('OpportunityDelete', contactId, at, { id, contactId }),
        webhookOf('OpportunityUpdate', contactId, at + 1_000, { id, contactId, name: 'an echo', status: 'open' }),
      ]
    case 'appointments': {
      const { title, calendarId, assignedUserId, startsAt, endsAt } = lead.appointments[id] as LeadProfile['appointments'][string]
      const times = { startTime: iso(startsAt ?? 0), endTime: iso(endsAt ?? 0) }
      return [
        webhookOf('AppointmentDelete', contactId, at, { appointment: { id, contactId, title, calendarId, assignedUserId, ...times } }),
      ]
    }
    case 'tasks':
      return [webhookOf('TaskDelete', contactId, at, { id, contactId })]
    case 'notes':
      return [webhookOf('NoteDelete', contactId, at, { id, contactId })]
  }
}

/** Rounds until the turn of each part is through; says at which times how many calls were made, and the counts of both. */
async function turn(pool: pg.Pool, clock: ManualClock, inventoryOf: (onLead: (looked: LookedAt) => void) => Inventory) {
  const seen: { readonly at: number; readonly looked: LookedAt }[] = []
  const stored = () => Promise.all(heldParts.map(async (part) => (await inventories(pool, part)).get(sandboxTenantId)))
  const before = await stored()
  for (let round = 0; round < 20_000; round++) {
    // Another process each time: nothing is kept but in the database.
    await clock.run(inventoryOf((looked) => seen.push({ at: clock.now(), looked })).round())
    const states = await stored()
    const [open, settled] = states
    if (open && settled && states.every((state, part) => state?.endedAt !== null && state?.beganAt !== before[part]?.beganAt)) {
      const sum = (of: 'missed' | 'unclear' | 'passed' | 'read' | 'leads') => open.counts[of] + settled.counts[of]
      const counts = { missed: sum('missed'), unclear: sum('unclear'), passed: sum('passed'), read: sum('read'), leads: sum('leads') }
      return { open, settled, counts, endedAt: Math.max(open.endedAt ?? 0, settled.endedAt ?? 0), seen }
    }
    clock.advance(POLL_MS)
  }
  throw new Error('the turn is never through')
}

/** When something was last heard of a lead differs: nobody says when it was deleted. */
const BUT = [...ARRIVALS, 'lastEventAt']

/** As it counts at `at`: what a person had the lead for may have ended since anything was told of it. */
function stateAt(line: LossyLine, contactId: string, at: number): LeadProfile {
  const state = rated(line.state(contactId) as LeadProfile, at, settingsOf(sandboxTenant(0)))
  const { humanOwnership } = state
  const isOver = humanOwnership !== null && humanOwnership.untilAt !== null && humanOwnership.untilAt <= at
  return isOver ? { ...state, humanOwnership: null } : state
}

t.test(
  'deletions without a webhook: after a turn every lead is as if they had been told, after two where nothing of a kind is left; the next finds nothing',
  async (t) => {
    const deletedInAll: Record<HeldKind, number> = { opportunities: 0, appointments: 0, tasks: 0, notes: 0 }
    const settledInAll = { ...deletedInAll }
    for (const seed of [1, 2, 3, 4]) {
      const clock = new ManualClock(now)
      const { sandbox, ghl, classes } = await platform(t, clock)
      const pool = await database(t)
      const told = stories(seed, 60, now)
      const all = [...told, ...staffWork(told, seed)].sort((a, b) => a.at - b.at)
      const whole = lossyLine(now)
      const lossy = lossyLine(now, pool)
      const happen = ({ body, changedAt }: SimulatedWebhook) =>
        t.equal(sandbox.happened(JSON.parse(body.toString()) as Record<string, unknown>, changedAt), undefined)
      for (const webhook of all) {
        happen(webhook)
        for (const line of [whole, lossy]) line.deliver(webhook, 0)
      }
      await lossy.store()

      const random = seededRandom(seed, 'deletions', 0)
      const contacts = [...new Set(all.map(({ contactId }) => contactId))]
      const deleted: Record<HeldKind, number> = { opportunities: 0, appointments: 0, tasks: 0, notes: 0 }
      const read = { ...deleted }
      const later = now + HOUR
      for (const contactId of contacts) {
        const lead = whole.state(contactId) as LeadProfile
        const held = allHeldBy(lead, later)
        const settled = heldBy(lead, later, 'settled')
        for (const kind of heldKinds)
          for (const id of held?.[kind] ?? []) {
            read[kind]++
            if (!random.chance(0.5)) continue
            deleted[kind]++
            if (settled?.[kind].includes(id) === true) settledInAll[kind]++
            const [deletion, ...echoes] = deletionOf(kind, id, lead, now + MINUTE)
            happen(deletion as SimulatedWebhook)
            for (const webhook of [deletion as SimulatedWebhook, ...echoes]) whole.deliver(webhook, 0)
          }
      }
      const gone = heldKinds.reduce((sum, kind) => sum + deleted[kind], 0)
      for (const kind of heldKinds) deletedInAll[kind] += deleted[kind]

      clock.advance(HOUR)
      const sweeper = new Sweeper({ pool, ghl, clock, publish: lossy.publish })
      const callsPerHour = 1_200
      const inventoryOf = (onLead: (looked: LookedAt) => void) =>
        new Inventory({ pool, ghl, sweeper, clock, logger: silent, callsPerHour, onLead: (_, looked) => onLead(looked) })
      const first = await turn(pool, clock, inventoryOf)
      await lossy.store()
      t.match(first.counts, { passed: 0, read: heldKinds.reduce((sum, kind) => sum + read[kind], 0) })
      t.equal(first.counts.missed + first.counts.unclear, gone)
      t.strictSame([...classes], ['background'], 'every call leaves room for messages')
      t.strictSame([first.open.wholeAt, first.settled.wholeAt], [first.open.endedAt, first.settled.endedAt])
      for (const { at: from } of first.seen) {
        const calls = first.seen.filter(({ at }) => at >= from && at < from + HOUR).map(({ looked }) => looked.calls)
        const made = calls.reduce((sum, one) => sum + one, 0)
        t.ok(made <= callsPerHour + callsPerHour / 60 + 2 * Math.max(...calls), `${made} calls in an hour`)
      }
      let end = first.endedAt
      if (first.counts.unclear > 0) {
        // No appointment of the location is left: what is seen once more, hours later, is told, also when it is over by then.
        clock.advance(24 * HOUR)
        const again = await turn(pool, clock, inventoryOf)
        await lossy.store()
        t.match(again.counts, { missed: first.counts.unclear, unclear: 0 })
        end = again.endedAt
      }
      for (const line of [whole, lossy]) line.line.advance(`${(end - now) / 1_000}s`)
      t.strictSame(lossy.line.deadLetters, [])
      for (const contactId of contacts)
        t.strictSame(differences(stateAt(lossy, contactId, end), stateAt(whole, contactId, end), '', BUT), [], contactId)

      await lossy.store()
      clock.advance(24 * HOUR)
      const second = await turn(pool, clock, inventoryOf)
      t.match(second.counts, { missed: 0, unclear: 0, passed: 0 }, 'the next turn finds nothing')
      t.ok(second.open.counts.leads > 0 && second.settled.beganAt >= first.settled.beganAt + 24 * HOUR)
    }
    for (const kind of heldKinds) t.ok(deletedInAll[kind] > 3, `${deletedInAll[kind]} ${kind} deleted`)
    for (const kind of heldKinds) t.ok(settledInAll[kind] > 1, `${settledInAll[kind]} of them settled`)
  },
)
