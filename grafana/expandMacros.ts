/**
 * What the ClickHouse data source makes of its macros and variables, so that every query of a dashboard can be run
 * without Grafana. A macro that is not known here is refused, never passed on.
 * @source grafana-clickhouse-datasource 4.20, back-end macros; `$__conditionalAll` and variables are the front end's
 */

export interface Range {
  /** ms since the epoch. */
  readonly fromMs: number
  readonly toMs: number
  /** Step of the panel, seconds. */
  readonly intervalS: number
  /** Chosen values by variable; a variable that is absent stands for All. */
  readonly chosen?: Readonly<Record<string, readonly string[]>>
}

type Expand = (args: readonly string[], range: Range) => string

const seconds = (ms: number) => Math.floor(ms / 1000)
const macros: Readonly<Record<string, Expand>> = {
  timeFilter: ([column], { fromMs, toMs }) =>
    `${column ?? ''} >= toDateTime(${seconds(fromMs)}) AND ${column ?? ''} <= toDateTime(${seconds(toMs)})`,
  timeFilter_ms: ([column], { fromMs, toMs }) =>
    `${column ?? ''} >= fromUnixTimestamp64Milli(${fromMs}) AND ${column ?? ''} <= fromUnixTimestamp64Milli(${toMs})`,
  fromTime: (_, { fromMs }) => `toDateTime(${seconds(fromMs)})`,
  toTime: (_, { toMs }) => `toDateTime(${seconds(toMs)})`,
  timeInterval: ([column], { intervalS }) => `toStartOfInterval(toDateTime(${column ?? ''}), INTERVAL ${Math.max(1, intervalS)} second)`,
  interval_s: (_, { intervalS }) => String(Math.max(1, intervalS)),
  conditionalAll: ([condition, variable], { chosen }) =>
    chosen?.[(variable ?? '').replace('$', '')] === undefined ? '1=1' : (condition ?? ''),
}

/** The statement as the engine gets it. Throws `TypeError` for a macro or variable it does not know. */
export function expandMacros(sql: string, range: Range): string {
  const expanded = expand(sql, range)
  return expanded.replaceAll(/\$\{(\w+):singlequote\}/g, (_, name: string) => {
    const values = range.chosen?.[name]
    if (values === undefined) throw new TypeError(`The variable ${name} has no value.`)
    return values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(',')
  })
}

function expand(sql: string, range: Range): string {
  let out = ''
  let at = 0
  for (const match of sql.matchAll(/\$__(\w+)/g)) {
    if (match.index < at) continue
    const name = match[1] ?? ''
    const macro = macros[name]
    if (macro === undefined) throw new TypeError(`The macro $__${name} is not known.`)
    const after = match.index + match[0].length
    const call = sql[after] === '(' ? argumentsAt(sql, after) : { args: [], end: after }
    out += sql.slice(at, match.index) + macro(call.args, range)
    at = call.end
  }
  return out + sql.slice(at)
}

/** The arguments in the brackets that open at `open`; commas inside inner brackets divide nothing. */
function argumentsAt(sql: string, open: number): { args: string[]; end: number } {
  const args: string[] = []
  let depth = 0
  let from = open + 1
  for (let i = open; i < sql.length; i++) {
    const c = sql[i]
    if (c === '(') depth++
    if (c === ')') depth--
    if ((c === ',' && depth === 1) || depth === 0) {
      args.push(sql.slice(from, i).trim())
      from = i + 1
    }
    if (depth === 0) return { args, end: i + 1 }
  }
  throw new TypeError(`A bracket is not closed: ${sql.slice(open, open + 40)}`)
}
