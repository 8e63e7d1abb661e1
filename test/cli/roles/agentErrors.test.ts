/** Votes that are errors are counted by system, agent and what went wrong, in the very ballots that the panel writes. */
import { Registry } from 'prom-client'
import t from 'tap'
import { agentErrors } from '../../../cli/roles/agentErrors.ts'
import { vote } from '../../../pipelines/agents/agent.ts'
import type { Agent } from '../../../pipelines/agents/agent.ts'
import { panel } from '../../../pipelines/agents/panel.ts'
import { roster } from '../../../pipelines/agents/roster.ts'
import type { OutputRecord } from '../../../runtime/task.ts'
import type { AnyTopic } from '../../../runtime/topic.ts'
import { assessments, ballots } from '../../../topics/index.ts'
import { question } from '../../pipelines/leads.ts'

/** An agent of the roster that does this instead. */
const broken = (id: string, assess: Agent['assess']): Agent => ({
  ...(roster.find((agent) => agent.id === id) as Agent),
  answers: ['follow_up'],
  assess,
})
const output = (topic: AnyTopic, value: object): OutputRecord => ({
  ...{ stage: 'agents', topic, key: 'loc:lead', value, payload: null, timestamp: 0, headers: {} },
})

t.test('each vote that is an error counts once under its agent and system; votes, abstentions and other records do not', async (t) => {
  const registry = new Registry()
  const count = agentErrors(registry)
  const grounds = { bin: 3, reason: 'r', text: 't', evidence: [] } as const
  const twoVotes = broken('timing_optimizer', () => [vote('follow_up', 'sms', grounds), vote('follow_up', 'wait', grounds)])
  const throws = broken('roi_optimizer', () => {
    throw new TypeError('no such field')
  })
  const sound = broken('intent_detector', () => [vote('follow_up', 'sms', grounds)])
  const silent = broken('signal_detector', () => [])
  count([output(assessments, question()), output(ballots, { votes: panel(question(), [twoVotes, throws, sound, silent]) })])
  count([output(ballots, { votes: panel(question(), [sound, throws]) }), output(ballots, { votes: panel(question(), [throws]) })])
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('lr_'))
  t.strictSame(lines.sort(), [
    'lr_agent_errors_total{system="attribution",agent="roi_optimizer",class="threw"} 3',
    'lr_agent_errors_total{system="follow-up",agent="timing_optimizer",class="two_votes"} 1',
  ])
})
