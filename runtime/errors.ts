/**
 * The error table of the runtime. An error says what happened, to what, and what to do; `scope` is what has to be
 * restarted. Bad data is never one of these at run time: it is an outcome. Codes of dead letters live here too.
 */
export type Scope = 'record' | 'step' | 'partition' | 'process'

export interface ErrorEntry {
  readonly scope: Scope
  readonly retriable: boolean
  /** What it means, one sentence. */
  readonly means: string
  /** What to do, one sentence. */
  readonly remedy: string
}

export class RekindleError<Code extends string = string> extends Error {
  readonly code: Code
  readonly scope: Scope
  readonly retriable: boolean
  readonly remedy: string
  constructor(code: Code, entry: ErrorEntry, detail: string, options?: ErrorOptions) {
    super(`${code} (scope: ${entry.scope}, retriable: ${entry.retriable ? 'yes' : 'no'})\n${detail}\n${entry.remedy}`, options)
    this.name = 'RekindleError'
    this.code = code
    this.scope = entry.scope
    this.retriable = entry.retriable
    this.remedy = entry.remedy
  }
}

/** Makes a thrower for one table of codes. */
export function errorsOf<const T extends Record<string, ErrorEntry>>(table: T) {
  return <Code extends keyof T & string>(code: Code, detail: string, options?: ErrorOptions): RekindleError<Code> =>
    new RekindleError(code, table[code] as ErrorEntry, detail, options)
}

export const runtimeErrors = {
  E_RECORD_UNDECODABLE: {
    scope: 'record',
    retriable: false,
    means: 'The bytes of a record are not in the Confluent wire format, or its schema cannot be read with ours.',
    remedy:
      'The record is in the dead-letter topic. Where the registry lacks its schema, make it known there, then `rekindle dlq replay`. Else find its writer by the headers, have it send the record again, and `rekindle dlq discard` this one: replayed as it is, it comes back.',
  },
  E_RECORD_KEY_MISSING: {
    scope: 'record',
    retriable: false,
    means: 'A record on a keyed topic has no key.',
    remedy: 'The record is in the dead-letter topic. Writers of keyed topics must set the key named in the topic declaration.',
  },
  E_RECORD_KEY_RESERVED: {
    scope: 'record',
    retriable: false,
    means: 'The key of a record begins with `$schema:`, under which a changelog keeps the schemas of its state.',
    remedy: 'The record is in the dead-letter topic. Find its writer by the headers: no key of the product begins so.',
  },
  E_PARKING_FULL: {
    scope: 'record',
    retriable: false,
    means: 'A record had to wait, or to wait behind others of its key, and more records or bytes of the key wait than its stage allows.',
    remedy:
      'The record is in the dead-letter topic. Mend what the first one waits for (`rekindle state get` names it), then `rekindle dlq replay`; or raise `parking` in the stage.',
  },
  E_OUTPUT_TOO_LARGE: {
    scope: 'record',
    retriable: false,
    means:
      'What a stage or a worker made of a record, to be written or kept for its key, is larger than the topic takes; nothing of it was kept.',
    remedy:
      'The record is in the dead-letter topic, and its detail names the topic, the size and the limit. Raise `max.message.bytes` of that topic or mend what made so much of the record, then `rekindle dlq replay`. What a timer made, and a dead letter that is too large even without its value, cannot be set aside and stop the member: raise the limit and start again.',
  },
  E_TOPIC_PARTITIONS_DIFFER: {
    scope: 'process',
    retriable: false,
    means: 'Topics that share a key have different partition counts, so equal keys would meet in different tasks.',
    remedy: 'Run `rekindle topics apply --dry-run`, or create the topics anew under another prefix.',
  },
  E_TOPIC_REPLICAS_DIFFER: {
    scope: 'process',
    retriable: false,
    means: 'Topics have fewer copies than KAFKA_REPLICATION_FACTOR asks for; nothing was changed.',
    remedy:
      '`rekindle topics spread > plan.json` writes how, and says the commands of Kafka that carry it out while everything runs; then try again. Or leave KAFKA_REPLICATION_FACTOR as it was.',
  },
  E_BROKERS_TOO_FEW: {
    scope: 'process',
    retriable: false,
    means: 'The cluster has fewer brokers than each record is to have copies; nothing was changed.',
    remedy: 'Start more brokers, then ask again; or ask for as many copies as there are brokers with KAFKA_REPLICATION_FACTOR.',
  },
  E_SHADOW_NOT_EMPTY: {
    scope: 'process',
    retriable: false,
    means: 'A backfill was asked to write where records are already.',
    remedy: 'Give it a prefix of its own with --into, or delete the topics of the earlier one; a backfill that was stopped starts over.',
  },
  E_TOPIC_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'A declared topic does not exist on the broker, or its user may not see it.',
    remedy: 'Run `rekindle topics apply`. Where that finds it, the user of this process has no right on it: docs/operations.md lists them.',
  },
  E_SCHEMA_REFUSED: {
    scope: 'process',
    retriable: false,
    means: 'The schema registry refused a schema as incompatible with the versions it knows.',
    remedy:
      'Add the field with a default, or publish a new topic version; `npm run check` shows the incompatibility before it is deployed.',
  },
  E_FUSE_BLOWN: {
    scope: 'process',
    retriable: false,
    means: 'Too many records in a row, or too large a share, went to dead letters; the member stopped with its offsets unmoved.',
    remedy:
      'Look at the dead letters of this member: usually a deploy broke a schema or a rule. Fix it and start again; nothing was lost. Keep a supervisor from starting it before: each start lets up to 49 more of a partition pass.',
  },
  E_BROKER_UNREACHABLE: {
    scope: 'process',
    retriable: true,
    means: 'No Kafka broker could be reached.',
    remedy:
      'Check KAFKA_BROKERS, that the broker runs, and that KAFKA_SSL and KAFKA_SASL_MECHANISM are what its listener asks for; a member that ran before keeps trying.',
  },
  E_BROKER_LOGIN_REFUSED: {
    scope: 'process',
    retriable: false,
    means: 'A Kafka broker refused the SASL user, its password or the mechanism.',
    remedy: 'Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD against the users of the broker.',
  },
  E_BROKER_TLS_REFUSED: {
    scope: 'process',
    retriable: false,
    means: 'No TLS connection to a Kafka broker came about: one side does not accept the certificate of the other.',
    remedy:
      'Check that KAFKA_SSL_CA_FILE holds the authority of the broker and its certificate names the host in KAFKA_BROKERS; where the broker asks for a certificate, check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE.',
  },
  E_BROKER_RIGHTS_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'A Kafka broker does not permit its user what was asked: a topic, a group, a transactional id or the cluster.',
    remedy:
      'Give the user the rights that docs/operations.md lists for this process ("Rights on a cluster with access rules"); the log of the broker names what was denied.',
  },
  E_REGISTRY_UNREACHABLE: {
    scope: 'process',
    retriable: true,
    means: 'The schema registry could not be reached.',
    remedy: 'Check SCHEMA_REGISTRY_URL and that the registry runs.',
  },
  E_REGISTRY_LOGIN_REFUSED: {
    scope: 'process',
    retriable: false,
    means: 'The schema registry refused the user or its password.',
    remedy: 'Check the user and password inside SCHEMA_REGISTRY_URL and what the registry lets this user do.',
  },
  E_TASK_FENCED: {
    scope: 'partition',
    retriable: true,
    means: 'Another process has taken over this partition.',
    remedy: 'Nothing to do: the partition is released and the member rejoins.',
  },
  E_TRANSACTION_HANGING: {
    scope: 'partition',
    retriable: true,
    means: 'The broker called a transaction complete and left it open on some partitions (KAFKA-20734); readers wait at it.',
    remedy:
      'Let the principal of this process alter the cluster, or end it by hand: `kafka-transactions.sh find-hanging`, then `abort`. The member tries again by itself.',
  },
  E_TASK_STUCK: {
    scope: 'process',
    retriable: true,
    means: 'A step of a task, or a fold, has not finished for longer than its limit.',
    remedy:
      'The log names the blocked step, or the record or timer that a fold does not come out of; the process exits, or is killed where its event loop stands still, and replays. One that comes again at the same record is a bug of the stage: read it with `rekindle tail`, and mend the fold.',
  },
  E_WORK_TIMEOUT: {
    scope: 'record',
    retriable: true,
    means: 'What a worker asked outside for a record was not answered within its `deadlineMs`, and was ended.',
    remedy:
      'Nothing to do for one: it is tried again, later each time, under the same idempotency key, and its key waits. When it comes often the outside is slow or away: the log names the worker and its breaker. When it comes for a call that takes that long rightly, raise `deadlineMs` of the worker.',
  },
  E_STATE_INCOMPATIBLE: {
    scope: 'process',
    retriable: false,
    means: 'The changelog holds state that cannot be read with the current state schema.',
    remedy: 'Give the state schema defaults for new fields, or rename the stage and let it start empty (`startsEmpty`).',
  },
  E_STAGE_CHANGED: {
    scope: 'process',
    retriable: false,
    means: 'The stages of a group are not those that it last ran with, and going on would leave state behind.',
    remedy:
      "Give the stage its old name back, or say in its declaration where its state comes from: `migrates: { from: 'old-name' }` or `startsEmpty: true`. Stages whose keys are of another kind need another name and start empty.",
  },
  E_STATE_STORE: {
    scope: 'process',
    retriable: false,
    means: 'The local store of the state cannot be opened or written, most often because its disk is full.',
    remedy: 'Free space or set STATE_DIR to another disk, and start again. Nothing was lost: the state stands in the changelog.',
  },
  E_STANDBY_UNUSABLE: {
    scope: 'process',
    retriable: false,
    means: 'Standby copies were asked for in a way that cannot be: they are files, and a member keeps one of a partition or none.',
    remedy:
      'Set STANDBY_COPIES to 0 or 1 (`standby` of runStages), and with 1 give the member a folder for its state (STATE_DIR, `stateDir`).',
  },
  E_CODEC_MISSING: {
    scope: 'process',
    retriable: false,
    means: 'A record batch is compressed in a way that this process cannot read; nothing of it is passed over.',
    remedy:
      'Have its writer compress with gzip, snappy, lz4 or zstd, or not at all, or set `compression.type` of the topic to one of these for what comes; for snappy the package `snappy` must have a binary for this platform.',
  },
  E_BATCH_TOO_LARGE: {
    scope: 'process',
    retriable: false,
    means: 'A compressed record batch inflates to more than a process takes; nothing of it is passed over.',
    remedy:
      'Find its writer by the topic and partition in the log, and have it write smaller batches. What is there is read by nobody here: once somebody has looked at it with the tools of Kafka, `rekindle offsets reset` sets the group behind it.',
  },
  E_OFFSETS_FORGOTTEN: {
    scope: 'partition',
    retriable: false,
    means:
      'The group has state and no committed offset: brokers forget the offsets of a group without members after `offsets.retention.minutes` (7 days unless told otherwise). Read from the beginning, records would be folded twice.',
    remedy:
      'Go on from when the group stopped, with `rekindle offsets reset --to-time`; its last log lines and the timestamps of its changelog tell when that was. Or begin anew under another KAFKA_TOPIC_PREFIX. Set `offsets.retention.minutes` above the longest time for which a group may be off.',
  },
  E_OFFSET_OUT_OF_RANGE: {
    scope: 'partition',
    retriable: false,
    means: 'The committed offset is outside what the broker still holds: data was lost or the topic was made anew.',
    remedy:
      'Find out why; then `rekindle offsets reset` deliberately. Of sink-postgres it is refused: set `next_offset` of the topic and partition in `sink_offsets` to the first record that is to be stored, and `topic_id` to null where the topic was made anew. Where all topics are new: docs/operations.md, "When something is lost".',
  },
} as const satisfies Record<string, ErrorEntry>

export const runtimeError = errorsOf(runtimeErrors)
