import { EventEmitter } from 'node:events'
import t from 'tap'
import { hangUp, isAsked, stopRequests } from '../../cli/stopRequests.ts'

t.test('the first signal asks, the second hurries, a third is left to the system', async (t) => {
  const process = new EventEmitter()
  let ms = 0
  const { asked, hurried } = stopRequests(process, [], () => ms)
  t.strictSame([asked.aborted, hurried.aborted], [false, false])
  process.emit('SIGTERM', 'SIGTERM')
  t.strictSame([asked.aborted, hurried.aborted], [true, false])
  t.equal(asked.reason, 'SIGTERM')
  t.equal(process.listenerCount('SIGTERM'), 1, 'it does not kill before the second')
  ms = 300
  process.emit('SIGINT', 'SIGINT')
  t.equal(hurried.aborted, true, 'whatever signal it is')
  t.strictSame([process.listenerCount('SIGTERM'), process.listenerCount('SIGINT')], [0, 0])
  t.equal(asked.reason, 'SIGTERM')
})

t.test('a supervisor that goes away asks as a signal does', async (t) => {
  const process = new EventEmitter()
  let ms = 0
  const { asked, hurried, ask } = stopRequests(process, [], () => ms)
  ask('the supervisor is gone')
  t.strictSame([asked.reason, hurried.aborted], ['the supervisor is gone', false])
  ms = 300
  process.emit('SIGTERM', 'SIGTERM')
  t.equal(hurried.aborted, true)
})

t.test('a terminal that is closed asks as well, but for who was started to outlive it', async (t) => {
  const process = new EventEmitter()
  const { asked } = stopRequests(process, ['SIGHUP'])
  t.equal(isAsked(), false)
  process.emit('SIGHUP', 'SIGHUP')
  t.equal(asked.reason, 'SIGHUP')
  t.equal(isAsked(), true, 'its output, which is gone as well, does not hurry it')
  // Signal 1 is the lowest bit of the mask.
  t.strictSame(hangUp('Name:\tnode\nSigIgn:\t0000000001001000\n'), ['SIGHUP'])
  t.strictSame(hangUp('Name:\tnode\nSigIgn:\t0000000001001001\n'), [])
  t.strictSame(hangUp(''), ['SIGHUP'])
})

t.test('one Ctrl-C that comes twice, from the terminal and through npx, is one', async (t) => {
  const process = new EventEmitter()
  let ms = 1_000
  const { asked, hurried } = stopRequests(process, ['SIGHUP'], () => ms)
  process.emit('SIGINT', 'SIGINT')
  ms += 299
  process.emit('SIGINT', 'SIGINT')
  t.strictSame([asked.aborted, hurried.aborted], [true, false])
  ms += 1
  process.emit('SIGINT', 'SIGINT')
  t.equal(hurried.aborted, true)
})
