/** The logger of a process: JSON lines on standard output, credentials redacted by name, and those inside URLs wherever they stand. */
import pino from 'pino'
import type { Logger, LoggerOptions } from 'pino'
import { maskUrls } from '../config/maskUrls.ts'

const secretNames = [
  'password',
  'passphrase',
  'keyPassphrase',
  'authorization',
  'apiToken',
  'clientSecret',
  'tokenKeys',
  'accessToken',
  'refreshToken',
  'databaseUrl',
  'clickhouseUrl',
]

/** `name` is the role; `level` as in the configuration. A verb for people writes its log beside its output, not into it. */
export function processLogger(name: string, level: string, stream: 'stdout' | 'stderr' = 'stdout'): Logger {
  const options: LoggerOptions = {
    name,
    level,
    base: { name, pid: process.pid },
    redact: {
      paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '********',
    },
    hooks: { streamWrite: maskUrls },
  }
  return pino(options, pino.destination({ fd: stream === 'stdout' ? 1 : 2, sync: true }))
}
