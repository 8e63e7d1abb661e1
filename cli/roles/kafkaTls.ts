/** The PEM files of the configuration as options of a TLS connection; a file that is none is named before anything connects. */
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { configError } from '../../config/config.ts'
import type { KafkaTlsFiles } from '../../config/config.ts'

/** Reads them. Throws E_CONFIG_INVALID with the setting of the file that cannot be read or used. */
export function kafkaTls(files: KafkaTlsFiles): ConnectionOptions {
  const { caFile, certFile, keyFile, keyPassphrase } = files
  const ca = pem('KAFKA_SSL_CA_FILE', caFile, 'CERTIFICATE')
  const cert = pem('KAFKA_SSL_CERT_FILE', certFile, 'CERTIFICATE')
  const key = pem('KAFKA_SSL_KEY_FILE', keyFile, 'PRIVATE KEY')
  const options = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(keyPassphrase === undefined ? {} : { passphrase: keyPassphrase }),
  }
  try {
    createSecureContext(options)
  } catch (error) {
    const settings = 'KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE and KAFKA_SSL_KEY_PASSPHRASE'
    throw configError('E_CONFIG_INVALID', `${settings} do not fit together: ${(error as Error).message}.`, { cause: error })
  }
  return options
}

function pem(setting: string, path: string | undefined, what: string): string | undefined {
  if (path === undefined) return undefined
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw configError('E_CONFIG_INVALID', `${setting} is ${JSON.stringify(path)}: ${(error as Error).message}.`, { cause: error })
  }
  if (!text.includes(`${what}-----`))
    throw configError('E_CONFIG_INVALID', `${setting} is ${JSON.stringify(path)}: there is no ${what} in it.`)
  return text
}
