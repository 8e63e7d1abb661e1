/**
 * One reserved follow-up on its way out: room at the provider first, then the provider's own do-not-disturb, then all gates
 * once more in the transaction that marks it as handed over, then, and only then, the call. Between that commit and the
 * answer a crash leaves `handed_over`, whose outcome is unknown; before it, nothing has left.
 */
import { counted } from '../pipelines/counted.ts'
import type { Failure, Outcome, UnknownCode } from '../integrations/ghl/outcomes.ts'
import { TOLD_WITHIN_MS } from '../pipelines/followup/gates/freshness.ts'
import type { ProviderAnswer, ProviderContact, ShownMessage } from '../pipelines/followup/gates/gate.ts'
import { fenceFacts, lockLeads, lockRow, saveAndTell } from '../sinks/postgres/ledger.ts'
import { TAKEN_BACK, arrived, changed } from '../sinks/postgres/ledgerRow.ts'
import type { LedgerRow } from '../sinks/postgres/ledgerRow.ts'
import { lockAssignees } from '../sinks/postgres/staff.ts'
import { inTransaction } from '../sinks/postgres/pool.ts'
import type { DeliveryContext } from './context.ts'
import { delivering } from './deliverySpan.ts'
import { held, judgeRow } from './judgeRow.ts'
import { waitAfter } from './settings.ts'

/** Calls a follow-up makes: what is there is read and the action done, or the tag set and the task made. */
const CALLS = { toLead: 3, inside: 2 } as const

/** Is it a message to the lead, or does it send a person to it? */
function isToLead({ action }: LedgerRow): boolean {
  return action === 'send_message' || action === 'create_task'
}

/** Brings one reserved row to its outcome. Throws on infrastructure; the row then waits for the sweep. */
export async function carryOut(context: DeliveryContext, reserved: LedgerRow, signal: AbortSignal): Promise<void> {
  await delivering(context.tracer, reserved, () => broughtOut(context, reserved, signal))
}

/** The kind of its outcome; `released` and `held` when it was not called. */
async function broughtOut(context: DeliveryContext, reserved: LedgerRow, signal: AbortSignal): Promise<string> {
  if (!(await context.ghl.admit(reserved.tenantId, isToLead(reserved) ? CALLS.toLead : CALLS.inside, signal))) {
    await release(context, reserved)
    return 'released'
  }
  await context.onStep('admitted', reserved)
  const provider = await providerContact(context, reserved, signal)
  await context.onStep('contact_read', reserved)
  const handed = await handOver(context, reserved, provider)
  if (handed === undefined) return 'held'
  await context.onStep('handed_over', handed.row)
  const outcome = await call(context, handed.row, handed.ownerId)
  await context.onStep('called', handed.row)
  await settle(context, handed.row, outcome)
  return outcome.kind
}

async function providerContact({ ghl, clock, settings }: DeliveryContext, row: LedgerRow, signal: AbortSignal): Promise<ProviderAnswer> {
  if (row.action === 'hand_over' || row.action === 'ask' || !settings.readContact) return 'unread'
  // A bare 404 may be a gateway's, and a follow-up that is denied for it would never leave. There is room for asking again: nothing else is called then.
  const read = await ghl.contacts.getSurely(row.tenantId, row.contactId, { admitted: true })
  if (!read.ok) return `unreadable: ${read.failure.code}`
  if (read.value === undefined) return noContact
  const { dnd, dndChannels, assignedTo, phone, email, timeZone, country, state, postalCode } = read.value
  const lastMessages = isToLead(row) ? await lastMessagesOf(ghl, row, clock.now(), signal) : []
  if (typeof lastMessages === 'string') return lastMessages
  return { exists: true, dnd, dndChannels, assignedTo, phone, email, timeZone, country, state, postalCode, lastMessages }
}

const noContact: ProviderContact = {
  ...{ exists: false, dnd: false, dndChannels: {}, assignedTo: null, phone: null, email: null, lastMessages: [] },
  ...{ timeZone: null, country: null, state: null, postalCode: null },
}

/** Rows of a conversation that nobody has said. */
const NOT_SAID = /ACTIVITY|FORM_SUBMISSION|INTERNAL_COMMENT|INFO_MESSAGE/i

type Unreadable = Extract<ProviderAnswer, `unreadable: ${string}`>

/** What was said last in each conversation with the lead, or why it cannot be had. */
async function lastMessagesOf(
  ghl: DeliveryContext['ghl'],
  { tenantId, contactId }: LedgerRow,
  at: number,
  signal: AbortSignal,
): Promise<ProviderContact['lastMessages'] | Unreadable> {
  const page = await ghl.conversations.search(tenantId, { contactId }, { admitted: true }).next()
  if (page.done === true) return []
  if (!page.value.ok) return `unreadable: ${page.value.failure.code}`
  if (page.value.value.unreadable > 0) return 'unreadable: answer_unreadable'
  const last: ShownMessage[] = []
  for (const { conversationId, contactId: whose, lastMessageAt, lastMessageDirection, lastMessageType } of page.value.value.items) {
    const isTheirs = whose === null || whose === contactId
    const isSaid = lastMessageType !== null && !NOT_SAID.test(lastMessageType)
    if (isTheirs && isSaid && lastMessageAt !== null) last.push({ at: lastMessageAt, isInbound: lastMessageDirection === 'inbound' })
    // A workflow that notes an answer, or a comment on it, stands behind it and hides it. And a new contact has a conversation in which nothing was said.
    else if (isTheirs && (lastMessageAt === null ? isSaid : lastMessageAt > at - TOLD_WITHIN_MS)) {
      const said = await lastSaidIn(ghl, tenantId, conversationId, signal)
      if (typeof said === 'string') return said
      last.push(...said)
    }
  }
  return last
}

/** The last message of a conversation whose last row is none, or why it cannot be had. There is no room for this call yet: it waits for it. */
async function lastSaidIn(
  ghl: DeliveryContext['ghl'],
  tenantId: string,
  conversationId: string,
  signal: AbortSignal,
): Promise<ProviderContact['lastMessages'] | Unreadable> {
  const page = await ghl.conversations.messages(tenantId, conversationId, { tries: 1, signal }).next()
  if (page.done === true) return []
  if (!page.value.ok) return `unreadable: ${page.value.failure.code}`
  const { items, unreadable } = page.value.value
  if (unreadable > 0) return 'unreadable: answer_unreadable'
  const said = items.find(({ messageType, at }) => at !== null && !NOT_SAID.test(messageType ?? ''))
  return said === undefined || said.at === null ? [] : [{ at: said.at, isInbound: said.direction === 'inbound' }]
}

/**
 * The last look. `undefined` when it does not leave, or is no longer ours. With `realtors` counted and not held, it leaves for nobody
 * but the one it is reserved for, and is looked at again where it would.
 */
async function handOver(
  context: DeliveryContext,
  reserved: LedgerRow,
  provider: ProviderAnswer,
  realtors: 'counted' | 'held' = 'counted',
): Promise<{ row: LedgerRow; ownerId: string | null } | undefined> {
  const { pool, clock, settings } = context
  const result = await inTransaction(pool, async (client) => {
    const row = await lockRow(client, reserved.followupId)
    // The sequence is the fence among workers: whoever lost the row to the sweep finds another number and lets go.
    if (row === undefined || row.status !== 'reserved' || row.sequence !== reserved.sequence) return undefined
    // Whoever keeps the realtor takes nothing, since the reservation is counted already. Held for each hand-over, all assignments of a busy
    // realtor would wait for each other, and whoever cancels one for all of them.
    if (realtors === 'held') await lockAssignees(client, [row])
    await lockLeads(client, [row])
    const at = clock.now()
    // The platform sends to the address that it has, which may be news to our copy.
    const facts = await fenceFacts(client, [row], at, settings.limits, typeof provider === 'object' ? provider : undefined)
    const { row: given, judgement, passedOver } = judgeRow(row, facts, facts.sends, at, provider, settings)
    if (realtors === 'counted' && given.assigneeId !== row.assigneeId) return 'goes_to_another'
    const { then, gates } = judgement
    const next =
      then.kind === 'allow'
        ? changed(given, {
            status: 'handed_over',
            reason: `${passedOver}All gates allow it at the moment of sending.`,
            gates,
            handedOverAt: at,
            attempt: row.attempt + 1,
            at,
          })
        : held(given, { ...judgement, then }, at, settings).row
    await saveAndTell(client, [next])
    await context.onStep('hand_over_commit', row)
    return { row: next, ownerId: facts.leads.get(row.leadId)?.ownerId ?? null }
  })
  if (result === undefined) return undefined
  if (result === 'goes_to_another') return handOver(context, reserved, provider, 'held')
  context.onChange(result.row)
  return result.row.status === 'handed_over' ? result : undefined
}

/** What came of a call. `tag`: of a hand-over that has no task, whether this attempt has set its tag. */
type Called = (Outcome<string | null> | (Omit<NotSent, 'code'> & { readonly code: UnknownCode })) & { readonly tag?: 'set' | 'perhaps' }
type NotSent = Extract<Failure, { kind: 'not_sent' }>

/** The id that the provider gave it; an assignment has none. */
async function call({ ghl, clock, settings, onStep }: DeliveryContext, row: LedgerRow, ownerId: string | null): Promise<Called> {
  const { tenantId, contactId } = row
  // A look is as good as the copies it was made on: as old as they may be, and no older. A process may stand still after it, and a token
  // that is refused is renewed within the call.
  const options = { admitted: true, leavesBy: (row.handedOverAt ?? Number.NEGATIVE_INFINITY) + settings.limits.maxCopyAgeMs }
  if (row.action === 'send_message') {
    const message = {
      contactId,
      channel: row.channel === 'email' ? ('email' as const) : ('sms' as const),
      text: row.text ?? '',
      subject: row.subject,
    }
    const sent = await ghl.conversations.send(tenantId, message, options)
    return sent.kind === 'accepted' ? { kind: 'accepted', value: sent.value.messageId } : sent
  }
  if (row.action === 'assign') {
    const assigned = await ghl.contacts.update(tenantId, contactId, { assignedTo: row.assigneeId ?? '' }, options)
    return assigned.kind === 'accepted' ? { kind: 'accepted', value: null } : assigned
  }
  if (row.action === 'hand_over') {
    const tagged = await ghl.contacts.addTags(tenantId, contactId, [settings.handOverTag], options)
    await onStep('tagged', row)
    // A tag set twice is a tag: while there is no task, nothing has happened that may happen only once.
    if (tagged.kind === 'unknown')
      return { kind: 'not_sent', code: tagged.code, detail: tagged.detail, retryAfterMs: settings.firstWaitMs, tag: 'perhaps' }
    if (tagged.kind !== 'accepted') return tagged
  }
  const made = await ghl.tasks.create(
    tenantId,
    contactId,
    {
      title: row.text ?? '',
      body: `${row.body ?? row.plannedBecause}\nRef ${row.followupId}`,
      dueAt: Math.max(row.action === 'ask' ? row.expiresAt : row.dueAt, clock.now()),
      assignedTo: ownerId,
    },
    options,
  )
  if (made.kind === 'accepted') return { kind: 'accepted', value: made.value.taskId }
  return row.action === 'hand_over' ? { ...made, tag: 'set' } : made
}

/** Writes what became of the call. */
async function settle(context: DeliveryContext, handed: LedgerRow, outcome: Called): Promise<void> {
  const { pool, clock } = context
  const settled = await inTransaction(pool, async (client) => {
    const row = await lockRow(client, handed.followupId)
    // The sweep may have called it unknown meanwhile; the answer knows better. Anything later has been found out otherwise.
    if (row === undefined || row.attempt !== handed.attempt || !(row.status === 'handed_over' || row.status === 'unknown')) return undefined
    await lockLeads(client, [row])
    const changes = afterCall(context, row, outcome, clock.now())
    for (const next of changes) await saveAndTell(client, [next])
    await context.onStep('settle_commit', row)
    return changes
  })
  if (settled === undefined) return
  settled.forEach(context.onChange)
  await context.onStep('settled', settled.at(-1))
}

/** What is to be told, in order. */
function afterCall(context: DeliveryContext, row: LedgerRow, outcome: Called, at: number): LedgerRow[] {
  if (outcome.kind === 'accepted') return arrived(row, { reason: 'The provider has taken it.', messageId: outcome.value, at })
  return [afterFailure(context, row, outcome, at)]
}

type Failed = Exclude<Called, { kind: 'accepted' }>

/** What is known of what was not done. */
function undone({ code, tag }: Failed): string {
  if (tag === undefined) return `Certainly not sent (${code})`
  return tag === 'set'
    ? `Its tag is set, and its task was certainly not made (${code})`
    : `Whether its tag was set is not known (${code}), and its task was not made`
}

function afterFailure({ settings }: DeliveryContext, row: LedgerRow, outcome: Failed, at: number): LedgerRow {
  const isTakenBack = row.ruleId === TAKEN_BACK
  switch (outcome.kind) {
    case 'refused':
      return changed(row, {
        status: 'failed',
        ruleId: outcome.code,
        reason: `${outcome.tag === 'set' ? 'Its tag is set, and its task was refused' : 'The provider refused'}: ${outcome.detail}`,
        settledAt: at,
        nextCheckAt: null,
        at,
      })
    case 'unknown':
      return changed(row, {
        status: 'unknown',
        ruleId: isTakenBack ? TAKEN_BACK : outcome.code,
        reason: `It is not known whether it arrived (${outcome.code}); it is looked up and not sent again.`,
        nextCheckAt: at + settings.lookUpAfterMs,
        at,
      })
    case 'not_sent': {
      if (isTakenBack) {
        return changed(row, {
          status: 'cancelled',
          ruleId: null,
          reason: `${undone(outcome)}; taken back meanwhile: not tried again.`,
          settledAt: at,
          nextCheckAt: null,
          at,
        })
      }
      const tryAt = at + Math.max(outcome.retryAfterMs, waitAfter(row.attempt, settings))
      // An outage of hours is no reason to forget who asked for a person: only its own time ends it.
      if (tryAt >= row.expiresAt) {
        return changed(row, {
          status: 'failed',
          ruleId: 'not_sent',
          reason: `${outcome.tag === undefined ? 'Not sent' : undone(outcome)} in ${counted(row.attempt, 'attempt')}, and its time is over before the next: ${outcome.detail}`,
          settledAt: at,
          nextCheckAt: null,
          at,
        })
      }
      return changed(row, {
        status: 'deferred',
        ruleId: outcome.code,
        reason: `${undone(outcome)}; tried again later.`,
        scheduledAt: tryAt,
        liftsAt: tryAt,
        reservedBy: null,
        handedOverAt: null,
        reservedAt: null,
        nextCheckAt: null,
        at,
      })
    }
  }
}

/** Gives a reserved row back untouched: the worker stops before its turn came, or that is too far off. */
async function release({ pool, clock, onChange }: DeliveryContext, reserved: LedgerRow): Promise<void> {
  const released = await inTransaction(pool, async (client) => {
    const row = await lockRow(client, reserved.followupId)
    if (row === undefined || row.status !== 'reserved' || row.sequence !== reserved.sequence) return undefined
    await lockLeads(client, [row])
    const at = clock.now()
    const next = changed(row, {
      status: 'deferred',
      ruleId: 'worker_stopped',
      reason: 'The worker stopped, or the provider takes no calls for long: it was not handed over.',
      scheduledAt: at,
      reservedBy: null,
      reservedAt: null,
      at,
    })
    await saveAndTell(client, [next])
    return next
  })
  if (released !== undefined) onChange(released)
}
