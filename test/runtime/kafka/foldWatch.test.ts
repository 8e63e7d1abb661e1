/** A fold that never returns is named from outside, and its process ended: what hangs is a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { watchFolds } from '../../../runtime/kafka/foldWatch.ts'
import '../../support/uncountedChildren.ts'

/** How the process ended, and what it said. */
async function hung(where: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'hangingFold.ts'), where], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += String(chunk)))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { code, signal, said }
}

for (const [where, what, place] of [
  [
    'record',
    'Stage first has not come out of its fold of items 3@5000000002',
    { stage: 'first', topic: 'items', partition: 3, offset: '5000000002' },
  ],
  [
    'handed over',
    'Stage second has not come out of its fold of items 3@5000000002',
    { stage: 'second', topic: 'items', partition: 3, offset: '5000000002' },
  ],
  ['timer', 'Stage first has not come out of its fold of timer silence of lead:1', { stage: 'first', timer: 'silence', key: 'lead:1' }],
  ['loop', 'The event loop has stood still', { stage: undefined, topic: undefined }],
] as const)
  t.test(`what does not come to an end is named, and its process ends: ${where}`, async (t) => {
    const { signal, said } = await hung(where)
    const line = JSON.parse(said) as Record<string, unknown>
    t.equal(signal, 'SIGKILL')
    t.match(line, { level: 60, name: 'pipeline', code: 'E_TASK_STUCK', ...place })
    t.match(line['msg'], new RegExp(`^E_TASK_STUCK: ${what} for \\d+ ms; the process is ended and replays$`))
  })

t.test('a process whose loop turns is left alone', async (t) => {
  t.match(await hung('nowhere'), { code: 7, signal: null, said: '' })
})

t.test('one thread looks on for a process; who stops looking leaves it to the others', async (t) => {
  const logger = { bindings: () => ({}) }
  const one = watchFolds({ logger, limitMs: 400, everyMs: 50 })
  const other = watchFolds({ logger, limitMs: 400, everyMs: 50 })
  t.equal(one.mark, other.mark, 'one thread for the process')
  await one.stop()
  const late = watchFolds({ logger, limitMs: 400, everyMs: 50 })
  t.equal(late.mark, other.mark)
  await Promise.all([other.stop(), late.stop()])
  const anew = watchFolds({ logger, limitMs: 400, everyMs: 50 })
  t.not(anew.mark, other.mark)
  await anew.stop()
})

t.test('timers may have any number of names: none is kept, or told to the thread', async (t) => {
  const { mark, stop } = watchFolds({ logger: { bindings: () => ({}) }, limitMs: 60_000 })
  const told = t.capture(Worker.prototype, 'postMessage')
  for (let name = 0; name < 1_000; name += 1) mark?.begin('first', { source: undefined, timer: `reply to ${name}` }, 'lead:1', 0)
  mark?.end()
  t.equal(told().length, 1, 'the name of the stage')
  await stop()
})
