/** Open dead letters as a metric: the numbers of the last look, and none while they cannot be seen. */
import { Registry } from 'prom-client'
import t from 'tap'
import { deadLetterDepth, watchDeadLetters } from '../../../cli/roles/deadLetterWatch.ts'

t.test('the numbers of the last look; a failed one takes them away, the next one brings them back, and what is gone is gone', async (t) => {
  const registry = new Registry()
  const warnings: unknown[] = []
  const shown: string[] = []
  const line = { topic: 'ghl.webhooks', group: 'pipeline' }
  const looks = [
    [
      { ...line, step: 'ingest', open: 3 },
      { ...line, step: 'enrich', open: 1 },
    ],
    undefined,
    [{ ...line, step: 'ingest', open: 2 }],
    [{ ...line, step: '', open: 0 }],
  ]
  let end = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const watch = watchDeadLetters({
    counts: {
      async look() {
        const found = looks.shift()
        if (found === undefined) throw new Error('no broker')
        return found
      },
    },
    clock: {
      now: () => 0,
      async sleep(ms, signal) {
        t.equal(ms, 30_000)
        shown.push(
          (await registry.metrics())
            .split('\n')
            .filter((text) => text.startsWith('lr_'))
            .join(' '),
        )
        if (looks.length > 0) return
        end()
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
      },
    },
    depth: deadLetterDepth(registry),
    logger: { warn: (said: unknown) => void warnings.push(said) } as never,
  })
  await ended
  await watch.stop()
  const at = (step: string) => `lr_dlq_depth{topic="ghl.webhooks",group="pipeline",step="${step}"}`
  t.strictSame(shown, [`${at('ingest')} 3 ${at('enrich')} 1`, '', `${at('ingest')} 2`, `${at('')} 0`])
  t.equal(warnings.length, 1)
})
