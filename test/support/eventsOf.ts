/** Events of one lead as ingest tells them; equal ones have equal ids, others do not. */
import { noSections } from '../../pipelines/ingest/translate/draft.ts'
import type { LeadEvent } from '../../schemas/generated/records.ts'

export function eventsOf(lead: Pick<LeadEvent, 'tenantId' | 'contactId'>) {
  return (kind: string, at: number, sections: Partial<LeadEvent> = {}): LeadEvent => ({
    eventId: `${kind}-${at}-${JSON.stringify(sections)}`,
    ...lead,
    kind,
    occurredAt: at,
    receivedAt: at,
    source: 'ghl_webhook',
    sourceId: 'source',
    rawType: kind,
    ...noSections,
    statedAt: null,
    ...sections,
  })
}
