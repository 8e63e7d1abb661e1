/** Where a process spent its time, from a V8 profile: self time by function and by package. Pure. */

interface Node {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
}

export interface CpuProfile {
  readonly nodes: readonly Node[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface Share {
  readonly what: string
  /** Of the time that was not idle, 0 to 1. */
  readonly share: number
}

/** The functions with the most self time. `root` is cut from file names. */
export function topFunctions(profile: CpuProfile, root: string, most = 5): Share[] {
  const names = new Map(
    profile.nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const file = url
        .replace('file://', '')
        .replace(`${root}/`, '')
        .replace(/^.*node_modules\//, '')
      return [id, `${functionName === '' ? '(anonymous)' : functionName}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`]
    }),
  )
  const times = new Map<string, number>()
  profile.samples.forEach((id, index) => {
    const name = names.get(id) ?? ''
    if (name === '(idle)' || name === '(root)') return
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  })
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .map(([what, time]) => ({ what, share: time / total }))
    .sort((a, b) => b.share - a.share)
    .slice(0, most)
}
