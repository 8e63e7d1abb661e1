/** A row of a lexicon: words of one language from one source, and how rows are written short. */
export interface LexiconRow {
  readonly language: 'en' | 'es' | 'fr' | 'pt' | 'de' | 'it'
  readonly source: string
  readonly words: readonly string[]
}

/** Each beginning with each end. */
export function everyOne(beginnings: readonly string[], ends: readonly string[]): string[] {
  return beginnings.flatMap((beginning) => ends.map((end) => `${beginning} ${end}`))
}
