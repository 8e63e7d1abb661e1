/**
 * The ordered, deduplicated story of each lead, out of GoHighLevel webhooks, callbacks of providers and our own deliveries.
 * The only writer of leads.events. Ids are remembered for 7 days; what has no translation goes to its own lane with the raw
 * body, what tells of an installation into the table of tenants, what tells of a user into that of realtors. An erasure takes
 * all that is remembered of a lead, and of what is from before it nothing but refusals is told.
 */
import { next } from '../../runtime/outcome.ts'
import { from, stage } from '../../runtime/stage.ts'
import { IngestState } from '../../schemas/generated/records.ts'
import {
  deliveries,
  erasures,
  leadEvents,
  realtors,
  tenants,
  unrecognised,
  webhooks,
  webhooksBulk,
  webhooksUrgent,
} from '../../topics/index.ts'
import { tellDelivery } from './ownDelivery.ts'
import { REMEMBERED_MS } from './seen.ts'
import { tellWebhook } from './webhook.ts'

export const ingest = stage({
  name: 'ingest',
  state: IngestState,
  tables: { tenants, realtors, erasures },
  on: [
    from(webhooksUrgent, tellWebhook, { priority: 1 }),
    from(webhooks, tellWebhook),
    from(webhooksBulk, tellWebhook, { priority: -1 }),
    from(deliveries, tellDelivery),
    from(erasures, () => next<IngestState>(undefined)),
  ],
  outputs: [leadEvents, unrecognised, tenants, realtors],
  // Every id of a lead that was not heard of for this long has expired.
  ttlMs: REMEMBERED_MS,
})
