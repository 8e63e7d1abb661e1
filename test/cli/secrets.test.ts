import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { kafkaTls } from '../../cli/roles/kafkaTls.ts'
import { faultLines } from '../../cli/terminal.ts'
import { describeConfig, loadConfig } from '../../config/config.ts'
import { maskUrls } from '../../config/maskUrls.ts'
import type { RekindleError } from '../../runtime/errors.ts'
import { migrateClickhouse } from '../../sinks/clickhouse/migrate.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { createPool } from '../../sinks/postgres/pool.ts'
import { authority } from '../support/certificates.ts'
import { testStack } from '../support/stack.ts'

const secret = 'wrong-word-7'
const root = join(import.meta.dirname, '..', '..')

t.test('passwords in URLs are masked wherever they stand, and nothing else is', async (t) => {
  t.equal(maskUrls('postgres://u:a@b:5432/x'), 'postgres://u:********@b:5432/x')
  t.equal(maskUrls('redis://:a@b'), 'redis://:********@b')
  t.equal(maskUrls('"https://u:a%40b@c" and http://d:e@f/g'), '"https://u:********@c" and http://d:********@f/g')
  t.equal(maskUrls('postgres://u:an@sign@b'), 'postgres://u:********@b')
  for (const plain of ['127.0.0.1:9092', 'http://a:80/x', 'http://a/x:y@z', 'mail to maria@example.com']) t.equal(maskUrls(plain), plain)
})

t.test('a log line masks secrets by name, and those in URLs by form', async (t) => {
  const script = `
    import { processLogger } from './cli/processLogger.ts'
    const logger = processLogger('test', 'debug')
    const url = 'http://u:${secret}@h/x'
    logger.info({ url, password: '${secret}', kafka: { sasl: { password: '${secret}' }, ssl: { keyPassphrase: '${secret}' } } }, 'at ' + url)
    logger.error({ err: new Error('cannot reach ' + url) }, 'no')`
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
  })
  t.equal(stderr, '')
  const [info, error] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(info, { url: 'http://u:********@h/x', password: '********', msg: 'at http://u:********@h/x' })
  t.match(error, { err: { message: 'cannot reach http://u:********@h/x' } })
  t.notMatch(stdout, secret)
})

t.test('`rekindle config` and its complaints show no password', async (t) => {
  const env = { SCHEMA_REGISTRY_URL: `http://u:${secret}@h/x`, KAFKA_SASL_PASSWORD: secret, KAFKA_SSL_KEY_PASSPHRASE: secret }
  const lines = describeConfig(env).join('\n')
  t.match(lines, 'SCHEMA_REGISTRY_URL=http://u:********@h/x')
  t.notMatch(lines, secret)
  t.throws(() => loadConfig({ SCHEMA_REGISTRY_URL: `ftp://u:${secret}@h/x` }), { message: /ftp:\/\/u:\*{8}@h/ })
})

t.test('a fault on the terminal masks the password of a URL', async (t) => {
  t.notMatch(faultLines(new Error(`cannot reach http://u:${secret}@h`)).join('\n'), secret)
})

t.test('databases that refuse a login or are away say so without the password', async (t) => {
  const { databaseUrl, clickhouseUrl } = await testStack(t)
  const withWrong = (url: string, away = false) => {
    const changed = new URL(url)
    changed.password = secret
    if (away) changed.port = '1'
    return changed.href
  }
  const thrown = async (work: Promise<unknown>) => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.type(error, Error)
    return [inspect(error, { depth: 9 }), ...faultLines(error)].join('\n')
  }
  for (const away of [false, true]) {
    const pool = createPool({ url: withWrong(databaseUrl, away), timeoutMs: 5_000 })
    const texts = [
      await thrown(pool.query('SELECT 1')),
      await thrown(migrate({ url: withWrong(databaseUrl, away) })),
      await thrown(migrateClickhouse({ url: withWrong(clickhouseUrl, away), database: 'default' })),
    ]
    await pool.end()
    for (const text of texts) t.notMatch(text, secret)
  }
})

t.test('files for TLS that are none are named with their setting before anything connects', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rekindle-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const own = authority('one')
  const [mine, other] = [own.issue('mine'), own.issue('other')]
  const caFile = file('ca.pem', own.certPem)
  const certFile = file('cert.pem', mine.certPem)
  const files = (over: Partial<Parameters<typeof kafkaTls>[0]>) => ({
    caFile,
    certFile: undefined,
    keyFile: undefined,
    keyPassphrase: undefined,
    ...over,
  })
  const refused = (over: Partial<Parameters<typeof kafkaTls>[0]>) => {
    try {
      kafkaTls(files(over))
    } catch (error) {
      return `${(error as RekindleError).code} ${(error as RekindleError).message}`
    }
    return 'taken'
  }
  t.strictSame(kafkaTls(files({})), { ca: own.certPem })
  const encryptedKey = mine.encryptedKeyPem(secret)
  const encrypted = file('encrypted.pem', encryptedKey)
  t.strictSame(kafkaTls(files({ certFile, keyFile: encrypted, keyPassphrase: secret })), {
    ca: own.certPem,
    cert: mine.certPem,
    key: encryptedKey,
    passphrase: secret,
  })
  t.match(refused({ caFile: join(folder, 'none.pem') }), /^E_CONFIG_INVALID [^]*KAFKA_SSL_CA_FILE is .*none.pem.*ENOENT/)
  t.match(refused({ caFile: file('text.pem', 'hello') }), /^E_CONFIG_INVALID [^]*KAFKA_SSL_CA_FILE is .*no CERTIFICATE in it/)
  t.match(refused({ certFile, keyFile: certFile }), /KAFKA_SSL_KEY_FILE is .*no PRIVATE KEY in it/)
  t.match(refused({ certFile, keyFile: file('other.pem', other.keyPem) }), /KAFKA_SSL_CERT_FILE.* do not fit together/)
  t.match(refused({ certFile, keyFile: encrypted, keyPassphrase: 'another' }), /KAFKA_SSL_KEY_PASSPHRASE do not fit together/)
  t.match(refused({ certFile, keyFile: encrypted }), /KAFKA_SSL_KEY_PASSPHRASE do not fit together/)
})
