import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import type { Logger } from 'pino'
import type { KafkaConnection, RunningMember } from '../../runtime/kafka/connectKafka.ts'
import type { AnyTopic } from '../../runtime/topic.ts'
import { testStack } from '../support/stack.ts'
import { caughtUp, eventually, logger } from './kafka/fixtures.ts'

const room = join(import.meta.dirname, '..', '..', 'runtime')
const page = readFileSync(join(room, 'README.md'), 'utf8')
const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
const code = blocks.join('\n')

interface Counted {
  word: string
  times: number
}
interface Example {
  readonly said: readonly Counted[]
  readonly words: AnyTopic
  readonly counts: AnyTopic
  run(
    where: { brokers: readonly string[]; registryUrl: string; topicPrefix: string; logger: Logger },
    onFatal: (error: Error) => void,
    now?: () => number,
  ): Promise<{ kafka: KafkaConnection; member: RunningMember }>
}

/** The code of the page as a module; its imports are those of a file in `runtime/`. */
async function example(): Promise<Example> {
  const located = code.replaceAll(/ from '\.\/([^']+)'/g, (_, path: string) => ` from '${pathToFileURL(join(room, path)).href}'`)
  const { outputText } = ts.transpileModule(located, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  })
  return (await import(`data:text/javascript,${encodeURIComponent(outputText)}`)) as Example
}

/** "To be or not to be": four words, two of them twice, in the order in which their timers fire. */
const expected: Counted[] = [
  { word: 'be', times: 2 },
  { word: 'not', times: 1 },
  { word: 'or', times: 1 },
  { word: 'to', times: 2 },
]

t.test('the example of the page has no more than 30 lines of code, and the types of the library', async (t) => {
  t.equal(blocks.length, 2)
  t.ok((blocks[0] ?? '').split('\n').filter((line) => line.trim() !== '').length <= 30)
  const file = join(room, 'exampleOfThePage.ts')
  const { config } = ts.readConfigFile(join(room, '..', 'tsconfig.json'), (path) => readFileSync(path, 'utf8')) as { config: object }
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [file], include: [] }, ts.sys, join(room, '..'))
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === file || fileExists(name)
  host.getSourceFile = (name, version) =>
    name === file ? ts.createSourceFile(name, code, version) : getSourceFile.call(host, name, version)
  const program = ts.createProgram([file], options, host)
  const source = program.getSourceFile(file)
  if (source === undefined) return t.fail('the example was not read')
  const problems = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
  t.strictSame(
    problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  )
})

t.test('without a broker it says what it says it says', async (t) => {
  t.strictSame((await example()).said, expected)
})

t.test('on Kafka it says the same, though its process is replaced while words are being waited for', async (t) => {
  const { run, words, counts } = await example()
  const stack = await testStack(t)
  const where = { brokers: stack.kafkaBrokers, registryUrl: stack.registryUrl, topicPrefix: stack.prefix, logger }
  const failed = (error: Error) => void t.fail(String(error))
  const at = Date.now()
  const first = await run(where, failed, () => at)
  const producer = first.kafka.producer()
  for (const word of 'to be or not to be'.split(' ')) await producer.send(words, word, { word }, { timestamp: at })
  await caughtUp(first.kafka, 'example', [words])
  t.equal(await first.member.stop(), true)
  const said = async () => {
    const heard: Counted[] = []
    await first.kafka.tail(counts, { from: 'beginning', untilEnd: true }, ({ value }) => heard.push(value as Counted))
    return heard.sort((a, b) => (a.word < b.word ? -1 : 1))
  }
  t.strictSame(await said(), [], 'no word has been silent for a minute')
  const second = await run(where, failed, () => at + 60_000)
  await eventually('four words are said', async () => (await said()).length >= 4)
  t.equal(await second.member.stop(), true)
  t.strictSame(await said(), expected)
  await Promise.all([first.kafka.close(), second.kafka.close()])
})

t.test('every proof that the page names exists', async (t) => {
  const named = [...page.matchAll(/`(test\/[\w/.]+\.ts)`/g)].map(([, path = '']) => path)
  t.ok(named.length > 8)
  for (const path of new Set(named)) t.doesNotThrow(() => readFileSync(join(room, '..', path)), path)
})
