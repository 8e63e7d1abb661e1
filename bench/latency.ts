/**
 * Webhook to decision and to trigger at a steady rate: arrival of each at a live read-committed reader minus the time its webhook
 * was received.
 */
import { tellStory } from '../simulate/leadStory.ts'
import { httpPost, sendAll } from '../simulate/sender.ts'
import type { Delivery } from '../simulate/deliveries.ts'
import { webhooksOf } from '../simulate/webhooks.ts'
import { decisions, triggers } from '../topics/index.ts'
import { quiet } from '../test/e2e/quiet.ts'
import type { Line } from '../test/e2e/line.ts'
import { spreadOf } from './percentiles.ts'
import type { Spread } from './percentiles.ts'

export interface LatencyResult {
  /** ms. */
  readonly toDecision: Spread
  /** ms; what a timer fired is not among them. */
  readonly toTrigger: Spread
  /** Webhook sent to 2xx, ms. */
  readonly toAccepted: Spread
  readonly webhooks: number
  readonly perSecond: number
  readonly lost: number
}

/**
 * Stories as they come in when many leads are active at once: each webhook is stamped with the moment it is sent, one lead
 * after the other, so that events lie in the present and neighbours belong to different leads.
 */
export function* presentDeliveries(options: {
  readonly seed: number
  readonly firstLead: number
  readonly count: number
  readonly from: number
  readonly perSecond: number
}): Generator<Delivery> {
  const { seed, firstLead, count, from, perSecond } = options
  let made = 0
  for (let first = firstLead; made < count; first += 200) {
    const instants = Array.from({ length: 200 }, () => [] as number[])
    const stories = instants.map((_, index) => tellStory(seed, first + index))
    const longest = Math.max(...stories.map(({ beats }) => beats.length))
    // One beat of each lead in turn; the moment of each beat is its place in the stream.
    const order = Array.from({ length: longest }, (_, beat) =>
      stories.flatMap((story, index) => (beat < story.beats.length ? [index] : [])),
    ).flat()
    order.forEach((index, place) => instants[index]?.push(from + ((made + place) * 1000) / perSecond))
    const lists = stories.map((story, index) =>
      webhooksOf(story, seed, (beat) => Math.round((instants[index]?.[story.beats.indexOf(beat)] ?? from) - 3_000)),
    )
    const next = lists.map(() => 0)
    for (const index of order) {
      if (made >= count) return
      const webhook = lists[index]?.[next[index] ?? 0]
      next[index] = (next[index] ?? 0) + 1
      made++
      if (webhook !== undefined) yield { webhook, repeat: false }
    }
  }
}

/** Sends `perSecond` webhooks a second for `seconds`, after `warmUpSeconds` of the same that are not measured. */
export async function measureLatency(
  line: Line,
  options: {
    readonly perSecond: number
    readonly seconds: number
    readonly warmUpSeconds: number
    readonly seed: number
    readonly firstLead: number
  },
): Promise<LatencyResult> {
  const { perSecond, seconds, warmUpSeconds, seed, firstLead } = options
  const arrived: { at: number; askedAt: number }[] = []
  const watching = new AbortController()
  const watched = line.kafka.tail(decisions, { from: 'now', signal: watching.signal }, ({ value }) => {
    // Asked at once and decided at once: what a timer opened has no webhook to be measured from.
    if (value && (value.reason === 'inbound_message' || value.reason === 'new_lead'))
      arrived.push({ at: Date.now(), askedAt: value.askedAt })
  })
  const fired: { at: number; askedAt: number }[] = []
  const watchedTriggers = line.kafka.tail(triggers, { from: 'now', signal: watching.signal }, ({ value }) => {
    // `at` of what an event fired is the time its webhook was received; timers fire later than anything was received.
    if (value && !value.trigger.startsWith('silence_') && value.dueAt === value.at) fired.push({ at: Date.now(), askedAt: value.at })
  })
  const { post, close } = httpPost(line.apiUrl)
  const answers: number[] = []
  let measuring = false
  const timed: typeof post = async (body, signature) => {
    const sent = performance.now()
    const answer = await post(body, signature)
    if (measuring) answers.push(performance.now() - sent)
    return answer
  }
  const send = (count: number, lead: number) =>
    sendAll(presentDeliveries({ seed, firstLead: lead, count, from: Date.now(), perSecond }), {
      post: timed,
      sign: (body) => line.key.sign(body),
      rate: perSecond,
    })
  try {
    await send(perSecond * warmUpSeconds, firstLead)
    measuring = true
    const began = Date.now()
    const accounts = await send(perSecond * seconds, firstLead + 100_000)
    const ended = Date.now()
    await quiet(line)
    // The timestamp of a webhook is when the API had read it; decisions carry it as the time they were asked.
    const during = ({ askedAt }: { askedAt: number }) => askedAt >= began && askedAt <= ended
    const spread = (all: typeof arrived) => spreadOf(all.filter(during).map(({ at, askedAt }) => at - askedAt))
    return {
      toDecision: spread(arrived),
      toTrigger: spread(fired),
      toAccepted: spreadOf(answers),
      webhooks: accounts.sent,
      perSecond: (accounts.sent * 1000) / (ended - began),
      lost: accounts.lost,
    }
  } finally {
    close()
    watching.abort()
    await Promise.all([watched, watchedTriggers])
  }
}
