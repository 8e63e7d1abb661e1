/**
 * What the pages name is there: files and headings behind links, tests and sources by path, verbs of `rekindle` with their options, scripts,
 * error codes, settings, metrics, alerts, topics, routes and decisions. Of decisions and of the changelog, which tell of their day, the links alone.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Command } from 'commander'
import t from 'tap'
import { rekindleProgram } from '../../cli/program.ts'
import { configFields } from '../../config/fields.ts'
import * as topics from '../../topics/index.ts'
import { rooms, textsOf } from '../support/sources.ts'

const root = join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const inFolder = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)

const pages = ['README.md', 'CONTRIBUTING.md', 'runtime/README.md', ...inFolder('docs')].map((file) => ({ file, text: read(file) }))
const all = [...pages, ...['CHANGELOG.md', ...inFolder('docs/decisions')].map((file) => ({ file, text: read(file) }))]

const sources = [...rooms, 'bench', 'grafana', 'schemas', 'test'].flatMap((room) => textsOf(room, '.ts'))
const written = new Set(
  [
    ...sources.filter(({ file }) => file !== 'test/docs/references.test.ts').map(({ text }) => text),
    ...['package.json', 'docker-compose.yml', 'docker-compose.real.yml', 'stack/bootstrap.mjs', '.env.example'].map(read),
    ...textsOf('sinks', '.sql').map(({ text }) => text),
    ...textsOf('stack', '.mjs').map(({ text }) => text),
  ].flatMap((text) => text.match(/\w+/g) ?? []),
)
/** Text of a page outside of fenced blocks, and what stands in these. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '')
const fenced = (text: string) => [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
const quoted = (text: string) => [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
/** Each that is not there, with its page. */
const missing = (of: typeof all, found: (text: string) => readonly string[], isThere: (name: string, file: string) => boolean) =>
  of.flatMap(({ file, text }) => [...new Set(found(text))].filter((name) => !isThere(name, file)).map((name) => `${file}: ${name}`))

/** As GitHub makes them: a second heading of the same words gets a number. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>()
  return new Set(
    [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
      const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
      const anchor = words.replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
      const times = seen.get(anchor) ?? 0
      seen.set(anchor, times + 1)
      return times === 0 ? anchor : `${anchor}-${times}`
    }),
  )
}

t.test('every link leads to a file that is there, and to a heading that it has', async (t) => {
  const links = (text: string) => [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const isThere = (link: string, file: string) => {
    if (/^(https?|mailto):/.test(link)) return true
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? file : normalize(join(dirname(file), path))
    if (!existsSync(join(root, target))) return false
    return anchor === undefined || (target.endsWith('.md') && anchorsOf(read(target)).has(anchor))
  }
  t.ok(all.flatMap(({ text }) => links(text)).length > 500)
  t.strictSame(missing(all, links, isThere), [])
})

t.test('a decision that is named is there, under the number that is named', async (t) => {
  const numbers = new Set(inFolder('docs/decisions').map((file) => file.slice(15, 19)))
  const named = (text: string) => [...text.matchAll(/\bdecisions? (\d+)\b(?! (?:took|were|are))/gi)].map(([, number = '']) => number)
  t.strictSame(
    missing(all, named, (number) => numbers.has(number.padStart(4, '0')) || Number(number) > 999),
    [],
  )
  const linked = (text: string) =>
    [...text.matchAll(/\[(?:decision )?(\d+)\]\((?:\S*\/)?(\d{4})-/gi)].map(([, said = '', to = '']) => `${said} ${to}`)
  t.strictSame(
    missing(all, linked, (pair) => {
      const [said = '', to = ''] = pair.split(' ')
      return said.padStart(4, '0') === to
    }),
    [],
  )
})

t.test('every file that is named is there', async (t) => {
  const known = [...sources.map(({ file }) => file), ...[...rooms, 'schemas'].flatMap((room) => textsOf(room, '').map(({ file }) => file))]
  const named = (text: string) => [...quoted(text)].filter((code) => /^[\w./-]+\.(?:ts|mjs|yml|yaml|avsc|md|sql|jsonl?|csv)$/.test(code))
  const isThere = (name: string, file: string) =>
    existsSync(join(root, name)) || existsSync(join(root, dirname(file), name)) || known.some((one) => one.endsWith(`/${name}`))
  const mine = new Set(['plan.json', 'maria.json', 'spend.csv'])
  t.strictSame(
    missing(pages, named, (name, file) => mine.has(name) || isThere(name, file)),
    [],
  )
  // A folder, or files by a star.
  const folders = (text: string) =>
    quoted(text).filter((code) => /^(?:test|docs|sinks|pipelines|runtime|grafana|topics|schemas|integrations)\/[\w/-]*\/$/.test(code))
  t.strictSame(
    missing(pages, folders, (name) => existsSync(join(root, name))),
    [],
  )
})

/** The whole program, as `cli/main.ts` puts it together. */
async function wholeProgram(): Promise<Command> {
  const surroundings = new Proxy({}, { get: () => () => undefined }) as never
  const program = rekindleProgram({ terminal: { out: () => undefined, err: () => undefined }, now: Date.now } as never)
  const main = read('cli/main.ts')
  for (const [, name = ''] of main.matchAll(/^(add\w+)\(program, surroundings\)$/gm)) {
    const from = new RegExp(`import \\{ ${name} \\} from '(.*)'`).exec(main)?.[1] ?? ''
    const verb = (await import(join(root, 'cli', from))) as Record<string, (program: Command, surroundings: never) => void>
    verb[name]?.(program, surroundings)
  }
  return program
}

/** What of a command line is not offered; `undefined` when all of it is. */
function notOffered(program: Command, line: string): string | undefined {
  const words = line.replace(/\s#.*$/, '').split(/\s+/)
  let command = program
  let at = 0
  for (; at < words.length; at++) {
    const found = command.commands.find((one) => one.name() === words[at] || one.aliases().includes(words[at] ?? ''))
    if (found === undefined) break
    command = found
  }
  const next = words[at] ?? ''
  if (command.commands.length > 0 && /^[a-z][a-z-]*$/.test(next)) return `${line}: no ${next}`
  const options = new Set([...command.options, ...program.options].flatMap(({ long, short }) => [long, short]))
  const unknown = [...line.replace(/'[^']*'|"[^"]*"/g, '').matchAll(/(?:^|[\s[(])(--?[a-zA-Z][a-z0-9-]*)/g)]
    .map(([, option = '']) => option)
    .find((option) => !options.has(option) && option !== '--help' && option !== '--version')
  return unknown === undefined ? undefined : `${line}: no ${unknown}`
}

t.test('every verb of rekindle that is named is offered, with the options that it is named with', async (t) => {
  const program = await wholeProgram()
  t.ok(program.commands.length > 30)
  const heads = program.commands.filter((one) => one.commands.length > 0).map((one) => one.name())
  const short = new RegExp(`^(?:${heads.join('|')}) [a-z][a-z-]*(?: |$)`)
  const lines = (text: string) => [
    ...[...quoted(text), ...fenced(text).flatMap((block) => block.replace(/\\\n\s*/g, ' ').split('\n'))].flatMap((code) => {
      const [, line] = /^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:npx )?rekindle ([a-z-].*)$/.exec(code.trim()) ?? []
      return line === undefined ? [] : [line.split(/ {4,}| \| | > | && /)[0] ?? '']
    }),
    // A verb by its own words, as in a row of a table: `dlq show <id>`.
    ...quoted(text).filter((code) => short.test(code)),
  ]
  t.ok(pages.flatMap(({ text }) => lines(text)).length > 200)
  t.strictSame(
    pages.flatMap(({ file, text }) =>
      [...new Set(lines(text))].flatMap((line) => {
        const fault = notOffered(program, line)
        return fault === undefined ? [] : [`${file}: ${fault}`]
      }),
    ),
    [],
  )
  t.equal(notOffered(program, 'owed --sinse 3'), 'owed --sinse 3: no --sinse')
  t.equal(notOffered(program, 'dlq shwo <id>'), 'dlq shwo <id>: no shwo')
})

t.test('every npm script that is named is one', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = (text: string) => [...text.matchAll(/npm run (?:-s )?([a-z][a-z0-9:]*)/g)].map(([, name = '']) => name)
  t.strictSame(
    missing(pages, named, (name) => name in scripts),
    [],
  )
})

t.test('every error code is in the product, and every setting is one', async (t) => {
  const codes = (text: string) => text.match(/\bE_[A-Z0-9_]*[A-Z0-9]\b/g) ?? []
  t.strictSame(
    missing(all, codes, (code) => written.has(code) || [...written].some((word) => word.startsWith(`${code}_`))),
    [],
  )
  const settings = new Set<string>(Object.values(configFields).map(({ env }) => env))
  const named = (text: string) => text.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []
  t.strictSame(
    missing(
      pages,
      (text) => named(text).filter((name) => !name.startsWith('E_')),
      (name) => settings.has(name) || written.has(name),
    ),
    [],
  )
})

t.test('every word with an underscore is a name of the product, or one of these of others', async (t) => {
  const others = new Set([
    'c_g',
    'pg_stat_statements',
    'pg_stat_user_indexes',
    'pg_dump',
    'alertmanager_notifications_total',
    'dns_sd_configs',
  ])
  const migrations = readdirSync(join(root, 'sinks', 'postgres', 'migrations')).join(' ')
  const named = (text: string) => quoted(text).flatMap((code) => code.match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ?? [])
  // Factors of behaviour are named after the interest that they count.
  const isThere = (name: string) =>
    written.has(name) || written.has(name.replace(/^behaviour_/, '')) || others.has(name) || migrations.includes(`_${name}.sql`)
  const asked: readonly string[] = read('docs/operations.md').match(/\blr_\w+/g) ?? []
  t.ok(pages.flatMap(({ text }) => named(text)).length > 500)
  t.strictSame(
    missing(pages, named, (name) => isThere(name) || asked.includes(name)),
    [],
  )
  t.notOk(isThere('no_such_rule'))
})

t.test('every metric and alert is in the product', async (t) => {
  const measured = (text: string) =>
    (text.match(/\blr_[a-z0-9_]*[a-z0-9]\b/g) ?? []).map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))
  // What operators know elsewhere stands in the first column of a table that says what is here instead.
  const asked = new Set([...read('docs/operations.md').matchAll(/^\| `(lr_\w+)[^|]*\| (?!itself)/gm)].map(([, name = '']) => name))
  t.strictSame(
    missing(pages, measured, (name) => written.has(name) || asked.has(name)),
    [],
  )
  const alerts = (text: string) => text.match(/\bRekindle[A-Z][A-Za-z]+\b/g) ?? []
  t.strictSame(
    missing(pages, alerts, (name) => written.has(name)),
    [],
  )
})

t.test('every topic that is named is declared', async (t) => {
  const declared = new Set<string>(Object.values(topics).flatMap((one) => (typeof one === 'object' && 'name' in one ? [one.name] : [])))
  const rows = new Set(
    textsOf('sinks', '.sql').flatMap(({ text }) => [...text.matchAll(/^\s*(?:ADD COLUMN )?([a-z_]+) /gm)].map(([, name = '']) => name)),
  )
  const named = (text: string) =>
    quoted(text).filter((code) => /^(?:ghl|leads|agents|realtors|attribution|marketing|market|decisions)\.[a-z]+(?:\.[a-z]+)*$/.test(code))
  t.ok(pages.flatMap(({ text }) => named(text)).length > 100)
  t.strictSame(
    missing(pages, named, (name) => declared.has(name) || (name.startsWith('leads.') && rows.has(name.slice(6)))),
    [],
  )
})

t.test('every route of the API that is named is one of ours, or of the platform', async (t) => {
  const plain = (path: string) => path.replace(/\?.*$/, '').replace(/\{[^}]*\}|<[^>]*>|:[a-zA-Z]+|\$\{[^}]*\}/g, '*')
  const routes = new Set(
    textsOf('api', '.ts')
      .concat(textsOf('integrations', '.ts'), textsOf('cli', '.ts'))
      .flatMap(({ text }) => [...text.matchAll(/['"`](\/[^'"`\s]*)['"`]/g)].map(([, path = '']) => plain(path))),
  )
  const named = (text: string) =>
    [...text.matchAll(/\b(?:GET|POST|PUT|DELETE) (\/(?:<[^>]*>|[^\s`'")\]|,<])*)/g)].map(([, path = '']) => path.replace(/[.:;]+$/, ''))
  t.ok(pages.flatMap(({ text }) => named(text)).length > 20)
  const sandbox = read('integrations/ghl/sandbox/control.ts')
  const isThere = (path: string) => {
    const [, asked] = /^\/_sandbox\/([a-z]+)/.exec(path) ?? []
    if (asked !== undefined) return sandbox.includes(`case 'POST ${asked}'`)
    return routes.has(plain(path)) || routes.has(plain(path).replace(/\/\*$/, ''))
  }
  t.strictSame(missing(pages, named, isThere), [])
  t.notOk(isThere('/_sandbox/nothing') || isThere('/leads/<id>/nothing'))
})
