/** The topology that declarations amount to, as text and as a Mermaid flow chart: who reads, keeps and writes what. */
import type { Schema } from './schema.ts'
import type { AnyStage } from './stage.ts'
import { priorities, subscriptions } from './taskPlan.ts'
import type { AnyTopic } from './topic.ts'
import type { DeclaredWorker } from './worker.ts'

/** A member of the deployment: fused stages, a worker or a sink under one group. */
export type DescribedMember =
  | { readonly group: string; readonly stages: readonly AnyStage[] }
  | { readonly group: string; readonly worker: DeclaredWorker }
  | { readonly group: string; readonly sink: readonly AnyTopic[] }

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** One paragraph per group; `topics` are all that are declared, those nobody reads are named last. */
export function describeText(members: readonly DescribedMember[], topics: readonly AnyTopic[]): string[] {
  const read = new Set(members.flatMap((member) => [...readBy(member), ...tablesOf(member)]).map(({ name }) => name))
  const unread = topics.filter(({ name }) => !read.has(name))
  return [
    ...members.flatMap((member) => [...memberLines(member), '']),
    ...(unread.length === 0 ? [] : [`read by no group here: ${names(unread)}`]),
  ]
}

function memberLines(member: DescribedMember): string[] {
  const { group } = member
  if ('sink' in member) return [`group ${group}: sink`, `  in      ${named(member.sink, writers)}`]
  if ('worker' in member) {
    const { name, input, outputs, concurrency } = member.worker
    return [
      `group ${group}: worker ${name}, ${concurrency} keys at a time per partition`,
      `  in      ${named([input], writers)}`,
      `  out     ${names(outputs) || '-'}`,
    ]
  }
  const { stages } = member
  const fromKafka = subscriptions(stages)
  const title = stages.length === 1 ? 'one stage' : `${stages.length} stages, fused`
  const own = new Set(stages.map(({ name }) => name))
  const handedOver = (topic: AnyTopic) => !fromKafka.some(({ name }) => name === topic.name)
  const ranks = priorities(stages)
  const rank = ({ name }: AnyTopic) => (ranks.get(name) ? `, priority ${ranks.get(name)}` : '')
  const origin = (topic: AnyTopic) => (handedOver(topic) ? 'in memory' : `${writers(topic, own)}${rank(topic)}`)
  return [
    `group ${group}: ${title}, from Kafka: ${names(fromKafka)}`,
    ...stages.flatMap((stage) => {
      const tables = Object.values((stage.tables ?? {}) as Record<string, AnyTopic>)
      return [
        `  stage ${stage.name}`,
        `    in      ${named(
          stage.on.map(({ topic }) => topic),
          origin,
        )}`,
        ...(tables.length === 0 ? [] : [`    tables  ${names(tables)}`]),
        `    state   ${stateText(stage)}`,
        `    out     ${names(stage.outputs as readonly AnyTopic[]) || '-'}`,
      ]
    }),
  ]
}

/** A flow chart: groups as boxes, topics rounded, tables dotted, sinks as databases, writers of other processes at the left. */
export function describeMermaid(members: readonly DescribedMember[], topics: readonly AnyTopic[]): string[] {
  const lines: string[] = []
  const arrows: string[] = []
  const inside = new Set<string>()
  for (const member of members) {
    const { group } = member
    if ('sink' in member) {
      lines.push(`  ${node('sink', group)}[(${group})]`)
      for (const topic of member.sink) arrows.push(`  ${node('topic', topic.name)} --> ${node('sink', group)}`)
      continue
    }
    lines.push(`  subgraph ${node('group', group)}[${group}]`)
    const steps =
      'worker' in member
        ? [
            {
              name: member.worker.name,
              inputs: [member.worker.input],
              outputs: member.worker.outputs,
              tables: [],
            },
          ]
        : member.stages.map((stage) => ({
            name: stage.name,
            inputs: stage.on.map(({ topic }) => topic),
            outputs: stage.outputs as readonly AnyTopic[],
            tables: Object.values((stage.tables ?? {}) as Record<string, AnyTopic>),
          }))
    for (const { name, inputs, outputs, tables } of steps) {
      inside.add(name)
      lines.push(`    ${node('step', name)}[${name}]`)
      for (const topic of inputs) arrows.push(`  ${node('topic', topic.name)} --> ${node('step', name)}`)
      for (const topic of tables) arrows.push(`  ${node('topic', topic.name)} -.-> ${node('step', name)}`)
      for (const topic of outputs) arrows.push(`  ${node('step', name)} --> ${node('topic', topic.name)}`)
    }
    lines.push('  end')
  }
  const outside = topics.flatMap((topic) => topic.writtenBy.filter((writer) => !inside.has(writer)).map((writer) => ({ writer, topic })))
  return [
    'flowchart LR',
    ...topics.map(({ name }) => `  ${node('topic', name)}([${name}])`),
    ...[...new Set(outside.map(({ writer }) => writer))].map(
      (writer) => `  ${node('outside', writer)}>${writer === '*' ? 'anybody' : writer}]`,
    ),
    ...lines,
    ...outside.map(({ writer, topic }) => `  ${node('outside', writer)} --> ${node('topic', topic.name)}`),
    ...arrows,
  ]
}

function readBy(member: DescribedMember): readonly AnyTopic[] {
  if ('sink' in member) return member.sink
  if ('worker' in member) return [member.worker.input]
  return member.stages.flatMap((stage) => stage.on.map(({ topic }) => topic))
}

function tablesOf(member: DescribedMember): readonly AnyTopic[] {
  if (!('stages' in member)) return []
  return member.stages.flatMap((stage) => Object.values((stage.tables ?? {}) as Record<string, AnyTopic>))
}

function stateText({ state, timer, ttlMs }: AnyStage): string {
  if (state === undefined) return 'none'
  const kept = ttlMs === undefined ? 'kept until deleted' : `kept ${durationText(ttlMs)} after the last change`
  return `${(state as Schema<unknown>).name}, ${kept}, ${timer === undefined ? 'no timers' : 'timers'}`
}

function durationText(ms: number): string {
  if (ms % DAY_MS === 0) return `${ms / DAY_MS} d`
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS} h` : `${ms / 1000} s`
}

/** Who writes a topic, apart from the steps of the same group. */
function writers({ writtenBy }: AnyTopic, own: ReadonlySet<string> = new Set()): string {
  const others = writtenBy.filter((writer) => !own.has(writer)).map((writer) => (writer === '*' ? 'anybody' : writer))
  return others.length === writtenBy.length ? `from ${others.join(', ')}` : `in memory, and from ${others.join(', ')}`
}

function named(topics: readonly AnyTopic[], origin: (topic: AnyTopic) => string): string {
  return topics.map((topic) => `${topic.name} (${origin(topic)})`).join(', ')
}

function names(topics: readonly AnyTopic[]): string {
  return topics.map(({ name }) => name).join(', ')
}

function node(kind: string, name: string): string {
  return `${kind}_${name === '*' ? 'anybody' : name.replace(/[^A-Za-z0-9]/g, '_')}`
}
