/** The catalogue of topics as a page for people, from the declarations alone. */
import { physicalName } from '../../runtime/topic.ts'
import type { AnyTopic, KeyKind } from '../../runtime/topic.ts'
import { inWords, parse } from '../../schemas/tools/avro.ts'
import type { Node } from '../../schemas/tools/avro.ts'

const keys: Readonly<Record<KeyKind, string>> = {
  lead: 'lead key `<locationId>:<contactId>` (a body that names no contact: the location)',
  tenant: 'location id',
  location: 'location id',
  'tenant:realtor': '`<location>:<user>`',
  'tenant:decision-type': '`<location or *>:<decision type>`',
  'tenant:agent': '`<location>:<agent>`',
}

/** What holds for every reader from outside. test/topics/outsideReader.test.ts follows it with none of our code. */
const reading: readonly string[] = [
  '## Reading them',
  '',
  'For other teams: topics with the contract `public`. A reader has a group of its own and needs `Read` on the topic and on its group. It must:',
  '',
  '- **Read committed records only**: `isolation.level=read_committed`. The Java client reads uncommitted ones unless told otherwise, and with them',
  '  decisions of transactions that were aborted and are made again. kafkajs 2.2.4 hands them out in any case where transactions overlap: take another',
  '  client. Offsets have gaps, since transactions end with a record of their own.',
  '- **Take the key as UTF-8 text**, not as Avro: lead keys are `<locationId>:<contactId>`, divided at the first colon.',
  '- **Take the value apart**: a byte 0, four bytes with the id of the schema (big-endian), Avro in binary. The schema is `GET <registry>/schemas/ids/<id>`;',
  '  subjects are named by topic, `<physical name>-value` (`TopicNameStrategy`). Give your own version of the schema as that of the reader: records are',
  '  written by several versions at a time.',
  '- **Know a value that is null**: on compacted topics it says that the key is gone (`leads.profiles`: the lead was erased; forget it too).',
  '- **Bear words that are new.** What is a choice of words in a field (`status`, `action`, `type`) is a string and may get more of them without a new topic.',
  '  Fields are added with defaults and never change their meaning; what would do so is a new topic, `.v2`, beside the old one.',
  '- **Bear a repeat.** A stage writes each record once; `deliveries` may come twice (`deliveryId`), and what an operator replays from a dead-letter topic',
  '  comes again with `dlq-replay-of` and the same `ce_id`. The pair of `ce_source` and `ce_id` is what to deduplicate by.',
  '',
  '| Header | What it is |',
  '|---|---|',
  '| `ce_id`, `ce_source` | identity of the record, and who wrote it: `rekindle/<stage>`, or the name of the client |',
  '| `ce_type`, `ce_specversion` | full name of the record in the value; `1.0` |',
  '| `content-type` | `application/avro`, where a stage wrote it |',
  '| `traceparent`, `tracestate` | W3C trace context ([tracing](tracing.md)) |',
  '| `dlq-replay-of` | set aside once and put back: for the group that set it aside, others pass over it or bear a repeat |',
  '',
  '**Order** holds for each key on one topic, and between topics not at all: a follow-up may be read before its decision. **The time of a record** is that of its',
  'cause, so it may lie in the past, and late ones stand behind newer ones. Times in values are milliseconds since 1970, UTC; sums of money and log-odds are decimal',
  'numbers in text. A decision is never changed: what takes its place is a newer one of the lead and its type, and what became of it are `followups` and `deliveries`',
  'with its `decisionId`.',
  '',
  '```',
  'kafka-avro-console-consumer --bootstrap-server … --topic decisions.v1 --isolation-level read_committed --from-beginning \\',
  '  --property schema.registry.url=… --property print.key=true --key-deserializer org.apache.kafka.common.serialization.StringDeserializer',
  '```',
  '',
  '## Writing them',
  '',
  '`agents.ballots` ([consensus](consensus.md#votes-from-outside)), `market.facts` ([market](market.md)) and `marketing.spend` ([attribution](attribution.md)) are open.',
  'A writer needs `Write` on the topic and must **choose the partition as the Java client does**: murmur2 of the bytes of the key, which is text in UTF-8. What is known of a',
  'lead or location is on the partition of its key; a record on another one reaches no stage, and is counted (`lr_stage_drops_total`, reason `wrong_partition`,',
  '[decision 139](decisions/0139-a-record-on-another-partition.md)). The Java client and kafkajs do so by themselves; librdkafka and what is built on it',
  '(`confluent-kafka` for Python, Go and .NET) only with `partitioner=murmur2_random`. Batches may be compressed with gzip, snappy, LZ4 or zstd.',
  '',
]

/** Markdown with a table of all topics and a section for each. */
export function topicsPage(topics: readonly AnyTopic[]): string {
  const rows = topics.map(
    (topic) =>
      `| [\`${topic.name}\`](#${anchor(topic.name)}) | ${recordName(topic)} | ${topic.contract} | ${retention(topic)} | ${writers(topic)} |`,
  )
  return [
    '# Topics',
    '',
    'Generated from `topics/index.ts` and `schemas/avsc/` by `npm run generate`; do not edit.',
    '',
    'The physical name is the prefix (`KAFKA_TOPIC_PREFIX`, empty by default), the name below and the version, for example `decisions.v1`.',
    'Values are Avro in the wire format of the Confluent registry. Public contracts stay readable both ways across all versions',
    '(FULL_TRANSITIVE), internal ones backwards (BACKWARD_TRANSITIVE). All topics with a lead key have the same number of partitions.',
    '',
    ...reading,
    '| Topic | Record | Contract | Kept | Written by |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    ...topics.flatMap(section),
  ].join('\n')
}

function section(topic: AnyTopic): string[] {
  const record = parse(topic.value.definition)
  if (record.kind !== 'record') return []
  return [
    `## ${topic.name}`,
    '',
    topic.about,
    '',
    `- **Physical name**: \`${physicalName(topic, '')}\``,
    `- **Key**: ${keys[topic.key]}`,
    `- **Record**: ${recordName(topic)}. ${record.doc ?? ''}`,
    `- **Examples**: [\`schemas/examples/${recordName(topic)}/\`](../schemas/examples/${recordName(topic)})`,
    '',
    '| Field | Type | What it is |',
    '|---|---|---|',
    ...fieldRows(record, ''),
    '',
  ]
}

/** A row per field; the fields of records inside follow under their path. */
function fieldRows(record: Node & { kind: 'record' }, path: string): string[] {
  return record.fields.flatMap((field) => {
    const inner = recordIn(field.node)
    const at = `${path}${field.name}`
    return [
      `| \`${at}\` | ${inWords(field.node)} | ${cell(field.doc ?? '')} |`,
      ...(inner === undefined ? [] : fieldRows(inner, `${at}${field.node.kind === 'array' ? '[]' : ''}.`)),
    ]
  })
}

function recordIn(node: Node): (Node & { kind: 'record' }) | undefined {
  switch (node.kind) {
    case 'record':
      return node
    case 'array':
    case 'map':
      return recordIn(node.of)
    case 'union':
      return node.branches.map(recordIn).find((found) => found !== undefined)
    default:
      return undefined
  }
}

function recordName(topic: AnyTopic): string {
  return topic.value.name.split('.').at(-1) ?? topic.value.name
}

function retention({ retention: kept }: AnyTopic): string {
  return kept === 'compact' ? 'latest per key, for ever' : `${kept.days} days`
}

function writers({ writtenBy }: AnyTopic): string {
  return writtenBy.map((writer) => (writer === '*' ? 'anybody' : writer)).join(', ')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

/** The anchor that Markdown renderers give a heading: dots go. */
function anchor(heading: string): string {
  return heading.replaceAll('.', '').toLowerCase()
}
