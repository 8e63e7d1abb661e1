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
