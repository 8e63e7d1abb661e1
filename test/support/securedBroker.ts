/**
 * A broker that lets nobody in unasked: the engine of the stack with three more listeners, one for SASL, one for SASL over
 * TLS and one for TLS with certificates of both sides. PLAIN and both kinds of SCRAM know the same user.
 */
import './uncountedChildren.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runJava } from '../../stack/java.ts'
import { KafkaEngine } from '../../stack/kafka/kafkaEngine.ts'
import { LOOPBACK } from '../../stack/port.ts'
import type { Authority } from './certificates.ts'

export interface SecuredBroker {
  /** `host:port` of each listener. */
  readonly sasl: string
  /** Where nobody is asked; with access rules, who comes here may do everything. */
  readonly plain: string
  readonly saslTls: string
  readonly mutualTls: string
  /** Gives the user another password for SCRAM-SHA-512. */
  changePassword(password: string): Promise<void>
  stop(): Promise<void>
}

export interface SecuredBrokerOptions {
  readonly authority: Authority
  readonly username: string
  readonly password: string
  /** Whoever logs in may do only what a rule says. */
  readonly accessRules?: boolean
  /** One line about what takes long. */
  readonly onProgress: (line: string) => void
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']
const SCRAM_MECHANISMS = MECHANISMS.filter((mechanism) => mechanism !== 'PLAIN')
const SASL_LISTENERS = ['SASL_PLAINTEXT', 'SASL_SSL']
/** The client renews a session 10 s before its end, here 2 s after its beginning; a broker refuses to within the first second. */
const SCRAM_SESSION_MS = 12_000
const STOP_MS = 10_000
const TOOL_MS = 60_000

class SecuredKafkaEngine extends KafkaEngine {
  protected override readonly portCount = 5
  private readonly secured: SecuredBrokerOptions

  constructor(dataDir: string, secured: SecuredBrokerOptions) {
    super({ dataDir, port: 0, onProgress: secured.onProgress })
    this.secured = secured
  }

  /** Addresses of the listeners that ask who comes. */
  get listeners(): Pick<SecuredBroker, 'plain' | 'sasl' | 'saslTls' | 'mutualTls'> {
    const at = (index: number) => `${LOOPBACK}:${this.ports[index] ?? 0}`
    return { plain: this.addressAt(this.ports), sasl: at(2), saslTls: at(3), mutualTls: at(4) }
  }

  protected override properties(ports: readonly number[]): Record<string, string> {
    const { authority, username, password, accessRules = false } = this.secured
    const plain = super.properties(ports)
    const { sasl, saslTls, mutualTls } = this.listeners
    const more = `SASL_PLAINTEXT://${sasl},SASL_SSL://${saslTls},SSL://${mutualTls}`
    const certificate = authority.issue('broker', { addresses: [LOOPBACK] })
    const [store, trusted] = [join(this.dataDir, 'broker.pem'), join(this.dataDir, 'authority.pem')]
    writeFileSync(store, certificate.keyPem + certificate.certPem, { mode: 0o600 })
    writeFileSync(trusted, authority.certPem)
    const logins = SASL_LISTENERS.flatMap((listener) => {
      const at = `listener.name.${listener.toLowerCase()}`
      const security = 'org.apache.kafka.common.security'
      return [
        [`${at}.plain.sasl.jaas.config`, `${security}.plain.PlainLoginModule required user_${username}="${password}";`],
        [`${at}.scram-sha-256.sasl.jaas.config`, `${security}.scram.ScramLoginModule required;`],
        [`${at}.scram-sha-512.sasl.jaas.config`, `${security}.scram.ScramLoginModule required;`],
      ]
    })
    return {
      ...plain,
      listeners: `${plain['listeners'] ?? ''},${more}`,
      'advertised.listeners': `${plain['advertised.listeners'] ?? ''},${more}`,
      'listener.security.protocol.map': `${plain['listener.security.protocol.map'] ?? ''},SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL`,
      'sasl.enabled.mechanisms': MECHANISMS.join(','),
      ...(Object.fromEntries(logins) as Record<string, string>),
      'listener.name.sasl_plaintext.scram-sha-512.connections.max.reauth.ms': String(SCRAM_SESSION_MS),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': store,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': trusted,
      'listener.name.ssl.ssl.client.auth': 'required',
      ...(accessRules
        ? { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'super.users': 'User:ANONYMOUS' }
        : {}),
    }
  }

  protected override formatArguments(): readonly string[] {
    const { username, password } = this.secured
    return SCRAM_MECHANISMS.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`])
  }

  async changePassword(password: string): Promise<void> {
    const config = `SCRAM-SHA-512=[password=${password}]`
    const user = ['--entity-type', 'users', '--entity-name', this.secured.username]
    const tool = ['-cp', join(this.jars, '*'), '-Xmx128m', 'kafka.admin.ConfigCommand', '--bootstrap-server', this.addressAt(this.ports)]
    await runJava('kafka configs', [...tool, '--alter', '--add-config', config, ...user], TOOL_MS)
  }
}

/** Starts it in a temporary folder, which `stop` removes. */
export async function securedBroker(options: SecuredBrokerOptions): Promise<SecuredBroker> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rekindle-secured-'))
  const engine = new SecuredKafkaEngine(dataDir, options)
  const remove = () => rmSync(dataDir, { recursive: true, force: true })
  try {
    await engine.start()
  } catch (error) {
    remove()
    throw error
  }
  return {
    ...engine.listeners,
    changePassword: (password) => engine.changePassword(password),
    stop: async () => {
      await engine.stop(STOP_MS)
      remove()
    },
  }
}
