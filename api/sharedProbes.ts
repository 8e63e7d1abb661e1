/**
 * A part is asked once for all who want to know at the same time: `/readyz` is open to everybody, and what it asks must not be a way to keep
 * Kafka and the database busy. While a part does not answer, it is asked anew once per `withinMs`, so that nothing piles up behind it
 * and one question that is never answered hides no recovery.
 */
import type { Probe } from './ports.ts'

/** `now` in ms of a clock that nobody sets. */
export function sharedProbes(
  probes: Readonly<Record<string, Probe>>,
  withinMs: number,
  now: () => number,
): Readonly<Record<string, Probe>> {
  return Object.fromEntries(Object.entries(probes).map(([name, probe]) => [name, shared(probe, withinMs, now)]))
}

function shared(probe: Probe, withinMs: number, now: () => number): Probe {
  let running: { readonly begunAt: number; readonly answer: Promise<unknown> } | undefined
  return () => {
    if (running !== undefined && now() - running.begunAt < withinMs) return running.answer
    const mine = {
      begunAt: now(),
      answer: Promise.resolve()
        .then(probe)
        .finally(() => {
          if (running === mine) running = undefined
        }),
    }
    running = mine
    return mine.answer
  }
}
