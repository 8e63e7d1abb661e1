import t from 'tap'
import type { Test } from 'tap'
import { next } from '../../../runtime/outcome.ts'
import type { RunningMember } from '../../../runtime/kafka/stageMember.ts'
import { from, stage } from '../../../runtime/stage.ts'
import type { AnyStage } from '../../../runtime/stage.ts'
import { topic } from '../../../runtime/topic.ts'
import { testStack } from '../../support/stack.ts'
import { adding } from './adding.ts'
import { caughtUp, Item, items, Sum, totals, world } from './fixtures.ts'

t.setTimeout(180_000)

const KEYS = 8
/** Tenant-keyed topics have one partition: the same stage name over one of them is another kind of key. */
const perTenant = topic({
  ...{ name: 'items-per-tenant', key: 'tenant', value: Item, retention: { days: 1 }, contract: 'internal', writtenBy: ['test'] },
  about: 'Numbers of a tenant.',
})

async function deployment(t: Test) {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'line', stages: [adding('old'), adding('new'), adding('more')] }])
  const members: RunningMember[] = []
  t.teardown(async () => {
    await Promise.all(members.map((member) => member.stop()))
    await kafka.close()
  })
  const producer = kafka.producer()
  let seq = 0
  const start = async (...stages: AnyStage[]) => {
    const member = await kafka.runStages({ group: 'line', stages, onFatal: (error) => t.fail(error.message) })
    members.push(member)
    return member
  }
  return {
    kafka,
    start,
    /** Runs these stages over one record more of each key; returns the sums each stage has said of the last ones. */
    async round(...stages: AnyStage[]): Promise<Record<string, number[]>> {
      const first = seq
      for (let key = 0; key < KEYS; key += 1) await producer.send(items, `lead:${key}`, { seq: seq++, amount: 10, wish: '' })
      const member = await start(...stages)
      await caughtUp(kafka, 'line', [items])
      t.equal(await member.stop(), true)
      const said: Record<string, number[]> = {}
      await kafka.tail(totals, { from: 'beginning', untilEnd: true }, ({ value }) => {
        const { by, sum, seq: of } = value as Sum
        if (of >= first) (said[by] ??= []).push(sum)
      })
      return said
    },
  }
}
const each = (sum: number) => Array.from({ length: KEYS }, () => sum)

t.test('a stage that is renamed is refused, keeps its sums when it says whose they are, and cannot go back unnoticed', async (t) => {
  const { kafka, round, start } = await deployment(t)
  t.strictSame(await round(adding('old')), { old: each(10) })
  await t.rejects(start(adding('new')), { code: 'E_STAGE_CHANGED', message: /Stage new is new and old is gone with state/ })
  t.strictSame(
    (await kafka.lag('line', [items])).map(({ lag }) => lag),
    [0n, 0n, 0n, 0n],
    'nothing was moved',
  )
  const renamed = adding('new', { migrates: { from: 'old' } })
  t.strictSame(await round(renamed), { new: each(20) })
  t.strictSame(await round(renamed), { new: each(30) }, 'it is not copied a second time')
  t.strictSame(await round(adding('new')), { new: each(40) }, 'the word may go when it is done')
  await t.rejects(start(adding('old')), { code: 'E_STAGE_CHANGED', message: /Stage old is new and new is gone with state/ })
  t.strictSame(await round(adding('old', { migrates: { from: 'new' } })), { old: each(50) }, 'what the old name had is replaced')
})

t.test('a stage that starts empty starts at nothing, whatever its name has left behind', async (t) => {
  const { round } = await deployment(t)
  t.strictSame(await round(adding('old')), { old: each(10) })
  t.strictSame(await round(adding('new', { startsEmpty: true })), { new: each(10) })
  t.strictSame(await round(adding('new', { startsEmpty: true })), { new: each(20) }, 'once')
  t.strictSame(await round(adding('old', { startsEmpty: true })), { old: each(10) })
})

t.test('a stage more, and a stage less, are not refused; the record outlives a move of the offsets', async (t) => {
  const { kafka, round, start } = await deployment(t)
  await round(adding('old'))
  t.strictSame(await round(adding('old'), adding('more')), { old: each(20), more: each(10) })
  t.strictSame(await round(adding('more')), { more: each(20) })
  await kafka.groupOffsets().reset('line', [items], 'latest')
  await t.rejects(start(adding('new')), { code: 'E_STAGE_CHANGED' })
})

t.test('a stage whose keys are of another kind is refused, though it reads another topic', async (t) => {
  const stack = await testStack(t)
  const kafka = await world(stack, [{ group: 'line', stages: [adding('old')] }])
  t.teardown(() => kafka.close())
  await kafka.applyTopics([perTenant], { partitions: 1, replicationFactor: 1, members: [{ group: 'line', inputs: [perTenant] }] })
  const other = stage({ name: 'old', on: [from(perTenant, (state: Sum | undefined) => next(state))], state: Sum, outputs: [] })
  const run = (...stages: AnyStage[]) => kafka.runStages({ group: 'line', stages, onFatal: (error) => t.fail(error.message) })
  await kafka.producer().send(items, 'lead:1', { seq: 0, amount: 1, wish: '' })
  const member = await run(adding('old'))
  await caughtUp(kafka, 'line', [items])
  t.equal(await member.stop(), true)
  await t.rejects(run(other), { code: 'E_STAGE_CHANGED', message: /Stage old was keyed by lead and is keyed by tenant/ })
})
