/**
 * `rekindle run pipeline --dry-run`: the stages of a group from where it stands, with its state, on what comes in, into a
 * black hole. The group itself may run meanwhile: nothing is written, no offset moves, no message goes out.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RehearsalTally } from './rehearsalTally.ts'
import type { KafkaForOperators, Surroundings } from './surroundings.ts'
import { groupsNamed } from './verbs/lag.ts'

const LOOK_MS = 1_000
const SAY_EVERY_MS = 10_000

export interface DryRunOptions extends Pick<Surroundings, 'terminal' | 'now' | 'wait'> {
  readonly kafka: Pick<KafkaForOperators, 'groups' | 'rehearse'>
  readonly group: string
  /** Ends when everything that is there now was read; else it follows until `stop`. */
  readonly untilEnd: boolean
  readonly stop: AbortSignal
}

/** Resolves when it is stopped or, with `untilEnd`, at the end; the counts are printed then. */
export async function dryRun({ kafka, group: name, untilEnd, stop, terminal, now, wait }: DryRunOptions): Promise<void> {
  const pause = wait ?? ((ms: number) => delay(ms, undefined, { signal: stop }).catch(() => undefined))
  const tally = new RehearsalTally()
  const [found] = groupsNamed(kafka.groups, name)
  if (found === undefined) return
  const rehearsal = await kafka.rehearse({
    group: name,
    stages: found.declared,
    from: 'committed',
    onResult: (result) => {
      tally.add(result)
    },
  })
  try {
    terminal.out(`${name} in a dry run: nothing is written, no offset moves.`)
    let saidAt = now()
    for (;;) {
      await rehearsal.catchUp({ stopped: () => stop.aborted })
      if (untilEnd || stop.aborted) break
      // Between records time passes as it does for the members: timers fire by the wall clock.
      await rehearsal.advance(now())
      if (now() - saidAt >= SAY_EVERY_MS) {
        saidAt = now()
        terminal.out(tally.progress(rehearsal.at))
      }
      await pause(LOOK_MS)
    }
    for (const line of tally.lines()) terminal.out(line)
  } finally {
    await rehearsal.close()
  }
}
