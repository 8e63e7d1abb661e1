/**
 * The mood of a message on the reference's scale, -1.00 to 1.00: a third for each word of praise, and of displeasure with us; displeasure
 * with a home, a place or somebody else is none of it. Turned round by a negation. One word passes the reference's threshold of -0.3 (4.4).
 * Sarcasm is left alone: its words say what they say.
 */
import { targetOf } from './aboutUs.ts'
import { moodRows } from './sentimentWords.ts'
import type { Mood } from './sentimentWords.ts'
import { matchesIn, phraseTable, rowsOf } from './phraseTable.ts'
import type { Match, PhraseTable } from './phraseTable.ts'
import { wordsOf } from './tokens.ts'
import type { Found, Told } from './tokens.ts'

const table = phraseTable<Mood>(moodRows)
/** As version 8 of the arithmetic heard it. */
export const moodOfEight = phraseTable<Mood>(rowsOf(8, moodRows))
const FULL = 3
/** By words of mood counted, up less down, at most three either way: exact decimals of the stored column. @source lead-domain reference 11.2 */
const SCALE: Readonly<Record<number, string>> = { [-3]: '-1.00', [-2]: '-0.67', [-1]: '-0.33', 1: '0.33', 2: '0.67', 3: '1.00' }

interface Signed extends Match<Mood> {
  readonly sign: 1 | -1
}

/** One finding at most; none when nothing is said or praise and displeasure are even. */
export function sentimentIn(told: Told): Found[] {
  const signed = moodsIn(told, table)
  const sum = signed.reduce((total, { sign }) => total + sign, 0)
  const value = SCALE[Math.max(-FULL, Math.min(FULL, sum))]
  const telling = signed.find(({ sign }) => sign === Math.sign(sum))
  return value === undefined || telling === undefined ? [] : [{ value, words: said(told, telling) }]
}

/** Words of displeasure with us, in the order they are said. */
export function displeasureIn(told: Told, lexicon = table): string[] {
  return moodsIn(told, lexicon).flatMap((mood) => (mood.sign < 0 ? [said(told, mood)] : []))
}

function moodsIn(told: Told, lexicon: PhraseTable<Mood>): Signed[] {
  return matchesIn(told, lexicon).flatMap((mood): Signed[] => {
    const { value, denial, quoted } = mood
    if (value === 'none' || quoted) return []
    const isPraise = value === 'up' || value === 'fair'
    if (isPraise === (denial === undefined)) return [{ ...mood, sign: 1 }]
    const target = targetOf(told, mood)
    return target === 'us' || (target === 'unknown' && value !== 'fair') ? [{ ...mood, sign: -1 }] : []
  })
}

/** "Not happy" rests on both words. */
function said(told: Told, { denial, from, to }: Signed): string {
  return wordsOf(told, denial ?? from, to)
}
