/**
 * The process of the embedded ClickHouse engine: opens the folder, serves the HTTP interface on the loopback interface
 * and, on SIGTERM, lets running queries end before it closes the folder.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clickhouseEndpoint } from './endpoint.ts'
import { Sessions } from './sessions.ts'

const DRAIN_MS = 4_000

function setting(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set; this process is started by the stack.`)
  return value
}

const folder = setting('REKINDLE_CHDB_FOLDER')
const configFile = join(folder, '..', 'clickhouse.xml')
writeFileSync(
  configFile,
  `<clickhouse>
  <max_server_memory_usage>${setting('REKINDLE_CHDB_MEMORY_BYTES')}</max_server_memory_usage>
  <mark_cache_size>${64 * 1024 * 1024}</mark_cache_size>
</clickhouse>
`,
)
const sessions = new Sessions(folder, configFile)
const endpoint = clickhouseEndpoint({
  sessions,
  user: setting('REKINDLE_CHDB_USER'),
  password: setting('REKINDLE_CHDB_PASSWORD'),
  bodyLimitBytes: 64 * 1024 * 1024,
  // 16 threads (UV_THREADPOOL_SIZE): the rest is for kills, zlib and files.
  concurrency: 12,
  queueLimit: 500,
})
endpoint.server.listen(Number(setting('REKINDLE_CHDB_PORT')), '127.0.0.1', () => {
  console.log(`${new Date().toISOString()} engine ready on 127.0.0.1:${setting('REKINDLE_CHDB_PORT')}, folder ${folder}`)
})

let closing: Promise<void> | undefined
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    closing ??= endpoint.close(DRAIN_MS).then(
      () => {
        console.log(`${new Date().toISOString()} engine closed after ${signal}`)
        process.exit(0)
      },
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
