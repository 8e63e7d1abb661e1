/** What the compiler and the linter hold for the whole checkout: names that nobody declared, and cases that nobody thought of. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ESLint } from 'eslint'
import t from 'tap'
import ts from 'typescript'
import { rooms, textsOf } from '../support/sources.ts'

const root = join(import.meta.dirname, '..', '..')
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as { config: object }
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)

/** What the compiler, set as for the checkout, says of each of these texts, were it a file beside `agent.ts`. */
function compiled(texts: readonly string[]): readonly (readonly number[])[] {
  const files = new Map(texts.map((text, n) => [join(root, 'pipelines', 'agents', `invented${n}.ts`), text]))
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].map((file) => program.getSemanticDiagnostics(program.getSourceFile(file)).map(({ code }) => code))
}

t.test('P-07: a name that is not of its union does not compile', async (t) => {
  const invented = ["DecisionType = 'market'", "System = 'monitoring'", "TemplateId = 'birthday'", 'Bin = 6']
  const declared = "[DecisionType, System, TemplateId, Bin] = ['content', 'behavioral', 'reply', 5]"
  const said = compiled(
    [declared, ...invented].map(
      (text) => `import type { Bin, DecisionType, System, TemplateId } from './agent.ts'\nexport const made: ${text}`,
    ),
  )
  const notAssignable = 2322
  t.strictSame(said, [[], ...invented.map(() => [notAssignable])])
})

t.test('P-07: a switch that forgets a member of its union fails the check, in every room', async (t) => {
  const linter = new ESLint({ cwd: root })
  const rule = '@typescript-eslint/switch-exhaustiveness-check'
  for (const room of rooms) {
    const [{ file } = { file: '' }] = textsOf(room, '.ts')
    const { rules } = (await linter.calculateConfigForFile(join(root, file))) as { rules: Record<string, [number]> }
    t.equal(rules[rule]?.[0], 2, room)
  }
  const filePath = join(root, 'pipelines', 'agents', 'levels.ts')
  const forgetting = (cases: string) =>
    `import type { System } from './agent.ts'\nexport function f(of: System): number { switch (of) { ${cases} } return 0 }`
  const found = async (text: string) =>
    (await linter.lintText(text, { filePath })).flatMap(({ messages }) => messages.map(({ ruleId }) => ruleId))
  t.strictSame(await found(forgetting("case 'content': return 1")), [rule])
  t.strictSame(await found(forgetting("case 'content': return 1; default: return 2")), [], 'all others can be named together')
  t.strictSame(
    rooms
      .flatMap((room) => textsOf(room, '.ts'))
      .filter(({ text }) => /eslint-disable.*switch-exhaustiveness/.test(text))
      .map(({ file }) => file),
    [],
    'and nobody has switched it off',
  )
})
