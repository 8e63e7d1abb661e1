/** Text for people and logs: the passwords of all URLs in it are masked. */

const MASK = '********'

/** `postgres://user:word@host/db` becomes `postgres://user:********@host/db`, wherever it stands in the text. */
export function maskUrls(text: string): string {
  return text.replace(/(:\/\/[^\s:/@"'`]*):[^\s/"'`]+@/g, `$1:${MASK}@`)
}
