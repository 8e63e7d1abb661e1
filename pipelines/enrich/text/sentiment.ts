/**
 * The mood of a message on the reference's scale, -1.00 to 1.00: a third for each word of mood, turned round by a negation.
 * One word passes the reference's threshold of -0.3 (4.4). Sarcasm is left alone: its words say what they say.
 */
import { moodRows } from './sentimentWords.ts'
import type { Mood } from './sentimentWords.ts'
import { matchesIn, phraseTable } from './phraseTable.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

const table = phraseTable<Mood>(moodRows)
const FULL = 3
/** By words of mood counted, up less down, at most three either way: exact decimals of the stored column. @source lead-domain reference 11.2 */
const SCALE: Readonly<Record<number, string>> = { [-3]: '-1.00', [-2]: '-0.67', [-1]: '-0.33', 1: '0.33', 2: '0.67', 3: '1.00' }

/** One finding at most; none when nothing is said or praise and displeasure are even. */
export function sentimentIn(told: Told): Found[] {
  const moods = matchesIn(told, table).filter(({ value, quoted }) => value !== 'none' && !quoted)
  const signed = moods.map((mood) => ({ ...mood, sign: (mood.value === 'up') === (mood.denial === undefined) ? 1 : -1 }))
  const sum = signed.reduce((total, { sign }) => total + sign, 0)
  const value = SCALE[Math.max(-FULL, Math.min(FULL, sum))]
  const telling = signed.find(({ sign }) => sign === Math.sign(sum))
  if (value === undefined || telling === undefined) return []
  // "not happy" rests on both words.
  return [{ value, words: wordsOf(told, telling.denial ?? telling.from, telling.to) }]
}
