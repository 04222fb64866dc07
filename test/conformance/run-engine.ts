import type { Departure } from './departures.ts'
import type { ConformanceEngine, OpenEngine } from './engines/engine.ts'
import type { ConformanceCase, UnreadableCase } from './load-cases.ts'
import type { CaseResult, EngineReport } from './report.ts'
import { runCase } from './run-case.ts'

export interface EngineRun {
  readonly cases: readonly (ConformanceCase | UnreadableCase)[]
  readonly departures: readonly Departure[]
}

/** Every fixture on one engine. An engine that cannot be opened fails each of them. */
export async function runEngine(engine: ConformanceEngine, { cases, departures }: EngineRun): Promise<EngineReport> {
  const { name, variable } = engine
  if (variable !== undefined && !process.env[variable]) return { engine: name, notRun: `${variable} is not set` }
  const opened = await opening(engine)
  const results: CaseResult[] = []
  try {
    for (const fixture of cases) {
      const { file, step } = fixture
      const result =
        'problem' in opened
          ? ({ outcome: 'failed', reason: opened.problem } as const)
          : await runCase(opened, fixture, { engine: name, departures })
      results.push({ file, step, result })
    }
  } finally {
    if ('close' in opened) await opened.close()
  }
  return { engine: name, results }
}

export async function opening(engine: ConformanceEngine): Promise<OpenEngine | { readonly problem: string }> {
  try {
    return await engine.open()
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}
