/**
 * Sessions of the embedded ClickHouse engine: one per request, since settings leak and a session runs one query at a
 * time; named ones for `session_id`. A query is stopped from another session by the tag in its log_comment.
 */
import { Session, drainPending } from 'chdb'
import { literal, QueryRefused } from './request.ts'

const KILL_AGAIN_MS = 50
const NAMED_SESSIONS_MAX = 100
/** Between the end of an answer and the end of its request: whoever asks next at once is not a second client. */
const LOCK_PATIENCE_MS = 250
const LOCK_STEP_MS = 5

interface NamedSession {
  readonly session: Session
  busy: boolean
  expires: NodeJS.Timeout | undefined
}

export class Sessions {
  private readonly folder: string
  /** Keeps the engine loaded between requests, and kills. */
  private readonly control: Session
  private controlTurn: Promise<unknown> = Promise.resolve()
  private readonly named = new Map<string, NamedSession>()

  constructor(folder: string, configFile: string) {
    this.folder = folder
    this.control = new Session(folder, { connectionArgs: [`--config-file=${configFile}`] })
  }

  /** Runs `work` on a fresh session, or on the named one, which is locked meanwhile. */
  async use<T>(sessionId: string | undefined, timeoutMs: number, work: (session: Session) => Promise<T>): Promise<T> {
    if (sessionId === undefined) {
      const session = new Session(this.folder)
      try {
        return await work(session)
      } finally {
        session.close()
      }
    }
    for (let waited = 0; this.named.get(sessionId)?.busy === true && waited < LOCK_PATIENCE_MS; waited += LOCK_STEP_MS)
      await new Promise((resolve) => setTimeout(resolve, LOCK_STEP_MS))
    const entry = this.named.get(sessionId) ?? this.open(sessionId)
    if (entry.busy) throw new QueryRefused(373, 'SESSION_IS_LOCKED', `Session ${sessionId} is locked by a concurrent client.`)
    entry.busy = true
    clearTimeout(entry.expires)
    try {
      return await work(entry.session)
    } finally {
      entry.busy = false
      entry.expires = setTimeout(() => {
        this.named.delete(sessionId)
        entry.session.close()
      }, timeoutMs).unref()
    }
  }

  /** Stops the query with the tag, asking again until `done`: it may not have reached the process list yet. */
  async kill(tag: string, done: () => boolean): Promise<void> {
    // SYNC is not used: it was seen to hang.
    while (!done()) {
      await this.ask(`KILL QUERY WHERE Settings['log_comment'] = ${literal(tag)} ASYNC`)
      await new Promise((resolve) => setTimeout(resolve, KILL_AGAIN_MS))
    }
  }

  /** A short statement on the control session, in its turn. */
  ask(sql: string): Promise<string> {
    const turn = this.controlTurn.then(async () => (await this.control.queryAsync(sql, { format: 'TabSeparated' })).text())
    this.controlTurn = turn.catch(() => undefined)
    return turn
  }

  async close(): Promise<void> {
    for (const entry of this.named.values()) {
      clearTimeout(entry.expires)
      entry.session.close()
    }
    this.named.clear()
    await this.controlTurn
    await drainPending()
    this.control.close()
    await drainPending()
  }

  private open(sessionId: string): NamedSession {
    if (this.named.size >= NAMED_SESSIONS_MAX)
      throw new QueryRefused(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `More than ${NAMED_SESSIONS_MAX} named sessions are open.`)
    const entry: NamedSession = { session: new Session(this.folder), busy: false, expires: undefined }
    this.named.set(sessionId, entry)
    return entry
  }
}
