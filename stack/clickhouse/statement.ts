/**
 * Looks at one SQL statement the way the HTTP endpoint needs to: what it does, in which format it answers, whether it
 * is one statement, and whether it reaches outside the database. Comments and string literals are never mistaken for SQL.
 */

/** What the endpoint refuses and why, as ClickHouse would name it. */
export interface Refusal {
  readonly code: number
  readonly type: string
  readonly message: string
}

export interface InsertTarget {
  readonly table: string
  readonly columns: readonly string[] | undefined
  readonly format: string
}

export interface Statement {
  /** First word in capitals: SELECT, INSERT, CREATE … Empty for an empty text. */
  readonly verb: string
  /** The FORMAT clause of a query. */
  readonly format: string | undefined
  /** An insert whose rows come as data of a plain table and format; undefined for every other statement. */
  readonly insert: InsertTarget | undefined
  /** Whether a SELECT stands in brackets: such a one may be evaluated while the query is planned. */
  readonly nested: boolean
  readonly refusal: Refusal | undefined
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'mark'
  readonly value: string
  readonly depth: number
}

/** Functions and table functions that read or write outside the database of this process. */
const outside = new Set(
  (
    'file fileCluster url urlCluster remote remoteSecure cluster clusterAllReplicas s3 s3Cluster gcs azureBlobStorage azureBlobStorageCluster hdfs hdfsCluster ' +
    'executable executablePool mysql postgresql mongodb redis sqlite jdbc odbc http iceberg icebergS3 icebergLocal icebergCluster deltaLake deltaLakeLocal hudi paimon ' +
    'ytsaurus arrowFlight python cassandra kafka nats rabbitmq fuzzQuery'
  )
    .toLowerCase()
    .split(' '),
)
/** Table and database engines with the same reach that are written without brackets as well. */
const outsideEngines = new Set([
  ...outside,
  ...'s3queue azurequeue distributed externaldistributed postgresql materializedpostgresql hive lazy datalakecatalog'.split(' '),
])
const accessDenied = (what: string): Refusal => ({
  code: 497,
  type: 'ACCESS_DENIED',
  message: `${what} is refused by the embedded engine: it would reach outside the database.`,
})

const wordStart = /[A-Za-z_\u0080-\uffff]/
const wordPart = /[A-Za-z0-9_\u0080-\uffff]/

/** Tokens up to the data of an insert; `end` is where reading stopped. */
function tokens(sql: string): Token[] {
  const found: Token[] = []
  let depth = 0
  let i = 0
  while (i < sql.length) {
    const c = sql[i] ?? ''
    if (/\s/.test(c)) i++
    else if ((c === '-' && sql[i + 1] === '-') || (c === '#' && (sql[i + 1] === ' ' || sql[i + 1] === '!'))) {
      const end = sql.indexOf('\n', i)
      i = end === -1 ? sql.length : end + 1
    } else if (c === '/' && sql[i + 1] === '*') {
      const end = sql.indexOf('*/', i + 2)
      i = end === -1 ? sql.length : end + 2
    } else if (c === "'" || c === '"' || c === '`') {
      const end = quoteEnd(sql, i, c)
      found.push({ kind: c === "'" ? 'text' : 'quoted', value: sql.slice(i + 1, end - 1), depth })
      i = end
    } else if (c === '$') {
      const tag = /^\$\w*\$/.exec(sql.slice(i, i + 64))?.[0]
      const end = tag === undefined ? -1 : sql.indexOf(tag, i + tag.length)
      if (tag === undefined || end === -1) found.push({ kind: 'mark', value: sql[i++] ?? '', depth })
      else {
        found.push({ kind: 'text', value: sql.slice(i + tag.length, end), depth })
        i = end + tag.length
      }
    } else if (wordStart.test(c)) {
      const from = i
      while (i < sql.length && wordPart.test(sql[i] ?? '')) i++
      const value = sql.slice(from, i)
      found.push({ kind: 'word', value, depth })
      if (endsInsert(found)) return found
    } else if (/[0-9]/.test(c)) {
      // A number swallows its letters (1e9, 0xFF): they are no words.
      while (i < sql.length && /[\w.]/.test(sql[i] ?? '')) i++
      found.push({ kind: 'text', value: '', depth })
    } else {
      if (c === ')') depth--
      found.push({ kind: 'mark', value: c, depth })
      if (c === '(') depth++
      i++
    }
  }
  return found
}

/** Behind `INSERT … FORMAT name` come rows, not SQL. */
function endsInsert(found: readonly Token[]): boolean {
  const [first] = found
  const last = found.at(-2)
  return is(first, 'INSERT') && is(last, 'FORMAT') && last?.depth === 0
}

function quoteEnd(sql: string, from: number, quote: string): number {
  for (let i = from + 1; i < sql.length; i++) {
    if (sql[i] === '\\') i++
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1
      i++
    }
  }
  return sql.length
}

function is(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.value.toUpperCase() === word
}

function isMark(token: Token | undefined, mark: string): boolean {
  return token?.kind === 'mark' && token.value === mark
}

/** Reads one statement. `sql` must not hold the rows of an insert unless its FORMAT clause stands before them. */
export function inspect(sql: string): Statement {
  const found = tokens(sql)
  const verb = (found.find((token) => token.kind === 'word')?.value ?? '').toUpperCase()
  const format = found.findLast(
    (token, i) => token.depth === 0 && is(found[i - 1], 'FORMAT') && (token.kind === 'word' || token.kind === 'quoted'),
  )?.value
  const nested = found.some((token, i) => isMark(token, '(') && (is(found[i + 1], 'SELECT') || is(found[i + 1], 'WITH')))
  return { verb, format, nested, insert: verb === 'INSERT' ? insertTarget(found, format) : undefined, refusal: refuse(found, verb) }
}

function refuse(found: readonly Token[], verb: string): Refusal | undefined {
  const semicolon = found.findIndex((token) => isMark(token, ';'))
  if (semicolon !== -1 && found.slice(semicolon).some((token) => !isMark(token, ';')))
    return { code: 62, type: 'SYNTAX_ERROR', message: 'Syntax error (Multi-statements are not allowed): send one statement a request.' }
  if (['SYSTEM', 'BACKUP', 'RESTORE'].includes(verb)) return accessDenied(verb)
  for (const [i, token] of found.entries()) {
    if (token.kind !== 'word' && token.kind !== 'quoted') continue
    const name = token.value.toLowerCase()
    if (outside.has(name) && isMark(found[i + 1], '(') && !isColumnListOf(found, i)) return accessDenied(`${token.value}()`)
    const engine = is(found[i - 1], 'ENGINE') || (isMark(found[i - 1], '=') && is(found[i - 2], 'ENGINE'))
    if (engine && outsideEngines.has(name)) return accessDenied(`ENGINE = ${token.value}`)
    if (is(token, 'OUTFILE') && is(found[i - 1], 'INTO')) return accessDenied('INTO OUTFILE')
    if (is(token, 'INFILE') && is(found[i - 1], 'FROM')) return accessDenied('FROM INFILE')
  }
  if (verb === 'ATTACH' && found.some((token, i) => is(token, 'FROM') && found[i + 1]?.kind === 'text'))
    return accessDenied('ATTACH … FROM')
  return undefined
}

/** `INSERT INTO url (a, b)` names columns of a table called url; `INSERT INTO FUNCTION url(…)` does not. */
function isColumnListOf(found: readonly Token[], at: number): boolean {
  let i = at
  while (isMark(found[i - 1], '.')) i -= 2
  return (
    is(found[i - 1], 'INTO') ||
    is(found[i - 1], 'TABLE') ||
    (is(found[i - 1], 'EXISTS') && is(found[i - 3], 'IF') && !is(found[i - 4], 'FUNCTION'))
  )
}

/** Target of `INSERT INTO [TABLE] db.table [(columns)] FORMAT name`, when it is no more than that. */
function insertTarget(found: readonly Token[], format: string | undefined): InsertTarget | undefined {
  if (format === undefined || !is(found[1], 'INTO')) return undefined
  let i = is(found[2], 'TABLE') ? 3 : 2
  const names: string[] = []
  for (;;) {
    const name = found[i]
    if (name === undefined || (name.kind !== 'word' && name.kind !== 'quoted') || is(name, 'FUNCTION')) return undefined
    names.push(name.value)
    i++
    if (!isMark(found[i], '.')) break
    i++
  }
  let columns: string[] | undefined
  if (isMark(found[i], '(')) {
    columns = []
    for (i++; !isMark(found[i], ')'); i++) {
      const column = found[i]
      if (column === undefined) return undefined
      if (isMark(column, ',')) continue
      if (column.kind !== 'word' && column.kind !== 'quoted') return undefined
      columns.push(column.value)
    }
    i++
  }
  const plain = /^[A-Za-z_]\w*$/
  if (!is(found[i], 'FORMAT') || ![...names, ...(columns ?? [])].every((name) => plain.test(name))) return undefined
  return { table: names.join('.'), columns, format }
}
