/** Who stores runs with less priority than who decides, in the same process, and runs as ever where there is no `nice`. */
import '../support/uncountedChildren.ts'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { getPriority } from 'node:os'
import tap from 'tap'
import { givingWay } from '../../stack/givingWay.ts'
import { roleCommand } from '../../stack/roleCommand.ts'

const asking = (what: string) => ({ command: process.execPath, args: ['-p', what] })
/** 19 is the least that there is. */
const lower = Math.min(19, getPriority() + 5)

void tap.test('what gives way has less priority, in its other threads too', (t) => {
  const said = (script: string) => {
    const { command, args } = givingWay({ command: process.execPath, args: ['-e', script] })
    return execFileSync(command, args, { encoding: 'utf8' }).trim()
  }
  t.equal(said('console.log(os.getPriority())'), String(lower))
  // 0 is the thread that asks: Linux keeps a priority for each, and one that is set from outside later reaches the first alone.
  t.equal(said('new worker_threads.Worker("console.log(require(`os`).getPriority(0))", { eval: true })'), String(lower))
  t.end()
})

void tap.test('its process id is the one that was started: whoever ends it ends it and no shell around it', async (t) => {
  const { command, args } = givingWay(asking('process.pid'))
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const said = once(child.stdout, 'data')
  t.equal(String(((await said) as [Buffer])[0]).trim(), String(child.pid))
})

void tap.test('without nice the command stays as it is', (t) => {
  const command = asking('1')
  t.same(givingWay(command, '/nowhere'), command)
  t.end()
})

void tap.test('the sinks give way, the other roles do not', (t) => {
  const plain = (role: string) => roleCommand('main.ts', role).command === process.execPath
  t.same(['api', 'pipeline', 'sandbox', 'simulator', 'sinks'].filter(plain), ['api', 'pipeline', 'sandbox', 'simulator'])
  t.end()
})
