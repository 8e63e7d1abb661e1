/**
 * The consumer groups of the product and what each reads. A group is the identity of offsets, transactional ids and
 * dead-letter topics: renaming one starts over, and `rekindle topics apply` makes the topics that belong to each.
 */
import { insightStages } from '../../pipelines/insightStages.ts'
import { pipeline } from '../../pipelines/pipeline.ts'
import { clickhouseSinkTopics } from '../../sinks/clickhouse/sink.ts'
import { postgresSinkTopics } from '../../sinks/postgres/sink.ts'
import { profiles, unrecognised } from '../../topics/index.ts'

export const pipelineGroup = 'pipeline'
export const insightsGroup = 'insights'
export const postgresGroup = 'sink-postgres'
export const clickhouseGroup = 'sink-clickhouse'
export const lookUpGroup = 'look-ups'
export const contactLookupGroup = 'contact-lookup'

export const members = [
  { group: pipelineGroup, stages: pipeline },
  { group: insightsGroup, stages: insightStages },
  { group: contactLookupGroup, inputs: [unrecognised] },
  { group: postgresGroup, inputs: postgresSinkTopics },
  { group: clickhouseGroup, inputs: clickhouseSinkTopics },
  { group: lookUpGroup, inputs: [profiles] },
]
