import fc from 'fast-check'
import { Registry } from 'prom-client'
import t from 'tap'
import { GaugeShare } from '../../runtime/gaugeShare.ts'
import { noMetrics, runtimeMetrics } from '../../runtime/metrics.ts'
import { assertProperty } from '../support/property.ts'

t.test('a gauge shows the sum of the shares in it, by label, until they are let go', async (t) => {
  const registry = new Registry()
  const metrics = runtimeMetrics(registry)
  const [one, other] = [new GaugeShare(metrics, 'lr_task_state_keys'), new GaugeShare(metrics, 'lr_task_state_keys')]
  const parked = new GaugeShare(metrics, 'lr_task_parked_keys')
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => /^lr_task_(state|parked)_keys/.test(line))
  one.set({ stage: 'a' }, 3)
  other.set({ stage: 'a' }, 4)
  other.set({ stage: 'b' }, 5)
  parked.set({ stage: 'a' }, 1)
  t.strictSame(await lines(), ['lr_task_state_keys{stage="a"} 7', 'lr_task_state_keys{stage="b"} 5', 'lr_task_parked_keys{stage="a"} 1'])
  one.set({ stage: 'a' }, 2)
  other.release()
  t.strictSame(await lines(), ['lr_task_state_keys{stage="a"} 2', 'lr_task_state_keys{stage="b"} 0', 'lr_task_parked_keys{stage="a"} 1'])
  other.release()
  one.release()
  t.strictSame((await lines())[0], 'lr_task_state_keys{stage="a"} 0', 'letting go twice takes nothing from others')
})

t.test('whatever is set and let go in whatever order, the last sum is that of what is held', (t) =>
  assertProperty(
    t,
    fc.property(fc.array(fc.tuple(fc.nat(2), fc.constantFrom('a', 'b'), fc.option(fc.nat(9)))), (steps) => {
      const shown: Record<string, number> = { a: 0, b: 0 }
      const metrics = { ...noMetrics, set: (_: string, { stage = '' }, value: number) => void (shown[stage] = value) }
      const shares = [0, 1, 2].map(() => new GaugeShare(metrics, 'lr_task_state_keys'))
      const held = shares.map((): Record<string, number> => ({}))
      for (const [holder, stage, value] of steps) {
        if (value === null) {
          shares[holder]?.release()
          held[holder] = {}
        } else {
          shares[holder]?.set({ stage }, value)
          ;(held[holder] as Record<string, number>)[stage] = value
        }
      }
      return ['a', 'b'].every((stage) => shown[stage] === held.reduce((sum, own) => sum + (own[stage] ?? 0), 0))
    }),
  ),
)
