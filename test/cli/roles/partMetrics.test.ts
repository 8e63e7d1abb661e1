/** What the parts of a process are told becomes the numbers it exposes: values by arithmetic, and 0 before anything happens. */
import { Registry } from 'prom-client'
import t from 'tap'
import { processMetrics } from '../../../cli/roles/connections.ts'
import { lookUpMetrics } from '../../../cli/roles/enrichmentPart.ts'
import { heartbeatMetrics } from '../../../cli/roles/heartbeatPart.ts'
import { inventoryMetrics, sweepMetrics } from '../../../cli/roles/reconcilePart.ts'
import { retentionMetrics } from '../../../cli/roles/retentionMetrics.ts'
import { dueInventory, inventoryDefaults } from '../../../pipelines/reconcile/inventoryPlan.ts'
import type { SeenHeartbeat } from '../../../reconcile/heart.ts'
import { HOUR, MINUTE, tuesdayNoon } from '../../support/leadRecords.ts'

/** Values by name and labels. */
async function values(registry: Registry, name: string): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)$/gm)
  return Object.fromEntries([...lines].filter(([, own]) => own === name).map(([, , labels = '', value]) => [labels, Number(value)]))
}

t.test('the version of a process, under its role', async (t) => {
  t.strictSame(await values(processMetrics('sinks', '1.2.3'), 'lr_build_info'), { 'version="1.2.3",role="sinks"': 1 })
})

t.test('sweeps by source: how many, what they read, and what no webhook had told; a failed one with what it had done', async (t) => {
  const registry = new Registry()
  const told = sweepMetrics(registry)
  const sources = Object.keys(await values(registry, 'lr_sweep_read_total'))
  t.ok(sources.includes('source="messages"') && sources.includes('source="contacts"'))
  told({ source: 'messages' }, { kind: 'read', read: 10, missed: 2, visits: 1, others: 0 })
  told({ source: 'messages' }, { kind: 'read', aside: ['a: 500', 'b: 422'], read: 5, missed: 0, visits: 0, others: 3 })
  told({ source: 'messages' }, { kind: 'failed', detail: 'no answer', read: 4, missed: 1, visits: 0, others: 0 })
  const of = async (name: string, outcome = '') => (await values(registry, name))[`source="messages"${outcome}`]
  t.equal(await of('lr_sweeps_total', ',outcome="read"'), 2)
  t.equal(await of('lr_sweeps_total', ',outcome="failed"'), 1)
  t.equal(await of('lr_sweep_read_total'), 10 + 5 + 4)
  t.equal(await of('lr_sweep_missed_total'), 2 + 0 + 1)
  t.equal((await values(registry, 'lr_sweep_read_total'))['source="contacts"'], 0)
  t.equal(await of('lr_sweep_set_aside_total'), 2)
})

t.test('an inventory: its calls, what it compared and found by kind, and how long ago the oldest was through', async (t) => {
  const registry = new Registry()
  const { onLead, onSeen } = inventoryMetrics(registry)
  t.equal((await values(registry, 'lr_inventory_missed_total'))['kind="contacts",what="deleted"'], 0, '0 before anything happens')
  const found = (type: string) => ({ type, contactId: 'maria', foundId: type, at: null, body: {} })
  const read = { opportunities: 2, appointments: 1, tasks: 0, notes: 3 }
  const missed = ['OpportunityDelete', 'OpportunityUpdate', 'AppointmentDelete', 'TaskComplete', 'NoteDelete', 'ContactDelete'].map(found)
  const noSuspects = { suspected: [], cleared: [] }
  onLead('a', { ...noSuspects, calls: 9, read, missed, unclear: 2, failure: undefined })
  onLead('b', {
    ...noSuspects,
    ...{ calls: 1, read, missed: missed.slice(0, 1), unclear: 0, failure: { detail: 'no answer', isOfLead: false } },
  })
  t.strictSame(await values(registry, 'lr_inventory_calls_total'), { '': 10 })
  t.match(await values(registry, 'lr_inventory_read_total'), { 'kind="opportunities"': 4, 'kind="notes"': 6, 'kind="tasks"': 0 })
  t.match(await values(registry, 'lr_inventory_missed_total'), {
    'kind="opportunities",what="deleted"': 2,
    'kind="opportunities",what="changed"': 1,
    'kind="appointments",what="deleted"': 1,
    'kind="tasks",what="changed"': 1,
    'kind="notes",what="deleted"': 1,
    'kind="contacts",what="deleted"': 1,
  })
  t.strictSame(await values(registry, 'lr_inventory_unclear_total'), { '': 2 })
  const state = dueInventory(undefined, tuesdayNoon, { ...inventoryDefaults, callsPerHour: 1 })
  if (state === undefined) return t.fail('none is due')
  const seen = [
    ['a', { ...state, wholeAt: tuesdayNoon + MINUTE }],
    ['b', state],
  ] as const
  onSeen('open', new Map(seen), tuesdayNoon + 2 * MINUTE)
  onSeen('settled', new Map(seen.slice(0, 1)), tuesdayNoon + 2 * MINUTE)
  const ages = { 'part="open"': 120, 'part="settled"': 60 }
  t.strictSame(await values(registry, 'lr_inventory_age_seconds'), ages, 'one that was never through counts from its beginning')
})

t.test('look-ups by location and outcome', async (t) => {
  const registry = new Registry()
  const told = lookUpMetrics(registry)
  for (const [tenant, what] of [
    ['a', 'found'],
    ['a', 'found'],
    ['b', 'refused'],
  ] as const)
    told(tenant, what)
  t.strictSame(await values(registry, 'lr_look_ups_total'), { 'tenant="a",outcome="found"': 2, 'tenant="b",outcome="refused"': 1 })
})

t.test('what retention deletes, and what it keeps from being stored', async (t) => {
  const registry = new Registry()
  const { deletedRows, pastRecords, forgottenBallots } = retentionMetrics(registry)
  deletedRows.inc({ table: 'decisions' }, 3)
  pastRecords.inc({ topic: 'decisions' }, 2)
  pastRecords.inc({ topic: 'decisions' }, 5)
  t.strictSame(await values(registry, 'lr_retention_deleted_rows_total'), { 'table="decisions"': 3 })
  t.strictSame(await values(registry, 'lr_retention_past_records_total'), { 'topic="decisions"': 7 })
  t.strictSame(await values(registry, 'lr_outside_ballots_forgotten_total'), { 'why="crowded"': 0, 'why="undecided"': 0 })
  forgottenBallots.inc({ why: 'crowded' }, 4)
  forgottenBallots.inc({ why: 'crowded' }, 1)
  t.strictSame(await values(registry, 'lr_outside_ballots_forgotten_total'), { 'why="crowded"': 5, 'why="undecided"': 0 })
})

t.test('heartbeats: the oldest of those that came back, a location whose first never did counts from its first', async (t) => {
  const registry = new Registry()
  const { onBeat, onSeen } = heartbeatMetrics(registry)
  t.strictSame(await values(registry, 'lr_heartbeats_total'), { 'outcome="sent"': 0, 'outcome="failed"': 0, 'outcome="refused"': 0 })
  for (const outcome of ['sent', 'sent', 'refused'] as const) onBeat(outcome)
  t.strictSame(await values(registry, 'lr_heartbeats_total'), { 'outcome="sent"': 2, 'outcome="failed"': 0, 'outcome="refused"': 1 })
  const one = (state: SeenHeartbeat['state'], backAt: number | null, waitingSince: number | null): SeenHeartbeat => ({
    ...{ tenantId: 'a', contactId: 'c', triedAt: 0, waitMs: 0, everyMs: 5 * MINUTE, sentAt: 0, failedBecause: null, toldSilentAt: null },
    ...{ state, backAt, waitingSince },
  })
  const age = async () => (await values(registry, 'lr_heartbeat_age_seconds'))['']
  const locations = async () => Object.values(await values(registry, 'lr_heartbeat_locations'))
  onSeen([one('fine', tuesdayNoon - 4 * MINUTE, null), one('silent', null, tuesdayNoon - HOUR), one('fine', null, null)], tuesdayNoon)
  t.equal(await age(), 3_600)
  // fine, silent, unwatched, resting
  t.strictSame(await locations(), [2, 1, 0, 0])
  onSeen([one('fine', tuesdayNoon - 4 * MINUTE, null)], tuesdayNoon)
  t.equal(await age(), 240)
  t.strictSame(await locations(), [1, 0, 0, 0])
  onSeen([], tuesdayNoon)
  t.equal(await age(), 0, 'nobody beats: nothing is old')
})
