/**
 * The AsyncAPI 3 document of the topics, from the declarations alone: a channel for each, its Avro record as the message,
 * an operation for each writer and, for public contracts, one for readers.
 */
import { physicalName } from '../../runtime/topic.ts'
import type { AnyTopic, KeyKind } from '../../runtime/topic.ts'

/** @source AsyncAPI Kafka bindings 0.5.0 */
const BINDING_VERSION = '0.5.0'
const AVRO = 'application/vnd.apache.avro+json;version=1.9.0'
const DAY_MS = 86_400_000

const keyDocs: Readonly<Record<KeyKind, string>> = {
  lead: 'Lead key: location id, colon, contact id.',
  tenant: 'Location id.',
  location: 'Location id.',
  'tenant:realtor': 'Location id, colon, user id.',
  'tenant:decision-type': 'Location id or *, colon, decision type.',
  'tenant:agent': 'Location id, colon, agent id.',
}

/** The document as plain values, ready to be written as YAML. `examples` gives example values by short record name. */
export function asyncapi(
  topics: readonly AnyTopic[],
  version: string,
  examples: (record: string) => readonly { name: string; value: unknown }[],
): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Rekindle',
      version,
      description:
        'Topics of Rekindle. Generated from topics/index.ts by `npm run generate`; do not edit. Names stand behind KAFKA_TOPIC_PREFIX, empty by default. Readers take committed records only (isolation.level=read_committed); docs/topics.md says what else holds for them.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/avro',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'The cluster named by KAFKA_BROKERS; the registry named by SCHEMA_REGISTRY_URL.',
        variables: { brokers: { description: 'host:port', default: '127.0.0.1:9092' } },
        bindings: { kafka: { schemaRegistryVendor: 'confluent', bindingVersion: BINDING_VERSION } },
      },
    },
    channels: Object.fromEntries(topics.map((topic) => [idOf(topic), channel(topic)])),
    operations: Object.fromEntries(topics.flatMap(operations)),
    components: { messages: Object.fromEntries(topics.map((topic) => [recordName(topic), message(topic, examples(recordName(topic)))])) },
  }
}

function channel(topic: AnyTopic): object {
  return {
    address: physicalName(topic, ''),
    title: topic.name,
    description: `${topic.about} Contract: ${topic.contract}.`,
    messages: { [recordName(topic)]: { $ref: `#/components/messages/${recordName(topic)}` } },
    bindings: {
      kafka: {
        topic: physicalName(topic, ''),
        topicConfiguration:
          topic.retention === 'compact'
            ? { 'cleanup.policy': ['compact'] }
            : { 'cleanup.policy': ['delete'], 'retention.ms': topic.retention.days * DAY_MS },
        bindingVersion: BINDING_VERSION,
      },
    },
  }
}

function operations(topic: AnyTopic): [string, object][] {
  const messages = [{ $ref: `#/channels/${idOf(topic)}/messages/${recordName(topic)}` }]
  const of = (action: 'send' | 'receive', summary: string) => ({
    action,
    channel: { $ref: `#/channels/${idOf(topic)}` },
    summary,
    messages,
  })
  const writers = topic.writtenBy.map((writer): [string, object] => {
    const who = writer === '*' ? 'Others' : writer
    return [`${writer === '*' ? 'others' : writer}-writes-${idOf(topic)}`, of('send', `${who} may write ${topic.name}.`)]
  })
  return topic.contract === 'public' ? [...writers, [`read-${idOf(topic)}`, of('receive', `Anybody may read ${topic.name}.`)]] : writers
}

function message(topic: AnyTopic, examples: readonly { name: string; value: unknown }[]): object {
  return {
    name: topic.value.name,
    title: recordName(topic),
    contentType: 'application/avro',
    payload: { schemaFormat: AVRO, schema: topic.value.definition },
    headers: {
      type: 'object',
      properties: {
        ce_specversion: { type: 'string', const: '1.0' },
        ce_id: { type: 'string', description: 'Unique per source: readers deduplicate by the two.' },
        ce_source: { type: 'string', description: 'Who wrote it.' },
        ce_type: { type: 'string', const: topic.value.name },
        'content-type': { type: 'string', const: 'application/avro' },
        traceparent: { type: 'string', description: 'W3C trace context.' },
        tracestate: { type: 'string', description: 'W3C trace state, beside it.' },
        'dlq-replay-of': {
          type: 'string',
          description: 'Put back from a dead-letter topic: for the group that set it aside, a repeat for others.',
        },
      },
    },
    examples: examples.map(({ name, value }) => ({ name, payload: value })),
    bindings: {
      kafka: {
        key: { type: 'string', description: keyDocs[topic.key] },
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        schemaLookupStrategy: 'TopicNameStrategy',
        bindingVersion: BINDING_VERSION,
      },
    },
  }
}

function recordName(topic: AnyTopic): string {
  return topic.value.name.split('.').at(-1) ?? topic.value.name
}

/** Ids of channels are keys in references: no dots. */
function idOf(topic: AnyTopic): string {
  return topic.name.replaceAll('.', '-')
}
