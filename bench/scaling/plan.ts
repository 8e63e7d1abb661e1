/**
 * The arithmetic of a load a hundred times that of the measured machine. Pure: figures in, figures out. What was measured
 * stands in `measured` with the page that says so, what was not in `assumed`; a test holds docs/scaling.md to the result.
 */
import type { Traffic } from './traffic.ts'

export interface Measured {
  readonly value: number
  /** Page that holds the quote; `reference/` is the collected knowledge about the parts. */
  readonly source: string
  readonly quote: string
}

/** The worse end of each range that was measured. */
export const measured = {
  acceptedPerSecond: { value: 420, source: 'docs/measured.md', quote: '420 to 701' },
  httpDecisionsPerMinute: { value: 25_000, source: 'docs/measured.md', quote: '25,000 to 36,098' },
  httpDecisionsPerMinuteMost: { value: 36_098, source: 'docs/measured.md', quote: '25,000 to 36,098' },
  backlogDecisionsPerMinute: { value: 42_000, source: 'docs/measured.md', quote: '42,000 to 46,166' },
  brokerCoresAt200: { value: 0.38, source: 'docs/measured.md', quote: 'the broker 38 %' },
  restorePerSecond: { value: 152_545, source: 'docs/performance.md', quote: '152,545 to 158,089' },
  /** 1.3 cores, to be exact, and with the older protocol of transactions. */
  smallTransactionsPerCore: {
    value: 480 / 1.3,
    source: 'docs/decisions/0003-fused-from-the-start.md',
    quote: '480 a second cost more than a core',
  },
  lostMemberSeconds: { value: 9.7, source: 'reference/kafka-facts.md', quote: '9.7 s' },
  /** One more member in a group of 48 on 96 partitions, and in one of 24 on 96 and on 384: the longest. */
  rebalanceOf48Seconds: { value: 1.864, source: 'docs/performance.md', quote: '1,864 ms' },
  rebalanceOn96Seconds: { value: 1.625, source: 'docs/performance.md', quote: '1,625 ms' },
  rebalanceOn384Seconds: { value: 2.068, source: 'docs/performance.md', quote: '2,068 ms' },
  cleanLeaveSeconds: { value: 0.6, source: 'reference/kafka-facts.md', quote: '0.6 s' },
} as const satisfies Record<string, Measured>

/** Nobody has measured these. */
export const assumed = {
  factor: 100,
  /** Share of its capacity that a process or broker is given. */
  utilisation: 0.6,
  partitionsPerProcess: 2,
  /** Partitions are a multiple of this, so that many numbers of processes share them evenly. */
  partitionStep: 24,
  brokerCores: 16,
  replicas: 3,
  /** Mean of a day as a share of the peak that the plan is made for. */
  meanOfPeak: 0.25,
  /** Records of a changelog for each live key, just before compaction. */
  changelogPerKey: 2,
  /** Design target of this machine, from which 100 times as many follow. */
  leadsHere: 200_000,
} as const

/** Settings as they are delivered. */
export interface Settings {
  readonly partitions: number
  readonly lingerMs: number
  readonly sinkMaxMs: number
  readonly sinkTopics: number
  readonly dedupWindowBlocks: number
  readonly lookAfterMs: number
  /** Topics that a unit of the pipeline may write. */
  readonly unitTopics: number
  readonly offsetsPartitions: number
  /** Between two heartbeats of a member, by which it notices a rebalance. */
  readonly heartbeatMs: number
  /** Days each topic is kept; a compacted one is not listed. */
  readonly retentionDays: Readonly<Record<string, number>>
}

const DAY_S = 86_400

/** What one load needs; `partitions` and `processes` are chosen for it. */
export interface Plan {
  readonly webhooksPerSecond: number
  readonly decisionsPerSecond: number
  readonly webhooksPerProcess: number
  readonly processes: number
  readonly partitions: number
  readonly apiProcesses: number
  /** By linger, ms: transactions of all processes a second, and broker cores that small ones cost. */
  readonly transactions: readonly { readonly lingerMs: number; readonly perSecond: number; readonly cores: number }[]
  readonly brokerCores: number
  /** When followers cost nothing, and when each costs what the leader does. */
  readonly brokers: { readonly least: number; readonly most: number }
  readonly megabytesPerSecond: number
  readonly terabytesKept: number
  readonly leads: number
  readonly stateGigabytes: number
  readonly recordsPerPartition: number
  readonly coldStartSeconds: number
  readonly lostProcessSeconds: number
  /** A member comes or goes: until every one has its partitions again, at most. */
  readonly rebalanceSeconds: number
  readonly sinkInsertsPerSecond: number
  readonly dedupSeconds: number
  readonly lookedAfterPerSecond: number
  readonly rowsPerSecond: number
}

/** Tables of Postgres that get a row for each record. */
const STORED = ['leads.profiles', 'decisions', 'followups'] as const

/** The plan for `factor` times the measured load. */
export function planFor(factor: number, traffic: Traffic, settings: Settings): Plan {
  const webhooksPerSecond = factor * measured.acceptedPerSecond.value
  const webhooksPerProcess = measured.backlogDecisionsPerMinute.value / 60 / traffic.decisions
  const needed = Math.ceil(webhooksPerSecond / (webhooksPerProcess * assumed.utilisation))
  const partitions = factor === 1 ? settings.partitions : roundUp(needed * assumed.partitionsPerProcess, assumed.partitionStep)
  const processes = factor === 1 ? 1 : partitions / assumed.partitionsPerProcess
  const brokerCores = (webhooksPerSecond * measured.brokerCoresAt200.value) / 200
  const brokersOf = (cores: number): number => Math.ceil(cores / (assumed.brokerCores * assumed.utilisation))
  const perProcess = webhooksPerSecond / processes
  const lingers = [settings.lingerMs, 50, 100]
  const leads = factor * assumed.leadsHere
  const recordsPerPartition = (leads * traffic.stateRecords * assumed.changelogPerKey) / partitions
  const restoreSeconds = (count: number): number => (count * recordsPerPartition) / measured.restorePerSecond.value
  const keptBytes = Object.entries(settings.retentionDays).reduce(
    (sum, [topic, days]) => sum + (traffic.topics[topic]?.bytes ?? 0) * days * DAY_S,
    0,
  )
  const blocksPerSecond = partitions / (settings.sinkMaxMs / 1000)
  return {
    webhooksPerSecond,
    decisionsPerSecond: webhooksPerSecond * traffic.decisions,
    webhooksPerProcess,
    processes,
    partitions,
    apiProcesses: factor === 1 ? 1 : Math.ceil(webhooksPerSecond / measured.acceptedPerSecond.value),
    transactions: lingers.map((lingerMs) => {
      const perSecond = processes * Math.min(perProcess, 1000 / lingerMs)
      return { lingerMs, perSecond, cores: perSecond / measured.smallTransactionsPerCore.value }
    }),
    brokerCores,
    brokers: { least: brokersOf(brokerCores), most: brokersOf(brokerCores * (factor === 1 ? 1 : assumed.replicas)) },
    megabytesPerSecond: (webhooksPerSecond * (traffic.bytes + traffic.changelogBytes)) / 1e6,
    terabytesKept: (webhooksPerSecond * assumed.meanOfPeak * keptBytes * (factor === 1 ? 1 : assumed.replicas)) / 1e12,
    leads,
    stateGigabytes: (leads * traffic.stateBytes) / 1e9,
    recordsPerPartition,
    coldStartSeconds: restoreSeconds(partitions / processes),
    lostProcessSeconds: measured.lostMemberSeconds.value + restoreSeconds(1),
    rebalanceSeconds: processes === 1 ? 0 : rebalanceOf(processes, partitions, settings),
    sinkInsertsPerSecond: settings.sinkTopics * blocksPerSecond,
    dedupSeconds: settings.dedupWindowBlocks / blocksPerSecond,
    lookedAfterPerSecond: (partitions * (settings.unitTopics + settings.offsetsPartitions)) / (settings.lookAfterMs / 1000),
    rowsPerSecond: webhooksPerSecond * STORED.reduce((sum, topic) => sum + (traffic.topics[topic]?.records ?? 0), 0),
  }
}

/** What the largest measured group took at most beyond a heartbeat, for each of its members; and what each partition more took. */
export function rebalanceShares({ heartbeatMs }: Pick<Settings, 'heartbeatMs'>): {
  readonly memberSeconds: number
  readonly partitionSeconds: number
} {
  return {
    memberSeconds: (measured.rebalanceOf48Seconds.value - heartbeatMs / 1000) / 48,
    partitionSeconds: (measured.rebalanceOn384Seconds.value - measured.rebalanceOn96Seconds.value) / (384 - 96),
  }
}

function rebalanceOf(members: number, partitions: number, settings: Settings): number {
  const { memberSeconds, partitionSeconds } = rebalanceShares(settings)
  return settings.heartbeatMs / 1000 + members * memberSeconds + partitions * partitionSeconds
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
