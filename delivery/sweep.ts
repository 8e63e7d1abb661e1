/**
 * Looks after what a crash or a lost answer left behind. A reserved follow-up without a worker has certainly not left and
 * is judged anew; a handed-over one is unknown; an unknown one is looked up at the provider and ends as confirmed or, once
 * the provider's search must have it, as not sent. It is never sent again.
 */
import { wordsOf } from '../integrations/ghl/emailHtml.ts'
import { claimedMessageIds, lockLeads, lockLeftInHand, lockRow, putOff, saveAndTell, takeUnknown } from '../sinks/postgres/ledger.ts'
import { TAKEN_BACK, arrived, changed } from '../sinks/postgres/ledgerRow.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { inTransaction } from '../sinks/postgres/pool.ts'
import type { DeliveryContext } from './context.ts'
import { waitAfterSilence } from './settings.ts'
import { rowTrace } from './deliverySpan.ts'

const BATCH = 48
/** Look-ups at once: each takes a call or two of the location's room. */
const AT_ONCE = 8
/** A look-up that fails is made again by the next sweep. */
const once = { tries: 1 }

/** Follow-ups whose worker is gone. `inHand` are those of this worker, which lives. */
export async function recoverLeft(context: DeliveryContext, inHand: readonly string[]): Promise<number> {
  const { pool, clock, settings } = context
  const at = clock.now()
  const recovered = await inTransaction(pool, async (client) => {
    const rows = await lockLeftInHand(client, at - settings.leftAfterMs, BATCH, inHand)
    if (rows.length === 0) return []
    await lockLeads(client, rows)
    const next = rows.map((row) =>
      row.status === 'reserved'
        ? // The commit of `handed_over` comes before the first byte, and it checks the sequence: the lost worker cannot send it any more.
          changed(row, {
            status: 'deferred',
            ruleId: 'worker_lost',
            reason: 'Its worker was lost before it was handed over.',
            scheduledAt: at,
            reservedBy: null,
            reservedAt: null,
            at,
          })
        : changed(row, {
            status: 'unknown',
            ruleId: row.ruleId === TAKEN_BACK ? TAKEN_BACK : 'worker_lost',
            reason: 'Its worker was lost after it was handed over; it is looked up and not sent again.',
            nextCheckAt: at,
            at,
          }),
    )
    await saveAndTell(client, next)
    await context.onStep('recover_commit', undefined)
    return next
  })
  recovered.forEach(context.onChange)
  return recovered.length
}

/** Looks up follow-ups of unknown outcome whose turn it is. */
export async function reconcileUnknown(context: DeliveryContext): Promise<number> {
  const { pool, clock, settings } = context
  const at = clock.now()
  const rows = await takeUnknown(pool, at, at + settings.lookUpEveryMs, BATCH)
  for (let i = 0; i < rows.length; i += AT_ONCE) await Promise.all(rows.slice(i, i + AT_ONCE).map((row) => reconcile(context, row)))
  return rows.length
}

async function reconcile(context: DeliveryContext, row: LedgerRow): Promise<void> {
  const { pool, clock, settings, logger, tracer } = context
  const askedAt = clock.now()
  const found = row.action === 'assign' ? await lookUpAssignment(context, row) : await lookUp(context, row)
  await context.onStep('looked_up', row)
  if (!found.ok) {
    logger.warn(
      { followupId: row.followupId, ...rowTrace(tracer, row), detail: found.detail },
      'the provider could not be asked about a follow-up of unknown outcome',
    )
    const at = clock.now()
    await putOff(pool, row, at + waitAfterSilence(at - (row.handedOverAt ?? row.updatedAt), settings))
    return
  }
  const handedOverAt = row.handedOverAt ?? row.updatedAt
  const settled = await inTransaction(pool, async (client) => {
    const current = await lockRow(client, row.followupId)
    if (current === undefined || current.status !== 'unknown' || current.attempt !== row.attempt) return undefined
    await lockLeads(client, [current])
    const at = clock.now()
    // Asked with the lead held, so that two follow-ups never take the same message for theirs.
    const claimed = await claimedMessageIds(client, row.tenantId, found.ids)
    const messageId = found.ids.find((id) => !claimed.has(id)) ?? null
    let changes: LedgerRow[]
    if (messageId !== null || found.isDone) changes = arrived(current, { reason: 'Found at the provider.', messageId, at })
    else if (askedAt - handedOverAt >= settings.graceMs) {
      const next = changed(current, {
        status: 'failed',
        ruleId: 'not_sent',
        reason: notThere(row),
        settledAt: at,
        nextCheckAt: null,
        at,
      })
      changes = [next]
    } else return undefined
    for (const next of changes) await saveAndTell(client, [next])
    await context.onStep('reconcile_commit', row)
    return changes
  })
  settled?.forEach(context.onChange)
}

/** What the provider does not show of a follow-up, and so is not done. */
function notThere({ action }: LedgerRow): string {
  switch (action) {
    case 'send_message':
      return 'The provider has no such message: it was not sent, and will not be.'
    case 'assign':
      return 'The provider has the lead assigned to somebody else or nobody: it was not done, and will not be.'
    case 'hand_over':
      return 'The provider has no such task: it was not made, and will not be. The tag of the hand-over may be set.'
    default:
      return 'The provider has no such task: it was not made, and will not be.'
  }
}

/** Ids at the provider that may be the follow-up, oldest first; `isDone` where what it asks for has no id and is so. */
type Found =
  { readonly ok: true; readonly ids: readonly string[]; readonly isDone: boolean } | { readonly ok: false; readonly detail: string }

/** Whether the lead is assigned as it was to be. A bare 404 does not say that it is assigned to nobody. */
async function lookUpAssignment({ ghl }: DeliveryContext, row: LedgerRow): Promise<Found> {
  const read = await ghl.contacts.getSurely(row.tenantId, row.contactId, once)
  if (!read.ok) return { ok: false, detail: read.failure.detail }
  return { ok: true, ids: [], isDone: row.assigneeId !== null && read.value?.assignedTo === row.assigneeId }
}

/** Ids at the provider that may be this follow-up, oldest first. */
async function lookUp({ ghl, settings }: DeliveryContext, row: LedgerRow): Promise<Found> {
  if (row.action !== 'send_message') {
    const tasks = await ghl.tasks.list(row.tenantId, row.contactId, once)
    if (!tasks.ok) return tasks
    if (tasks.value.unreadable > 0) return { ok: false, detail: 'a task without an id' }
    return {
      ok: true,
      isDone: false,
      ids: tasks.value.items.filter(({ body }) => body.includes(row.followupId)).map(({ taskId }) => taskId),
    }
  }
  const from = (row.handedOverAt ?? row.updatedAt) - settings.skewMs
  const channel = row.channel === 'email' ? 'email' : 'sms'
  const messages = await ghl.conversations.messagesTo(row.tenantId, row.contactId, { since: from, channel }, once)
  if (!messages.ok) return messages
  const words = wordsOf(row.text ?? '')
  // The platform may add who writes and how to stop. And a message that it tells no time of is no proof that ours was not sent.
  const same = messages.value.filter(({ at, body }) => words !== '' && (at ?? from) >= from && wordsOf(body).includes(words))
  // An e-mail is known by the id that its webhook names, as one whose answer came is.
  const ids = same.sort((a, b) => (a.at ?? from) - (b.at ?? from)).map(({ messageId, emailMessageId }) => emailMessageId ?? messageId)
  return { ok: true, isDone: false, ids }
}
