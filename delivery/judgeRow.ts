/** A row of the ledger before the gates, and what their answer makes of it. */
import { rulesOfLocation } from '../pipelines/followup/gates/contactBudget.ts'
import type { LocationSends, ProviderAnswer, TextsOfWeek } from '../pipelines/followup/gates/gate.ts'
import { judge } from '../pipelines/followup/gates/judge.ts'
import type { Judgement } from '../pipelines/followup/gates/judge.ts'
import { assigneeKey } from '../sinks/postgres/staff.ts'
import type { FenceFacts, LedgerSend } from '../sinks/postgres/ledger.ts'
import { changed } from '../sinks/postgres/ledgerRow.ts'
import type { LedgerRow, Transition } from '../sinks/postgres/ledgerRow.ts'
import { nextRealtor } from './nextRealtor.ts'
import type { Placed } from './nextRealtor.ts'
import { waitAfterLooks } from './settings.ts'
import type { DeliverySettings } from './settings.ts'

/**
 * Evaluates all gates for a row on facts read in this transaction; its own reservation does not count against it. An
 * assignment comes back with the realtor it was judged with, who may be the next on its list.
 */
export function judgeRow(
  row: LedgerRow,
  facts: FenceFacts,
  sends: readonly LedgerSend[],
  at: number,
  provider: ProviderAnswer,
  settings: DeliverySettings,
): Placed {
  const ownSends = sends.filter((send) => send.leadId === row.leadId && send.followupId !== row.followupId)
  return nextRealtor(row, (given) =>
    judge({
      at,
      followUp: given,
      lead: facts.leads.get(row.leadId),
      tenant: facts.tenants.get(row.tenantId),
      copyCompleteAt: facts.copyCompleteAt.get(row.partition),
      allCompleteAt: facts.allCompleteAt,
      addressLedgers: facts.addressLedgers.get(row.leadId) ?? [],
      ownSends,
      textsOfWeek: facts.textsOfWeek.get(row.tenantId) ?? noTexts,
      locationSends: withoutOwn(facts.locationSends.get(row.tenantId) ?? noSends, row),
      provider,
      assignee: facts.assignees.get(assigneeKey(given)),
      isAssigning: facts.assigning.has(row.leadId),
      limits: { ...settings.limits, providerRecheckMs: waitAfterLooks(row.sequence, settings) },
    }),
  )
}

const noSends: LocationSends = { count: 0, oldestAt: null }
const noTexts: TextsOfWeek = { sent: 0, optOuts: 0, failures: 0 }

/** What is reserved already is counted among them. */
function withoutOwn(sends: LocationSends, { action, status }: LedgerRow): LocationSends {
  return action === 'send_message' && status === 'reserved' ? { ...sends, count: Math.max(0, sends.count - 1) } : sends
}

export interface Consequence {
  readonly row: LedgerRow
  /** False when it waits for the same reason as before: nobody needs to hear that again. */
  readonly told: boolean
}

/** The row after a judgement that does not let it leave. */
export function held(
  row: LedgerRow,
  { gates, then }: Judgement & { then: Exclude<Judgement['then'], { kind: 'allow' }> },
  at: number,
  settings: DeliverySettings,
): Consequence {
  const { gateId, ruleId, reason, liftsAt } = then.by
  const base: Pick<Transition, 'gateId' | 'ruleId' | 'liftsAt' | 'gates'> = { gateId, ruleId, liftsAt, gates }
  if (then.kind === 'end') return { row: changed(row, { ...base, status: then.status, reason, settledAt: at, at }), told: true }
  const isRecheck = liftsAt === at + settings.limits.recheckMs
  const isOnlyLater = isRecheck || row.liftsAt === liftsAt || rulesOfLocation.has(ruleId)
  const asBefore = row.status === 'deferred' && row.gateId === gateId && row.ruleId === ruleId && isOnlyLater
  const next = changed(row, { ...base, status: 'deferred', reason, scheduledAt: then.at, reservedBy: null, at })
  return asBefore ? { row: { ...next, sequence: row.sequence }, told: false } : { row: next, told: true }
}
