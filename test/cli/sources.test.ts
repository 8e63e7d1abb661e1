/** `rekindle sources` on a real database. */
import { Command } from 'commander'
import t from 'tap'
import { runProgram } from '../../cli/program.ts'
import type { Surroundings } from '../../cli/surroundings.ts'
import { addGates } from '../../cli/verbs/gates.ts'
import { addLookUps } from '../../cli/verbs/lookUps.ts'
import { addOwed } from '../../cli/verbs/owed.ts'
import { addSources } from '../../cli/verbs/sources.ts'
import { loadConfig } from '../../config/config.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { postgresSink } from '../../sinks/postgres/sink.ts'
import { profiles, tenants } from '../../topics/index.ts'
import { DAY, profileRecord, tenantId, tenantRecord } from '../support/leadRecords.ts'
import { batch } from '../support/sinkBatch.ts'
import { testStack } from '../support/stack.ts'

t.test('a database that was not prepared, and one that is not there, are told with what to do', async (t) => {
  const { databaseUrl } = await testStack(t)
  const elsewhere = new URL(databaseUrl)
  elsewhere.pathname = '/no_such_database'
  for (const [url, told] of [
    [databaseUrl, /^E_DATABASE_UNPREPARED: Postgres: relation "leads" does not exist\.\nWhat to do: Run `rekindle prepare`/],
    [elsewhere.href, /^E_DATABASE_REFUSED: Postgres: database "no_such_database" does not exist\.\nWhat to do: Correct DATABASE_URL/],
  ] as const) {
    const err: string[] = []
    const terminal = { out: () => t.fail('nothing was read'), err: (line: string) => err.push(line), live: () => undefined }
    const surroundings = { terminal, config: () => loadConfig({ DATABASE_URL: url }), now: Date.now }
    const program = new Command('rekindle').exitOverride()
    addSources(program, surroundings)
    t.equal(await runProgram(program, ['sources'], surroundings), 1)
    t.match(err.join('\n'), told)
  }
})

t.test('leads are counted by the name of their source, young and deleted ones left out', async (t) => {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 2 })
  t.teardown(() => pool.end())
  const at = Date.now()
  const counters = profileRecord().counters
  const lead = (contactId: string, source: string | null, inbound: number, appointments: number, over: object = {}) =>
    [
      `${tenantId}:${contactId}`,
      profileRecord({
        contactId,
        source,
        createdAt: at - 30 * DAY,
        firstSeenAt: at - 30 * DAY,
        deletedAt: null,
        counters: { ...counters, inbound, appointments },
        ...over,
      }),
    ] as [string, ReturnType<typeof profileRecord>]
  await postgresSink(pool).write([
    batch(profiles, 0, [
      lead('one', 'Zillow', 2, 1),
      lead('two', 'utm_source=zillow&utm_medium=cpc', 1, 0),
      lead('three', null, 0, 0),
      lead('young', 'Zillow', 5, 5, { createdAt: at - DAY, firstSeenAt: at - DAY }),
      lead('gone', 'Zillow', 5, 5, { deletedAt: at }),
    ]),
  ])
  const run = async (...argv: string[]) => {
    const [out, err]: string[][] = [[], []]
    const terminal = { out: (line: string) => out?.push(line), err: (line: string) => err?.push(line), live: () => undefined }
    const surroundings = { terminal, config: () => loadConfig({ DATABASE_URL: databaseUrl }), now: () => at } as unknown as Surroundings
    const program = new Command('rekindle').exitOverride()
    addSources(program, surroundings)
    return { code: await runProgram(program, argv, surroundings), out: out ?? [], err: (err ?? []).join('\n') }
  }
  const json = async (...flags: string[]) => (await run('sources', '--json', ...flags)).out.map((line) => JSON.parse(line) as object)
  t.match(await json(), [
    { tenantId, source: 'zillow', leads: 2, replied: 2, booked: 1 },
    { tenantId, source: 'unknown', leads: 1, replied: 0, booked: 0 },
  ])
  t.match(await json('--older-than', '1h'), [{ source: 'zillow', leads: 3 }, { source: 'unknown' }])
  const nowhere = await run('sources', '--json', '--location', 'another')
  t.match([nowhere.code, nowhere.out, nowhere.err], [1, [], /E_OPTION_INVALID: another is no location that is known/])
  await postgresSink(pool).write([batch(tenants, 0, [['another', tenantRecord({ tenantId: 'another' })]])])
  t.strictSame(await json('--location', 'another'), [])
  t.match((await run('sources', '--location', 'another')).out, ['No lead of another is known for longer than 7d.'])
  t.match(
    (await run('sources', '--older-than', '9'.repeat(400) + 'd')).err,
    /E_OPTION_INVALID: --older-than 9+d: is longer than a hundred years/,
  )
  t.match((await run('sources')).out[1], /zillow +2 +2 /)
  t.match((await run('sources', '--older-than', '90d')).out, ['No lead is known for longer than 90d.'])
  const wrong = await run('sources', '--older-than', 'soon')
  t.equal(wrong.code, 1)
  t.match(wrong.err, /E_OPTION_INVALID.*--older-than soon/s)
})

t.test('gates, look-ups and leads that wait of a mistyped location are refused; of one without data they say so', async (t) => {
  const { databaseUrl } = await testStack(t)
  await migrate({ url: databaseUrl })
  const pool = createPool({ url: databaseUrl, max: 1 })
  t.teardown(() => pool.end())
  await postgresSink(pool).write([batch(tenants, 0, [[tenantId, tenantRecord()]])])
  for (const [verb, add, nothing] of [
    ['gates', addGates, /^Nothing was decided since /],
    ['look-ups', addLookUps, /^No lead was looked up\.$/],
    ['owed', addOwed, /^No lead (is known to wait|waits) for an answer/],
  ] as const) {
    const lines: string[] = []
    const terminal = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line), live: () => undefined }
    const surroundings = { terminal, config: () => loadConfig({ DATABASE_URL: databaseUrl }), now: Date.now }
    const program = new Command('rekindle').exitOverride()
    add(program, surroundings)
    t.equal(await runProgram(program, [verb, '--location', 'mistyped'], surroundings), 1)
    t.match(lines.splice(0).join('\n'), /E_OPTION_INVALID: mistyped is no location that is known/, verb)
    t.equal(await runProgram(program, [verb, '--location', tenantId], surroundings), 0)
    t.match(lines.join('\n'), nothing)
  }
})
