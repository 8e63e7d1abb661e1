/** The clock of the machine. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../integrations/ghl/clock.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
}
