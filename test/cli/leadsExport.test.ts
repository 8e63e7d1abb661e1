/** `rekindle leads export`: one document with everything, whole or not there. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { exportLead, recordJson, sections } from '../../cli/leadExport.ts'
import type { HeldPlace, Section } from '../../cli/leadExport.ts'
import type { MeantLead } from '../../sinks/postgres/leadsMeant.ts'
import { assertProperty } from '../support/property.ts'
import { operatorRun } from './operatorRun.ts'

const lead = 'loc:maria'
const at = Date.parse('2026-11-24T15:00:00Z')

function place(section: Section, name: string, records: readonly unknown[]): HeldPlace {
  return {
    section,
    name,
    onErasure: { kind: 'emptied' },
    async read(onRecord) {
      for (const record of records) await onRecord(recordJson(record))
    },
  }
}

const places = [
  place('topics', 'leads.events.v1', [{ offset: 7n, value: { raw: Buffer.from('hello'), pixel: Buffer.from([255]) } }, { offset: 9n }]),
  place('topics', 'decisions.v1', []),
  place('states', 'enrich', [{ entry: { state: 1 } }]),
  place('clickhouse', 'lead_events', [{ kind: 'contact_created' }]),
]

t.test('the document holds every record of every place, with counts at its end, bytes and offsets as text', async (t) => {
  const { code, out, closed } = await run({ places, linked: ['loc:mario'] }, [])
  t.equal(code, 0)
  t.strictSame(JSON.parse(out.join('\n')), {
    lead,
    exportedAt: '2026-11-24T15:00:00.000Z',
    linkedLeads: ['loc:mario'],
    topics: {
      'leads.events.v1': [{ offset: '7', value: { raw: 'hello', pixel: 'base64:/w==' } }, { offset: '9' }],
      'decisions.v1': [],
    },
    states: { enrich: [{ entry: { state: 1 } }] },
    postgres: {},
    clickhouse: { lead_events: [{ kind: 'contact_created' }] },
    counts: { topics: { 'leads.events.v1': 2, 'decisions.v1': 0 }, states: { enrich: 1 }, postgres: {}, clickhouse: { lead_events: 1 } },
  })
  t.equal(closed, 1)
})

t.test('of a key that nothing is held on the document is empty, and that is said beside it', async (t) => {
  const nothing = { places: [place('topics', 'decisions.v1', []), place('postgres', 'leads', [])], linked: [] }
  const { code, out, err } = await run(nothing, [])
  t.equal(code, 0)
  t.match(JSON.parse(out.join('\n')), { lead, counts: { topics: { 'decisions.v1': 0 }, postgres: { leads: 0 } } })
  t.match(err, [/^Nothing was held on loc:maria\. Is it the lead that is meant\?/])
  t.strictSame((await run({ places, linked: [] }, [])).err, [])
})

t.test('any places make a document that reads back as they are', (t) =>
  assertProperty(
    t,
    fc.asyncProperty(
      fc.array(
        fc.record({ section: fc.constantFrom(...sections), name: fc.string(), records: fc.array(fc.jsonValue(), { maxLength: 4 }) }),
        {
          maxLength: 6,
        },
      ),
      async (made) => {
        const once = [...new Map(made.map((each) => [`${each.section} ${each.name}`, each])).values()]
        const held = once.map(({ section, name, records }) => place(section, name, records))
        const lines: string[] = []
        const counts = await exportLead(lead, { places: held, linked: [] }, at, async (line) => void lines.push(line))
        const read = JSON.parse(lines.join('\n')) as Record<string, Record<string, unknown[]>>
        if (counts.some(({ section, name, records }) => read[section]?.[name]?.length !== records) || counts.length !== once.length)
          return false
        return sections.every((section) => {
          const own = once.filter((each) => each.section === section).map(({ name, records }) => [name, records] as const)
          const found = new Map(Object.entries(read[section] ?? {}))
          return found.size === own.length && own.every(([name, records]) => JSON.stringify(found.get(name)) === JSON.stringify(records))
        })
      },
    ),
  ),
)

t.test('to a file: for its owner alone, counts on the terminal, who may be the same person named', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-export-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'maria.json')
  const { code, out } = await run({ places, linked: ['loc:mario'] }, ['--out', file])
  t.equal(code, 0)
  t.strictSame(out, [
    'where       what             records',
    'topics      leads.events.v1        2',
    'topics      decisions.v1           0',
    'states      enrich                 1',
    'clickhouse  lead_events            1',
    'Perhaps the same person, not in this document: loc:mario',
  ])
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.match(JSON.parse(readFileSync(file, 'utf8')), { lead, counts: { states: { enrich: 1 } } })

  const broken: HeldPlace = {
    ...place('postgres', 'leads', []),
    async read() {
      throw new Error('the connection broke')
    },
  }
  const other = join(folder, 'other.json')
  const failed = await run({ places: [...places, broken], linked: [] }, ['--out', other])
  t.match(failed, { code: 1, err: [/the connection broke/], closed: 1 })
  t.notOk(existsSync(other), 'a document that is not whole is not there')
  t.strictSame(readdirSync(folder), ['maria.json'], 'nor is a part of it')

  const before = new Set(process.listeners('exit'))
  const leaving: HeldPlace = {
    ...place('postgres', 'leads', []),
    // As a second Ctrl-C does, which ends the process in the middle.
    async read() {
      t.equal(readdirSync(folder).length, 2, 'it is being written')
      for (const listener of process.listeners('exit')) if (!before.has(listener)) listener(130)
      t.strictSame(readdirSync(folder), ['maria.json'], 'nothing of it is left')
      throw new Error('ended')
    },
  }
  await run({ places: [...places, leaving], linked: [] }, ['--out', other])
  t.strictSame(process.listeners('exit'), [...before], 'afterwards nobody waits for the end any more')

  const both = join(folder, 'both.json')
  const twice = await Promise.all([1, 2].map(() => run({ places, linked: [] }, ['--out', both])))
  t.strictSame(
    twice.map(({ code }) => code),
    [0, 0],
    'two at once do not take away what the other one writes',
  )
  t.match(JSON.parse(readFileSync(both, 'utf8')), { lead })
})

t.test('a lead is named by its key or by a contact id that one lead has; anything else is told what to type', async (t) => {
  const asked: string[] = []
  const stored: Readonly<Record<string, readonly MeantLead[]>> = {
    maria: [{ leadKey: 'loc:maria', by: 'contact id' }],
    twice: ['a', 'b'].map((location) => ({ leadKey: `${location}:twice`, by: 'contact id' })),
    'maria@example.com': ['loc:maria', 'loc:mario'].map((leadKey) => ({ leadKey, by: 'e-mail address' })),
    '+1 512 555 0101': [{ leadKey: 'loc:maria', by: 'telephone number' }],
    'a b:c': [],
  }
  const exported = async (typed: string) => {
    const opened: string[] = []
    const held = async (_: unknown, key: string) => {
      opened.push(key)
      return { places, linked: [], close: async () => undefined, order: async () => undefined }
    }
    const leadsMeant = async (_: unknown, text: string) => {
      asked.push(text)
      return stored[text] ?? []
    }
    const { code, err } = await operatorRun(['leads', 'export', typed], {}, { held, leadsMeant })
    return [opened, code, err[0]] as const
  }
  t.strictSame(await exported('maria'), [['loc:maria'], 0, 'maria is loc:maria.'])
  for (const [typed, said] of [
    ['twice', /^E_OPTION_INVALID: twice is a contact id of 2 locations\. Type one of a:twice, b:twice\./],
    ['maria@example.com', /^E_OPTION_INVALID: maria@example.com is the e-mail address of loc:maria, loc:mario\. .* by its key\./],
    ['+1 512 555 0101', /^E_OPTION_INVALID: \+1 512 555 0101 is the telephone number of loc:maria\. /],
    ['nobody', /^E_OPTION_INVALID: No lead is stored with .* nobody\. Type <locationId>:<contactId>/],
    [':maria', /^E_OPTION_INVALID: ":maria" is no lead key\. Type <locationId>:<contactId>/],
    ['loc:', /^E_OPTION_INVALID: "loc:" is no lead key/],
    [' ', /^E_OPTION_INVALID: " " is no lead key/],
  ] as const) {
    const [opened, code, err] = await exported(typed)
    t.strictSame([opened, code], [[], 1], typed)
    t.match(err, said)
  }
  asked.length = 0
  const odd = [
    'loc:a b',
    'loc:a:b',
    "loc:'; DROP TABLE leads; --",
    'loc:../../etc/passwd',
    'loc:a\nb',
    'loc:мария',
    `loc:${'x'.repeat(100)}`,
  ]
  for (const typed of odd) t.strictSame(await exported(typed), [[typed], 0, undefined], 'whatever the contact is called')
  t.strictSame(asked, [], 'a whole key is looked for in no table')
})

async function run(held: { places: readonly HeldPlace[]; linked: readonly string[] }, flags: readonly string[]) {
  let closed = 0
  const close = async () => {
    closed += 1
  }
  const ran = await operatorRun(
    ['leads', 'export', lead, ...flags],
    {},
    { held: async () => ({ ...held, close, order: async () => void t.fail('an export orders nothing') }) },
  )
  return { ...ran, closed }
}
