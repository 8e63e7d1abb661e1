/**
 * Rows of what is told about a location as a whole: findings, how leads came by marketing, spend. None names a lead; a
 * journey has a pseudonym. Pure and total, as in rows.ts.
 */
import type { AgentInsight, LeadJourney, MarketingSpend } from '../../schemas/generated/records.ts'
import { day, decimal, optionalTime, time } from './cells.ts'
import type { Row } from './cells.ts'

/** Of figures: Decimal(38, 12). A share has six places, a sum of money two. */
const FIGURE = { whole: 38 - 12, places: 12 }

/** One row a statement of an agent, with its findings side by side; `toldAt` is in ms, by the clock of the topic. */
export function insightRow({ findings, ...insight }: AgentInsight, toldAt: number): Row {
  return {
    tenant_id: insight.tenantId,
    system: insight.system,
    agent_id: insight.agentId,
    agent_version: insight.agentVersion,
    found_at: time(insight.at),
    valid_until: time(insight.validUntil),
    told_at: time(toldAt),
    'findings.kind': findings.map(({ kind }) => kind),
    'findings.subject': findings.map(({ subject }) => subject),
    'findings.bin': findings.map(({ bin }) => bin),
    'findings.figure': findings.map(({ value }) => decimal(value, FIGURE)),
    'findings.stated': findings.map(({ value }) => value ?? ''),
    'findings.samples': findings.map(({ samples }) => samples),
    'findings.reason': findings.map(({ reason }) => reason),
    'findings.text': findings.map(({ text }) => text),
    'findings.evidence': findings.map(({ evidence }) => Object.fromEntries(evidence.map(({ field, value }) => [field, value]))),
  }
}

/** One row a statement on a lead that goes by a pseudonym. */
export function journeyRow({ touches, ...journey }: LeadJourney, toldAt: number): Row {
  return {
    tenant_id: journey.tenantId,
    kind: journey.kind,
    happened_at: time(journey.at),
    told_at: time(toldAt),
    journey_id: journey.journeyId,
    lead_hash: journey.leadHash,
    first_touch_at: optionalTime(journey.firstTouchAt),
    value: decimal(journey.value),
    conversion_no: journey.conversionNo,
    touch_count: journey.touchCount,
    'touches.channel': touches.map(({ channel }) => channel),
    'touches.stage': touches.map(({ stage }) => stage),
    'touches.at': touches.map(({ at }) => time(at)),
    'touches.source': touches.map(({ source }) => source),
    'touches.campaign': touches.map(({ campaign }) => campaign ?? ''),
    'touches.basis': touches.map(({ basis }) => basis),
  }
}

/** One row a statement. The topic is open: what is no day or no amount is NULL and counts nothing. */
export function spendRow(spend: MarketingSpend, toldAt: number): Row {
  return {
    tenant_id: spend.tenantId,
    channel: spend.channel,
    campaign: spend.campaign,
    day: day(spend.day),
    amount: decimal(spend.amount),
    currency: spend.currency,
    stated_at: time(spend.statedAt),
    told_at: time(toldAt),
  }
}
