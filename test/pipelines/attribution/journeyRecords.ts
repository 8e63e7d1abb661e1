/** Events, outcomes and journeys for the tests of revenue attribution. */
import { noSections } from '../../../pipelines/ingest/translate/draft.ts'
import type { ContactFields, LeadEvent, LeadJourney, MarketingSpend, OutcomeObserved } from '../../../schemas/generated/records.ts'
import { noContactFields } from '../../support/leadRecords.ts'

export const DAY = 86_400_000
export const HOUR = 3_600_000
/** 2026-11-10T00:00:00Z. */
export const start = Date.UTC(2026, 10, 10)
export const tenantId = 'location-1'

let count = 0
export function event(kind: string, over: Partial<LeadEvent> = {}, contactId = 'maria'): LeadEvent {
  const eventId = `event-${++count}`
  return {
    ...noSections,
    ...{
      eventId,
      tenantId,
      contactId,
      kind,
      occurredAt: start,
      receivedAt: start,
      source: 'ghl_webhook',
      sourceId: eventId,
      rawType: kind,
    },
    statedAt: null,
    ...over,
  }
}

export function contact(source: string | null, at: number = start, over: Partial<ContactFields> = {}, kind = 'contact_created'): LeadEvent {
  return event(kind, { occurredAt: at, contact: { ...noContactFields, source, createdAt: at, ...over } })
}

export function wrote(channel: string, at: number): LeadEvent {
  return event('message_inbound', {
    occurredAt: at,
    message: {
      ...{
        messageId: null,
        conversationId: null,
        channel,
        direction: 'inbound',
        sender: 'lead',
        subject: null,
        text: 'Hello',
        status: null,
      },
      ...{ userId: null, callStatus: null, callDurationSeconds: null },
    },
  })
}

export function won(outcomeId: string, at: number, value: string | null = '9000', over: Partial<OutcomeObserved> = {}): OutcomeObserved {
  return {
    ...{
      outcomeId,
      tenantId,
      contactId: 'maria',
      kind: 'conversion',
      at,
      source: 'enrich',
      sourceId: 'event-9',
      label: null,
      channel: null,
      value,
    },
    ...over,
  }
}

/** A journey of lead `n` over channels that touched it a day apart, the last one at `at`. */
export function journey(
  kind: string,
  n: number | string,
  channels: readonly string[],
  at: number,
  over: Partial<LeadJourney> = {},
): LeadJourney {
  const touches = channels.map((channel, index) => ({
    channel,
    stage: index === 0 ? 'awareness' : 'consideration',
    at: at - (channels.length - 1 - index) * DAY,
    source: channel,
    campaign: null,
    basis: 'stated',
  }))
  return {
    // The first eight digits decide whether it is kept of a sample: spread as a hash is.
    journeyId: `${Math.imul(Number(n) + 1, 0x9e3779b1) >>> 0}-${kind}-${n}-${channels.join('-')}`.replace(/^\d+/, (digits) =>
      Number(digits).toString(16).padStart(8, '0'),
    ),
    ...{ tenantId, leadHash: `lead-${n}`, kind, at, firstTouchAt: touches[0]?.at ?? null, value: null, conversionNo: 0, touches },
    touchCount: touches.length,
    ...over,
  }
}

export function spent(channel: string, day: string, amount: string, over: Partial<MarketingSpend> = {}): MarketingSpend {
  return { tenantId, channel, campaign: '', day, amount, currency: 'USD', statedAt: start, ...over }
}
