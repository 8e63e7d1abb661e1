/**
 * Says of a fold that does not return where it is, and ends the process: nothing on the event loop can, for the fold has it. A thread looks
 * whether the loop still turns, and reads the place from memory that both share. One for the process, since one fold runs at a time.
 */
import { url as debuggerUrl } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { FoldMark } from '../taskCause.ts'

export interface FoldWatchOptions {
  readonly logger: Pick<Logger, 'bindings'>
  /** The event loop may stand still for so long, ms. */
  readonly limitMs: number
  /** How often it is looked at, ms; a second unless given. */
  readonly everyMs?: number
}

/** What a thread finds in the first numbers; behind them stand an offset, a key and the name of a timer, of which there may be any number. */
const at = { tick: 0, kind: 1, stage: 2, topic: 3, partition: 4, keyBytes: 5, timerBytes: 6 } as const
const kinds = { none: 0, record: 1, timer: 2 } as const
const OFFSET_AT = 32
const KEY_AT = 40
const KEY_BYTES = 256
const TIMER_AT = KEY_AT + KEY_BYTES
const TIMER_BYTES = 128
const STANDARD_OUTPUT = 1

/**
 * The thread, as plain text: it must not load what compiles the sources of the process. Only its own looks count: while a machine sleeps, or
 * a process is stopped, it makes none.
 */
const thread = `
const { parentPort, workerData } = require('node:worker_threads')
const { writeSync } = require('node:fs')
const { shared, at, kinds, offsetAt, keyAt, timerAt, bindings, limitMs, everyMs, output } = workerData
const numbers = new Int32Array(shared, 0, 8)
const names = []
parentPort.on('message', (name) => names.push(name))
let seen = -1
let stillMs = 0
setInterval(() => {
  const tick = Atomics.load(numbers, at.tick)
  stillMs = tick === seen ? stillMs + everyMs : 0
  seen = tick
  if (stillMs < limitMs) return
  const name = (which) => names[numbers[which]]
  const text = (from, bytes) => Buffer.from(Buffer.from(shared, from, numbers[bytes])).toString()
  const kind = numbers[at.kind]
  const stage = name(at.stage)
  const partition = numbers[at.partition]
  const place =
    kind === kinds.record
      ? { stage, topic: name(at.topic), partition, offset: String(new BigInt64Array(shared, offsetAt, 1)[0]) }
      : { stage, partition, timer: text(timerAt, at.timerBytes), key: text(keyAt, at.keyBytes) }
  const what =
    kind === kinds.none
      ? 'The event loop has stood still'
      : 'Stage ' + stage + ' has not come out of its fold of ' +
        (kind === kinds.record ? place.topic + ' ' + partition + '@' + place.offset : 'timer ' + place.timer + ' of ' + place.key)
  const line = { level: 60, time: Date.now(), ...bindings, code: 'E_TASK_STUCK', ...(kind === kinds.none ? {} : place) }
  writeSync(output, JSON.stringify({ ...line, msg: 'E_TASK_STUCK: ' + what + ' for ' + stillMs + ' ms; the process is ended and replays' }) + '\\n')
  process.kill(process.pid, 'SIGKILL')
}, everyMs)
`

class FoldWatch implements FoldMark {
  readonly #shared = new SharedArrayBuffer(TIMER_AT + TIMER_BYTES)
  readonly #numbers = new Int32Array(this.#shared, 0, 8)
  readonly #offset = new BigInt64Array(this.#shared, OFFSET_AT, 1)
  readonly #key = Buffer.from(this.#shared, KEY_AT, KEY_BYTES)
  readonly #timer = Buffer.from(this.#shared, TIMER_AT, TIMER_BYTES)
  /** Numbers that the thread knows names by. */
  readonly #names = new Map<string, number>()
  readonly #thread: Worker
  readonly #ticks: NodeJS.Timeout
  users = 0

  constructor({ logger, limitMs, everyMs = 1_000 }: FoldWatchOptions) {
    const found = { shared: this.#shared, at, kinds, offsetAt: OFFSET_AT, keyAt: KEY_AT, timerAt: TIMER_AT, output: STANDARD_OUTPUT }
    this.#thread = new Worker(thread, {
      eval: true,
      execArgv: [],
      env: {},
      workerData: { ...found, bindings: logger.bindings(), limitMs, everyMs },
    })
    this.#thread.unref()
    // Without the thread a fold that hangs is silent, as it was before there was one; that is no reason to stop.
    this.#thread.on('error', () => undefined)
    this.#ticks = setInterval(() => Atomics.add(this.#numbers, at.tick, 1), everyMs).unref()
  }

  begin(stage: string, { source, timer }: Parameters<FoldMark['begin']>[1], key: string, partition: number): void {
    const numbers = this.#numbers
    numbers[at.stage] = this.#numberOf(stage)
    if (source !== undefined) {
      numbers[at.topic] = this.#numberOf(source.topic)
      numbers[at.partition] = source.partition
      this.#offset[0] = source.offset
      numbers[at.kind] = kinds.record
    } else if (timer !== undefined) {
      numbers[at.partition] = partition
      numbers[at.timerBytes] = this.#timer.write(timer)
      numbers[at.keyBytes] = this.#key.write(key)
      numbers[at.kind] = kinds.timer
    }
    // Else it was handed over: the record or timer that led to it stands there.
  }

  end(): void {
    this.#numbers[at.kind] = kinds.none
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticks)
    await this.#thread.terminate()
  }

  #numberOf(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const number = this.#names.size
    this.#names.set(name, number)
    this.#thread.postMessage(name)
    return number
  }
}

let watch: FoldWatch | undefined

/** Begins to look, or joins whoever looks already. Nothing under a debugger, which stands still on purpose. */
export function watchFolds(options: FoldWatchOptions): { readonly mark: FoldMark | undefined; stop(): Promise<void> } {
  if (debuggerUrl() !== undefined) return { mark: undefined, stop: async () => undefined }
  const joined = (watch ??= new FoldWatch(options))
  joined.users += 1
  return {
    mark: joined,
    async stop() {
      joined.users -= 1
      if (joined.users > 0) return
      if (watch === joined) watch = undefined
      await joined.stop()
    },
  }
}
