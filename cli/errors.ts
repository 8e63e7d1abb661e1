/** What keeps a verb from doing its work. Printed as code, sentence and what to do; the exit code is then not zero. */
import { errorsOf } from '../runtime/errors.ts'

export const cliErrors = {
  E_NOTHING_RUNS: {
    scope: 'process',
    retriable: true,
    means: 'No running stack was found and no address is set.',
    remedy: 'Start it with `npm start`, or set the address in the environment or in .env (`rekindle config` shows what is set).',
  },
  E_SERVER_UNREACHABLE: {
    scope: 'process',
    retriable: true,
    means: 'A server that the verb needs (Postgres, ClickHouse, Redis) did not take its connection.',
    remedy: 'Start it with `npm start`, or set its address in the environment or in .env (`rekindle config` shows what is set).',
  },
  E_DATABASE_REFUSED: {
    scope: 'process',
    retriable: true,
    means:
      'Postgres answered and let the verb not in: wrong user, password or database, missing rights, no connection left, or it is starting.',
    remedy:
      'Correct DATABASE_URL (`rekindle config` shows it, masked) where the sentence above names who or what; else try again in a moment.',
  },
  E_DATABASE_UNPREPARED: {
    scope: 'process',
    retriable: false,
    means: 'The database lacks a table or a column that this version needs.',
    remedy: 'Run `rekindle prepare` of this version.',
  },
  E_ADDRESS_UNUSABLE: {
    scope: 'process',
    retriable: true,
    means: 'Nothing can listen at an address: another program has it, it is none of this machine, or it needs more rights.',
    remedy:
      'End what has it, or choose another: PORT and HOST for the API, METRICS_PORT for the other processes, SANDBOX_PORT for the sandbox; 0 is any free port.',
  },
  E_FILE_REFUSED: {
    scope: 'process',
    retriable: true,
    means:
      'The system lets a file or folder not be read or written: missing rights, a disk that is full or read only, a file where a folder should be, too many open files.',
    remedy:
      'Give its rights to the user that runs this, make room, or choose other folders (REKINDLE_DATA_DIR, STATE_DIR, and XDG_CACHE_HOME for what is fetched); for too many open files raise their limit (`ulimit -n`).',
  },
  E_API_UNREACHABLE: {
    scope: 'process',
    retriable: true,
    means: 'The API did not answer.',
    remedy: 'Start it with `npm start`, which says when it is ready, or give its address with --url.',
  },
  E_API_REFUSED: {
    scope: 'step',
    retriable: false,
    means: 'The API answered, but not with what was asked for.',
    remedy: 'The sentence above is its answer.',
  },
  E_TOPIC_UNKNOWN: {
    scope: 'step',
    retriable: false,
    means: 'No topic has this name.',
    remedy: '`rekindle topics list` names them.',
  },
  E_LOCAL_ONLY: {
    scope: 'step',
    retriable: false,
    means: 'This verb signs with the sandbox key, which only local mode trusts.',
    remedy: 'Run it with REKINDLE_MODE=local against a local stack.',
  },
  E_GRANT_REFUSED: {
    scope: 'step',
    retriable: false,
    means: 'GoHighLevel gave no tokens for the code, or none of the rights they need.',
    remedy:
      'A code works once and for minutes: get a new one at `rekindle ghl authorize-url`, and check GHL_CLIENT_ID and GHL_REDIRECT_URL.',
  },
  E_RECONCILE_FAILED: {
    scope: 'step',
    retriable: true,
    means: 'A location could not be compared with GoHighLevel to the end; what was found until then is told.',
    remedy: 'The lines above say which and why. Run it again: nothing is told twice.',
  },
  E_GHL_UNREAD: {
    scope: 'step',
    retriable: true,
    means: 'GoHighLevel did not answer what the verb asked of a location.',
    remedy: 'The sentence above says why. `rekindle ghl list` shows whether the location is connected; then run it again.',
  },
  E_HOURS_TABLE_INVALID: {
    scope: 'process',
    retriable: false,
    means: 'The table of calling hours has a row without source or status, or one that contradicts itself.',
    remedy: 'Correct pipelines/followup/hours/hoursTable.ts; nothing is sent on hours that cannot be trusted.',
  },
  E_DEAD_LETTERS_LEFT: {
    scope: 'step',
    retriable: false,
    means: 'Some of the dead letters that were meant could not be resolved; the others were.',
    remedy: 'The lines above name each with its reason.',
  },
  E_FUSION_CHANGED: {
    scope: 'process',
    retriable: false,
    means: 'The line of leads ran fused before and is to run split now, or the other way round: its state would be folded twice.',
    remedy: 'Set PIPELINE_FUSED as it was; to run the other way, begin under another KAFKA_TOPIC_PREFIX.',
  },
  E_STOPPED: {
    scope: 'step',
    retriable: true,
    means: 'The work was stopped before its end.',
    remedy:
      'Run it again for the whole. A backfill then needs another --into: where there are records already none is added (E_SHADOW_NOT_EMPTY); a prefix without any can be taken again.',
  },
  E_LEARNING_BUSY: {
    scope: 'step',
    retriable: true,
    means: 'Policies are learned by one process at a time, and another one is at it.',
    remedy: 'Wait a minute and run it again; `rekindle policy list` shows what the other one put in force.',
  },
  E_LEARNING_FAILED: {
    scope: 'step',
    retriable: true,
    means: 'The process could not learn policies of the verdicts; what was in force stays in force.',
    remedy:
      'Read the detail: most often Postgres or Kafka was away. It is tried again after LEARN_EVERY_HOURS; `rekindle learn` does it at once.',
  },
  E_LAG_TOO_HIGH: {
    scope: 'step',
    retriable: true,
    means: 'A group is further behind than --max-seconds allows.',
    remedy: 'See whether its processes run and what they log; docs/runbooks/alerts.md says what to look at.',
  },
  E_GROUP_UNKNOWN: {
    scope: 'step',
    retriable: false,
    means: 'No group has this name.',
    remedy: '`rekindle offsets show` names them.',
  },
  E_OFFSETS_ELSEWHERE: {
    scope: 'step',
    retriable: false,
    means: 'The offsets of this group stand in the database that it writes, in one transaction with the rows.',
    remedy: 'To write everything again, empty its tables and its offsets there together; moving only the offsets would double rows.',
  },
  E_STATE_ABSENT: {
    scope: 'step',
    retriable: false,
    means: 'The changelog of the stage knows nothing about this key.',
    remedy: 'Keys are compared whole: for leads <locationId>:<contactId>. `rekindle state stats` says how many keys there are.',
  },
  E_ERASURE_UNFINISHED: {
    scope: 'step',
    retriable: true,
    means: 'Something is still held on the lead that an erasure takes.',
    remedy:
      'See that pipeline and sinks run (`rekindle lag`) and run it again: it goes on. A contact that GoHighLevel still has comes back with its next webhook: delete it there first.',
  },
  E_POLICY_UNKNOWN: {
    scope: 'process',
    retriable: false,
    means: 'The hash names no policy, or more than one.',
    remedy: '`rekindle policy list` names them all; a policy is stored some moments after it was published.',
  },
  E_POLICY_UNSOUND: {
    scope: 'process',
    retriable: false,
    means: 'This version of Rekindle would not decide with the policy.',
    remedy:
      'It may be of another version: make a new one with `rekindle learn`. One that you have changed gets its hash by `rekindle policy seal <file>`.',
  },
  E_REPLAY_DIFFERS: {
    scope: 'step',
    retriable: false,
    means: 'Deciding again from stored inputs gives another decision than the stored one.',
    remedy:
      'The lines above say which and why. Changed settings of a location explain a difference in its gates; anything else is a fault: keep the output.',
  },
  E_SPEND_FILE_INVALID: {
    scope: 'step',
    retriable: false,
    means: 'The file of spend cannot be read, or is no CSV file with the columns channel, campaign, day, amount and currency.',
    remedy: 'Give its first line as `channel,campaign,day,amount,currency`; docs/attribution.md has an example.',
  },
  E_SPEND_ROWS_INVALID: {
    scope: 'step',
    retriable: false,
    means: 'Some rows of the file of spend are bad, so none was loaded.',
    remedy: 'The lines above name each with its reason. Correct them, or load the others with --skip-bad.',
  },
  E_OPTION_INVALID: {
    scope: 'step',
    retriable: false,
    means: 'An option is not what it should be.',
    remedy: 'See `rekindle <verb> --help`.',
  },
} as const

export const cliError = errorsOf(cliErrors)
