import type { Outcome } from './run-case.ts'

/** What became of one fixture on one engine. */
export interface CaseResult {
  readonly file: string
  readonly step: string
  readonly result: Outcome
}

/** What one engine gave: a result for each fixture, or why it did not run. */
export type EngineReport =
  | { readonly engine: string; readonly results: readonly CaseResult[] }
  | { readonly engine: string; readonly notRun: string }

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly departures: number
  /** Fixtures that a stand-in cannot run rightly. */
  readonly unable: number
}

export function tally(results: readonly CaseResult[]): Tally {
  const count = (outcome: Outcome['outcome']): number =>
    results.filter(({ result }) => result.outcome === outcome).length
  return { passed: count('passed'), failed: count('failed'), departures: count('departure'), unable: count('unable') }
}

/** `duckdb 205 passed, 0 failed, 4 departures` */
export function summary(report: EngineReport): string {
  if ('notRun' in report) return `${report.engine} not run: ${report.notRun}`
  const { passed, failed, departures, unable } = tally(report.results)
  const rest = unable > 0 ? `, ${unable} not possible on the stand-in` : ''
  return `${report.engine} ${passed} passed, ${failed} failed, ${departures} departures${rest}`
}

/** One line a step, one column an engine: how many of the fixtures hold, with the failed ones pointed out. */
export function stepTable(reports: readonly EngineReport[]): string {
  const ran = reports.filter((report) => 'results' in report)
  const steps = [...new Set(ran.flatMap(({ results }) => results.map(({ step }) => step)))].sort()
  const rows = steps.map((step) => [
    step,
    ...ran.map(({ results }) => cell(results.filter((result) => result.step === step))),
  ])
  const lines = [['step', ...ran.map(({ engine }) => engine)], ...rows]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cell(results: readonly CaseResult[]): string {
  const { passed, failed, departures, unable } = tally(results)
  const held = `${passed + departures}/${results.length}`
  const notes = [
    departures > 0 ? `${departures} departed` : '',
    unable > 0 ? `${unable} not possible` : '',
    failed > 0 ? `${failed} FAILED` : '',
  ].filter(Boolean)
  return notes.length > 0 ? `${held} (${notes.join(', ')})` : held
}

/** Each failure with its reason. */
export function failures(report: EngineReport): string[] {
  if ('notRun' in report) return []
  return report.results.flatMap(({ file, result }) =>
    result.outcome === 'failed' ? [`${report.engine} ${file}\n  ${result.reason.replaceAll('\n', '\n  ')}`] : [],
  )
}
