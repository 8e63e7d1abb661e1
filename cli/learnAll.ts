/**
 * Learns decision types of the verdicts and puts in force what is to be put in force: one way for the verb and for the timer. A report
 * is stored before its policy is published, so that none is in force without one; a run that ends between the two is made again.
 */
import { optionsByType } from '../pipelines/agents/agent.ts'
import type { DecisionType } from '../pipelines/agents/agent.ts'
import { shippedPolicy } from '../pipelines/consensus/shippedPolicies.ts'
import { learn } from '../pipelines/learning/learn.ts'
import type { Learned } from '../pipelines/learning/learn.ts'
import type { Turned } from '../pipelines/learning/turned.ts'
import type { VotedDecision } from '../pipelines/learning/voteTable.ts'
import type { Policy } from '../schemas/generated/records.ts'
import type { LabelledDecision } from '../sinks/postgres/audits.ts'

export const learnedTypes = Object.keys(optionsByType) as DecisionType[]

/** Older verdicts weigh next to nothing (half-life 60 d) and their decisions are not kept. 365 d in ms. */
export const VERDICTS_KEPT_MS = 365 * 86_400_000

export interface LearnPorts {
  /** Verdicts on decisions of a type that were given since then, ms. */
  readonly judged: (decisionType: string, since: number) => Promise<readonly LabelledDecision[]>
  /** Decisions of a type in the time before `now`, ms, a bounded number of each hour: who has turned is seen in them. */
  readonly recent: (decisionType: string, now: number) => Promise<readonly VotedDecision[]>
  /** Who had turned by the last stored report of a type for all locations. */
  readonly remembered: (decisionType: string) => Promise<readonly Turned[]>
  /** Hashes of policies of a type to which a person went back, and keys that a person let go back to the policy of all. */
  readonly rolledBack: (decisionType: string) => Promise<ReadonlySet<string>>
  readonly inForce: (key: string) => Policy | undefined
  readonly store: (learned: Learned, published: boolean) => Promise<void>
  readonly publish: (policy: Policy) => Promise<void>
}

export interface LearnWish {
  readonly types: readonly string[]
  /** ms. */
  readonly now: number
  /** Nothing is stored or published. */
  readonly dryRun?: boolean
  /** What foretells the newest verdicts less well than what is in force is published all the same. */
  readonly force?: boolean
  /** What rests on fewer verdicts of the random audit is stored and not published. */
  readonly verdictsLeast?: number
  /** Nobody asked for it: what a person has gone back to stays in force. */
  readonly byItself?: boolean
}

export interface Told {
  readonly decisionType: string
  /** Empty when nobody has judged a decision that was chosen by chance. */
  readonly learned: readonly { readonly one: Learned; readonly published: boolean }[]
}

/** Learns each type in turn; what it tells of a type is stored and published by then. */
export async function* learnAll(
  ports: LearnPorts,
  { types, now, dryRun = false, force = false, verdictsLeast = 0, byItself = false }: LearnWish,
): AsyncGenerator<Told> {
  for (const decisionType of types) {
    const shipped = shippedPolicy(decisionType)
    if (shipped === undefined) continue
    const judged = await ports.judged(decisionType, now - VERDICTS_KEPT_MS)
    const [recent, remembered] = [await ports.recent(decisionType, now), await ports.remembered(decisionType)]
    const rolledBack = byItself ? await ports.rolledBack(decisionType) : undefined
    const material = { decisionType, judged, recent, remembered, shipped, inForce: ports.inForce }
    const learned = learn({ ...material, verdictsLeast, rolledBack, forced: force }).map((one) => ({
      one,
      published: !dryRun && (one.outcome === 'publish' || (one.outcome === 'worse' && force)),
    }))
    for (const { one, published } of learned) {
      if (!dryRun) await ports.store(one, published)
      if (published) await ports.publish(one.policy)
    }
    yield { decisionType, learned }
  }
}
