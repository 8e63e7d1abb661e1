/** Error codes of the Kafka side beside those every runtime shares (`runtime/errors.ts`). */
import { errorsOf } from '../errors.ts'

export const kafkaErrors = {
  E_PRODUCER_FULL: {
    scope: 'record',
    retriable: true,
    means: 'Records wait to be written faster than the broker takes them, and the bound in bytes is reached.',
    remedy: 'Try again later; if it lasts, look at the broker or raise the bound.',
  },
  E_REPLICAS_MISSING: {
    scope: 'record',
    retriable: true,
    means: 'Fewer replicas of the partition are in sync than min.insync.replicas asks for, so its leader acknowledges nothing.',
    remedy: 'Bring the missing brokers back; the record may be sent again, and may then be there twice.',
  },
  E_RECORD_TOO_LARGE: {
    scope: 'record',
    retriable: false,
    means: 'The broker refuses a record of this size.',
    remedy: 'Keep large payloads elsewhere and send a reference, or raise max.message.bytes of the topic.',
  },
  E_DEAD_LETTER_UNKNOWN: {
    scope: 'record',
    retriable: false,
    means: 'No dead letter has this id, or its topic no longer keeps it.',
    remedy: '`rekindle dlq list` names the open ones.',
  },
  E_DEAD_LETTER_RESOLVED: {
    scope: 'record',
    retriable: false,
    means: 'The dead letter was replayed, fixed or discarded before; a record is replayed once.',
    remedy: 'Nothing to do. When it failed again it is a new dead letter: `rekindle dlq list`.',
  },
  E_DEAD_LETTER_ORDER: {
    scope: 'record',
    retriable: false,
    means: 'An older dead letter of the same key is still open, so a replay would turn their order round.',
    remedy: 'Replay both in one go (`rekindle dlq replay` with a filter that takes in both), or resolve the older one first.',
  },
  E_DEAD_LETTER_OVERTAKEN: {
    scope: 'record',
    retriable: false,
    means: 'The source topic is compacted and already holds a newer record of this key, which a replay would replace by the older one.',
    remedy: 'Discard it: what it says is out of date.',
  },
  E_DEAD_LETTER_UNREAD: {
    scope: 'record',
    retriable: false,
    means:
      'The group that set the record aside does not read its topic from the broker, or no longer has the stage that it is for, so a replay would reach nobody.',
    remedy:
      'Name another writer of the topic in its declaration, so that the fused stages read it back, or the former name of the stage in its `migrates`; then replay.',
  },
  E_DEAD_LETTER_CUT: {
    scope: 'record',
    retriable: false,
    means: 'The record was larger than the topic of its dead letters takes, so that its value is not there: nothing could be written back.',
    remedy:
      'It stands where `rekindle dlq show` says that it is from, as long as that topic keeps it. Have its writer send it again, in smaller parts, and `rekindle dlq discard` this entry.',
  },
  E_DEAD_LETTER_UNDECODABLE: {
    scope: 'record',
    retriable: false,
    means: 'The value of the dead letter cannot be decoded, so that there is nothing a patch could change.',
    remedy: 'Have its writer send it again and discard this one, or make its schema known to the registry and replay it.',
  },
  E_PATCH_REFUSED: {
    scope: 'record',
    retriable: false,
    means: 'The patched value is not a record of the topic, or the patch changes nothing.',
    remedy: 'The sentence above names the field; `rekindle dlq show` prints the value as it is.',
  },
  E_DEAD_LETTERS_TAKEN_OVER: {
    scope: 'partition',
    retriable: true,
    means: 'Somebody else resolves dead letters of the same partition at this moment; nothing of this step was written.',
    remedy: 'Look at `rekindle dlq list` and run the verb again for what is still open.',
  },
  E_DEAD_LETTERS_UNSETTLED: {
    scope: 'partition',
    retriable: true,
    means: 'A transaction on the dead-letter topic does not end, so that nobody can tell what is open.',
    remedy:
      'Try again in a minute: the broker ends transactions that are open for too long. `docs/runbooks/alerts.md` says what to do if it lasts.',
  },
  E_ROW_NOT_CHANGED: {
    scope: 'partition',
    retriable: true,
    means:
      'The row could not be read and changed at once: others change rows of its partition without a pause, or a transaction there does not end.',
    remedy: 'Nothing was written. Run it again; where a script sets many rows, let it set one after the other.',
  },
  E_GROUP_BUSY: {
    scope: 'process',
    retriable: true,
    means: 'The group has members; offsets under a running member would be ignored or taken back by its next commit.',
    remedy: 'Stop its processes, wait until `rekindle offsets show` says that it is empty, and run the verb again.',
  },
  E_STATE_UNSETTLED: {
    scope: 'process',
    retriable: true,
    means: 'The group commits so often that its state and its offsets cannot be read as of one moment.',
    remedy: 'Run the verb again when less comes in, or while the group is stopped.',
  },
  E_STATE_UNKNOWN: {
    scope: 'process',
    retriable: false,
    means: 'No stage of this name keeps state.',
    remedy: '`rekindle describe` names the stages and their state.',
  },
} as const satisfies Parameters<typeof errorsOf>[0]

export const kafkaError = errorsOf(kafkaErrors)
