/**
 * Calls counted for all processes while that works, else in this one: a limit that cannot be asked must not stop the calls.
 * What was allowed by all is counted here too, so that the change-over starts from what this process has sent.
 */
import type { LocalWindows } from './localWindows.ts'
import type { CallClass, Room, Windows } from './windows.ts'

export class SharedWindows implements Windows {
  private readonly shared: Windows
  private readonly local: LocalWindows
  private readonly onAway: (away: boolean, error?: unknown) => void
  private away = false

  /** `onAway` is told when counting changes from one way to the other. */
  constructor(shared: Windows, local: LocalWindows, onAway: (away: boolean, error?: unknown) => void) {
    this.shared = shared
    this.local = local
    this.onAway = onAway
  }

  async take(location: string, count: number, of: CallClass = 'first'): Promise<Room> {
    const room = await this.ask(() => this.shared.take(location, count, of))
    if (room === undefined) return this.local.take(location, count, of)
    if (room.waitMs === 0) this.local.record(location, count)
    return room
  }

  async lower(location: string, free: number): Promise<void> {
    await Promise.all([this.ask(() => this.shared.lower(location, free)), this.local.lower(location, free)])
  }

  async block(location: string, forMs: number): Promise<void> {
    await Promise.all([this.ask(() => this.shared.block(location, forMs)), this.local.block(location, forMs)])
  }

  private async ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await question()
      if (this.away) this.onAway((this.away = false))
      return answer
    } catch (error) {
      if (!this.away) this.onAway((this.away = true), error)
      return undefined
    }
  }
}
