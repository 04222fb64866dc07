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

/** Steps of the original's that are not built yet: the fixtures that use one are named at the end, and fail on the command line. */
const awaited = new Set(['custom', 'customsql'])

/** One test for each fixture on each engine, and the table of all of them at the end. */
export function conformanceSuite(): void {
  const reports: EngineReport[] = []
  const givenCases = existsSync(given) ? loadCases(given) : []
  const usesAwaited = (fixture: ConformanceCase | UnreadableCase) =>
    'pipeline' in fixture && usesStep(fixture.pipeline, (name) => awaited.has(name))
  const waiting = givenCases.filter(usesAwaited).map(({ file }) => file)
  const cases = [
    ...givenCases.filter((fixture) => !usesAwaited(fixture)).map((fixture) => ({ fixture, departures })),
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
    process.stdout.write(`not built yet: ${[...awaited].join(', ')} (${waiting.join(', ')})\n`)
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

/** Whether a step of such a name stands anywhere in a pipeline, nested ones included. */
function usesStep(value: unknown, isMeant: (name: string) => boolean): boolean {
  if (Array.isArray(value)) return value.some((item) => usesStep(item, isMeant))
  if (typeof value !== 'object' || value === null) return false
  if ('name' in value && typeof value.name === 'string' && isMeant(value.name)) return true
  return Object.values(value).some((member) => usesStep(member, isMeant))
}
