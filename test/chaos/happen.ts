/** Carries faults out: those of one victim one after the other, those of different ones at the same time. */
import { setTimeout as delay } from 'node:timers/promises'
import { killAndRestart, slowDisk, stall } from './engines.ts'
import type { ChaosEngines } from './engines.ts'
import type { Fault } from './faults.ts'
import type { Member } from './members.ts'
import type { Provider } from './provider.ts'

export interface Victims {
  readonly engines: ChaosEngines
  readonly members: readonly Member[]
  readonly provider: Provider
  /** A member that did not run yet. */
  newcomer(): Member
}

/** What happens, as it happens. */
export type Say = (line: string) => void

/** Begins a fault; what it returns resolves when the fault is over, and rejects when it could not be made. */
export function faultMaker(victims: Victims, say: Say): (fault: Fault) => Promise<void> {
  const last = new Map<string, Promise<void>>()
  return (fault) => {
    const { victim, act } = actionOf(fault, victims, say)
    const before = (last.get(victim) ?? Promise.resolve()).catch(() => undefined)
    const mine = before.then(async () => {
      say(`${fault.kind} ${victim}`)
      await act()
    })
    last.set(victim, mine)
    return mine
  }
}

function actionOf(
  { kind, target, durationMs, shiftMs }: Fault,
  { engines, members, provider, newcomer }: Victims,
  say: Say,
): { victim: string; act: () => Promise<unknown> } {
  const member = members[target % members.length] as Member
  const broker = engines.brokers[target % engines.brokers.length] as ChaosEngines['postgres']
  switch (kind) {
    case 'kill-member':
      return {
        victim: member.name,
        act: () =>
          member
            .kill()
            .then(() => delay(durationMs))
            .then(() => member.start()),
      }
    case 'leave-member':
      return {
        victim: member.name,
        async act() {
          const end = await member.leave()
          if (end !== 0) say(`${member.name} ended with ${end} when it was told to end`)
          await delay(durationMs)
          member.start()
        },
      }
    case 'newcomer': {
      const guest = newcomer()
      return {
        victim: guest.name,
        async act() {
          guest.start()
          await guest.ready
          await delay(durationMs)
          await guest.leave()
        },
      }
    }
    case 'zombie':
      return { victim: member.name, act: () => member.freeze(durationMs) }
    case 'clock-step':
      return { victim: member.name, act: () => member.stepClock(shiftMs, durationMs) }
    // One at a time: with two of three away there is no quorum, which is another experiment.
    case 'kill-broker':
      return { victim: 'broker', act: () => killAndRestart(engines, broker, durationMs) }
    case 'stall-broker':
      return { victim: 'broker', act: () => stall(broker, durationMs) }
    case 'kill-registry':
      return { victim: 'registry', act: () => killAndRestart(engines, engines.registry, durationMs) }
    case 'kill-postgres':
      return { victim: 'postgres', act: () => killAndRestart(engines, engines.postgres, durationMs) }
    case 'kill-clickhouse': {
      const { clickhouse } = engines
      return {
        victim: 'clickhouse',
        act: async () => (clickhouse === undefined ? undefined : killAndRestart(engines, clickhouse, durationMs)),
      }
    }
    case 'slow-disk':
      return { victim: 'disk', act: () => slowDisk(engines, durationMs) }
    case 'provider-down':
      return {
        victim: 'provider',
        async act() {
          provider.down = true
          await delay(durationMs)
          provider.down = false
        },
      }
    default:
      return kind satisfies never
  }
}
