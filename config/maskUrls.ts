/** Text for people and logs: the passwords of all URLs in it are masked. */

const MASK = '********'

/** `postgres://user:word@host/db` becomes `postgres://user:********@host/db`, wherever it stands in the text. */
export function maskUrls(text: string): string {
  return text.replace(/(:\/\/[^\s:/@"'`]*):[^\s/"'`]+@/g, `$1:${MASK}@`)
}

/** A setting as it may be shown: what has a password and is no URL is masked whole, because nobody can say where the password ends. */
export function maskSetting(value: string): string {
  return /:\/\/.*@/.test(value) && !URL.canParse(value) ? MASK : maskUrls(value)
}
