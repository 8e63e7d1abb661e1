/**
 * What system 8 finds about a location, by agent: the words of `AgentInsight.findings`. `value` is a share as
 * `<hits>/<trials>` unless said otherwise.
 */
export const findingKinds = {
  performance_monitor: [
    /** Messages of an option (`messages`: of all) were answered less on the last whole day than on the median day before. */
    'answered_less',
    /** Of those that answered, fewer within an hour. */
    'answered_later',
    /** An agent, or a system, throws or does not answer more often. */
    'fails_more',
    /** An agent, or a system, abstains more often. */
    'abstains_more',
    /** Messages that an agent, or a system, voted for were answered less. */
    'right_less',
    /** More than a tenth of the days lie far from the mean of a figure; `value` is how many of how many days. */
    'anomaly',
  ],
  optimization_analyzer: [
    /** Messages of an option are answered more than those of the other one. */
    'answers_better',
    /** Two figures move together from day to day; `value` is the coefficient, -1.00 to 1.00. */
    'moves_together',
  ],
  feedback_integrator: [
    /** Messages under the policy in force are answered less than under the one before it. */
    'policy_worse',
    /** … more than under the one before it. */
    'policy_better',
    /** Changes of policy have not helped; `value` is how many did, of how many. */
    'changes_without_gain',
    /** The share that answers has not risen in four weeks although a policy was changed; `value` is that of the last week. */
    'slow_learning',
  ],
} as const

export type AdaptiveAgentId = keyof typeof findingKinds
export type FindingKind = (typeof findingKinds)[AdaptiveAgentId][number]

/** The subject of a finding about messages of every option. */
export const allMessages = 'messages'
