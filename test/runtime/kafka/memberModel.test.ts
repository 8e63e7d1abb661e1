/**
 * Members of one group over several partitions against one naive run without members: whoever reads, commits, dies, stands
 * still and comes back, whatever is taken over by whom and in the middle of what, nothing is lost, doubled or out of order
 * per key, and changelogs and state end the same. Units, producers, changelogs and stores are the real ones; the broker is
 * the one in memory, which keeps the contract of a cluster.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { NaiveRun } from '../naiveRun.ts'
import { script } from '../scriptedStages.ts'
import type { Script } from '../scriptedStages.ts'
import { assertProperty } from '../../support/property.ts'
import { MemberWorld } from './memberWorld.ts'
import type { Ended } from './memberWorld.ts'
import { stepNames } from './memoryConnection.ts'
import type { Strike } from './modelMember.ts'

type Command =
  | { readonly kind: 'write'; readonly key: string; readonly script: Script }
  | { readonly kind: 'say'; readonly key: string; readonly text: string }
  | { readonly kind: 'poll'; readonly member: number; readonly records: number }
  | { readonly kind: 'strike'; readonly member: number; readonly strike: Strike }
  | { readonly kind: 'expel' | 'leave' | 'kill' | 'thaw' | 'checkpoint'; readonly member: number }
  | { readonly kind: 'join' }
  | { readonly kind: 'wait'; readonly ms: number }

const member = fc.nat({ max: 2 })
const strike: fc.Arbitrary<Strike> = fc.record({
  step: fc.constantFrom(...stepNames, 'heartbeat' as const),
  when: fc.constantFrom('before' as const, 'after' as const),
  how: fc.constantFrom('crash' as const, 'freeze' as const, 'refuse' as const),
})
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('write' as const), key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6'), script }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      key: fc.constantFrom('outside 1', 'outside 2'),
      text: fc.constantFrom('p', 'q'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('poll' as const), member, records: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('strike' as const), member, strike }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('expel' as const, 'leave' as const, 'kill' as const, 'thaw' as const, 'checkpoint' as const),
      member,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 140 }) }) },
)
const commands = fc.array(command, { maxLength: 80, size: 'max' })

/**
 * Found with seed 1, once: its group had given a member up while it took over, and the answer about committed offsets came
 * late. It took what its successor had committed meanwhile for an offset beyond the end, and would have stopped for good.
 */
const quiet: Script = { note: 'a', timers: {}, emits: 0, forget: false, refuse: null }
const replacedWhileItTookOver: readonly Command[] = [
  { kind: 'write', key: 'k1', script: quiet },
  { kind: 'strike', member: 1, strike: { step: 'read offsets', when: 'before', how: 'freeze' } },
  { kind: 'strike', member: 0, strike: { step: 'send', when: 'before', how: 'freeze' } },
  { kind: 'wait', ms: 1 },
  { kind: 'write', key: 'k5', script: quiet },
  { kind: 'wait', ms: 1 },
  { kind: 'thaw', member: 1 },
]

/** The group gives member 0 up, which commits once more in the middle of the take-over by member 1. */
const committedInATakeOver: readonly Command[] = [
  { kind: 'write', key: 'k1', script: { ...quiet, emits: 1 } },
  { kind: 'strike', member: 1, strike: { step: 'take over', when: 'before', how: 'freeze' } },
  { kind: 'expel', member: 0 },
  { kind: 'poll', member: 0, records: 8 },
  { kind: 'thaw', member: 1 },
]

/**
 * Found with seed 763006695: member 0 had asked for the offsets of a partition on which nothing was committed, and stood still. What its
 * successor committed meanwhile it met when it restored, and took the offsets for forgotten.
 */
const restoredBehindItsSuccessor: readonly Command[] = [
  { kind: 'expel', member: 0 },
  { kind: 'strike', member: 0, strike: { step: 'restore', when: 'before', how: 'freeze' } },
  { kind: 'join' },
  { kind: 'say', key: 'outside 2', text: 'p' },
  { kind: 'join' },
  { kind: 'poll', member: 2, records: 1 },
  { kind: 'thaw', member: 0 },
]

const beginAt = Date.UTC(2026, 10, 3)

/** Runs the commands on both, and compares how they end. */
async function compare(all: readonly Command[], folder?: string): Promise<void> {
  const world = new MemberWorld(beginAt, folder)
  const naive = new NaiveRun()
  const setAside: Record<string, string[]> = {}
  const putBack = world.time.install()
  try {
    await world.begin()
    const wait = async (ms: number) => {
      naive.fire(world.time.now + ms)
      await world.wait(ms)
    }
    for (const each of all) {
      if (each.kind === 'write') {
        naive.read(each.key, each.script, world.time.now)
        if (each.script.refuse === 'dead letter') (setAside[each.key] ??= []).push(each.script.note)
        await world.write(each.key, each.script)
      } else if (each.kind === 'say') {
        naive.say(each.key, each.text, world.time.now)
        await world.say(each.key, each.text)
      } else if (each.kind === 'join') await world.join()
      else if (each.kind === 'wait') await wait(each.ms)
      else await toMember(world, each)
    }
    await wait(300)
    // Without further strikes. Positions that no output carries along are committed 250 ms later, and then that of the marker.
    world.calm()
    await wait(300)
    await wait(300)
    const { stores, ...ended } = await world.ended()
    assert.deepStrictEqual(world.failures, [])
    assert.deepStrictEqual({ ...ended, deadLetters: ended.deadLetters }, wanted(naive, setAside))
    assert.deepStrictEqual(stores, ended.state, 'what the members hold is what the changelogs say')
    assert.deepStrictEqual(await world.left(), [])
  } finally {
    putBack()
    await world.close()
  }
}

async function toMember(world: MemberWorld, command: Extract<Command, { member: number }>): Promise<void> {
  const process = world.member(command.member)
  if (process === undefined) return
  if (command.kind === 'poll') await process.poll(command.records)
  else if (command.kind === 'strike') process.strike = command.strike
  else if (command.kind === 'expel') await world.expel(process)
  else if (command.kind === 'leave') await world.leave(process)
  else if (command.kind === 'kill') await process.kill()
  else if (command.kind === 'thaw') await process.thaw()
  else process.checkpoint()
}

function wanted({ told }: NaiveRun, deadLetters: Ended['deadLetters']): Ended {
  const outputs: Record<string, [string, string | null, number][]> = {}
  for (const [topic, key, text, extra, at] of told.outputs) (outputs[`${topic} ${key}`] ??= []).push([text, extra, at])
  const state = Object.entries(told.state).flatMap(([stage, keys]) =>
    Object.entries(keys).map(([key, { notes, timers }]): [string, Ended['state'][string]] => [
      `${stage} ${key}`,
      [notes, Object.entries(timers).sort()],
    ]),
  )
  return { outputs, deadLetters, state: Object.fromEntries(state) }
}

t.setTimeout(300_000)

t.test('any polls, commits, take-overs, crashes and zombies of members over partitions end as one naive run does', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(commands, (all) => compare(all)),
    { numRuns: Number(process.env['MODEL_RUNS'] ?? 100) },
  ),
)

t.test(
  'a member that is replaced while it takes over is fenced, whatever its successor commits before it hears where it stands',
  async (t) => {
    await t.resolves(compare(replacedWhileItTookOver))
  },
)

t.test('what a predecessor commits while it is being replaced is not done again', async (t) => {
  await t.resolves(compare(committedInATakeOver))
})

t.test('state that a successor has committed since the offsets were read is not taken for offsets that the broker forgot', async (t) => {
  await t.resolves(compare(restoredBehindItsSuccessor))
})

t.test('so they do with local state on the disks of their machines, whatever of it had been written when a process died', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(commands, async (all) => {
      const folder = mkdtempSync(join(tmpdir(), 'rekindle-model-'))
      try {
        await compare(all, folder)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }),
    { numRuns: Number(process.env['MODEL_RUNS'] ?? 15) },
  ),
)
