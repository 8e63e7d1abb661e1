/** The most that a lead can have to say: a view that is full to its bounds, on which most agents speak. */
import { optionsByType } from '../pipelines/agents/agent.ts'
import { WINDOW_ENTRIES } from '../pipelines/enrich/behaviour/signalWindow.ts'
import { signalNames } from '../pipelines/enrich/behaviour/signals.ts'
import type { Assessment } from '../schemas/generated/records.ts'

const minuteMs = 60_000

/** A question whose view holds as much as a view may: five long messages, every fact that agents read, a full window. */
export function fullQuestion(like: Assessment): Assessment {
  const text =
    'Thanks, we love the listings. Is the second one still available, and how much is it? Honestly the price is too high for us and I am a bit confused by ' +
    'the paperwork; we would need to sell our place first. Can you call me this week, or send something closer to downtown?'
  const facts = {
    budget: '350-450k',
    timeline: '3_to_6_months',
    motivation: 'more space',
    property_type: 'single_family',
    bedrooms: '3',
    financing: 'in_progress',
    pre_approved: 'yes',
    down_payment: '25000',
    property_views: '23',
    visits: '12',
    calculator_uses: '8',
    email_open_rate: '0.85',
    market_trend: 'sellers market',
    market_inventory: 'low',
    price_trend: 'rising',
    open_slots: '2026-11-30T15:00Z 2026-12-01T16:00Z',
    form_message: '3BR in Cedar Park, need to move by month end',
  }
  return {
    ...like,
    decisionTypes: Object.keys(optionsByType),
    view: {
      ...like.view,
      level: 'HOT',
      facts,
      counters: {
        ...like.view.counters,
        inbound: 9,
        outbound: 12,
        inboundByChannel: { email: 3, sms: 6 },
        outboundByChannel: { email: 5, sms: 7 },
      },
      replyHours: [0.5, 2, 1, 4, 0.75],
      recentMessages: Array.from({ length: 5 }, (_, index) => ({
        messageId: `m${index}`,
        at: like.askedAt - (5 - index) * minuteMs,
        channel: 'sms',
        direction: 'inbound',
        sender: 'lead',
        text: `${String(index)} ${text}`.slice(0, 280),
      })),
      signals: Array.from({ length: WINDOW_ENTRIES }, (_, index) => ({
        signal: signalNames[index % signalNames.length] ?? 'page_view',
        at: like.askedAt - (WINDOW_ENTRIES - index) * minuteMs,
        count: 1 + (index % 3),
        subject: index % 6,
      })),
    },
  }
}
