/** The settings of a verb or a process under test that uses these engines, and no file of this checkout. */
import type { TestStack } from './stack.ts'

export function stackEnv(stack: TestStack): Record<string, string> {
  return {
    KAFKA_BROKERS: stack.kafkaBrokers.join(','),
    SCHEMA_REGISTRY_URL: stack.registryUrl,
    DATABASE_URL: stack.databaseUrl,
    CLICKHOUSE_URL: stack.clickhouseUrl,
    CLICKHOUSE_DATABASE: stack.clickhouseDatabase,
    KAFKA_TOPIC_PREFIX: stack.prefix,
    REKINDLE_DATA_DIR: '/nowhere',
  }
}
