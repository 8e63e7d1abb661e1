/**
 * How our texts of the last 7 days were received, by location: asked before each text that begins a conversation. Opt-outs and failures
 * are few and are counted first, the texts themselves only where one of them may be too many of them.
 */
import { leastTooMany } from '../../pipelines/followup/gates/contactBudget.ts'
import { DAY_MS } from '../../pipelines/followup/gates/gate.ts'
import type { FenceLimits, TextsOfWeek } from '../../pipelines/followup/gates/gate.ts'
import type { Queryable } from './pool.ts'
import { instant } from './storable.ts'
import { unseenArray } from './unseenArray.ts'

/** As the platform counts. @source reference/gohighlevel.md 6.5 */
const WEEK_MS = 7 * DAY_MS

/** From which shares on opt-outs and failures are too many. */
export type Shares = Pick<FenceLimits, 'optOutShare' | 'failureShare'>

/** Of each of these locations, at a time (ms). A lead that was erased is no longer counted: nothing says who it was. */
export async function textsOfWeek(
  db: Queryable,
  tenantIds: readonly string[],
  at: number,
  { optOutShare, failureShare }: Shares,
): Promise<Map<string, TextsOfWeek>> {
  if (tenantIds.length === 0) return new Map()
  const since = instant(at - WEEK_MS)
  const { rows } = await db.query<{ tenant_id: string; opt_outs: number; failures: number }>({
    name: 'fence_texts_received',
    text: `SELECT tenant_id, opt_outs, failures FROM unnest(${unseenArray(1, 'text')}) AS asked (tenant_id)
     CROSS JOIN LATERAL (
       SELECT count(DISTINCT lead_id)::int AS opt_outs FROM address_statements AS said
       WHERE said.tenant_id = asked.tenant_id AND status = 'revoked' AND said.channel = 'sms' AND stated_at > $2
       AND EXISTS (SELECT FROM followup_actions AS sent
                   WHERE sent.lead_id = said.lead_id AND sent.action = 'send_message' AND sent.channel = 'sms' AND sent.status = 'confirmed'
                   AND sent.reserved_at <= said.stated_at AND sent.reserved_at > said.stated_at - interval '7 days')
     ) AS revoked
     CROSS JOIN LATERAL (
       SELECT count(DISTINCT external_id)::int AS failures FROM communications AS told
       WHERE told.tenant_id = asked.tenant_id AND told.channel = 'sms' AND direction = 'outbound' AND told.status IN ('failed', 'undelivered') AND sent_at > $2
       AND EXISTS (SELECT FROM followup_actions AS sent WHERE sent.tenant_id = told.tenant_id AND sent.message_id = told.external_id)
     ) AS failed`,
    values: [tenantIds, since],
  })
  const many = rows.filter(({ opt_outs, failures }) => opt_outs >= leastTooMany(optOutShare) || failures >= leastTooMany(failureShare))
  const sent = many.length === 0 ? new Map<string, number>() : await textsSince(db, many, since)
  return new Map(
    rows.map(({ tenant_id, opt_outs, failures }) => [tenant_id, { sent: sent.get(tenant_id) ?? 0, optOuts: opt_outs, failures }]),
  )
}

async function textsSince(db: Queryable, of: readonly { readonly tenant_id: string }[], since: string): Promise<Map<string, number>> {
  const { rows } = await db.query<{ tenant_id: string; sent: number }>({
    name: 'fence_texts_sent',
    text: `SELECT tenant_id, count(*)::int AS sent FROM followup_actions
     WHERE tenant_id = ANY(${unseenArray(1, 'text')}) AND reserved_at > $2 AND action = 'send_message' AND channel = 'sms' AND status = 'confirmed'
     GROUP BY tenant_id`,
    values: [of.map(({ tenant_id }) => tenant_id), since],
  })
  return new Map(rows.map(({ tenant_id, sent }) => [tenant_id, sent]))
}
