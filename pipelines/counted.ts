/** How many of something, in the words of a sentence: `1 minute`, `2 minutes`, `0 replies`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
