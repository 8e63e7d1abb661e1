/** Whether what decisions state comes true, as text. */
import { calibrationLeast } from '../pipelines/learning/calibrationReport.ts'
import type { CalibrationReport } from '../pipelines/learning/calibrationReport.ts'
import { columns } from './columns.ts'

/** `verdicts`: of decisions that were drawn; without any there is nothing to say. */
export function calibrationLines(report: CalibrationReport | undefined, verdicts: number): string[] {
  if (verdicts === 0) return []
  if (report === undefined) return [`  calibration: too few verdicts to say, ${verdicts} of ${calibrationLeast}`]
  const { pool, base, bins, error, byChance } = report
  const three = (value: number) => value.toFixed(3)
  const percent = (share: number) => `${Math.round(share * 100)} %`
  return [
    `  stated: log loss ${three(pool.logLoss)} (base rates alone ${three(base.logLoss)}), Brier ${three(pool.brier)} (${three(base.brier)}), on ${report.verdicts} verdicts`,
    ...columns(
      [
        ['  stated', 'came true', 'verdicts'],
        ...bins.map((bin) => [`  ${percent(bin.stated)}`, percent(bin.realised), String(bin.verdicts)]),
      ],
      { right: [0, 1, 2] },
    ),
    `  calibration error ${three(error)}; true statements would show ${three(byChance.mean)} by chance, and 95 of 100 times less than ${three(byChance.upper)}`,
  ]
}
