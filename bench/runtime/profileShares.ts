/**
 * Where the CPU of a member goes, from a V8 profile: each sample belongs to the innermost part of the runtime or of the
 * client on its stack, so that what Node and Avro do is charged to whoever asked for it. Pure.
 */
export interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string }
  readonly children?: readonly number[]
}

export interface StackProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** µs before each sample. */
  readonly timeDeltas: readonly number[]
  /** µs, monotonic. */
  readonly startTime: number
}

/** Frames of a file, or of some of its functions, and the part that they are. */
export interface Owner {
  readonly file: RegExp
  readonly name?: RegExp
  readonly part: string
  /** The part when Avro was at work below. */
  readonly avro?: string
}

/** The first that fits a frame owns it. Files that fit none are passed over, up to the caller. */
const ofMembers: readonly Owner[] = [
  { file: /protocol\/crc32c\.ts$/, part: 'write: checksum' },
  { file: /kafka\/corrections\.ts$/, name: /^compress/, part: 'write: snappy' },
  { file: /kafka\/corrections\.ts$/, name: /^(un|de)compress/, part: 'read: snappy' },
  { file: /kafka\/corrections\.ts$/, name: /^RecordBatch|codec/, part: 'write: record batches' },
  { file: /kafka\/corrections\.ts$/, part: 'read: record batches (client)' },
  { file: /protocol\/(recordBatch|byteWriter)\.ts$/, part: 'write: record batches' },
  { file: /runtime\/ids\.ts$/, part: 'fold: deterministic ids' },
  { file: /runtime\/(stateEntry|kafka\/changelog)\.ts$/, part: 'state: changelog records', avro: 'state: Avro of the entries' },
  { file: /runtime\/(stateStore|timerHeap)\.ts$/, part: 'state: store' },
  { file: /bench\/runtime\/workload\.ts$/, part: "fold: the stage's own code" },
  { file: /runtime\/(task|outcome)\.ts$/, part: 'fold: task', avro: 'write: Avro of outputs' },
  { file: /kafka\/wireFormat\.ts$/, name: /^frame|^encode/, part: 'write: wire format' },
  { file: /kafka\/wireFormat\.ts$/, part: 'read: wire format', avro: 'read: Avro of inputs' },
  { file: /runtime\/murmur2\.ts$/, part: 'write: partition of the key' },
  { file: /kafka\/(partitionReader|groupMember|unit|takeRecords)\.ts$/, part: 'read: records and headers as objects' },
  {
    file: /kafka\/(stageUnit|unitSlices|unitFolds|unitTimers|unitCommits|stageOutput)\.ts$|runtime\/(fuse|metrics)\.ts$/,
    part: 'unit: slices, outgoing records, counts',
  },
  { file: /runtime\/kafka\/(implicit|classic|unitProducer|protocol|patiently|cluster)/, part: 'write: transactions' },
  { file: /bench\/runtime\/bareProcess\.ts$/, part: 'the loop itself' },
  {
    file: /kafkajs\/src\/(protocol\/(recordBatch|message|decoder|requests\/fetch)|consumer\/(batch|filterAborted))/,
    part: 'read: record batches (client)',
  },
  { file: /kafkajs\/src\/(protocol\/(encoder|requests\/produce)|producer)/, part: 'write: requests (client)' },
  { file: /kafkajs\/src\//, part: 'client: sockets, requests, consumer' },
]
const avroFiles = /node_modules\/avsc\/|runtime\/(schema|plainRecords)\.ts$/

export interface PartTime {
  readonly part: string
  /** µs of CPU on the main thread, without idling. */
  readonly micros: number
}

/** Time by part between two instants of the profile's clock (µs), most first. Idle time is left out. The parts are those of a member unless given. */
export function timeByPart(profile: StackProfile, from: number, to: number, parts: readonly Owner[] = ofMembers): PartTime[] {
  const parents = new Map<number, ProfileNode>()
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node)
  const found = new Map<number, string | undefined>()
  const times = new Map<string, number>()
  let at = profile.startTime
  profile.samples.forEach((id, index) => {
    const delta = profile.timeDeltas[index] ?? 0
    at += delta
    if (at < from || at > to) return
    if (!found.has(id)) found.set(id, partOf(nodes.get(id), parents, parts))
    const part = found.get(id)
    if (part !== undefined) times.set(part, (times.get(part) ?? 0) + delta)
  })
  return [...times].map(([part, micros]) => ({ part, micros })).sort((a, b) => b.micros - a.micros)
}

/** `undefined` for idling. */
function partOf(node: ProfileNode | undefined, parents: ReadonlyMap<number, ProfileNode>, owners: readonly Owner[]): string | undefined {
  const { functionName } = node?.callFrame ?? { functionName: '' }
  if (functionName === '(idle)') return undefined
  if (functionName === '(garbage collector)') return 'garbage collection'
  if (functionName === '(program)') return 'native code outside of any function'
  let avro = false
  for (let frame = node; frame !== undefined; frame = parents.get(frame.id)) {
    const { url } = frame.callFrame
    if (avroFiles.test(url)) avro = true
    const name = nameOf(frame, parents)
    const owner = owners.find(({ file, name: wanted }) => file.test(url) && (wanted === undefined || wanted.test(name)))
    if (owner !== undefined) return avro && owner.avro !== undefined ? owner.avro : owner.part
  }
  return avro ? 'Avro, other' : 'Node: sockets, timers, promises'
}

/** The name of a function; of a nameless one that of the function of the same file which it serves. */
function nameOf(node: ProfileNode, parents: ReadonlyMap<number, ProfileNode>): string {
  const { url } = node.callFrame
  for (let frame: ProfileNode | undefined = node; frame !== undefined; frame = parents.get(frame.id)) {
    const { callFrame } = frame
    if (callFrame.url === url && callFrame.functionName !== '' && callFrame.functionName !== '(anonymous)') return callFrame.functionName
  }
  return ''
}
