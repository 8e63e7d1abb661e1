/** An erasure of which every part is killed with -9 between its steps, one after the other: run again, nothing is left anywhere. */
import '../support/uncountedChildren.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { heldOnLead } from '../../cli/heldOnLead.ts'
import { pipelineGroup } from '../../cli/roles/groups.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import type { Erasure, LeadProfile } from '../../schemas/generated/records.ts'
import { erasures, profiles } from '../../topics/index.ts'
import { counted, line, maria, mario, said, signUp } from './leadLine.ts'
import { operatorRun } from './operatorRun.ts'
import { stackEnv } from '../support/stackEnv.ts'

t.setTimeout(480_000)

/** Each part with its steps; that of ClickHouse is killed after so many tables. */
const kills = [
  ['verb', 'before the order'],
  ['verb', 'after the order'],
  ['stages', 'enrich'],
  ['stages', 'journeys'],
  ['postgres', 'the moment is noted'],
  ['postgres', 'the ledger is stripped'],
  ['postgres', 'one table is emptied'],
  ['postgres', 'it is committed'],
  ['clickhouse', '1'],
  ['clickhouse', '2'],
] as const

t.test('killed with -9 between any two steps and run again: the lead is gone everywhere, and the proof says so', async (t) => {
  const { config, stack, kafka, pool, send, members, runPostgres, runClickhouse } = await line(t)
  await send(mario, signUp('contactMario', 'Mario'))
  await send(maria, signUp('contactMaria', 'Maria'))
  await send(maria, said('contactMaria', 'Can we see the house on Elm Street?'))
  await send(maria, said('contactMaria', 'STOP'))
  const held = await heldOnLead(config, maria)
  t.teardown(() => held.close())
  await counted(held, stack.prefix, (all) => all['postgres communications'] === 2 && all['clickhouse lead_events'] === 3)
  await Promise.all(Object.values(members).map((member) => member.stop()))
  const before = await counted(held, stack.prefix, () => true)

  const env = { ...process.env, ...stackEnv(stack) }
  for (const [part, step] of kills) {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'eraseProcess.ts'), part, step, maria], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    t.equal(signal, 'SIGKILL', `${part}: ${step}`)
    if (step === 'before the order') t.strictSame(await counted(held, stack.prefix, () => true), before, 'nothing was begun')
  }

  members.stages = await kafka.runStages({
    group: pipelineGroup,
    stages: pipeline,
    onFatal: (error) => {
      throw error
    },
  })
  members.postgres = await runPostgres()
  members.clickhouse = await runClickhouse()
  const done = await operatorRun(
    ['leads', 'erase', maria, '--yes', '--by', 'office', '--wait', '180'],
    {},
    { config: () => config, held: heldOnLead, now: Date.now, newId: () => 'order-again' },
  )
  t.equal(done.code, 0, done.err.join('\n'))
  t.notMatch(done.out.join('\n'), /LEFT/)
  t.match(done.out.join('\n'), /topics +\S+leads\.profiles\.v1 +\d+ +\d+ +a tombstone is the last/)

  const after = await counted(held, stack.prefix, () => true)
  t.strictSame(Object.fromEntries(Object.entries(after).filter(([place, count]) => !place.startsWith('topics') && count > 0)), {
    'states enrich': 1,
    'states journeys': 1,
    'postgres lead_erasures': 1,
  })
  const orders: Erasure[] = []
  await kafka.tail(erasures, { from: 'beginning', untilEnd: true }, ({ value }) => value && orders.push(value))
  t.equal(orders[0]?.requestId, 'order-killed', 'the order of the run that was killed was carried out')
  const last: (LeadProfile | null)[] = []
  await kafka.tail(profiles, { from: 'beginning', untilEnd: true }, ({ key, value }) => {
    if (key === maria && value !== undefined) last.push(value)
  })
  t.equal(last.at(-1), null)

  // A webhook of before that is delivered once more, and then the person comes back.
  await send(maria, said('contactMaria', 'Can we see the house on Elm Street?', '2026-01-01T00:00:00.000Z'))
  await send(maria, signUp('contactMaria', 'Maria'))
  const back = await counted(held, stack.prefix, (all) => all['postgres leads'] === 1 && all['clickhouse lead_events'] === 1)
  t.equal(back['postgres communications'], 0, 'what was said before the erasure is not stored again')
  const [row] = (await pool.query<{ profile: LeadProfile }>('SELECT profile FROM leads WHERE id = $1', [maria])).rows
  t.match(row?.profile, { firstName: 'Maria', recentMessages: [], consents: { sms: { status: 'revoked', words: null } } })

  const other = await heldOnLead(config, mario)
  t.teardown(() => other.close())
  t.equal((await counted(other, stack.prefix, () => true))['postgres leads'], 1, 'nobody else is touched')
})
