/** An engine that died is brought back where clients look for it, ever less often while it does not live, and what is said of it is so. */
import t from 'tap'
import { engineWatch } from '../../stack/engineWatch.ts'

class FakeEngine {
  readonly name = 'postgres'
  readonly address = 'postgres://u:s3cret@127.0.0.1:1/x'
  readonly logFile = 'postgres.log'
  alive = false
  givenUp = 0
  readonly restart: () => Promise<void>
  constructor(restart: () => Promise<void>) {
    this.restart = restart
  }
  giveUp(): void {
    this.givenUp++
  }
}

function watched(restart: () => Promise<void>) {
  const said: string[] = []
  const clock = { ms: 1_000_000 }
  const engine = new FakeEngine(restart)
  const watch = engineWatch([engine], { onEvent: (line) => said.push(line), onChange: () => undefined, now: () => clock.ms })
  return { said, clock, engine, watch }
}

t.test('the next try comes when it is said to come, and each pause is twice the last, up to 30 s', async (t) => {
  let tries = 0
  const { said, clock, watch } = watched(async () => {
    tries++
    throw new Error('no room')
  })
  const pauses: number[] = []
  for (let seen = 0; seen < 9; seen++) {
    await watch.look()
    const told = Number(/next try in ([\d.]+) s: no room$/.exec(said.at(-1) ?? '')?.[1])
    pauses.push(told)
    clock.ms += 1000 * told - 1
    const before = tries
    await watch.look()
    t.equal(tries, before, 'not sooner')
    clock.ms += 1
  }
  t.strictSame(pauses, [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
})

t.test('one that dies at once after each start is not started again and again; one that has lived for a minute is at once', async (t) => {
  const starts: number[] = []
  const { said, clock, engine, watch } = watched(async () => void starts.push(clock.ms))
  // Dead each time somebody looks, every second for a minute.
  for (let second = 0; second <= 60; second++) {
    await watch.look()
    clock.ms += 1000
  }
  // Pauses of 0.5, 1, 2, 4, 8, 16 and 30 s, looked at each second: after 0, 1, 2, 4, 8, 16 and 32 s.
  t.strictSame(
    starts.map((at) => (at - 1_000_000) / 1000),
    [0, 1, 2, 4, 8, 16, 32],
  )
  t.match(said.slice(0, 2), [
    'postgres died; starting it again. Its log: postgres.log',
    'postgres is back on postgres://u:********@127.0.0.1:1/x',
  ])
  engine.alive = true
  clock.ms += 60_000
  engine.alive = false
  await watch.look()
  t.equal(starts.at(-1), clock.ms)
  clock.ms += 500
  await watch.look()
  t.equal(starts.at(-1), clock.ms, 'with the first pause again')
})

t.test('a stop gives up what is being started, and says nothing of a next try', async (t) => {
  let fail: (error: Error) => void = () => undefined
  const { said, engine, watch } = watched(() => new Promise((_, reject) => (fail = reject)))
  const looking = watch.look()
  watch.stop()
  t.equal(engine.givenUp, 1)
  fail(new Error('was stopped while it started'))
  await looking
  await watch.look()
  t.strictSame(said, ['postgres died; starting it again. Its log: postgres.log'])
})
