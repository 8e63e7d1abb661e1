/**
 * What the scripted stages shall give, told naively: one record or timer after the other, every timer looked for in
 * everything, no batch, no member, no crash. The runtime is compared with it.
 */
import { ttlMs } from './scriptedStages.ts'
import type { Script } from './scriptedStages.ts'

/** What both tellings are compared by. */
export interface Told {
  outputs: [topic: string, key: string, text: string, extra: string | null, at: number][]
  drops: number
  deadLetters: number
  state: Record<string, Record<string, { notes: string[]; timers: Record<string, number> }>>
}

/** The promises, carried out at once. */
export class NaiveRun {
  readonly told: Told = { outputs: [], drops: 0, deadLetters: 0, state: { actor: {}, echo: {} } }
  private readonly ends: Record<string, number> = {}

  /** A record of the scripts. */
  read(key: string, { note, timers, emits, forget, refuse }: Script, at: number): void {
    if (refuse === 'drop') this.told.drops++
    else if (refuse !== null) this.told.deadLetters++
    else {
      const actors = this.of('actor')
      if (forget) this.forget('actor', key)
      else {
        const entry = (actors[key] ??= { notes: [], timers: {} })
        entry.notes.push(note)
        for (const [name, delay] of Object.entries(timers)) {
          if (delay < 0) delete entry.timers[name]
          else entry.timers[name] = at + delay
        }
        this.touch(key, at)
      }
      for (let i = 0; i < emits; i++) this.say(key, `${note}${i}`, at)
    }
  }

  /** What is due at that time, whenever it should have come. */
  fire(now: number): void {
    for (;;) {
      const due = Object.entries(this.told.state).flatMap(([name, keys], place) =>
        Object.entries(keys).flatMap(([key, { timers }]) => [
          ...Object.entries(timers).map(([timerName, dueAt]) => ({ stage: name, place, key, name: timerName, dueAt })),
          ...(name === 'actor' ? [{ stage: name, place, key, name: '$expiry', dueAt: this.ends[key] as number }] : []),
        ]),
      )
      const [first] = due
        .filter(({ dueAt }) => dueAt <= now)
        .sort(
          (a, b) =>
            a.dueAt - b.dueAt || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.name < b.name ? -1 : a.name > b.name ? 1 : a.place - b.place),
        )
      if (first === undefined) return
      const keys = this.of(first.stage)
      const entry = keys[first.key] as { notes: string[]; timers: Record<string, number> }
      delete entry.timers[first.name]
      if (first.name === '$expiry') this.forget('actor', first.key)
      else if (first.stage === 'echo') {
        delete keys[first.key]
        this.told.outputs.push(['echoed', first.key, `hushed ${entry.notes.length}`, null, now])
      } else {
        this.touch(first.key, now)
        if (first.name === 'y') {
          entry.notes.push('y')
          entry.timers['z'] = first.dueAt + 3
        } else this.say(first.key, `${first.name} ${entry.notes.length}`, now)
      }
    }
  }

  /** A record of the topic between the two stages, whoever wrote it. */
  say(key: string, text: string, at: number): void {
    this.told.outputs.push(['said', key, text, null, at])
    const entry = (this.of('echo')[key] ??= { notes: [], timers: {} })
    this.told.outputs.push(['echoed', key, `${text}!`, entry.notes.at(-1) ?? null, at])
    entry.notes = [...entry.notes.slice(-3), text]
    entry.timers['hush'] = at + 7
  }

  private touch(key: string, at: number): void {
    this.ends[key] = Math.max(this.ends[key] ?? 0, at + ttlMs)
  }

  private forget(name: 'actor', key: string): void {
    delete this.of(name)[key]
    delete this.ends[key]
  }

  private of(name: string) {
    return this.told.state[name] as Told['state'][string]
  }
}
