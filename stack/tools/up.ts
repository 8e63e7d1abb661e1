/**
 * Starts the engines alone and keeps them until SIGTERM: `node --import tsx stack/tools/up.ts --data-dir X`. Prints one
 * JSON line per event; the line with `ready` carries the addresses, which also stand in `X/stack.json`.
 */
import { parseArgs } from 'node:util'
import { startStack } from '../stack.ts'

const { values } = parseArgs({ options: { 'data-dir': { type: 'string', default: '.rekindle' } } })
const print = (line: Readonly<Record<string, unknown>>) => {
  console.log(JSON.stringify({ at: new Date().toISOString(), ...line }))
}
const startedAt = performance.now()
const stack = await startStack({
  dataDir: values['data-dir'],
  onEvent: (event) => {
    print({ event })
  },
})
print({ ready: true, tookMs: Math.round(performance.now() - startedAt), addresses: stack.addresses })
for (const { name, state, note, pid, logFile } of stack.engines) print({ engine: name, state, note, pid, logFile })

// The event loop stays alive by the watch over the engines.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void stack.stop().then(() => {
      print({ stopped: signal })
      process.exit(0)
    })
  })
}
