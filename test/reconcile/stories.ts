/** Everything that happens to some leads of the simulator, as the webhooks of it, in the order of the gateway. */
import { tellStory } from '../../simulate/leadStory.ts'
import { webhooksOf } from '../../simulate/webhooks.ts'
import type { SimulatedWebhook } from '../../simulate/webhooks.ts'
import { MINUTE } from '../support/leadRecords.ts'

/** Stories that ended at least five minutes before `now` (ms), so that all of it is settled. */
export function stories(seed: number, leads: number, now: number): SimulatedWebhook[] {
  return Array.from({ length: leads }, (_, index) => {
    const story = tellStory(seed, index)
    const last = story.beats.at(-1)?.atMs ?? 0
    return webhooksOf(story, seed, (beat) => now - 5 * MINUTE - story.quietMs - (last - beat.atMs))
  })
    .flat()
    .sort((a, b) => a.at - b.at)
}
