/**
 * Whether what came out of a key is what one naive run would have given: every record once, in the order of its topic, timers
 * once, in the order in which they were due and as they were set last, each line with the state that those before it make.
 */
import assert from 'node:assert/strict'
import { byLine, byRecord, byTimer, chained, perWindow, REFUSED } from './actedStages.ts'
import type { Act, Line } from './actedStages.ts'

export interface Heard {
  count: number
  chain: number
}
/** What was written of a key, by the name of its topic. */
export interface Written {
  readonly acts: Readonly<Record<string, readonly Act[]>>
  /** What others said to the echo. */
  readonly outside: readonly string[]
}
export interface Came {
  /** Of the actor, in the order of the log. */
  readonly told: readonly (Line & { readonly at: number })[]
  readonly echoed: readonly Line[]
  readonly counted: readonly Line[]
  readonly deadLetters: readonly number[]
  /** Of lines that the echo refused. */
  readonly deadLines: readonly string[]
}
/** By stage; what is left of the key in the end. */
export interface Left {
  readonly actor: (Heard & { readonly timers: Readonly<Record<string, number>> }) | undefined
  readonly echo: Heard | undefined
}

/** Throws where it is not; returns what must be left of the key. */
export function sequential(key: string, { acts, outside }: Written, came: Came): Left {
  const due = new Map(Object.entries(acts).map(([name, all]) => [name, all.filter(({ refuse }) => refuse === null || refuse === 'echo')]))
  let state: Heard | undefined
  let timers: Record<string, number> = {}
  const told = [...came.told]
  for (let line = told.shift(); line !== undefined; line = told.shift()) {
    const [name = '', id = ''] = line.by.split(' ')
    if (name === 'timer') {
      const [, timerName = '', dueAt = ''] = line.by.split(' ')
      assert.equal(timers[timerName], Number(dueAt), `${key}: ${line.by} fires as it was set last, once`)
      assert.equal(Number(dueAt), Math.min(...Object.values(timers)), `${key}: ${line.by} fires before what is due later`)
      assert.ok(line.at >= Number(dueAt), `${key}: ${line.by} does not fire too early`)
      timers = Object.fromEntries(Object.entries(timers).filter(([each]) => each !== timerName))
      state = heard(state, byTimer(timerName, Number(dueAt)))
      assert.deepEqual([line.count, line.chain], [state.count, state.chain], `${key}: ${line.by} on the state before it`)
      continue
    }
    const act = due.get(name)?.shift()
    assert.equal(line.by, act === undefined ? undefined : byLine(name, act, 0), `${key}: the next of ${name}, once and in order`)
    if (act === undefined) continue
    state = heard(state, byRecord(name, Number(id)))
    for (let index = 0; index < act.emits; index += 1) {
      if (index > 0) line = told.shift()
      assert.deepEqual(
        [line?.by, line?.count, line?.chain],
        [byLine(name, act, index), state.count, state.chain],
        `${key}: ${act.id} on the state before it`,
      )
    }
    for (const [each, at] of Object.entries(act.timers))
      if (at < 0) timers = Object.fromEntries(Object.entries(timers).filter(([own]) => own !== each))
      else timers[each] = at
    if (act.forget) [state, timers] = [undefined, {}]
  }
  for (const [name, left] of due)
    assert.deepEqual(
      left.map(({ id }) => id),
      [],
      `${key}: nothing of ${name} is lost`,
    )
  assert.deepEqual(
    [...came.deadLetters].sort(),
    Object.values(acts)
      .flat()
      .filter(({ refuse }) => refuse === 'dead letter')
      .map(({ id }) => id)
      .sort(),
    `${key}: dead letters, each once`,
  )
  return { actor: state === undefined ? undefined : { ...state, timers }, echo: echoes(key, came, outside) }
}

function echoes(key: string, { told, echoed, counted, deadLines }: Came, outside: readonly string[]): Heard | undefined {
  const own = told.map(({ by }) => by)
  const due = { own: own.filter((by) => !by.endsWith(REFUSED)), others: [...outside] }
  assert.deepEqual(
    deadLines,
    own.filter((by) => by.endsWith(REFUSED)),
    `${key}: lines that the echo refused, each once and in order`,
  )
  let state: Heard | undefined
  const sums = new Map<number, Heard>()
  for (const line of echoed) {
    const list = line.by.startsWith('outside') ? due.others : due.own
    assert.equal(line.by, list.shift(), `${key}: the echo hears each once and in order`)
    state = heard(state, line.by)
    assert.deepEqual([line.count, line.chain], [state.count, state.chain], `${key}: the echo of ${line.by} on the state before it`)
    const start = Math.floor((line.count - 1) / perWindow) * perWindow
    sums.set(start, heard(sums.get(start), line.by))
  }
  assert.deepEqual(due, { own: [], others: [] }, `${key}: the echo hears all`)
  const closed = [...sums].slice(0, -1).map(([start, sum]) => ({ ...sum, by: `window ${start}` }))
  assert.deepEqual(
    counted.map(({ by, count, chain }) => ({ count, chain, by })),
    closed,
    `${key}: each window closes once, with all of it`,
  )
  return state
}

function heard(state: Heard | undefined, by: string): Heard {
  return { count: (state?.count ?? 0) + 1, chain: chained(state?.chain ?? 0, by) }
}
