/**
 * Many stories at once, as the order in which their webhooks are delivered: interleaved, with repeats and reorderings at
 * the rates asked for. Pure for a given clock: the same seed delivers the same bytes in the same order.
 */
import { tellStory } from './leadStory.ts'
import type { Beat, LeadStory } from './leadStory.ts'
import { seededRandom } from './seededRandom.ts'
import { webhooksOf } from './webhooks.ts'
import { withVisits } from './workflowReports.ts'
import type { SimulatedWebhook } from './webhooks.ts'

export interface Delivery {
  readonly webhook: SimulatedWebhook
  /** It was delivered before. */
  readonly repeat: boolean
  /** Not to be sent before this time, ms; `undefined` = as fast as the rate allows. */
  readonly dueAt?: number
}

export interface Disturbance {
  /** Share of webhooks that are delivered a second time, 0 to 1. */
  readonly duplicates: number
  /** Share of webhooks that change places with the next one of the same lead, 0 to 1. */
  readonly reordered: number
  /** Tell by which visits the leads came: in posts of a workflow, and on the contact as the API shows it. Default: no. */
  readonly visits?: boolean
}

/** Stories that are in progress at the same time. */
const inProgress = 16
/** Slowest gateway, ms: room that keeps every timestamp in the past. */
const gatewayRoom = 3_000

/**
 * Stories that lie in the past: each ended its `quietMs` before the moment it is taken up, so that leads are silent for
 * hours and days without anybody waiting. `now` is asked once per story, ms. `leads` may be Infinity.
 */
export function* pastDeliveries(
  options: { readonly seed: number; readonly leads: number; readonly firstIndex?: number; readonly now: () => number } & Disturbance,
): Generator<Delivery, void, undefined> {
  const { seed, leads, now, firstIndex = 0 } = options
  const order = seededRandom(seed, 'order', firstIndex)
  const open: Delivery[][] = []
  let told = 0
  while (told < leads || open.length > 0) {
    while (open.length < inProgress && told < leads) {
      const story = tellStory(seed, firstIndex + told)
      const webhooks = webhooksOf(story, seed, inThePast(story, now()))
      open.push(disturb(options.visits === true ? withVisits(story, seed, webhooks) : webhooks, seed, story, options))
      told++
    }
    const chosen = order.between(0, open.length - 1)
    const delivery = open[chosen]?.shift()
    if (delivery !== undefined) yield delivery
    if (open[chosen]?.length === 0) open.splice(chosen, 1)
  }
}

/**
 * Stories played live from `from` (ms) on, `speed` times as fast as they would really happen; a lead begins every
 * `everyMs`. The longest story spans some 12 days.
 */
export function liveDeliveries(
  options: {
    readonly seed: number
    readonly leads: number
    readonly from: number
    readonly speed: number
    readonly everyMs: number
  } & Disturbance,
): Delivery[] {
  const { seed, leads, from, speed, everyMs } = options
  const all = Array.from({ length: leads }, (_, index) => {
    const story = tellStory(seed, index)
    const begins = from + index * everyMs
    const list = disturb(
      webhooksOf(story, seed, (beat) => Math.round(begins + beat.atMs / speed)),
      seed,
      story,
      options,
    )
    return list.map((delivery, position) => ({
      ...delivery,
      dueAt: Math.max(delivery.webhook.at, ...list.slice(0, position).map(({ webhook }) => webhook.at)),
    }))
  })
  return all.flat().sort((a, b) => a.dueAt - b.dueAt)
}

function inThePast(story: LeadStory, now: number): (beat: Beat) => number {
  const last = story.beats.at(-1)?.atMs ?? 0
  return (beat) => now - gatewayRoom - story.quietMs - (last - beat.atMs)
}

function disturb(
  webhooks: readonly SimulatedWebhook[],
  seed: number,
  story: LeadStory,
  { duplicates, reordered }: Disturbance,
): Delivery[] {
  const random = seededRandom(seed, 'disturb', story.index)
  const list: Delivery[] = webhooks.map((webhook) => ({ webhook, repeat: false }))
  for (let i = 0; i + 1 < list.length; i++) {
    if (random.chance(reordered)) list.splice(i, 2, list[i + 1] as Delivery, list[i] as Delivery)
  }
  for (const webhook of webhooks) {
    if (!random.chance(duplicates)) continue
    const first = list.findIndex((delivery) => delivery.webhook === webhook)
    list.splice(first + 1 + random.between(0, 2), 0, { webhook, repeat: true })
  }
  return list
}
