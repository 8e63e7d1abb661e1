/**
 * The gentle stream of local mode: story after story without end, at a rate. The number of the next story is kept in a
 * file, so that a second start tells new stories instead of repeating the first ones.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Delivery } from './deliveries.ts'
import { pastDeliveries } from './deliveries.ts'
import { sendAll } from './sender.ts'
import type { Accounts, SenderOptions } from './sender.ts'

export interface SimulatorOptions extends SenderOptions {
  readonly seed: number
  /** Holds the number of the next story per seed. */
  readonly markFile: string
  readonly duplicates?: number
  readonly reordered?: number
  /** Tell by which visits the leads came; needs `postReport`. */
  readonly visits?: boolean
  /** Stories to tell; default without end. */
  readonly leads?: number
}

/** Stories reserved at a time: a crash skips at most so many numbers, and never tells one twice. */
const reserved = 100

/** A repeat comes a few webhooks after its first, so a few thousand fates tell it from a new one. */
const rememberedFates = 20_000

/** Plays until the signal is given. */
export async function runSimulator(options: SimulatorOptions): Promise<Accounts> {
  const { seed, markFile, leads = Infinity, duplicates = 0.05, reordered = 0.02, visits = false, now = Date.now } = options
  return sendAll(numbered(), { remember: rememberedFates, ...options })

  function* numbered(): Generator<Delivery, void, undefined> {
    let left = leads
    while (left > 0) {
      const firstIndex = nextStory(markFile, seed)
      const count = Math.min(reserved, left)
      keep(markFile, seed, firstIndex + count)
      yield* pastDeliveries({ seed, leads: count, firstIndex, now, duplicates, reordered, visits })
      left -= count
    }
  }
}

type Marks = Record<string, number>

function nextStory(file: string, seed: number): number {
  return marks(file)[String(seed)] ?? 0
}

function marks(file: string): Marks {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Marks
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

function keep(file: string, seed: number, next: number): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify({ ...marks(file), [String(seed)]: next }))
  renameSync(`${file}.new`, file)
}
