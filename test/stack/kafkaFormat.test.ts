/** The log of the embedded broker is created under one id, also when the first start was killed in the middle of it. */
import '../support/uncountedChildren.ts'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { KafkaEngine } from '../../stack/kafka/kafkaEngine.ts'

t.setTimeout(180_000)
const folder = mkdtempSync(join(tmpdir(), 'rekindle-format-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

t.test('a creation that was cut off is finished by the next start', async (t) => {
  const options = { dataDir: folder, port: 0, onProgress: () => undefined }
  const first = new KafkaEngine(options)
  await first.start()
  await first.stop(20_000)
  const idOf = () => /^cluster\.id=(.+)$/m.exec(readFileSync(join(folder, 'kafka', 'log', 'meta.properties'), 'utf8'))?.[1]
  const id = idOf()
  t.not(id, undefined)
  // As a kill between the tool and the mark leaves it.
  rmSync(join(folder, 'kafka', 'formatted'))
  const next = new KafkaEngine(options)
  await next.start()
  t.equal(next.state, 'ready')
  t.equal(idOf(), id)
  t.equal(readFileSync(join(folder, 'kafka', 'formatted'), 'utf8'), id)
  await next.stop(20_000)
})
