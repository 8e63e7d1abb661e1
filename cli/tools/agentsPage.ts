/** The roster as a page for people: each agent in the words of its own file, so that page and code cannot say different things. */
import type { Agent } from '../../pipelines/agents/agent.ts'

/** Markdown: a section for each system, a part for each agent. `headerOf`: what the file of an agent says at its top, as `headerText` reads it. */
export function agentsPage(agents: readonly Agent[], headerOf: (agent: Agent) => Header): string {
  const systems = [...new Set(agents.map(({ system }) => system))]
  return [
    '# Agents',
    '',
    'Generated from `pipelines/agents/` by `npm run generate`; do not edit.',
    '',
    `${agents.length} agents in ${systems.length} systems. Each is asked about the same frozen view of a lead and votes for an option of a decision, or abstains and says why; what`,
    'it throws is an error that counts and no vote. How votes become a decision is in [consensus.md](consensus.md). `rekindle agents` says how often each is silent here and what its',
    'votes are worth. Row numbers are those of the roster of the reference.',
    '',
    ...systems.flatMap((system) => [
      `## ${capital(system.replaceAll('-', ' '))}`,
      '',
      ...agents.filter((agent) => agent.system === system).flatMap((agent) => section(agent, headerOf(agent))),
    ]),
  ].join('\n')
}

export interface Header {
  readonly says: string
  readonly source: string | undefined
}

/** The first comment of a source text, taken apart: its words on one line, and where they come from. Throws when there is none. */
export function headerText(source: string): Header {
  const comment = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(source)?.[1] ?? /^\/\*\* (.*) \*\//.exec(source)?.[1]
  if (comment === undefined) throw new Error('the file of an agent opens with what the agent says')
  const text = comment
    .split('\n')
    .map((line) => line.replace(/^ \* ?/, ''))
    .join(' ')
  const [says = '', from] = text.split(' @source ')
  return { says: says.trim(), source: from?.trim() }
}

function section({ id, version, family, answers, reads }: Agent, { says, source }: Header): string[] {
  return [
    `### ${id}`,
    '',
    says,
    '',
    `- **Votes on** ${answers.map(code).join(', ')}; family ${code(family)}, version ${version}`,
    `- **Reads** ${reads.length === 0 ? 'nothing' : [...reads].sort().map(code).join(', ')}`,
    ...(source === undefined ? [] : [`- **From** ${source}`]),
    '',
  ]
}

function code(name: string): string {
  return `\`${name}\``
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
