import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Departure, loadDepartures } from './departures.ts'
import type { ConformanceEngine, OpenEngine } from './engines/engine.ts'
import { conformanceEngines } from './engines/index.ts'
import { type ConformanceCase, loadCases, type UnreadableCase } from './load-cases.ts'
import { type CaseResult, type EngineReport, stepTable, summary } from './report.ts'
import { runCase } from './run-case.ts'
import { opening } from './run-engine.ts'

const root = join(import.meta.dirname, '..', '..')
/** Beside the project, not in it. */
const given = join(root, '..', 'shared', 'fixtures', 'weaverbird')
const own = join(root, 'test', 'fixtures', 'pipelines')
const departures = loadDepartures(join(root, 'test', 'fixtures', 'departures.yaml'))

/** One test for each fixture on each engine, and the table of all of them at the end. */
export function conformanceSuite(): void {
  const reports: EngineReport[] = []
  const givenCases = existsSync(given) ? loadCases(given) : []
  const cases = [
    ...givenCases.map((fixture) => ({ fixture, departures })),
    ...loadCases(own, given).map((fixture) => ({ fixture, departures: [] })),
  ]
  for (const engine of conformanceEngines) {
    describe(`pipelines on ${engine.name}`, () => engineSuite(engine, cases, reports))
  }
  describe('departures', () => {
    it.skipIf(givenCases.length === 0)('are about fixtures that exist', () => {
      const files = givenCases.map(({ file }) => file)
      expect(departures.filter(({ file }) => !files.includes(file))).toEqual([])
    })
    it.skipIf(givenCases.length === 0)('are at most 15 % on each engine', () => {
      for (const { name } of conformanceEngines) {
        const departed = departures.filter(({ engines }) => engines?.includes(name) ?? true)
        expect(departed.length / givenCases.length, name).toBeLessThanOrEqual(0.15)
      }
    })
  })
  afterAll(() => {
    process.stdout.write(`\n${stepTable(reports)}\n\n${reports.map(summary).join('\n')}\n`)
  })
}

function engineSuite(
  engine: ConformanceEngine,
  cases: readonly { fixture: ConformanceCase | UnreadableCase; departures: readonly Departure[] }[],
  reports: EngineReport[],
): void {
  const { name, variable } = engine
  if (variable !== undefined && !process.env[variable]) {
    reports.push({ engine: name, notRun: `${variable} is not set` })
    it.skip(`needs ${variable}`, () => {})
    return
  }
  const results: CaseResult[] = []
  reports.push({ engine: name, results })
  let opened: OpenEngine | { readonly problem: string } = { problem: 'it was not opened' }
  beforeAll(async () => {
    opened = await opening(engine)
  })
  afterAll(async () => {
    if ('close' in opened) await opened.close()
  })
  for (const { fixture, departures } of cases) {
    it(fixture.file, async (context) => {
      const result =
        'problem' in opened
          ? ({ outcome: 'failed', reason: opened.problem } as const)
          : await runCase(opened, fixture, { engine: name, departures })
      results.push({ file: fixture.file, step: fixture.step, result })
      if (result.outcome === 'unable') context.skip(result.reason)
      expect(result.outcome === 'failed' ? result.reason : result.outcome).toMatch(/^(passed|departure)$/)
    })
  }
}
