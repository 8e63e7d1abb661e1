/**
 * What of a table of votes is passed over, in sentences: `matrixOf` takes whatever it is given and counts what it can read. Whoever brings
 * votes from elsewhere looks here first, where a misspelt option would else be a label less, and said by nobody.
 */
import { counted } from '../../counted.ts'
import type { VoteTable } from './voteTable.ts'

/** One sentence for each kind of problem, with how often it occurs and the first of its kind; empty when everything is read. */
export function tableProblems(table: VoteTable): string[] {
  const { options, items, agents, votes } = table
  const [known, named, listed] = [new Set(options), new Set(items.map(({ item }) => item)), new Set(agents.map(({ agent }) => agent))]
  const labelled = items.filter(({ truth }) => truth !== null && truth !== undefined)
  const problems: string[] = []
  const told = (what: string, found: readonly string[], then: string) => {
    const [first] = found
    if (first !== undefined) problems.push(`${counted(found.length, what)} ${then}, first ${JSON.stringify(first)}.`)
  }
  told('option', repeated(options), 'listed again')
  told('agent', repeated(agents.map(({ agent }) => agent)), 'listed again; of two families the first by name counts')
  told('item', repeated(items.map(({ item }) => item)), 'listed again; the earliest counts')
  told(
    'item',
    items.filter(({ at }) => !Number.isFinite(at)).map(({ item }) => item),
    'passed over: its time is no number of ms',
  )
  told(
    'label',
    labelled.filter(({ truth }) => !known.has(truth ?? '')).map(({ truth }) => truth ?? ''),
    'passed over: no option of that name',
  )
  told(
    'label',
    labelled.filter(({ inclusion }) => !((inclusion ?? 0) > 0 && (inclusion ?? 0) <= 1)).map(({ item }) => item),
    'teaching nothing: `inclusion` is no probability above 0, which is 1 where every item is labelled',
  )
  told(
    'item',
    items.filter(({ eligible }) => eligible?.some((option) => known.has(option)) === false).map(({ item }) => item),
    'of which no option could be chosen',
  )
  told(
    'vote',
    votes.filter(({ agent }) => !listed.has(agent)).map(({ agent }) => agent),
    'passed over: no agent of that name',
  )
  told(
    'vote',
    votes.filter(({ item }) => !named.has(item)).map(({ item }) => item),
    'passed over: no item of that name',
  )
  told(
    'vote',
    votes.flatMap(({ option }) => (option === null || known.has(option) ? [] : [option])),
    'passed over: no option of that name',
  )
  told(
    'vote',
    votes
      .filter(({ option, bin }) => option !== null && !(Number.isInteger(bin) && (bin ?? 0) >= 1 && (bin ?? 0) <= 5))
      .map(({ bin }) => String(bin)),
    'passed over: a bin is a whole number from 1 to 5',
  )
  told(
    'vote',
    repeated(votes.map(({ item, agent }) => `${agent} on ${item}`)),
    'cast again by the same agent on the same item; the smallest counts',
  )
  return problems
}

/** Each that stood there before. */
function repeated(names: readonly string[]): string[] {
  const seen = new Set<string>()
  return names.filter((name) => {
    const isAgain = seen.has(name)
    seen.add(name)
    return isAgain
  })
}
