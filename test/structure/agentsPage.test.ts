/** The page of agents says of each what its own file says, and is up to date. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { agentsPage, headerText } from '../../cli/tools/agentsPage.ts'
import { roster } from '../../pipelines/agents/roster.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'agents.md'), 'utf8')

t.test('every agent of the roster has its part, with what it votes on, reads and is', (t) => {
  t.equal([...page.matchAll(/^### /gm)].length, 37)
  for (const { id, answers, reads, family, version } of roster) {
    const part = page.split(`\n### ${id}\n`)[1]?.split('\n### ')[0] ?? ''
    t.match(part, `- **Votes on** ${answers.map((type) => `\`${type}\``).join(', ')}; family \`${family}\`, version ${version}\n`, id)
    for (const field of reads) t.match(part, `\`${field}\``, `${id} reads ${field}`)
    t.match(part, /^\n[^\n]{60,}\n/, `${id} says what it does`)
  }
  t.end()
})

t.test('a header is read without its frame, and its source apart; a file without one is refused', (t) => {
  t.strictSame(headerText('/**\n * Row 1. Says\n * this.\n * @source here, 2.3\n */\nimport'), {
    says: 'Row 1. Says this.',
    source: 'here, 2.3',
  })
  t.strictSame(headerText('/** In a line. */\n'), { says: 'In a line.', source: undefined })
  t.throws(() => headerText('import x'), /opens with what the agent says/)
  const [first] = roster
  const text = agentsPage(first === undefined ? [] : [first], () => ({ says: 'It votes.', source: undefined }))
  t.match(text, `### ${first?.id ?? ''}\n\nIt votes.\n\n- **Votes on**`)
  t.notMatch(text, '**From**')
  t.end()
})
