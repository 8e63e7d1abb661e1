import t from 'tap'
import { noMetrics } from '../../runtime/metrics.ts'
import type { CallPermit } from '../../runtime/circuitBreaker.ts'
import { WorkerGate } from '../../runtime/workerGate.ts'

/** A gate whose time is moved by hand; `told` is what its metrics say. */
function gateAt0(options: Partial<ConstructorParameters<typeof WorkerGate>[0]> = {}) {
  let now = 0
  const timers = new Set<{ at: number; work: () => void }>()
  const told = { refused: 0, state: '', timers }
  const gate = new WorkerGate({
    worker: 'caller',
    breaker: { inARow: 2, openMs: { first: 100, most: 400 }, jitter: 0, trials: 1, successes: 2 },
    retryBudget: { share: 0.5, perSecond: 1, most: 1 },
    metrics: {
      ...noMetrics,
      count: (name) => void (told.refused += name === 'lr_worker_retries_refused_total' ? 1 : 0),
      set: (_, { state }, value) => void (told.state = value === 1 ? String(state) : told.state),
    },
    now: () => now,
    random: () => 0,
    later(ms, work) {
      const timer = { at: now + ms, work }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    ...options,
  })
  const pass = (ms: number) => {
    now += ms
    for (const timer of [...timers].filter(({ at }) => at <= now)) {
      timers.delete(timer)
      timer.work()
    }
  }
  return { gate, pass, told }
}
/** Says what an asking has come to: its permit, `undefined` when it was sent home, `waiting` otherwise. */
async function now(asking: Promise<CallPermit | undefined>): Promise<CallPermit | undefined | 'waiting'> {
  return Promise.race([asking, new Promise<'waiting'>((resolve) => setImmediate(resolve, 'waiting'))])
}
const going = new AbortController().signal
const permit = async (asking: Promise<CallPermit | undefined>): Promise<CallPermit> => {
  const got = await now(asking)
  if (got === undefined || got === 'waiting') throw new Error(`no permit: ${String(got)}`)
  return got
}

t.test('while the breaker is open all wait; then one trial at a time, in the order they came', async (t) => {
  const { gate, pass, told } = gateAt0()
  const changes: string[] = []
  gate.watch(() => changes.push(gate.state))
  t.equal(told.state, 'closed')
  for (let n = 0; n < 2; n += 1) gate.leave(await permit(gate.enter(false, going)), 'failure')
  t.equal(told.state, 'open')
  const [first, second, third] = [gate.enter(false, going), gate.enter(false, going), gate.enter(false, going)]
  pass(99)
  t.equal(await now(first), 'waiting')
  pass(1)
  const trial = await permit(first)
  t.equal(await now(second), 'waiting', 'one trial at once')
  gate.leave(trial, 'success')
  gate.leave(await permit(second), 'success')
  t.ok(await permit(third))
  t.strictSame(changes, ['open', 'half-open', 'closed'])
  t.equal(told.state, 'closed')
})

t.test('a retry without budget waits for the floor or for successes, and holds up no first call', async (t) => {
  const { gate, pass, told } = gateAt0({ breaker: { inARow: 100, leastCalls: 50 } })
  gate.leave(await permit(gate.enter(true, going)), 'failure')
  const retry = gate.enter(true, going)
  t.equal(await now(retry), 'waiting')
  const first = await permit(gate.enter(false, going))
  t.equal(told.refused, 1)
  pass(999)
  t.equal(await now(retry), 'waiting')
  pass(1)
  t.ok(await permit(retry), 'one a second')
  const next = gate.enter(true, going)
  gate.leave(first, 'success')
  t.equal(await now(next), 'waiting', 'half a token')
  gate.leave(await permit(gate.enter(false, going)), 'success')
  t.ok(await permit(next))
  t.equal(told.refused, 2, 'each is counted once, however often it is looked at')
})

t.test('whoever gives up, and all once the gate closes, go home without a permit; no timer is left', async (t) => {
  const { gate, pass, told } = gateAt0()
  for (let n = 0; n < 2; n += 1) gate.leave(await permit(gate.enter(false, going)), 'failure')
  const leaving = new AbortController()
  const gone = gate.enter(false, leaving.signal)
  const stays = gate.enter(false, going)
  leaving.abort()
  t.equal(await now(gone), undefined)
  t.equal(await now(gate.enter(false, leaving.signal)), undefined)
  t.equal(await now(stays), 'waiting')
  gate.close()
  t.equal(await now(stays), undefined)
  t.equal(told.timers.size, 0)
  pass(1_000)
  t.equal(await now(gate.enter(false, going)), undefined)
})

t.test('limits that cannot work are refused with the name of the worker', async (t) => {
  t.throws(() => gateAt0({ breaker: { trials: 0 } }), /worker caller: trials must be/)
  t.throws(() => gateAt0({ retryBudget: { perSecond: 0 } }), /worker caller: perSecond must be/)
})

t.test('the breakers of several members of one process are counted by state, and no longer when they are closed down', async (t) => {
  const shown: Record<string, number> = {}
  const metrics = { ...noMetrics, set: (_: string, { state = '' }, value: number) => void (shown[state] = value) }
  const [one, other] = [gateAt0({ metrics }), gateAt0({ metrics })]
  t.strictSame(shown, { closed: 2, open: 0, 'half-open': 0 })
  for (let n = 0; n < 2; n += 1) one.gate.leave(await permit(one.gate.enter(false, going)), 'failure')
  t.strictSame(shown, { closed: 1, open: 1, 'half-open': 0 })
  other.gate.close()
  t.strictSame(shown, { closed: 0, open: 1, 'half-open': 0 })
  const late = await now(one.gate.enter(false, going))
  one.gate.close()
  t.equal(late, 'waiting')
  t.strictSame(shown, { closed: 0, open: 0, 'half-open': 0 })
})
