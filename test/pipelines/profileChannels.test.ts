/** On which way the four profiles of the reference are written to at their own levels, by the shipped priors, beside what the reference wants. */
import t from 'tap'
import { decideNow } from '../../pipelines/consensus/decide.ts'
import { caseOf } from './cases.ts'
import { profiles } from './leads.ts'

/** Level by the priority of the profile, and its channel. @source reference/lead-domain.md 13.1 */
const wanted = {
  high_intent: { level: 'URGENT', channel: 'call' },
  medium_intent: { level: 'WARM', channel: 'email' },
  low_intent: { level: 'COLD', channel: 'email' },
  investor: { level: 'HOT', channel: 'call' },
} as const

t.test(
  'who is to be called at once is; where an e-mail is wanted it comes second to a text; agents vote for the channel that is wanted',
  async (t) => {
    const decide = (name: keyof typeof wanted) => decideNow(caseOf({ view: { ...profiles[name], level: wanted[name].level } }), 'deadline')
    t.equal(decide('high_intent').chosen, wanted.high_intent.channel)
    for (const name of ['medium_intent', 'low_intent'] as const)
      t.match(decide(name), { chosen: 'sms', runnerUp: wanted[name].channel }, name)
    t.equal(decide('investor').chosen, 'sms', 'a call is wanted: docs/consensus.md says why it is not chosen')
    for (const name of Object.keys(wanted) as (keyof typeof wanted)[]) {
      const voted = decide(name).contributions.filter(({ option }) => option === wanted[name].channel)
      t.ok(voted.length >= 2, `${name}: ${voted.length} agents vote for it`)
    }
  },
)
