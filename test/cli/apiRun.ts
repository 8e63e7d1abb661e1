/** A verb that asks the API, run against one answer: what it said, what it asked for and how it ended. */
import { rekindleProgram, runProgram } from '../../cli/program.ts'
import type { Surroundings } from '../../cli/surroundings.ts'
import { loadConfig } from '../../config/config.ts'

export interface Asked {
  readonly url: string
  readonly method: string
  readonly body: string | undefined
  readonly authorization: string | undefined
}

export async function apiRun(argv: readonly string[], answer: { status: number; body: unknown }, settings: Record<string, string> = {}) {
  const said = { out: [] as string[], err: [] as string[], asked: [] as Asked[] }
  const fail = () => {
    throw new Error('not in this test')
  }
  const surroundings: Surroundings = {
    terminal: { out: (line) => said.out.push(line), err: (line) => said.err.push(line), live: fail },
    config: () => loadConfig({ HTTP_PORT: '8080', ...settings }),
    configLines: fail,
    fetch: async (url, { method = 'GET', body, headers }) => {
      said.asked.push({ url, method, body, authorization: headers['authorization'] })
      return { status: answer.status, text: async () => JSON.stringify(answer.body) }
    },
    poster: fail,
    kafka: fail,
    operator: fail,
    held: fail,
    leadsMeant: fail,
    now: () => 0,
    newId: () => '',
    stop: new AbortController().signal,
  }
  const code = await runProgram(rekindleProgram(surroundings), argv, surroundings)
  return { ...said, code }
}
