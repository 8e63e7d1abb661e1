/**
 * Ends the task of a question that has ended otherwise: answered, overtaken or too late. It is read first, and one that a person
 * has completed or deleted is left alone. That it is about to be completed is committed before the call, so the call is made once:
 * after a crash or a lost answer the task is read again and not completed again.
 */
import type { GhlTask } from '../integrations/ghl/tasks.ts'
import { killSwitch } from '../pipelines/followup/gates/killSwitch.ts'
import { fenceFacts, lockLeads, lockRow, putOff, save, saveAndTell } from '../sinks/postgres/ledger.ts'
import { changed, followUpOf } from '../sinks/postgres/ledgerRow.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { taskToEnd, takeTasksToEnd } from '../sinks/postgres/tasksToEnd.ts'
import { inTransaction } from '../sinks/postgres/pool.ts'
import type { DeliveryContext } from './context.ts'
import { waitAfter, waitAfterSilence } from './settings.ts'

const BATCH = 48
const AT_ONCE = 8
/** What fails is tried again by a later sweep. */
const once = { tries: 1 }
/** The rule of a row whose task is being completed: the call may have been made. */
export const ENDING = 'task_ending'
/** The rule, with how often, of a row whose task certainly was not completed. Its `attempt` counts hand-overs only: an outage may take dozens. */
const NOT_ENDED = /^task_not_ended_(\d+)$/

/** Ends tasks whose turn it is. Returns how many rows were looked at. */
export async function endTasks(context: DeliveryContext): Promise<number> {
  const { pool, clock, settings } = context
  const at = clock.now()
  const rows = await takeTasksToEnd(pool, at, at + settings.lookUpEveryMs, BATCH)
  for (let i = 0; i < rows.length; i += AT_ONCE) await Promise.all(rows.slice(i, i + AT_ONCE).map((row) => endTask(context, row)))
  return rows.length
}

async function endTask(context: DeliveryContext, row: LedgerRow): Promise<void> {
  const { ghl, logger, pool, clock, settings } = context
  const listed = await ghl.tasks.list(row.tenantId, row.contactId, once)
  await context.onStep('task_read', row)
  if (!listed.ok) {
    if (listed.failure.code === 'contact_not_found') return close(context, row, 'Its contact is not there any more.')
    const at = clock.now()
    const endedAt = row.status === 'confirmed' ? row.expiresAt : row.updatedAt
    await putOff(pool, row, at + waitAfterSilence(at - endedAt, settings))
    logger.warn(
      { followupId: row.followupId, detail: listed.failure.detail },
      'the task of a question could not be read; tried again later',
    )
    return
  }
  const task = listed.value.items.find(({ taskId }) => taskId === row.messageId)
  const isEnding = row.ruleId === ENDING
  const done = doneAlready(task, isEnding)
  if (done !== undefined) return close(context, row, done)
  // Made before, by this worker or by one that is gone: whether it arrived is not known, and it is not made again.
  if (isEnding) return close(context, row, 'It is not known whether its task was completed; it is left as it is.')
  const marked = await mark(context, row)
  if (marked === undefined) return
  await context.onStep('task_marked', marked)
  const ended = await ghl.tasks.complete(row.tenantId, row.contactId, marked.messageId ?? '', true, once)
  await context.onStep('task_called', marked)
  if (ended.kind === 'accepted') return close(context, marked, 'Its task was completed in GoHighLevel.')
  if (ended.kind === 'refused') return close(context, marked, `Its task could not be completed in GoHighLevel: ${ended.detail}`)
  if (ended.kind === 'not_sent') await tryLater(context, marked, triesOf(row) + 1, ended.retryAfterMs)
}

function doneAlready(task: GhlTask | undefined, isEnding: boolean): string | undefined {
  if (task === undefined) return 'Its task is not there any more.'
  if (!task.completed) return undefined
  return isEnding ? 'Its task was completed in GoHighLevel.' : 'A person has completed its task in GoHighLevel.'
}

/** Commits that the call comes now. `undefined` when it must not come: switched off, or not this worker's any more. */
async function mark({ pool, clock, settings, onStep }: DeliveryContext, row: LedgerRow): Promise<LedgerRow | undefined> {
  return inTransaction(pool, async (client) => {
    const current = await lockRow(client, row.followupId)
    if (current?.sequence !== row.sequence || current.ruleId !== row.ruleId || !taskToEnd(current)) return undefined
    await lockLeads(client, [current])
    const at = clock.now()
    const facts = await fenceFacts(client, [current], at, settings.limits)
    const verdict = killSwitch({
      ...{ at, followUp: followUpOf(current), lead: facts.leads.get(current.leadId), tenant: facts.tenants.get(current.tenantId) },
      ...{ copyCompleteAt: undefined, allCompleteAt: undefined, addressLedgers: [] },
      ...{
        ownSends: [],
        locationSends: { count: 0, oldestAt: null },
        textsOfWeek: { sent: 0, optOuts: 0, failures: 0 },
        provider: 'unread',
        limits: settings.limits,
        assignee: undefined,
        isAssigning: false,
      },
    })
    if (verdict.verdict !== 'allow') {
      await save(client, [{ ...current, nextCheckAt: at + settings.longestWaitMs }])
      return undefined
    }
    const next = { ...current, ruleId: ENDING, nextCheckAt: at + settings.lookUpEveryMs }
    await save(client, [next])
    await onStep('task_commit', next)
    return next
  })
}

/** Writes and tells the end. A question that nobody cancelled has run out of time. */
async function close({ pool, clock, onChange }: DeliveryContext, row: LedgerRow, words: string): Promise<void> {
  const closed = await inTransaction(pool, async (client) => {
    const current = await lockRow(client, row.followupId)
    if (current?.sequence !== row.sequence || current.ruleId !== row.ruleId) return undefined
    await lockLeads(client, [current])
    const isOver = current.status === 'confirmed'
    const next = changed(current, {
      status: isOver ? 'expired' : current.status,
      ruleId: null,
      reason: `${isOver ? 'Its time is over.' : (current.reason ?? '')} ${words}`,
      nextCheckAt: null,
      at: clock.now(),
    })
    await saveAndTell(client, [next])
    return next
  })
  if (closed !== undefined) onChange(closed)
}

/** How often it was tried to end the task of this row, each time certainly in vain. */
function triesOf({ ruleId }: LedgerRow): number {
  return Number(NOT_ENDED.exec(ruleId ?? '')?.[1] ?? 0)
}

/** Certainly not completed: as if it had never been tried, but later, and not for ever. */
async function tryLater(context: DeliveryContext, row: LedgerRow, tries: number, retryAfterMs: number): Promise<void> {
  const { pool, clock, settings } = context
  if (tries >= settings.maxAttempts) return close(context, row, 'Its task could not be completed in GoHighLevel.')
  await inTransaction(pool, async (client) => {
    const current = await lockRow(client, row.followupId)
    if (current?.sequence !== row.sequence || current.ruleId !== ENDING) return
    const nextCheckAt = clock.now() + Math.max(retryAfterMs, waitAfter(tries, settings))
    await save(client, [{ ...current, ruleId: `task_not_ended_${tries}`, nextCheckAt }])
  })
}
