/**
 * Votes of any agents on any items: what the pool learns from and pools. It knows nothing of leads, votes may be missing, and
 * the truth of an item may be unknown. Inside it is turned into one matrix, whose rows and columns do not depend on the
 * order of what was given.
 */
import { canonicalJson } from '../policy.ts'
import { compare } from '../pool.ts'

export interface TableItem {
  readonly item: string
  /** Items of one group never stand on both sides of a split, e.g. the questions about one lead. Its own group by default. */
  readonly group?: string
  /** What base rates may depend on; `*` by default. */
  readonly stage?: string
  /** When it was decided, ms: labels age, and tables are cut by time. */
  readonly at: number
  /** The right option, if somebody has said. */
  readonly truth?: string | null
  /** Probability with which this item came to be labelled; `null` or 0 when unknown: then nothing is learned from it. */
  readonly inclusion?: number | null
  /** Options that could be chosen, where gates had closed others; all by default. */
  readonly eligible?: readonly string[] | undefined
}
export interface TableAgent {
  readonly agent: string
  /** Agents that share evidence or a model. */
  readonly family: string
}
/** An answer; no entry is a missing answer. */
export interface TableVote {
  readonly item: string
  readonly agent: string
  /** `null` for an abstention. */
  readonly option: string | null
  /** Confidence bin 1 to 5, `null` for an abstention. */
  readonly bin: number | null
}
export interface VoteTable {
  readonly options: readonly string[]
  readonly items: readonly TableItem[]
  readonly agents: readonly TableAgent[]
  readonly votes: readonly TableVote[]
}

/** One row of the matrix. Columns are agents. */
export interface MatrixItem {
  readonly item: string
  readonly group: string
  readonly stage: string
  readonly at: number
  /** Index of the right option; -1 unknown. */
  readonly truth: number
  /** 0 when unknown. */
  readonly inclusion: number
  /** Options that could be chosen; all where it is not given. */
  readonly eligible?: ReadonlySet<string> | undefined
  /** Index of the option each agent voted for; `absent` or `abstained` without a vote. */
  readonly option: Int32Array
  /** Bin of each vote, 1 to 5; 0 without a vote. */
  readonly bin: Int8Array
}
/** No answer. */
export const absent = -1
/** Present without a vote. */
export const abstained = -2

export interface VoteMatrix {
  readonly options: readonly string[]
  /** Sorted by name. */
  readonly agents: readonly string[]
  readonly families: readonly string[]
  /** Index of the family of each agent. */
  readonly familyOf: readonly number[]
  /** Sorted by time, then by name. */
  readonly items: readonly MatrixItem[]
}

/**
 * The table as a matrix. Passed over: items whose time is no number, votes of unknown agents, on unknown items or for unknown
 * options, bins outside 1 to 5. What is given twice counts once, whatever the order: the smallest answer of an agent on an
 * item (by option and bin), the earliest item of a name, the smallest family of an agent.
 */
export function matrixOf(table: VoteTable): VoteMatrix {
  const declared = declaredFamilies(table.agents)
  const agents = [...declared.keys()].sort(compare)
  const families = [...new Set(declared.values())].sort(compare)
  const column = new Map(agents.map((agent, index) => [agent, index]))
  const optionIndex = new Map(table.options.map((option, index) => [option, index]))
  const rows = new Map<string, MatrixItem>()
  const given = new Map<string, TableItem>()
  for (const item of table.items) {
    const before = given.get(item.item)
    if (Number.isFinite(item.at) && (before === undefined || firstOf(item, before))) given.set(item.item, item)
  }
  for (const { item, group, stage, at, truth, inclusion, eligible } of given.values()) {
    rows.set(item, {
      item,
      group: group ?? item,
      stage: stage ?? '*',
      at,
      truth: truth === null || truth === undefined ? -1 : (optionIndex.get(truth) ?? -1),
      inclusion: soundInclusion(inclusion),
      ...(eligible === undefined ? {} : { eligible: new Set(eligible) }),
      option: new Int32Array(agents.length).fill(absent),
      bin: new Int8Array(agents.length),
    })
  }
  for (const { item, agent, option, bin } of table.votes) {
    const row = rows.get(item)
    const at = column.get(agent)
    if (row === undefined || at === undefined) continue
    const voted = option === null ? abstained : optionIndex.get(option)
    const sure = option === null ? 0 : bin
    if (voted === undefined || sure === null || (option !== null && !(Number.isInteger(sure) && sure >= 1 && sure <= 5))) continue
    const before = row.option[at] ?? absent
    if (before !== absent && (before < voted || (before === voted && (row.bin[at] ?? 0) <= sure))) continue
    row.option[at] = voted
    row.bin[at] = sure
  }
  return {
    options: [...table.options],
    agents,
    families,
    familyOf: agents.map((agent) => families.indexOf(declared.get(agent) ?? '')),
    items: [...rows.values()].sort((a, b) => a.at - b.at || compare(a.item, b.item)),
  }
}

/** Could the right option be chosen? Else no probability was stated for it that could be true. */
export function couldBeRight({ options }: Pick<VoteMatrix, 'options'>, { truth, eligible }: MatrixItem): boolean {
  return eligible === undefined || eligible.has(options[truth] ?? '')
}

/** The votes of these agents on items of before their change are taken out: they are as if they had not answered. */
export function withoutVotesBefore(matrix: VoteMatrix, changes: readonly { readonly agent: string; readonly since: number }[]): VoteMatrix {
  const changed = changes.map(({ agent, since }) => ({ column: matrix.agents.indexOf(agent), since })).filter(({ column }) => column >= 0)
  if (changed.length === 0) return matrix
  return {
    ...matrix,
    items: matrix.items.map((item) => {
      const [option, bin] = [item.option.slice(), item.bin.slice()]
      for (const { column, since } of changed)
        if (item.at < since) {
          option[column] = absent
          bin[column] = 0
        }
      return { ...item, option, bin }
    }),
  }
}

/** Family by agent; the smallest of an agent that is given twice. */
export function declaredFamilies(agents: readonly TableAgent[]): ReadonlyMap<string, string> {
  const declared = new Map<string, string>()
  for (const { agent, family } of agents) {
    const before = declared.get(agent)
    if (before === undefined || family < before) declared.set(agent, family)
  }
  return declared
}

/** Of two items of one name: the earlier, then the smaller by its whole content. */
function firstOf(item: TableItem, other: TableItem): boolean {
  return item.at < other.at || (item.at === other.at && canonicalJson(item) < canonicalJson(other))
}

function soundInclusion(inclusion: number | null | undefined): number {
  return inclusion !== null && inclusion !== undefined && inclusion > 0 && inclusion <= 1 ? inclusion : 0
}
