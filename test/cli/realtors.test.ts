/** `rekindle realtors` on a real broker: users of the API go through ingest into the table, and are named. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { runProgram } from '../../cli/program.ts'
import { addRealtors } from '../../cli/verbs/realtors.ts'
import { addTenants, changed } from '../../cli/verbs/tenants.ts'
import { systemClock } from '../../delivery/systemClock.ts'
import { startSandbox } from '../../integrations/ghl/sandbox/sandbox.ts'
import type { Realtor } from '../../schemas/generated/records.ts'
import { realtorSettings, realtors, tenants } from '../../topics/index.ts'
import { eventually } from '../runtime/kafka/fixtures.ts'
import { line } from './leadLine.ts'

t.setTimeout(180_000)
const location = 'realtyLocation000001'

t.test('users who were there before the app are fetched, told through the line and listed; a deleted one is not', async (t) => {
  const { config, kafka, send } = await line(t)
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-realtors-'))
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.jsonl'), clock: systemClock })
  t.teardown(async () => {
    await sandbox.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const user = (id: string, name: string) => ({
    id,
    name,
    email: `${id}@example.com`,
    phone: '+12025550107',
    roles: { role: 'user', locationIds: [location] },
  })
  sandbox.put('users', location, user('user1', 'Ana Smith'))
  sandbox.put('users', location, user('user2', 'Bea Jones'))
  const run = async (...argv: string[]) => {
    const out: string[] = []
    const terminal = { out: (text: string) => out.push(text), err: (text: string) => out.push(text) }
    const settings = { ...config, ghl: { ...config.ghl, apiUrl: sandbox.url }, redis: { url: undefined } }
    let ids = 0
    const surroundings = { terminal, config: () => settings, now: Date.now, newId: () => `fetched-${++ids}` } as never
    const program = new Command('rekindle').exitOverride()
    addRealtors(program, surroundings)
    addTenants(program, surroundings)
    return { code: await runProgram(program, argv[0] === 'tenants' ? argv : ['realtors', ...argv], surroundings), out }
  }
  t.match(await run('fetch', location), { code: 1, out: [/E_OPTION_INVALID/] }, 'nobody knows the location')
  t.match(await run('list', '--location', location), { code: 1, out: [/E_OPTION_INVALID.*is no location that is known/s] })
  const row = changed(location, undefined, { name: 'Realty', timeZone: 'America/Chicago', country: 'US', postalAddress: 'x' }, Date.now())
  await kafka.producer().send(tenants, location, row)
  const table = await kafka.table(tenants)
  await eventually('the location is known', () => table.get(location) !== undefined)
  t.match(await run('fetch', location), { code: 1, out: [/INSTALL is missing/] }, 'its agency is not')
  t.strictSame(await run('list', '--location', location), {
    code: 0,
    out: [`GoHighLevel has told of no realtor of ${location}: \`rekindle realtors fetch ${location}\` asks.`],
  })
  await send(location, JSON.stringify({ type: 'INSTALL', companyId: 'com1', locationId: location, timestamp: new Date().toISOString() }))
  await eventually('its agency is told', () => table.get(location)?.installation?.companyId === 'com1')

  t.match(await run('fetch', location), {
    code: 0,
    out: [`2 users of ${location} are told of; \`rekindle realtors list\` names them in a moment.`],
  })
  const known = await kafka.table(realtors)
  const rows = () =>
    [...known.entries()].map(([, value]: readonly [string, Realtor]) => value).filter(({ tenantId }) => tenantId === location)
  await eventually('both are realtors', () => rows().length === 2)
  t.match((await run('list', '--location', location)).out, [
    /^location +user +name +role/,
    /user1 +Ana Smith +user +user1@example\.com +\+12025550107/,
    /user2 +Bea Jones/,
  ])

  t.match(await run('tenants', 'fields', 'nowhere'), { code: 1, out: [/E_OPTION_INVALID.*nowhere is no location/s] })
  t.strictSame((await run('tenants', 'fields', location)).out, [`Contacts of ${location} have no custom fields.`])
  const field = { id: 'field1', name: 'Your budget', fieldKey: 'contact.your_budget', dataType: 'TEXT', model: 'contact' }
  sandbox.put('customFields', location, field)
  sandbox.put('customFields', location, { ...field, id: 'field2', model: 'opportunity' })
  sandbox.addFault({ kind: 'odd', count: 10, on: 'reads' })
  t.match(await run('tenants', 'fields', location), {
    code: 1,
    out: [/E_GHL_UNREAD.*the custom fields of realtyLocation000001 could not be listed/s],
  })
  sandbox.clearFaults()
  t.match(await run('tenants', 'set', location, '--field', 'field1=age'), { code: 1, out: [/age must be one of job_title/] })
  const suggested = (await run('tenants', 'fields', location)).out
  t.match(suggested, [/^field +key/, /^field1 +contact\.your_budget +Your budget +TEXT +- +budget$/, /^Name one with/])
  t.equal(suggested.length, 3, 'fields of opportunities are told by no webhook')
  t.match(await run('tenants', 'set', location, '--field', 'field1=budget', '--field', 'field9=goal', '--max-per-24h', '2'), {
    code: 0,
    out: [/contacts: 2 in 24 h.*named fields: budget, goal$/],
  })
  await eventually('the fields are named', () => table.get(location)?.customFieldNames['field9'] === 'goal')
  t.match((await run('tenants', 'fields', location)).out, [/^field/, /^field1 .* budget +-$/, /^field9 is named goal/, /^Name one with/])

  t.match(await run('set', 'nowhere', 'user1'), { code: 1, out: [/E_OPTION_INVALID.*nowhere is no location/s] })
  t.match(await run('set', location, 'user1', '--capacity', '0'), { code: 1, out: [/--capacity 0 must be a whole number from 1 to 1000/] })
  t.strictSame(await run('set', location, 'user1', '--specialties', 'luxury_properties', '--capacity', '12'), {
    code: 0,
    out: ['Ana Smith: available, at most 12 leads, luxury_properties'],
  })
  t.match(await run('set', location, 'user9'), {
    code: 0,
    out: [/^user9: available, at most 20 leads, no specialty/, /has not told of a user user9 yet/],
  })
  const said = await kafka.table(realtorSettings)
  await eventually('both take leads', () => said.get(location)?.realtors.length === 2)
  t.match((await run('list', '--location', location)).out[1], /user1 .* available +0 of 12 +- +0\/0 +luxury_properties/)
  t.match(await run('set', location, 'user9', '--no-leads'), { code: 0, out: [/^user9: takes no leads/] })
  await eventually('one is taken out', () => said.get(location)?.realtors.length === 1)

  const later = new Date(Date.now() + 1_000).toISOString()
  await send(location, JSON.stringify({ type: 'UserDelete', locationId: location, id: 'user1', timestamp: later }))
  await eventually('one is deleted', () => rows().some(({ active }) => !active))
  const { out } = await run('list', '--location', location)
  t.equal(out.length, 2)
  t.match(out[1], /user2/)
  t.match(await run('list', '--location', 'elsewhere'), { code: 1, out: [/E_OPTION_INVALID.*elsewhere is no location/s] })
})
