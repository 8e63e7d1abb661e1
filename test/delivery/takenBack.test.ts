/** A follow-up that is taken back while a worker has it in hand: what has not left does not leave, and a question that was put meanwhile is ended. */
import t from 'tap'
import type { Step } from '../../delivery/context.ts'
import { MINUTE } from '../support/leadRecords.ts'
import { ledgerBench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

t.setTimeout(300_000)

/** Takes the follow-up back at a step of the worker, once. */
function takenBackAt(b: LedgerBench, step: Step, given: Parameters<LedgerBench['plan']>[0]): (at: Step) => Promise<void> {
  let isDone = false
  return async (at) => {
    if (at !== step || isDone) return
    isDone = true
    await b.plan({ ...given, change: 'cancelled', reason: 'A person takes over.' })
  }
}

t.test('what is taken back while it waits for room at the provider does not leave', async (t) => {
  for (const step of ['reserved', 'admitted', 'contact_read'] satisfies Step[]) {
    const b = await ledgerBench(t)
    await b.lead()
    await b.plan({})
    await b.worker({ onStep: takenBackAt(b, step, {}) }).cycle()
    b.clock.advance(MINUTE)
    await b.fresh()
    await b.worker().cycle()
    t.strictSame(b.sandbox.messages(), [], step)
    t.match(await b.row(), { status: 'cancelled', reason: 'A person takes over.', nextCheckAt: null }, step)
    t.match(
      (await b.told()).map(({ status, sequence }) => [status, sequence]),
      [
        ['reserved', 1],
        ['cancelled', 2],
      ],
      step,
    )
  }
})

t.test('what is taken back while it is handed over is not tried again', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  await b.plan({})
  b.sandbox.addFault({ kind: '429', count: 1 })
  await b.worker({ onStep: takenBackAt(b, 'handed_over', {}) }).cycle()
  for (let i = 0; i < 3; i++) {
    b.clock.advance(MINUTE)
    await b.fresh()
    await b.worker().cycle()
    await b.worker().sweep()
  }
  t.strictSame(b.sandbox.messages(), [])
  t.match(await b.row(), { status: 'cancelled' })
})

t.test('the task of a question that is taken back while it is put is ended', async (t) => {
  const b = await ledgerBench(t)
  await b.lead({ ownerId: 'realtor1' })
  const question = { action: 'ask', channel: 'none', templateId: null, text: 'Decide about Maria', body: 'Either\nor' } as const
  const asked = { ...question, expiresAt: b.clock.now() + 60 * MINUTE }
  await b.plan(asked)
  await b.worker({ onStep: takenBackAt(b, 'handed_over', asked) }).cycle()
  b.clock.advance(MINUTE)
  await b.fresh()
  await b.worker().sweep()
  t.strictSame(
    b.sandbox.tasks().map(({ completed }) => completed),
    [true],
  )
  t.match(await b.row(), { status: 'cancelled', nextCheckAt: null, ruleId: null })
  t.strictSame(
    (await b.told()).map(({ status, messageId }) => [status, messageId !== null]),
    [
      ['reserved', false],
      ['handed_over', false],
      ['confirmed', true],
      ['cancelled', true],
      ['cancelled', true],
    ],
    'that the task is ours is told before it ends',
  )
})

t.test('so is the task of one whose answer was lost, once it is found', async (t) => {
  const b = await ledgerBench(t)
  await b.lead({ ownerId: 'realtor1' })
  const question = { action: 'ask', channel: 'none', templateId: null, text: 'Decide about Maria', body: 'Either\nor' } as const
  const asked = { ...question, expiresAt: b.clock.now() + 60 * MINUTE }
  await b.plan(asked)
  b.sandbox.addFault({ kind: 'drop_after_accept', count: 1 })
  await b.worker({ onStep: takenBackAt(b, 'handed_over', asked) }).cycle()
  t.match(await b.row(), { status: 'unknown', ruleId: 'taken_back' })
  for (let i = 0; i < 3; i++) {
    b.clock.advance(MINUTE)
    await b.worker().sweep()
  }
  t.strictSame(
    b.sandbox.tasks().map(({ completed }) => completed),
    [true],
  )
  t.match(await b.row(), { status: 'cancelled', nextCheckAt: null, ruleId: null })
})

t.test('a message that had left is confirmed all the same', async (t) => {
  const b = await ledgerBench(t)
  await b.lead()
  await b.plan({})
  await b.worker({ onStep: takenBackAt(b, 'handed_over', {}) }).cycle()
  t.equal(b.sandbox.messages().length, 1)
  t.match(await b.row(), { status: 'confirmed', ruleId: null, nextCheckAt: null })
})
