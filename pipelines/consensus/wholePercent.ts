/** A probability as people read it, in whole per cent: what is not certain is not told as certain, nor what is possible as impossible. */
export function wholePercent(probability: number): string {
  const whole = Math.round(100 * probability)
  if (whole === 100 && probability < 1) return 'over 99 %'
  return whole === 0 && probability > 0 ? 'below 1 %' : `${whole} %`
}
