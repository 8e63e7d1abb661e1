import { Ajv } from 'ajv'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { physicalName } from '../../runtime/topic.ts'
import { allTopics } from '../../topics/index.ts'
import { asyncapi } from '../../topics/tools/asyncapi.ts'
import { generated } from '../../topics/tools/generate.ts'
import { topicsPage } from '../../topics/tools/topicsPage.ts'

const root = join(import.meta.dirname, '..', '..')

interface Document {
  channels: Record<string, { address: string; bindings: { kafka: { topicConfiguration: Record<string, unknown> } } }>
  operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>
  components: { messages: Record<string, { payload: { schema: { name: string } }; examples: { name: string }[] }> }
}

t.test('the committed documents are those of the declarations', async (t) => {
  for (const [path, text] of generated()) t.equal(readFileSync(join(root, path), 'utf8') === text, true, `${path} (npm run generate)`)
})

t.test('the AsyncAPI document is valid by the published schema of AsyncAPI 3.0.0', async (t) => {
  const specification = JSON.parse(
    readFileSync(createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json'), 'utf8'),
  ) as object
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false, meta: false, validateSchema: false })
  const validate = ajv.compile(specification)
  const document: unknown = parse(generated().get('docs/asyncapi.yaml') ?? '')
  t.equal(validate(document), true, JSON.stringify(validate.errors?.slice(0, 3)))
  t.equal(validate({ ...(document as object), channels: { broken: { address: 7 } } }), false, 'the check can fail')
})

t.test(
  'every topic is a channel with its retention, its record, its examples and its writers; every reference leads somewhere',
  async (t) => {
    const document = parse(generated().get('docs/asyncapi.yaml') ?? '') as Document
    t.strictSame(
      Object.values(document.channels).map(({ address }) => address),
      allTopics.map((topic) => physicalName(topic, '')),
    )
    t.strictSame(document.channels['decisions']?.bindings.kafka.topicConfiguration, {
      'cleanup.policy': ['delete'],
      'retention.ms': 365 * 24 * 3600 * 1000,
    })
    t.strictSame(document.channels['leads-profiles']?.bindings.kafka.topicConfiguration, { 'cleanup.policy': ['compact'] })
    t.equal(document.operations['consensus-writes-decisions']?.action, 'send')
    t.equal(document.operations['others-writes-agents-ballots']?.action, 'send')
    t.equal(document.operations['read-decisions']?.action, 'receive')
    t.equal(document.operations['read-ghl-webhooks'], undefined, 'an internal topic is no offer to others')
    const at = (reference: string): unknown =>
      reference
        .slice(2)
        .split('/')
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document)
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? '')
    t.strictSame(
      references.filter((reference) => at(reference) === undefined),
      [],
    )
    for (const message of Object.values(document.components.messages)) t.ok(message.examples.length >= 2, message.payload.schema.name)
  },
)

t.test('the page names every topic, who may read it, and every field of its record down to the last', async (t) => {
  const page = topicsPage(allTopics)
  for (const topic of allTopics)
    t.ok(page.includes(`\n## ${topic.name}\n`) && page.includes(`](#${topic.name.replaceAll('.', '')})`), topic.name)
  t.match(page, /\| \[`decisions`\]\(#decisions\) \| Decision \| public \| 365 days \| consensus \|/)
  t.match(page, /\| `contributions\[\]\.nats` \| string \|/)
  t.match(page, /\| `view\.counters\.inbound` \| int \|/)
  t.match(
    asyncapi([], '1.0.0', () => []),
    { channels: {}, operations: {} },
  )
})
