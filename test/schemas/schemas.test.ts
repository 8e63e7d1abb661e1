import avro from 'avsc'
import fc from 'fast-check'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import * as records from '../../schemas/generated/records.ts'
import type { Ballot, Decision, Vote } from '../../schemas/generated/records.ts'
import { essence, inWords, parse } from '../../schemas/tools/avro.ts'
import { contractOf, currentRecords, examplesOf, historyOf, schemasFolder } from '../../schemas/tools/catalogue.ts'
import { exampleFaults, faults, historyFaults } from '../../schemas/tools/check.ts'
import { obstacles, refusals } from '../../schemas/tools/compatibility.ts'
import { recordHistory } from '../../schemas/tools/record.ts'
import { violations } from '../../schemas/tools/rules.ts'
import { allTopics } from '../../topics/index.ts'
import { assertProperty } from '../support/property.ts'

const ID = '0f0e0d0c-0000-4000-8000-000000000001'
const KB = 1024

function example<T>(record: string, name: string): T {
  const entry = currentRecords().find((known) => known.name === record)
  return examplesOf(entry as NonNullable<typeof entry>).find((known) => known.name === name)?.value as T
}

/** A copy of schemas/ that a test may break. */
function copyOfSchemas(t: { teardown(fn: () => void): unknown }): string {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-schemas-'))
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  cpSync(schemasFolder, folder, { recursive: true })
  return folder
}

t.test(
  'the records as they are committed break no rule, have examples, and can be read by and with every version of their history',
  async (t) => {
    t.strictSame(faults(), [])
    t.strictSame(
      [...new Set(allTopics.map(({ value }) => value.name))].filter(
        (name) => !currentRecords().some((entry) => `rekindle.${entry.name}` === name),
      ),
      [],
      'every topic has its file',
    )
  },
)

t.test('every example comes back from its bytes as it was', async (t) => {
  const types = records as unknown as Record<string, { encode(value: unknown): Buffer; decode(bytes: Buffer): unknown }>
  for (const entry of currentRecords()) {
    for (const { name, value } of examplesOf(entry)) {
      const type = types[entry.name]
      t.has(type?.decode(type.encode(value)), value, `${entry.name}/${name}`)
    }
  }
})

t.test('records stay small: an assessment below 3 KB, a decision of 8 votes below 2 KB', async (t) => {
  for (const { value } of examplesOf({ name: 'Assessment', definition: records.Assessment.definition }))
    t.ok(records.Assessment.encode(value as records.Assessment).length < 3 * KB)
  const decision = example<Decision>('Decision', 'answer-her-reply')
  const [one] = decision.contributions
  // Eight voices with a sentence each, a denial on every channel: more than the roster of eight can say on one type.
  const full: Decision = {
    ...decision,
    contributions: Array.from({ length: 8 }, (_, i) => ({
      ...(one as Decision['contributions'][number]),
      ...decision.contributions[i % decision.contributions.length],
    })),
    silent: [],
  }
  const bytes = records.Decision.encode(full).length
  t.comment(`Decision: ${records.Decision.encode(decision).length} bytes with ${decision.contributions.length} votes, ${bytes} with 8`)
  t.ok(bytes < 2 * KB, `${bytes} bytes`)
})

t.test('a ballot of the eight stays below 1.5 KB; 37 answers fit 3 KB while few of them carry evidence', async (t) => {
  const ballot = example<Ballot>('Ballot', 'panel-on-silence')
  const { votes, ...rest } = ballot
  const finding = votes.filter(({ kind }) => kind === 'vote')
  const abstention = votes.find(({ kind }) => kind === 'abstain') as Vote
  const sizeWith = (findings: number): number =>
    records.Ballot.encode({
      ...rest,
      votes: Array.from({ length: 37 }, (_, i): Vote =>
        i < findings ? (finding[i % finding.length] as Vote) : { ...abstention, agentId: 'an_agent_with_a_name' },
      ),
    }).length
  t.comment(
    `Ballot of the eight: ${records.Ballot.encode(ballot).length} bytes; of 37 with 0, 4, 12 and 37 findings: ${[0, 4, 12, 37].map(sizeWith).join(', ')}`,
  )
  t.ok(records.Ballot.encode(ballot).length < 1.5 * KB)
  t.ok(sizeWith(4) < 3 * KB)
  // Each finding carries its sentence and up to three pieces of evidence: 37 of them travel in ballots of one system each.
  t.ok(sizeWith(37) < 7 * KB)
})

const before = {
  type: 'record',
  name: 'Sighting',
  namespace: 'rekindle',
  doc: 'One.',
  fields: [
    { name: 'id', type: 'string', doc: 'Id.' },
    { name: 'count', type: 'int', doc: 'How many.' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, doc: 'When.' },
    { name: 'note', type: ['null', 'string'], doc: 'Note.', default: null },
  ],
}
type Field = (typeof before.fields)[number] | Record<string, unknown>
const withFields = (change: (fields: Field[]) => Field[]) => ({ ...before, fields: change([...before.fields]) })
const shared = { record: 'Sighting', contract: 'public', kept: '365 days' } as const
const own = { ...shared, contract: 'internal' } as const
const v1 = [{ version: 1, definition: before }]

t.test('a public record may gain a field with a default, and lose one that had a default', async (t) => {
  t.strictSame(
    refusals(
      shared,
      v1,
      withFields((f) => [...f, { name: 'place', type: ['null', 'string'], default: null }]),
    ),
    [],
  )
  t.strictSame(
    refusals(
      shared,
      v1,
      withFields((f) => f.filter(({ name }) => name !== 'note')),
    ),
    [],
  )
})

t.test('a refusal names the record, the field, the version, who is hurt and what to do', async (t) => {
  t.strictSame(
    refusals(
      shared,
      v1,
      withFields((f) => f.filter(({ name }) => name !== 'count')),
    ),
    [
      'Sighting: the field count was removed, but readers of v1 need it and have no default for it (records are kept 365 days); put it back, and give fields a default from the start if they may go one day.',
    ],
  )
  t.strictSame(
    refusals(
      shared,
      v1,
      withFields((f) => [...f, { name: 'place', type: 'string' }]),
    ),
    [
      'Sighting: the field place is new and has no default, but records of v1 (kept 365 days) lack it; give it a default, for example null in a union with null.',
    ],
  )
  t.strictSame(
    refusals(
      shared,
      v1,
      withFields((f) => f.map((field) => (field['name'] === 'count' ? { ...field, type: 'string' } : field))),
    ),
    [
      'Sighting: count was int in v1 and is string now, which cannot read records of v1 (kept 365 days); keep the type and add a field with another name.',
      'Sighting: count is string now, which readers of v1 cannot read as int; keep the type and add a field with another name.',
    ],
  )
  t.match(
    refusals(shared, v1, { ...before, name: 'Seen' })[0],
    /the record was called rekindle\.Sighting in v1 and is called rekindle\.Seen now; keep the name/,
  )
  t.match(
    refusals(
      shared,
      v1,
      withFields((f) =>
        f.map((field) => (field['name'] === 'at' ? { ...field, type: { type: 'long', logicalType: 'timestamp-micros' } } : field)),
      ),
    )[0],
    /at meant timestamp-millis in v1 and means timestamp-micros now/,
  )
})

t.test('an internal record may widen a type and drop a field; a public one may not', async (t) => {
  const wider = withFields((f) => f.map((field) => (field['name'] === 'count' ? { ...field, type: 'long' } : field)))
  const fewer = withFields((f) => f.filter(({ name }) => name !== 'count'))
  t.strictSame([refusals(own, v1, wider), refusals(own, v1, fewer)], [[], []])
  t.equal(refusals(shared, v1, wider).length, 1)
  t.equal(refusals(shared, v1, fewer).length, 1)
})

t.test('every version of the history counts, not the last alone', async (t) => {
  const v2 = withFields((f) => f.filter(({ name }) => name !== 'note'))
  // A field that returns with another type agrees with v2, which lacks it, and not with v1.
  const v3 = withFields((f) => f.map((field) => (field['name'] === 'note' ? { ...field, type: ['null', 'int'] } : field)))
  t.strictSame(refusals(shared, [{ version: 2, definition: v2 }], v3), [])
  t.match(refusals(shared, [...v1, { version: 2, definition: v2 }], v3), [
    /note was null or string in v1 and is null or int now/,
    /note is null or int now, which readers of v1/,
  ])
})

t.test('inside arrays, maps and optional sections the path leads to the field', async (t) => {
  const inner = (type: string) => ({ type: 'record', name: 'Part', doc: 'P.', fields: [{ name: 'size', type, doc: 'S.' }] })
  const holding = (type: string) => ({
    type: 'record',
    name: 'Whole',
    namespace: 'rekindle',
    doc: 'W.',
    fields: [
      { name: 'parts', type: { type: 'array', items: inner(type) }, doc: 'P.' },
      { name: 'named', type: { type: 'map', values: 'rekindle.Part' }, doc: 'N.' },
      { name: 'section', type: ['null', 'Part'], doc: 'S.', default: null },
    ],
  })
  t.strictSame(
    obstacles(holding('int'), holding('string')).map(({ path }) => path),
    ['parts[].size', 'named{}.size', 'section.size'],
  )
})

t.test('a record that contains itself is compared once', async (t) => {
  const chain = (type: string) => ({
    type: 'record',
    name: 'Chain',
    namespace: 'rekindle',
    fields: [
      { name: 'value', type },
      { name: 'next', type: ['null', 'Chain'], default: null },
    ],
  })
  t.strictSame(obstacles(chain('int'), chain('long')), [])
  t.strictSame(
    obstacles(chain('long'), chain('int')).map(({ path }) => path),
    ['value'],
  )
})

const primitive = fc.constantFrom('boolean', 'int', 'long', 'float', 'double', 'bytes', 'string')
const anyType: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitive,
    tie('type').map((items) => ({ type: 'array', items })),
    tie('type').map((values) => ({ type: 'map', values })),
    primitive.map((one) => ['null', one]),
    fc.subarray(['null', 'boolean', 'int', 'string'], { minLength: 2 }),
  ),
})).type
/** A default that the type takes, or none. */
function defaultOf(type: unknown): unknown {
  if (Array.isArray(type)) return defaultOf(type[0])
  if (typeof type === 'object') return (type as { type: string }).type === 'array' ? [] : {}
  return { null: null, boolean: false, bytes: '', string: '' }[type as string] ?? (type === 'null' ? null : 0)
}
const anyFields = fc.uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c'), type: anyType, has: fc.boolean() }), {
  selector: ({ name }) => name,
  maxLength: 3,
})
const asRecord = (name: string, fields: readonly { name: string; type: unknown; has: boolean }[]) => ({
  type: 'record',
  name,
  namespace: 'rekindle',
  fields: fields.map((field) => ({ name: field.name, type: field.type, ...(field.has ? { default: defaultOf(field.type) } : {}) })),
})

t.test('the verdict on any two definitions is that of the Avro library', (t) =>
  assertProperty(
    t,
    fc.property(anyFields, anyFields, fc.constantFrom('R', 'R', 'R', 'S'), (writes, reads, readerName) => {
      const writer = asRecord('R', writes)
      // Half of the fields keep their type, or nearly nothing would ever be readable.
      const reader = asRecord(
        readerName,
        reads.map((field, i) => ({
          ...field,
          type: i % 2 === 0 ? (writes.find(({ name }) => name === field.name)?.type ?? field.type) : field.type,
        })),
      )
      return (obstacles(writer, reader).length === 0) === avscReads(writer, reader)
    }),
  ),
)

t.test('the verdict on any two types is that of the Avro library', (t) =>
  assertProperty(
    t,
    fc.property(anyType, anyType, (a, b) => (obstacles(wrap(a), wrap(b)).length === 0) === avscReads(wrap(a), wrap(b))),
  ),
)

const wrap = (type: unknown) => ({ type: 'record', name: 'W', namespace: 'rekindle', fields: [{ name: 'x', type }] })
function avscReads(writer: object, reader: object): boolean {
  const [w, r] = [avro.Type.forSchema(writer as avro.Schema), avro.Type.forSchema(reader as avro.Schema)]
  try {
    r.createResolver(w)
    return true
  } catch {
    return false
  }
}

t.test('house rules: docs everywhere, null or one type, nothing that could never grow', async (t) => {
  t.strictSame(violations(before), [])
  const enumeration = { type: 'enum', name: 'Mood', symbols: ['GOOD'] }
  t.match(
    violations({
      ...before,
      namespace: 'other',
      fields: [
        { name: 'a', type: 'int' },
        { name: 'b', type: enumeration, doc: 'B.' },
        { name: 'c', type: ['null', 'int', 'string'], doc: 'C.', default: null },
        { name: 'd', type: ['null', 'int'], doc: 'D.' },
        { name: 'e', type: ['null', { type: 'record', name: 'Inner', fields: [] }], doc: 'E.', default: null },
      ],
    }),
    [
      /Sighting\.a has no doc/,
      /Sighting\.b is enum: readers break when its values grow; use a string/,
      /Sighting\.c is a union of 3/,
      /Sighting\.d may be null but has no default/,
      /Sighting\.e has no doc/,
      /namespace must be rekindle/,
    ],
  )
  t.throws(() => parse({ ...before, fields: [{ name: 'a', type: 'Nothing' }] }), /The type Nothing is used before it is defined/)
  t.equal(inWords(parse({ type: 'map', values: ['null', before] })), 'map of null or Sighting')
})

t.test('a change of words is no new version; a change of a default is one', async (t) => {
  t.equal(essence(before), essence({ ...withFields((f) => f.map((field) => ({ ...field, doc: 'Other.' }))), doc: 'Another.' }))
  t.not(essence(before), essence(withFields((f) => f.map((field) => (field['name'] === 'note' ? { ...field, default: 'doc' } : field)))))
})

t.test('what a record promises follows from its topics', async (t) => {
  t.strictSame(contractOf('Decision'), { record: 'Decision', contract: 'public', kept: '365 days' })
  t.strictSame(contractOf('Assessment'), { record: 'Assessment', contract: 'public', kept: '7 days' })
  t.strictSame(contractOf('LeadProfile'), { record: 'LeadProfile', contract: 'public', kept: 'for ever' })
  t.strictSame(contractOf('OpenQuestions'), { record: 'OpenQuestions', contract: 'internal', kept: 'for ever' })
})

t.test('a broken folder is told in sentences, and a change that breaks readers never enters the history', async (t) => {
  const folder = copyOfSchemas(t)
  const file = join(folder, 'avsc', 'Decision.avsc')
  const decision = JSON.parse(readFileSync(file, 'utf8')) as { fields: { name: string }[] }
  const write = (fields: unknown[]) => {
    writeFileSync(file, JSON.stringify({ ...decision, fields }))
  }

  write([...decision.fields, { name: 'mood', type: ['null', 'string'], default: null, doc: 'Mood.' }])
  t.match(faults(folder), [/records\.ts is stale/, /Decision has changed since v\d+: run `npm run schemas:record`/])
  const released = historyOf('Decision', folder).length
  t.strictSame(recordHistory(folder), { written: [`schemas/history/Decision/v${released + 1}.avsc`], refused: [] })
  t.strictSame(historyFaults({ name: 'Decision', definition: JSON.parse(readFileSync(file, 'utf8')) as object }, folder), [])

  write(decision.fields.filter(({ name }) => name !== 'chosen'))
  const { written, refused } = recordHistory(folder)
  t.strictSame(written, [])
  t.match(refused[0], /Decision: the field chosen was removed, but readers of v1 need it/)

  rmSync(join(folder, 'examples', 'Tenant', 'paused.json'))
  writeFileSync(
    join(folder, 'examples', 'Policy', 'extra.json'),
    JSON.stringify({ ...example<object>('Policy', 'follow-up'), colour: 'red' }),
  )
  writeFileSync(
    join(folder, 'examples', 'Ballot', 'odd.json'),
    JSON.stringify({ ...example<object>('Ballot', 'panel-on-silence'), ballotId: 7, castAt: ID }),
  )
  const entry = (name: string) =>
    currentRecords(folder).find((known) => known.name === name) as NonNullable<ReturnType<typeof currentRecords>[number]>
  t.match(exampleFaults(entry('Tenant'), folder), [/Tenant has 1 examples: put at least 2/])
  t.match(exampleFaults(entry('Policy'), folder), [/extra\.json: Policy\.colour does not come back/])
  t.match(exampleFaults(entry('Ballot'), folder), [/odd\.json: ballotId is 7, expected/])
})
