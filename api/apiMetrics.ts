/** The metrics of the API. Names and labels follow the metric inventory; every label is from a bounded list. */
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'

/** What became of one webhook element. */
export type WebhookOutcome =
  'accepted' | 'bad_signature' | 'invalid' | 'lead_erased' | 'rejected' | 'unknown_tenant' | 'too_large' | 'unavailable'

export interface ApiMetrics {
  /** `invalid` is stored all the same, for ingest to dead-letter; `unavailable` was answered 503 and comes again. */
  readonly webhooks: Counter<'source' | 'type' | 'outcome'>
  /** Stored, and known to become no event of a lead, or not all of it: it stays raw on `ghl.unrecognised`. */
  readonly keptRaw: Counter<'source' | 'type' | 'reason'>
  /** Stored, by the lane it waits in and why. */
  readonly lanes: Counter<'lane' | 'reason'>
  /** Exchanges of what locations have sent with the other API processes. */
  readonly shareExchanges: Counter<'outcome'>
  /** 1 while Redis is configured and does not answer in time. */
  readonly sharesAlone: Gauge
  readonly refused: Counter<'source' | 'reason'>
  readonly storeSeconds: Histogram
  readonly inFlight: Gauge
  readonly requestSeconds: Histogram<'route' | 'method' | 'status_class'>
}

export function apiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry]
  return {
    webhooks: new Counter({
      name: 'lr_webhook_events_total',
      help: 'Webhook elements by type and what became of them.',
      labelNames: ['source', 'type', 'outcome'],
      registers,
    }),
    keptRaw: new Counter({
      name: 'lr_webhook_kept_raw_total',
      help: 'Webhook elements stored that become no event of a lead, or not all that they state, by type and why.',
      labelNames: ['source', 'type', 'reason'],
      registers,
    }),
    lanes: new Counter({
      name: 'lr_webhook_lane_total',
      help: 'Webhook elements stored, by the lane they wait in (urgent, normal, bulk) and why.',
      labelNames: ['lane', 'reason'],
      registers,
    }),
    shareExchanges: new Counter({
      name: 'lr_webhook_share_exchanges_total',
      help: 'Exchanges of what locations have sent between API processes: done, anew (after a pause, nothing counted), failed.',
      labelNames: ['outcome'],
      registers,
    }),
    sharesAlone: new Gauge({
      name: 'lr_webhook_shares_alone',
      help: '1 while this process judges the shares of locations alone though REDIS_URL is set.',
      registers,
    }),
    refused: new Counter({
      name: 'lr_webhook_refused_total',
      help: 'Webhook deliveries refused, by reason.',
      labelNames: ['source', 'reason'],
      registers,
    }),
    storeSeconds: new Histogram({
      name: 'lr_webhook_store_duration_seconds',
      help: 'From the body being read to all in-sync replicas having it.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    inFlight: new Gauge({ name: 'lr_webhook_in_flight', help: 'Webhook records on their way to the broker.', registers }),
    requestSeconds: new Histogram({
      name: 'lr_http_request_duration_seconds',
      help: 'Duration of HTTP requests by route.',
      labelNames: ['route', 'method', 'status_class'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  }
}
