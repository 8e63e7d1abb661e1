/** What a PromQL expression uses, read by the parser of Prometheus' own editor. */
import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly metric: string
  /** Labels in its braces. */
  readonly labels: readonly string[]
  /** Function round it (`rate`, `increase`), when it has a range; the range as written. */
  readonly call: string | undefined
  readonly range: string | undefined
}
export interface PromqlUse {
  readonly selectors: readonly Selector[]
  /** Labels in `by` and `without`. */
  readonly grouped: readonly string[]
  /** Places that are no PromQL. */
  readonly errors: readonly string[]
}

/** Grafana's own words, replaced by what they become, so that the rest can be parsed. */
const words: readonly (readonly [string, string])[] = [
  ['$__rate_interval', '1m'],
  ['$__range', '6h'],
]

export function readPromql(expression: string): PromqlUse {
  const text = words.reduce((now, [from, to]) => now.replaceAll(from, to), expression)
  const selectors: Selector[] = []
  const grouped: string[] = []
  const errors: string[] = []
  const calls: string[] = []
  const ranges: (string | undefined)[] = []
  let metric: { metric: string; labels: string[]; call: string | undefined; range: string | undefined } | undefined
  parser.parse(text).iterate({
    enter(node) {
      const own = text.slice(node.from, node.to)
      if (node.type.isError) errors.push(`${text.slice(0, node.from)} >>> ${text.slice(node.from)}`)
      if (node.name === 'FunctionCall') calls.push(/^\w+/.exec(own)?.[0] ?? '')
      if (node.name === 'MatrixSelector') ranges.push(/\[([^\]]+)\]$/.exec(own)?.[1])
      if (node.name === 'VectorSelector') metric = { metric: '', labels: [], call: calls.at(-1), range: ranges.at(-1) }
      if (metric !== undefined && node.name === 'Identifier') metric.metric = own
      if (node.name === 'LabelName') {
        if (metric === undefined) grouped.push(own)
        else metric.labels.push(own)
      }
    },
    leave(node) {
      if (node.name === 'FunctionCall') calls.pop()
      if (node.name === 'MatrixSelector') ranges.pop()
      if (node.name === 'VectorSelector' && metric !== undefined) {
        selectors.push(metric)
        metric = undefined
      }
    },
  })
  return { selectors, grouped, errors }
}
