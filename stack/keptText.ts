/** A text that is made once and is the same ever after, such as a password: written whole or not at all, readable by its owner only. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The text in the file, made when there is none. An empty file is what a full disk left. */
export function keptText(file: string, make: () => string): string {
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (kept !== '') return kept
  const text = make()
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return text
}
