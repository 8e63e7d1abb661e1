/**
 * Prepares a paused unit in the one order that neither loses nor doubles: take over, read offsets, restore, seek, resume. Tries again
 * until it works or nobody wants it any more; an error that trying again cannot mend ends the member.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { RekindleError } from '../errors.ts'
import type { Held, Place, Unit } from './unit.ts'

/** What the unit is prepared for. */
export interface Preparation {
  /** False as soon as the group has assigned anew, or the member ends. */
  readonly live: () => boolean
  /** As whom the member is in the group now. */
  readonly memberId: () => string
  readonly seek: (position: Place & { readonly offset: string }) => void
  readonly resume: (places: readonly Place[]) => void
  readonly fail: (error: Error) => void
  readonly logger: Logger
}

const BACKOFF_MS = { first: 100, most: 3_000 }

/** Resolves when the unit works, or is not to work any more. */
export async function prepareUnit<U extends Unit>(held: Held<U>, preparation: Preparation): Promise<void> {
  const { live, memberId, seek, resume, fail, logger } = preparation
  for (let wait = BACKOFF_MS.first; live(); wait = Math.min(wait * 2, BACKOFF_MS.most)) {
    try {
      held.move('restoring')
      const offsets = await held.unit.prepare(live, memberId())
      if (!live()) return
      for (const place of held.places) {
        const offset = offsets.get(place.topic)
        if (offset === undefined) throw new Error(`no position for ${place.topic} ${place.partition}`)
        seek({ ...place, offset: String(offset) })
      }
      held.move('running')
      resume(held.places)
      return
    } catch (error) {
      if (error instanceof RekindleError && !error.retriable) return fail(error)
      if (!live()) return
      logger.warn({ unit: held.id, error: String(error) }, 'a unit could not be prepared, trying again')
      await delay(wait)
    }
  }
}
