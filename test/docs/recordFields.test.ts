/** The page that says where each field of the decision record stands: every field that is asked for has a row, and what a row names is in the schemas. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from '../../schemas/tools/avro.ts'
import type { Node } from '../../schemas/tools/avro.ts'
import { currentRecords } from '../../schemas/tools/catalogue.ts'
import { textsOf } from '../support/sources.ts'

/** @source reference/consensus.md 2.3 */
const recorded = [
  ...[
    'decisionId',
    'tenant',
    'leadHash',
    'type',
    'stage',
    'epoch',
    'leadViewRef',
    'leadViewHash',
    'policyHash',
    'engineVersion',
    'eligible',
  ],
  ...['gates', 'votes', 'blocked', 'S', 'P', 'contributions', 'chosen', 'runnerUp', 'utility', 'conflict', 'escalation', 'degraded'],
  ...['fallbackUsed', 'nEff', 'quorum', 'stopReason', 'conformalSet', 'auditSelected', 'pAudit', 'pEscalate', 'createdAt', 'decidedAt'],
]
/** What bandits need beside these. @source reference/consensus.md 10.5 */
const logged = [
  ...['ts', 'modelIds', 'promptHashes', 'allArms', 'eligibleArms', 'gateReasons', 'propensity', 'rngSeed', 'forcedBy', 'explorationFlag'],
  ...['rewardWindow', 'outcome type', 'outcome ts', 'outcome value', 'outcome source'],
]

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'consensus.md'), 'utf8')
const section = page.slice(page.indexOf('## What a decision holds'), page.indexOf('## From labels to a policy'))
const [fields = '', evidence = ''] = section.split('**When a piece of evidence was true.**')
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
const pathsIn = (text: string) => [...text.matchAll(/`([A-Z][A-Za-z]+(?:\.[a-zA-Z]+(?:\[\])?)+)`/g)].map(([, path = '']) => path)

const records = new Map(currentRecords().map(({ name, definition }) => [name, parse(definition)]))
const inner = (node: Node): Node =>
  node.kind === 'union' ? inner(node.branches.find((branch) => !(branch.kind === 'primitive' && branch.type === 'null')) ?? node) : node
/** Is there such a field? `[]` stands for the entries of an array, which may be left out where the array as a whole is meant. */
function exists(path: string): boolean {
  const [record = '', ...steps] = path.split('.')
  let node = records.get(record)
  for (const [place, step] of steps.entries()) {
    const at = node === undefined ? undefined : inner(node)
    const field = at?.kind === 'record' ? at.fields.find(({ name }) => name === step.replace('[]', '')) : undefined
    if (field === undefined) return false
    const value = inner(field.node)
    const isWhole = place === steps.length - 1
    if (value.kind === 'array' ? !isWhole && !step.endsWith('[]') : step.endsWith('[]')) return false
    node = value.kind === 'array' ? value.of : value
  }
  return node !== undefined
}

t.test('paths are looked up in the schemas', async (t) => {
  for (const path of [
    'Decision.options[].score',
    'Decision.draw.arms[].option',
    'Decision.conflicts',
    'Assessment.view.recentMessages[].at',
  ])
    t.ok(exists(path), path)
  for (const path of ['Decision.nothing', 'Decision.options.score', 'Decision.draw[].seed', 'Nobody.at', 'Decision.options[].score.x'])
    t.notOk(exists(path), path)
})

t.test('each field that the reference names has a row, in its order, and every field that a row names is there', async (t) => {
  const rows = rowsOf(fields)
  t.strictSame(
    rows.map(([, field = '']) => field.replaceAll('`', '')),
    [...recorded, ...logged],
  )
  for (const [, field = '', here = '', note = ''] of rows) {
    t.ok(pathsIn(here).length > 0 || (here === '–' && note !== ''), `${field} is somewhere, or it is said why not`)
    for (const path of pathsIn(`${here} ${note}`)) t.ok(exists(path), `${field}: ${path}`)
  }
})

t.test('every field that evidence of an agent names has its time told, and the fields that tell it are there', async (t) => {
  const rows = rowsOf(evidence)
  const told = rows.flatMap(([, of = '']) => [...of.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
  const named = textsOf('pipelines/agents', '.ts').flatMap(({ text }) =>
    [...text.matchAll(/\bfield\((?:[^'`()]*\? )?['`]([a-zA-Z]+)/g)].map(([, name = '']) => name),
  )
  t.ok(named.length > 40)
  t.strictSame([...new Set(named)].sort(), [...told].sort())
  for (const [, of = '', time = ''] of rows) {
    t.ok(time === 'itself' || pathsIn(time).length > 0, of)
    for (const path of pathsIn(time)) t.ok(exists(path), `${of}: ${path}`)
  }
})
