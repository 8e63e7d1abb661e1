/** What the sandbox tells back, to a receiver that does not answer. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { TellBack } from '../../../integrations/ghl/sandbox/tellBack.ts'
import { systemClock } from '../../../delivery/systemClock.ts'

t.test('a webhook that is not answered is given up in time and comes again, whatever the memory does meanwhile', async (t) => {
  let asked = 0
  const receiver = createServer((request, response) => {
    asked += 1
    request.resume()
    // The first is taken and never answered.
    if (asked > 1) response.writeHead(202).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise((resolve) => receiver.close(resolve).closeAllConnections()))
  const told: string[] = []
  const tellBack = new TellBack({
    url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    key: generateKeyPairSync('ed25519').privateKey,
    clock: systemClock,
    onTold: (id) => void told.push(id),
    firstWaitMs: 1,
    answerMs: 500,
  })
  t.teardown(() => {
    tellBack.stop()
  })
  tellBack.tell({ id: 'one', body: { type: 'OutboundMessage' } })
  while (asked === 0) await delay(5)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let n = 0; n < 3; n += 1) {
    await delay(5)
    collect()
  }
  await Promise.race([tellBack.settled(), delay(10_000, undefined, { ref: false })])
  t.strictSame([told, asked], [['one'], 2])
})
