/**
 * Whether to go on asking. A platform that answers nobody is waited for; a location that alone gets no answer, while others do,
 * is given up after a few tries, so that one cannot hold up all that come behind it.
 */

/** Tries without an answer after which an answer to somebody else counts. */
export const TRIES_BESIDE_OTHERS = 4

export class Patience {
  /** Work without an answer: how often it was tried, and how many answers there were before the first time. */
  private readonly waiting = new Map<string, { tries: number; readonly answersBefore: number }>()
  private answers = 0

  /** An answer came, whatever it says. */
  answered(work: string): void {
    this.answers += 1
    this.waiting.delete(work)
  }

  /** No answer came. Is it time to give this one up? */
  isSpent(work: string): boolean {
    const known = this.waiting.get(work) ?? { tries: 0, answersBefore: this.answers }
    known.tries += 1
    this.waiting.set(work, known)
    return known.tries >= TRIES_BESIDE_OTHERS && this.answers > known.answersBefore
  }

  forget(work: string): void {
    this.waiting.delete(work)
  }
}
