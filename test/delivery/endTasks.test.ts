/** The task of a question that has ended, on a real ledger and the sandbox: completed once, and never one that a person has completed. */
import t from 'tap'
import type { Test } from 'tap'
import type { Step } from '../../delivery/context.ts'
import type { GhlClient } from '../../integrations/ghl/client.ts'
import type { FaultKind } from '../../integrations/ghl/sandbox/faults.ts'
import { HOUR, MINUTE, tenantId } from '../support/leadRecords.ts'
import { ledgerBench } from './ledgerBench.ts'
import type { LedgerBench } from './ledgerBench.ts'

t.setTimeout(300_000)
class Crash extends Error {
  override readonly name = 'Crash'
}
const question = { action: 'ask', channel: 'none', templateId: null, text: 'Decide about Maria', body: 'Either\nor' } as const

/** A ledger with a question that was put; `completions` counts the calls that complete a task. */
async function put(t: Test): Promise<{ b: LedgerBench; ghl: GhlClient; completions: () => number; end: () => Promise<void> }> {
  const b = await ledgerBench(t)
  await b.lead({ ownerId: 'realtor1' })
  const asked = { ...question, expiresAt: b.clock.now() + 4 * HOUR }
  await b.plan(asked)
  await b.worker().cycle()
  let calls = 0
  const complete: GhlClient['tasks']['complete'] = (...call) => {
    calls += 1
    return b.ghl.tasks.complete(...call)
  }
  const ghl = Object.create(b.ghl, { tasks: { value: { ...b.ghl.tasks, complete } } }) as GhlClient
  const end = () => b.plan({ ...asked, change: 'cancelled', reason: 'anna was asked and chose to wait.' })
  return { b, ghl, completions: () => calls, end }
}
const task = (b: LedgerBench) => b.sandbox.tasks().map(({ completed }) => completed)

t.test('the task of a question that has ended is completed, once, and that is told', async (t) => {
  const { b, ghl, completions, end } = await put(t)
  const worker = b.worker({ ghl })
  await worker.sweep()
  t.strictSame(task(b), [false], 'while the question is open it stays')
  await end()
  await worker.sweep()
  t.strictSame(task(b), [true])
  t.match(await b.row(), { status: 'cancelled', nextCheckAt: null, ruleId: null })
  t.match((await b.told()).at(-1), {
    status: 'cancelled',
    reason: 'anna was asked and chose to wait. Its task was completed in GoHighLevel.',
  })
  b.clock.advance(HOUR)
  await worker.sweep()
  t.equal(completions(), 1)
})

t.test('a question whose time is over without a word ends with its task', async (t) => {
  const { b, ghl } = await put(t)
  b.clock.advance(4 * HOUR - 1)
  await b.worker({ ghl }).sweep()
  t.strictSame(task(b), [false])
  b.clock.advance(1)
  await b.worker({ ghl }).sweep()
  t.strictSame(task(b), [true])
  t.match(await b.row(), { status: 'expired', reason: 'Its time is over. Its task was completed in GoHighLevel.' })
})

t.test('a task that a person has completed or deleted is left alone', async (t) => {
  const { b, ghl, completions, end } = await put(t)
  const taskId = (await b.row()).messageId ?? ''
  await b.ghl.tasks.complete(tenantId, 'maria', taskId, true)
  await end()
  await b.worker({ ghl }).sweep()
  t.match(await b.row(), { status: 'cancelled', reason: /A person has completed its task in GoHighLevel\.$/ })
  t.equal(completions(), 0)

  await b.plan({ ...question, decisionId: 'd2', expiresAt: b.clock.now() + HOUR })
  await b.worker().cycle()
  await b.ghl.tasks.delete(tenantId, 'maria', (await b.row('maria', 'd2')).messageId ?? '')
  await b.plan({ ...question, decisionId: 'd2', expiresAt: b.clock.now() + HOUR, change: 'cancelled', reason: 'Superseded.' })
  await b.worker({ ghl }).sweep()
  t.match(await b.row('maria', 'd2'), { status: 'cancelled', reason: 'Superseded. Its task is not there any more.' })
  t.equal(completions(), 0)
})

t.test('a task that cannot be read is asked for less and less often, and closed when its contact is gone', async (t) => {
  const { b, ghl, end } = await put(t)
  await end()
  let asked = 0
  let code: 'forbidden' | 'contact_not_found' = 'forbidden'
  const list: GhlClient['tasks']['list'] = async () => {
    asked += 1
    const said = { code, detail: '403: no' } as const
    const failure =
      said.code === 'forbidden' ? { ...said, kind: 'not_sent' as const, retryAfterMs: 0 } : { ...said, kind: 'refused' as const }
    return { ok: false, detail: failure.detail, failure } as Awaited<ReturnType<GhlClient['tasks']['list']>>
  }
  const refusing = Object.create(ghl, { tasks: { value: { ...ghl.tasks, list } } }) as GhlClient
  for (let i = 0; i < 240; i++) {
    await b.worker({ ghl: refusing }).sweep()
    b.clock.advance(15_000)
  }
  // Every 15 s for two minutes, then each wait is an eighth of the time: ln(30) / ln(9/8) = 29 more in an hour.
  t.ok(asked > 8 && asked < 45, `${asked} in an hour`)
  code = 'contact_not_found'
  b.clock.advance(15 * MINUTE)
  await b.worker({ ghl: refusing }).sweep()
  t.match(await b.row(), { status: 'cancelled', nextCheckAt: null, reason: /Its contact is not there any more\.$/ })
})

t.test('a question that is cancelled while its task is completed for its time is not completed twice', async (t) => {
  const { b, ghl, completions, end } = await put(t)
  b.clock.advance(4 * HOUR)
  // The call is made and its answer is lost with the worker; before anybody looks, the cancellation is stored.
  const killed = b.worker({
    ghl,
    onStep: async (at) => {
      if (at === 'task_called') throw new Crash()
    },
  })
  await t.rejects(killed.sweep(), Crash)
  t.equal(completions(), 1)
  await end()
  t.match(await b.row(), { status: 'cancelled', ruleId: 'task_ending' }, 'that the call may have been made is still known')
  const unfinished: GhlClient['tasks']['list'] = async (...call) => {
    const read = await ghl.tasks.list(...call)
    return read.ok ? { ...read, value: { ...read.value, items: read.value.items.map((one) => ({ ...one, completed: false })) } } : read
  }
  const slow = Object.create(ghl, { tasks: { value: { ...ghl.tasks, list: unfinished } } }) as GhlClient
  for (let i = 0; i < 4; i++) {
    b.clock.advance(MINUTE)
    await b.worker({ ghl: slow }).sweep()
  }
  t.equal(completions(), 1)
  t.match(await b.row(), { status: 'cancelled', ruleId: null, nextCheckAt: null, reason: /It is not known whether its task was completed/ })
})

t.test('what was never put has no task to end', async (t) => {
  const { b, ghl, completions } = await put(t)
  await b.plan({ ...question, decisionId: 'd3', change: 'cancelled', reason: 'Superseded.' })
  await b.worker({ ghl }).sweep()
  t.match(await b.row('maria', 'd3'), { status: 'cancelled', nextCheckAt: null })
  t.equal(completions(), 0)
})

t.test('a crash anywhere completes the task at most once, and the next sweeps bring it to its end', async (t) => {
  for (const step of ['task_read', 'task_commit', 'task_marked', 'task_called'] satisfies Step[]) {
    const { b, ghl, completions, end } = await put(t)
    await end()
    let alive = false
    const onStep = (at: Step) => {
      if (!alive && at === step) throw new Crash()
    }
    await t.rejects(b.worker({ ghl, onStep }).sweep(), { name: 'Crash' }, step)
    alive = true
    for (let i = 0; i < 3; i++) {
      b.clock.advance(MINUTE)
      await b.worker({ ghl }).sweep()
    }
    t.ok(completions() <= 1, `${step}: ${completions()} calls`)
    const known = { task_read: true, task_commit: true, task_marked: false, task_called: true }[step]
    t.strictSame(task(b), [known], step)
    t.match(await b.row(), { status: 'cancelled', nextCheckAt: null, ruleId: null }, step)
    if (!known) t.match(await b.row(), { reason: /It is not known whether its task was completed; it is left as it is\.$/ })
  }
})

t.test('a call that certainly did nothing is made again, one that may have done something is not', async (t) => {
  for (const [kind, calls, isDone] of [
    ['429', 2, true],
    ['timeout_after_accept', 1, true],
    ['timeout', 1, false],
  ] as const satisfies readonly (readonly [FaultKind, number, boolean])[]) {
    const { b, ghl, completions, end } = await put(t)
    await end()
    b.sandbox.addFault({ kind, count: 1 })
    for (let i = 0; i < 4; i++) {
      await b.clock.run(b.worker({ ghl }).sweep())
      b.clock.advance(MINUTE)
    }
    t.strictSame([completions(), task(b)], [calls, [isDone]], kind)
    t.match(await b.row(), { status: 'cancelled', nextCheckAt: null }, kind)
  }
})

t.test('nothing is completed while a location is switched off; afterwards it is', async (t) => {
  const { b, ghl, completions, end } = await put(t)
  await end()
  await b.tenant({ automation: false })
  await b.worker({ ghl }).sweep()
  t.equal(completions(), 0)
  await b.tenant()
  b.clock.advance(HOUR)
  await b.worker({ ghl }).sweep()
  t.strictSame([completions(), task(b)], [1, [true]])
})

t.test('how often its question was tried to be put does not count against the tries to end its task', async (t) => {
  const { b, ghl, completions, end } = await put(t)
  // Put at the twelfth attempt, after an outage of hours.
  await b.pool.query('UPDATE followup_actions SET attempt = 12')
  await end()
  const busy: GhlClient['tasks']['complete'] = async (...call) => {
    await ghl.tasks.complete(...call).catch(() => undefined)
    return { kind: 'not_sent', code: 'rate_limited', detail: '429: too many', retryAfterMs: 0 }
  }
  const list: GhlClient['tasks']['list'] = async (...call) => {
    const read = await ghl.tasks.list(...call)
    return read.ok ? { ...read, value: { ...read.value, items: read.value.items.map((one) => ({ ...one, completed: false })) } } : read
  }
  const refusing = Object.create(ghl, { tasks: { value: { ...ghl.tasks, list, complete: busy } } }) as GhlClient
  for (let i = 0; i < 7; i++) {
    await b.worker({ ghl: refusing }).sweep()
    t.type((await b.row()).nextCheckAt, 'number', `after try ${i + 1}`)
    b.clock.advance(15 * MINUTE)
  }
  for (let i = 0; i < 3; i++) {
    await b.worker({ ghl: refusing }).sweep()
    b.clock.advance(15 * MINUTE)
  }
  t.equal(completions(), 8, 'maxAttempts of them')
  t.match(await b.row(), {
    status: 'cancelled',
    attempt: 12,
    ruleId: null,
    nextCheckAt: null,
    reason: /Its task could not be completed in GoHighLevel\.$/,
  })
})
