/** Servers that are away or refuse are told as such, with what to do; what nobody knows stays a bug with its stack. */
import { Command } from 'commander'
import t from 'tap'
import { knownFault } from '../../cli/knownFault.ts'
import { runProgram } from '../../cli/program.ts'
import { addSources } from '../../cli/verbs/sources.ts'
import { loadConfig } from '../../config/config.ts'

t.test('a database that takes no connection is told with what to do, whatever its name leads to', async (t) => {
  for (const host of ['127.0.0.1', 'localhost']) {
    const err: string[] = []
    const terminal = { out: () => t.fail('nothing was read'), err: (line: string) => err.push(line), live: () => undefined }
    const surroundings = { terminal, config: () => loadConfig({ DATABASE_URL: `postgres://u:s3cret@${host}:1/x` }), now: Date.now }
    const program = new Command('rekindle').exitOverride()
    addSources(program, surroundings)
    t.equal(await runProgram(program, ['sources'], surroundings), 1)
    t.match(err, [/^E_SERVER_UNREACHABLE: connect ECONNREFUSED .*:1\.$/, /^What to do: Start it with `npm start`/])
    t.equal(err.length, 2)
  }
})

t.test('what Postgres says is told by its class; other faults of it, and of us, are not', (t) => {
  const said = (code: string, message: string) => knownFault(Object.assign(new Error(message), { severity: 'ERROR', code }))?.code
  t.equal(said('28P01', 'password authentication failed for user "u"'), 'E_DATABASE_REFUSED')
  t.equal(said('57P03', 'the database system is starting up'), 'E_DATABASE_REFUSED')
  t.equal(said('42P01', 'relation "policies" does not exist'), 'E_DATABASE_UNPREPARED')
  for (const code of ['42601', '23505', '22008']) t.equal(said(code, 'a fault of ours'), undefined, code)
  t.equal(knownFault(new Error('timeout exceeded when trying to connect'))?.code, 'E_SERVER_UNREACHABLE')
  const denied = Object.assign(new Error('Not authorized'), { type: 'GROUP_AUTHORIZATION_FAILED' })
  t.match(knownFault(new Error('not committed', { cause: denied })), { code: 'E_BROKER_RIGHTS_MISSING', message: /GROUP_AUTHORIZATION/ })
  t.equal(knownFault(Object.assign(new Error('gone'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })), undefined)
  const refused = (syscall: string, code: string) => knownFault(Object.assign(new Error(`${code}: no, ${syscall}`), { code, syscall }))
  t.match(refused('listen', 'EADDRINUSE'), { code: 'E_ADDRESS_UNUSABLE', message: /EADDRINUSE/, remedy: /PORT and HOST/ })
  t.match(refused('listen', 'EACCES'), { code: 'E_ADDRESS_UNUSABLE' })
  for (const code of ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EMFILE'])
    t.match(refused('mkdir', code), { code: 'E_FILE_REFUSED', message: new RegExp(`${code}: no, mkdir`), remedy: /REKINDLE_DATA_DIR/ })
  for (const other of [new TypeError('a bug'), Object.assign(new Error('no file'), { code: 'ENOENT' }), 'text', undefined])
    t.equal(knownFault(other), undefined)
  t.end()
})
