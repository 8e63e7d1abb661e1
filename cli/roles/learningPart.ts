/**
 * Learning in a process: once at the start and then every so many hours. Where another process is at it, or a run fails, what is in
 * force stays in force until the next one; the process goes on.
 */
import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { Logger } from 'pino'
import type { Clock } from '../../integrations/ghl/clock.ts'
import type { Learned } from '../../pipelines/learning/learn.ts'
import { isDown } from '../../pipelines/learning/turned.ts'
import { cliError } from '../errors.ts'
import { learnAll, learnedTypes } from '../learnAll.ts'
import type { LearnPorts } from '../learnAll.ts'
import { alarmLines } from '../driftText.ts'
import { learnedLine } from '../learnText.ts'
import { turnedLines } from '../turnedText.ts'
import { repeatedly } from './repeatedly.ts'

const HOUR_MS = 3_600_000
/**
 * Nobody looks at what the timer puts in force, so it waits for as many verdicts of the random audit as make a policy better wherever its prior stood.
 * @source reference/consensus.md 9.7: of a prior that is nearly right 30 labels make the log loss worse, 100 make it better; 9.6: sought ones alone are worse than none
 */
export const VERDICTS_LEAST = 100

export interface LearningMetrics {
  readonly lastRun: Gauge
  readonly verdicts: Gauge<'decision_type'>
  readonly drift: Gauge<'decision_type'>
  readonly turned: Gauge<'decision_type' | 'state'>
  readonly policies: Counter<'outcome'>
  readonly failures: Counter
}

const outcomes: readonly (Learned['outcome'] | 'published')[] = ['published', 'unchanged', 'few', 'rolled_back', 'worse', 'unsound']

export function learningMetrics(registry: Registry): LearningMetrics {
  const registers = [registry]
  const policies = new Counter({
    name: 'lr_learned_policies_total',
    help: 'Policies made of verdicts by the timer, by what became of them (published, unchanged, few, rolled_back, worse, unsound).',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of outcomes) policies.inc({ outcome }, 0)
  return {
    lastRun: new Gauge({
      name: 'lr_learn_last_run_timestamp_seconds',
      help: 'When policies were last learned to the end by this process; 0 before.',
      registers,
    }),
    verdicts: new Gauge({
      name: 'lr_learn_verdicts',
      help: 'Verdicts of all locations that the last run could use, by decision type.',
      labelNames: ['decision_type'],
      registers,
    }),
    drift: new Gauge({
      name: 'lr_learn_drift',
      help: 'Of four exact tests on verdicts of all locations, how many say that something has drifted, by decision type.',
      labelNames: ['decision_type'],
      registers,
    }),
    turned: new Gauge({
      name: 'lr_learn_turned_agents',
      help: 'Agents that fell out with the others, by decision type: held_down, or cannot_tell where so many fell that nobody can say who changed.',
      labelNames: ['decision_type', 'state'],
      registers,
    }),
    policies,
    failures: new Counter({ name: 'lr_learn_failures_total', help: 'Runs of learning that failed.', registers }),
  }
}

export interface LearningPartOptions {
  /** More than 0. */
  readonly everyHours: number
  readonly ports: LearnPorts
  /** Runs it unless another process is at it: then resolves with `busy`. */
  readonly alone: (work: () => Promise<void>) => Promise<void | 'busy'>
  readonly clock: Clock
  readonly metrics: LearningMetrics
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>
}

/** Starts it; `stop` waits for the run that is under way. */
export function startLearning(options: LearningPartOptions): { stop(): Promise<void> } {
  const { everyHours, ports, alone, clock, metrics, logger } = options
  async function learnOnce(): Promise<void> {
    const now = clock.now()
    const wish = { types: learnedTypes, now, verdictsLeast: VERDICTS_LEAST, byItself: true }
    for await (const { decisionType, learned } of learnAll(ports, wish)) {
      metrics.verdicts.set({ decision_type: decisionType }, learned[0]?.one.report.labels.usable ?? 0)
      const drift = learned[0]?.one.drift
      metrics.drift.set({ decision_type: decisionType }, drift?.kind === 'told' ? drift.alarms.length : 0)
      const watch = learned[0]?.one.watch
      metrics.turned.set({ decision_type: decisionType, state: 'held_down' }, (watch?.turned ?? []).filter(isDown).length)
      metrics.turned.set({ decision_type: decisionType, state: 'cannot_tell' }, watch?.undecided.length ?? 0)
      for (const line of turnedLines(watch)) logger.warn({ decisionType }, `${decisionType}: ${line.trim()}`)
      for (const { one, published } of learned) {
        metrics.policies.inc({ outcome: published ? 'published' : one.outcome })
        logger.info({ policyHash: one.policy.policyHash, decisionType, published }, learnedLine(one, published))
        for (const line of alarmLines(one.drift))
          logger.warn({ policyHash: one.policy.policyHash, decisionType }, `${one.key}: ${line.trim()}`)
      }
    }
    metrics.lastRun.set(now / 1000)
  }
  return repeatedly({
    everyMs: everyHours * HOUR_MS,
    clock,
    run: () =>
      alone(learnOnce).catch((cause: unknown) => {
        metrics.failures.inc()
        logger.error({ err: cliError('E_LEARNING_FAILED', (cause as Error).message, { cause }) }, 'nothing was learned; trying again later')
      }),
  })
}
