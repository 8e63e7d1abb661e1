/** Tenants out of the platform's installation events: they appear, pause and go, in any order and however often told. */
import fc from 'fast-check'
import t from 'tap'
import { readEnvelopes } from '../../api/envelope.ts'
import { changed } from '../../cli/verbs/tenants.ts'
import { mergedTenants } from '../../pipelines/ingest/installation.ts'
import { ingest } from '../../pipelines/ingest/stage.ts'
import { drive } from '../../runtime/driver.ts'
import type { Installation, Tenant } from '../../schemas/generated/records.ts'
import { tenants, webhooks } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'

const start = Date.parse('2026-11-03T12:00:00Z')
const location = 'location-1'
const company = 'company-1'
type Body = Record<string, unknown>

const at = (minutes: number) => ({ timestamp: new Date(start + minutes * 60_000).toISOString() })
const install = (minutes: number, changes: Body = {}) => ({
  type: 'INSTALL',
  appId: 'app-1',
  locationId: location,
  companyId: company,
  companyName: 'Example Group',
  ...at(minutes),
  ...changes,
})
const uninstall = (minutes: number, changes: Body = {}) => ({
  type: 'UNINSTALL',
  appId: 'app-1',
  locationId: location,
  ...at(minutes),
  ...changes,
})
const update = (minutes: number, changes: Body = {}) => ({ ...install(minutes), type: 'UPDATE', versionId: 'version-2', ...changes })
const located = (minutes: number, changes: Body = {}) => ({
  type: 'LocationCreate',
  id: location,
  companyId: company,
  name: 'Lakeside',
  ...at(minutes),
  ...changes,
})
const ofAgency = { locationId: undefined, companyId: company }

/** The rows after these bodies, each delivered when the table has what was written before. */
function rowsAfter(bodies: readonly Body[], rows: readonly (readonly [string, Tenant])[] = []): Map<string, Tenant> {
  const line = drive(ingest, { at: start + 86_400_000, tables: { tenants: rows } })
  const table = new Map(rows)
  bodies.forEach((body, index) => {
    const before = line.records(tenants).length
    for (const { key, tenantId, type, contactId, body: bytes } of readEnvelopes(Buffer.from(JSON.stringify(body))))
      line.pipe(webhooks, key, {
        receivedId: `r${index}`,
        tenantId,
        origin: 'webhook',
        scheme: 'ed25519',
        keyId: 'k',
        type,
        webhookId: JSON.stringify(body),
        contactId,
        batchIndex: 0,
        receivedAt: line.now,
        body: bytes,
      })
    for (const { key, value } of line.records(tenants).slice(before)) {
      table.set(key, value)
      line.table(tenants, key, value)
    }
  })
  if (line.deadLetters.length > 0) throw new Error(JSON.stringify(line.deadLetters))
  return table
}
const row = (...bodies: readonly Body[]) => rowsAfter(bodies).get(location)

t.test('a location appears when it is installed, and nothing is sent for it until an operator has given its settings', async (t) => {
  t.match(row(install(0)), {
    tenantId: location,
    name: 'Example Group',
    status: 'active',
    appId: 'app-1',
    automation: false,
    country: 'ZZ',
    timeZone: 'Etc/UTC',
    postalAddress: '',
    installation: { companyId: company, installed: true, fieldTimes: { installed: start } },
  })
  t.match(row(located(0)), { name: 'Lakeside', status: 'paused' }, 'a location of the agency in which the app is not installed')
  t.match(row(located(0), install(1)), { name: 'Lakeside', status: 'active' })
  t.match(row(located(0), { ...located(2), type: 'LocationUpdate', name: 'Lakeside Homes' }), { name: 'Lakeside Homes' })
})

t.test('it goes when it is uninstalled, comes back when it is installed again, and late retries change nothing', async (t) => {
  t.equal(row(install(0), uninstall(5))?.status, 'uninstalled')
  t.equal(row(uninstall(5), install(0))?.status, 'uninstalled', 'the retry of an older installation')
  t.equal(row(install(0), uninstall(5), install(9))?.status, 'active')
  t.equal(row(install(0), install(9), uninstall(5))?.status, 'active', 'the retry of an older removal')
  t.equal(row(install(5), uninstall(5))?.status, 'uninstalled', 'at one instant the safer one')
  t.match(row(install(0), update(3)), { status: 'active', installation: { versionId: 'version-2' } })
  t.equal(row(update(3), uninstall(1))?.status, 'active', 'an update says that it is installed')
  t.equal(rowsAfter([install(0), install(0), install(0)]).size, 1)
})

t.test('an agency that removes the app takes its locations along, also those that are told of later', async (t) => {
  const second = { locationId: 'location-2' }
  const rows = rowsAfter([
    install(0),
    install(1, second),
    install(0, { ...second, locationId: 'location-3', companyId: 'company-2' }),
    uninstall(5, ofAgency),
  ])
  t.strictSame(
    ['location-1', 'location-2', 'location-3'].map((id) => rows.get(id)?.status),
    ['uninstalled', 'uninstalled', 'active'],
  )
  t.equal(rowsAfter([uninstall(5, ofAgency), install(0)]).get(location)?.status, 'uninstalled', 'a late installation')
  t.equal(rowsAfter([uninstall(5, ofAgency), install(9, ofAgency), install(0)]).get(location)?.status, 'uninstalled')
  t.equal(rowsAfter([uninstall(5, ofAgency), install(9)]).get(location)?.status, 'active')
  t.equal(rowsAfter([install(0, ofAgency)]).size, 1, 'an agency is no location')
  t.equal(row({ type: 'UNINSTALL', ...at(0) }), undefined)
})

t.test('what an operator has set stays: settings, a pause, and the name as the latest statement', async (t) => {
  const settings = { name: 'Our name', timeZone: 'America/Chicago', country: 'US', postalAddress: '1 Example Street', automation: true }
  const ours = changed(location, undefined, settings, start + 60_000)
  const after = (bodies: readonly Body[], before: Tenant) => rowsAfter(bodies, [[location, before]]).get(location)
  t.match(after([install(5)], ours), { ...settings, status: 'active', appId: 'app-1' })
  t.match(after([uninstall(5)], ours), { ...settings, automation: false, status: 'uninstalled' })
  t.match(after([uninstall(0)], ours), { status: 'active' }, 'older than what the operator said')
  const paused = changed(location, ours, { status: 'paused' }, start + 120_000)
  t.equal(after([install(5), update(6)], paused)?.status, 'paused', 'an update of the app resumes nothing')
  const appeared = row(install(0)) as Tenant
  t.throws(() => changed(location, appeared, { automation: true }, start), /--time-zone, --country, --postal-address must be given/)
  const set = changed(location, appeared, { ...settings, status: 'paused' }, start + 60_000)
  t.match(set, { ...settings, status: 'paused', installation: { installed: true, paused: true, name: 'Our name' } })
  t.match(after([install(30), located(0)], set), { name: 'Our name', status: 'paused' })
  t.match(changed(location, set, { status: 'uninstalled' }, start + 180_000).installation, { installed: false, removedAt: start + 180_000 })
  t.match(changed(location, set, { status: 'active' }, start + 180_000), { status: 'active', installation: { paused: false } })
})

t.test(
  'an uninstallation switches automation off, whatever comes before or after it, until an operator switches it on again',
  async (t) => {
    const settings = { name: 'Our name', timeZone: 'America/Chicago', country: 'US', postalAddress: '1 Example Street', automation: true }
    const minute = (minutes: number) => start + minutes * 60_000
    const set = changed(location, row(install(0)), settings, minute(1))
    const after = (bodies: readonly Body[], before = set) => rowsAfter(bodies, [[location, before]]).get(location)
    for (const bodies of [
      [uninstall(5), install(9)],
      [install(9), uninstall(5)],
      [uninstall(5, ofAgency), install(9)],
    ])
      t.match(after(bodies), { status: 'active', automation: false, timeZone: settings.timeZone }, bodies.map(({ type }) => type).join())
    t.match(after([uninstall(0), update(2)]), { status: 'active', automation: true }, 'one of before it was switched on')
    const again = changed(location, after([uninstall(5), install(9)]), { automation: true }, minute(10))
    t.match(after([uninstall(5), uninstall(7), update(12)], again), { status: 'active', automation: true }, 'removals that are told late')
    t.match(after([uninstall(20), install(30)], again), { status: 'active', automation: false })
    t.match(changed(location, set, { status: 'uninstalled' }, minute(20)), { automation: false })
    // Rows of a build that did not keep when automation was switched on.
    const { automation: _, ...times } = again.installation?.fieldTimes ?? {}
    const former: Tenant = { ...again, installation: { ...(again.installation as Installation), fieldTimes: times } }
    t.match(after([update(12)], former), { status: 'active', automation: true }, 'a removal that was known before ends nothing')
    t.match(after([uninstall(20)], former), { automation: false })
    // The table has the row of before the removal, and the state the one that was written a moment ago.
    t.match(mergedTenants(set, after([uninstall(5)]) as Tenant), { status: 'uninstalled', automation: false })
    t.match(mergedTenants(again, after([uninstall(5)]) as Tenant), { status: 'active', automation: true })
  },
)

t.test('a row that the table does not have yet is not written over', async (t) => {
  // Both are folded before the table has the first.
  const line = drive(ingest, { at: start })
  for (const body of [install(0), { ...located(0), type: 'LocationUpdate' }])
    line.pipe(webhooks, location, {
      receivedId: 'r',
      tenantId: location,
      origin: 'webhook',
      scheme: 'ed25519',
      keyId: 'k',
      type: body.type,
      webhookId: body.type,
      contactId: null,
      batchIndex: 0,
      receivedAt: start,
      body: Buffer.from(JSON.stringify(body)),
    })
  t.match(line.outputs(tenants).at(-1), { status: 'active', name: 'Lakeside', installation: { appId: 'app-1' } })
  const [older, newer] = line.outputs(tenants) as [Tenant, Tenant]
  t.match(mergedTenants({ ...older, automation: true }, newer), { automation: true, name: 'Lakeside', status: 'active' })
})

t.test('any order and any repetition of installation events leave one state of every tenant', (t) => {
  const body = fc
    .record({
      minutes: fc.integer({ min: 0, max: 6 }),
      what: fc.integer({ min: 0, max: 6 }),
      which: fc.constantFrom('location-1', 'location-2'),
      named: fc.boolean(),
    })
    .map(({ minutes, what, which, named }): Body => {
      const here = { locationId: which, ...(named ? {} : { companyName: undefined }) }
      switch (what) {
        case 0:
          return install(minutes, here)
        case 1:
          return uninstall(minutes, here)
        case 2:
          return update(minutes, { ...here, versionId: `version-${minutes}` })
        case 3:
          return located(minutes, { id: which, name: `Name ${minutes}` })
        case 4:
          return { ...located(minutes, { id: which, name: `Other ${minutes}` }), type: 'LocationUpdate' }
        case 5:
          return uninstall(minutes, ofAgency)
        default:
          return install(minutes, ofAgency)
      }
    })
  const state = (bodies: readonly Body[]) =>
    JSON.stringify(
      [...rowsAfter(bodies)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { name, status, appId, installation }]) => {
          const { fieldTimes, ...told } = installation ?? { fieldTimes: {} }
          return [key, name, status, appId, told, Object.entries(fieldTimes).sort(([a], [b]) => (a < b ? -1 : 1))]
        }),
    )
  return assertProperty(
    t,
    fc.property(
      fc
        .array(body, { minLength: 1, maxLength: 10 })
        .chain((bodies) => fc.tuple(fc.constant(bodies), fc.shuffledSubarray([...bodies, ...bodies], { minLength: bodies.length * 2 }))),
      ([bodies, repeated]) => {
        const [one, other] = [state(bodies), state(repeated)]
        if (one !== other) throw new Error(`${one}\n${other}`)
      },
    ),
    { numRuns: 400 },
  )
})
