/**
 * Agents that have turned, seen without labels: whoever agrees with the other families much less often than it did. Labels come
 * late, agreement is seen at once. It says who is at odds with the others and since when, never who is right, and it refuses to
 * choose where too many changed together. A pure function of a table of votes: the same table in any order gives the same answer.
 */
import { exp, ln } from '../pinnedMath.ts'
import { compare } from '../pool.ts'
import type { MatrixItem, VoteMatrix } from './voteTable.ts'

/** Chance that any agent is named at one time though none has changed, at most; nor does looking more often add to it. */
export const FALSE_ALARM = 0.01
/** Questions that an agent was compared on before a change, and after it, at least. */
export const LEAST_BEFORE = 60
export const LEAST_AFTER = 30
/** Families that must have spoken on a question beside the agent's own. */
export const LEAST_FAMILIES = 3
/** Where those at odds hold more than this of all voices, nobody can say who changed. A family has one voice. */
export const LARGEST_SHARE = 0.25
/** A change is looked for at every tenth question. */
const STEP = 10
/** 99 % from one side: what an agent agreed before is not taken for more than it was. */
const Z_99 = 2.326
const dayMs = 86_400_000

export interface AtOdds {
  readonly agent: string
  /** When the first question of after the change was decided, ms. */
  readonly since: number
  /** Share of the other families' voices that said the same, on average, before and after. */
  readonly before: number
  readonly after: number
  /** What its habits alone would have agreed before. */
  readonly chance: number
  /** Questions after the change. */
  readonly questions: number
}
export interface Agreement {
  /** Questions that somebody was compared on; of one lead and day the first counts. */
  readonly questions: number
  /** Agents that said enough, and agreed more often than by habit, so that a fall could be seen. */
  readonly watched: number
  /** By name. */
  readonly atOdds: readonly AtOdds[]
  /** They hold so many voices that it cannot be said whether they changed or the others did. */
  readonly undecided: boolean
}

export interface AgreementRules {
  /** Who the others are: votes of anybody else are compared with them and judge nobody. Everybody by default. */
  readonly judges?: (agent: string) => boolean
  /** Who was named before and is still held down: judges nobody, and counts among those who fell. Nobody by default. */
  readonly fallen?: (agent: string) => boolean
}

/** Who has fallen out with the others. Labels in the table are not looked at. */
export function agreementOf(matrix: VoteMatrix, { judges = () => true, fallen = () => false }: AgreementRules = {}): Agreement {
  const items = firstOfDay(matrix.items)
  const isJudge = matrix.agents.map((agent) => judges(agent) && !fallen(agent))
  const found = new Map<number, AtOdds>()
  let seen = evidenceOf(matrix, items, isJudge)
  const { questions, watched } = seen
  // One after the other: whoever has turned pulls down the agreement of all others until it is left out of what they are compared with.
  for (;;) {
    const limit = ln(Math.max(1, watched) / FALSE_ALARM)
    const next = seen.agents
      .filter(({ column, nats }) => !found.has(column) && nats >= limit)
      .reduce<Evidence | undefined>((top, one) => (top === undefined || one.nats > top.nats ? one : top), undefined)
    if (next === undefined) break
    found.set(next.column, next.atOdds)
    isJudge[next.column] = false
    seen = evidenceOf(matrix, items, isJudge)
  }
  const voices = voicesOf(matrix, judges)
  // Whoever leans to a fall without being named yet counts: a few of many who fell are no few who turned.
  const leaning = seen.agents.flatMap(({ column, nats }) => (nats >= 0 ? [column] : []))
  const before = matrix.agents.flatMap((agent, column) => (fallen(agent) ? [column] : []))
  const share = [...new Set([...found.keys(), ...leaning, ...before])].reduce((sum, column) => sum + (voices[column] ?? 0), 0)
  const all = voices.reduce((sum, voice) => sum + voice, 0)
  return {
    questions,
    watched,
    atOdds: [...found.values()].sort((a, b) => compare(a.agent, b.agent)),
    undecided: share > LARGEST_SHARE * all,
  }
}

interface Evidence {
  readonly column: number
  /** ln of how much more probable the votes are if the agent fell somewhere than if it did not. */
  readonly nats: number
  readonly atOdds: AtOdds
}

/** A lead that is asked about again and again is one case, not many. */
function firstOfDay(items: readonly MatrixItem[]): MatrixItem[] {
  const seen = new Set<string>()
  return items.filter(({ group, at }) => {
    const key = `${Math.floor(at / dayMs)} ${group}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

/** Of every judge that was heard the part that it has in the voice of its family. */
function voicesOf({ agents, familyOf, items }: VoteMatrix, judges: (agent: string) => boolean): number[] {
  const heard = agents.map((agent, column) => judges(agent) && items.some(({ option }) => (option[column] ?? -1) >= 0))
  return agents.map((_, column) => {
    const family = familyOf.filter((g, other) => g === familyOf[column] && heard[other] === true)
    return heard[column] === true ? 1 / family.length : 0
  })
}

function evidenceOf(
  matrix: VoteMatrix,
  items: readonly MatrixItem[],
  isJudge: readonly boolean[],
): { questions: number; watched: number; agents: Evidence[] } {
  const sides = items.map((item) => othersOf(matrix, item, isJudge))
  const agents = matrix.agents.flatMap((agent, column): Evidence[] => {
    const family = matrix.familyOf[column] ?? 0
    const compared = items.flatMap(({ at, option }, index): Compared[] => {
      const [voted, others] = [option[column] ?? -1, sides[index]?.[family]]
      return voted < 0 || others === undefined ? [] : [{ at, voted, others, agreed: others[voted] ?? 0 }]
    })
    const evidence = fallOf(compared, matrix.options.length)
    return evidence === undefined ? [] : [{ column, nats: evidence.nats, atOdds: { agent, ...evidence.fall } }]
  })
  return { questions: sides.filter((side) => side.some((shares) => shares !== undefined)).length, watched: agents.length, agents }
}

/** By family what the others say, as shares of their voices, one voice a family; nothing where fewer than three of them spoke. */
function othersOf(
  { families, familyOf, options }: VoteMatrix,
  { option }: MatrixItem,
  isJudge: readonly boolean[],
): (readonly number[] | undefined)[] {
  const counts = families.map(() => options.map(() => 0))
  const sizes = families.map(() => 0)
  option.forEach((voted, column) => {
    if (voted < 0 || isJudge[column] !== true) return
    const family = familyOf[column] ?? 0
    const row = counts[family]
    if (row !== undefined) row[voted] = (row[voted] ?? 0) + 1
    sizes[family] = (sizes[family] ?? 0) + 1
  })
  return families.map((_, own) => {
    const spoke = families.flatMap((__, family) => (family !== own && (sizes[family] ?? 0) > 0 ? [family] : []))
    if (spoke.length < LEAST_FAMILIES) return undefined
    return options.map(
      (__, place) => spoke.reduce((sum, family) => sum + (counts[family]?.[place] ?? 0) / (sizes[family] ?? 1), 0) / spoke.length,
    )
  })
}

interface Compared {
  readonly at: number
  readonly voted: number
  /** Of the others' voices, by option. */
  readonly others: readonly number[]
  /** That of them which said the same. */
  readonly agreed: number
}

/**
 * How much the votes speak for a fall at some question: from each place on a bet that the agent agrees less than halfway between
 * what it did and what its habits would, mixed with weights 1 / (j (j + 1)) that add up to less than 1. Without a fall no bet
 * gains in expectation, however long it runs, so the mixture passes 1 / p with probability p at most (Ville).
 */
function fallOf(compared: readonly Compared[], options: number): { nats: number; fall: Omit<AtOdds, 'agent'> } | undefined {
  const [said, heard] = [new Float64Array(options), new Float64Array(options)]
  const sumFrom = new Float64Array(compared.length + 1)
  for (let place = compared.length - 1; place >= 0; place--) sumFrom[place] = (sumFrom[place + 1] ?? 0) + (compared[place]?.agreed ?? 0)
  const places: { nats: number; fall: Omit<AtOdds, 'agent'> }[] = []
  let [sum, squares] = [0, 0]
  compared.forEach(({ at, voted, others, agreed }, place) => {
    if (place >= LEAST_BEFORE && place % STEP === 0) {
      const chance = said.reduce((total, count, option) => total + (count * (heard[option] ?? 0)) / place ** 2, 0)
      const mean = sum / place
      const variance = Math.max(1e-4, squares / place - mean ** 2)
      const least = mean - Z_99 * Math.sqrt(variance / place)
      if (least > chance) {
        const bound = (chance + least) / 2
        // About the bet that grows fastest where the agent has fallen to its habits.
        const bet = Math.min(0.9 / (1 - bound), (bound - chance) / (variance + (bound - chance) ** 2))
        const j = (place - LEAST_BEFORE) / STEP + 1
        const trials = compared.length - place
        const fall = { since: at, before: mean, after: (sumFrom[place] ?? 0) / trials, chance, questions: trials }
        places.push({ nats: gainOf(compared, place, bound, bet) - ln(j * (j + 1)), fall })
      }
    }
    sum += agreed
    squares += agreed ** 2
    said[voted] = (said[voted] ?? 0) + 1
    others.forEach((share, option) => (heard[option] = (heard[option] ?? 0) + share))
  })
  if (places.length === 0) return undefined
  const top = places.reduce((best, one) => (one.nats > best.nats ? one : best))
  const nats =
    top.fall.questions < LEAST_AFTER ? -Infinity : top.nats + ln(places.reduce((total, one) => total + exp(one.nats - top.nats), 0))
  return { nats, fall: top.fall }
}

/** ln of what a unit becomes that is bet on each question from here on. */
function gainOf(compared: readonly Compared[], from: number, bound: number, bet: number): number {
  let [nats, product] = [0, 1]
  for (let place = from; place < compared.length; place++) {
    product *= 1 + bet * (bound - (compared[place]?.agreed ?? 0))
    // Neither nothing nor beyond what a number holds: each factor lies between .1 and 11.
    if (product < 1e-200 || product > 1e200) {
      nats += ln(product)
      product = 1
    }
  }
  return nats + ln(product)
}
