/** Runs an operator's verb with a Kafka that a test makes up, and keeps what it prints. */
import { rekindleProgram, runProgram } from '../../cli/program.ts'
import type { KafkaForOperators, Surroundings } from '../../cli/surroundings.ts'
import { describeConfig, loadConfig } from '../../config/config.ts'

export interface OperatorRun {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
  /** How often the connection was closed. */
  readonly closed: number
}

const refuse = () => {
  throw new Error('not in this test')
}

export async function operatorRun(
  argv: readonly string[],
  kafka: Partial<KafkaForOperators>,
  surroundings: Partial<Surroundings> = {},
): Promise<OperatorRun> {
  const out: string[] = []
  const err: string[] = []
  let closed = 0
  const env = { REKINDLE_DATA_DIR: '/nowhere' }
  const all: Surroundings = {
    terminal: { out: (line) => out.push(...line.split('\n')), err: (line) => err.push(...line.split('\n')), live: () => undefined },
    config: () => loadConfig(env),
    configLines: () => describeConfig(env),
    fetch: refuse,
    poster: refuse,
    kafka: refuse,
    operator: async () => ({
      deadLetters: { list: refuse, show: refuse, replay: refuse, fix: refuse, discard: refuse },
      groups: [],
      offsets: { lag: refuse, state: refuse, plan: refuse, reset: refuse },
      states: { get: refuse, stats: refuse },
      rehearse: refuse,
      shadow: refuse,
      ...kafka,
      close: async () => {
        closed += 1
      },
    }),
    held: refuse,
    leadsMeant: refuse,
    now: () => Date.parse('2026-11-24T15:00:00Z'),
    newId: () => 'id',
    stop: new AbortController().signal,
    ...surroundings,
  }
  const code = await runProgram(rekindleProgram(all), argv, all)
  return { code, out, err, closed }
}
