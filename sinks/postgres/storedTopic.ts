/** The name under which the place of a topic is stored: without the prefix, which belongs to the Kafka cluster and not to the database. */
import { physicalName } from '../../runtime/topic.ts'
import type { AnyTopic } from '../../runtime/topic.ts'

/** E.g. `leads.profiles.v1`. */
export function storedTopic(topic: Pick<AnyTopic, 'name' | 'version'>): string {
  return physicalName(topic, '')
}
