import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongoSteps, type Value } from '../../src/pipeline/index.ts'
import type { TableForTest } from '../builders/memory-tables.ts'
import { mongoTables } from '../builders/mongo-tables.ts'
import { randomPipeline, randomPlan, randomTable } from '../builders/random-pipeline.ts'
import type { OpenEngine } from './engines/engine.ts'
import { conformanceEngines } from './engines/index.ts'
import type { ConformanceCase } from './load-cases.ts'
import type { Table } from './table.ts'

const runs = Number(process.env.LAPUTA_TEST_RUNS ?? 250)

const engines = conformanceEngines.filter(({ variable }) => variable === undefined || process.env[variable])

/** They want a column of shapes, and are not compiled but worked on in memory whatever the engine. */
const aboutShapes: ReadonlySet<string> = new Set(['dissolve', 'hierarchy', 'simplify'])

describe.runIf(engines.length > 1)(`${engines.map(({ name }) => name).join(', ')}`, () => {
  const opened = new Map<string, OpenEngine>()
  beforeAll(async () => {
    for (const engine of engines) opened.set(engine.name, await engine.open())
  })
  afterAll(async () => {
    for (const engine of opened.values()) await engine.close()
  })

  it('give the same table for any pipeline of up to eight steps over any tables', { timeout: 300_000 }, async () => {
    const used = new Set<string>()
    const unable = new Set<string>()
    let compared = 0
    const property = fc.asyncProperty(randomTable, randomTable, randomPlan(8), async (left, right, plan) => {
      const fixture = await fixtureOf(storable({ left, right }) as Tables, plan)
      for (const step of fixture.pipeline) used.add(nameOf(step))
      const [first, ...others] = await answersOf(opened, fixture)
      if (!first || 'unable' in first.answer) throw new Error('DuckDB runs everything')
      const { columns, rows } = first.answer
      for (const { name, answer } of others) {
        if ('unable' in answer) {
          unable.add(`${name}: ${answer.unable}`)
          continue
        }
        expect(answer.columns, name).toEqual(columns)
        if (!sameRows(rows, answer.rows)) expect(answer.rows, name).toEqual(rows)
        compared++
      }
    })
    await fc.assert(property, { numRuns: runs, interruptAfterTimeLimit: 120_000, markInterruptAsFailure: false })
    // The stand-in for MongoDB has no integers beyond 2^53, which a few of the sums are.
    expect([...unable].filter((reason) => !reason.includes('integers beyond 2^53'))).toEqual([])
    expect(compared).toBeGreaterThan((runs * (engines.length - 1)) / 2)
    if (runs >= 200) expect([...mongoSteps].filter((name) => !aboutShapes.has(name) && !used.has(name))).toEqual([])
  })
})

/** All are waited for, so that none is still at work when the next pipeline comes. */
async function answersOf(engines: ReadonlyMap<string, OpenEngine>, fixture: ConformanceCase) {
  const asked = [...engines].map(async ([name, engine]) => ({ name, answer: await engine.run(fixture) }))
  const answers = await Promise.allSettled(asked)
  return answers.map((answer, index) => {
    if (answer.status === 'fulfilled') return answer.value
    const pipeline = JSON.stringify(fixture.pipeline)
    throw new Error(`${[...engines.keys()][index]} failed on ${pipeline}`, { cause: answer.reason })
  })
}

type Tables = Readonly<Record<'left' | 'right', TableForTest>>

async function fixtureOf(tables: Tables, plan: readonly number[][]): Promise<ConformanceCase> {
  const mongo = mongoTables(tables)
  const columnsOf = async (steps: object[]) => (await mongo.settled(storable(steps))).columns
  const pipeline = storable(await randomPipeline(columnsOf, plan)) as object[]
  const domains = new Map(Object.entries(tables).map(([name, table]) => [name, tableOf(table)]))
  const expected = tableOf(tables.left)
  return { file: 'random', step: 'random', pipeline, domains, expected, strict: true, ordered: true }
}

function tableOf({ columns, rows }: TableForTest): Table {
  return { columns: Object.entries(columns).map(([name, type]) => ({ name, type })), rows }
}

/** The same without NUL in any text, which PostgreSQL has none of. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\u0000', '\u0001')
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [storable(key), storable(member)]))
}

function sameRows(expected: Table['rows'], given: Table['rows']): boolean {
  return (
    expected.length === given.length &&
    expected.every((row, at) => row.every((value, column) => isSame(value, given[at]?.[column] ?? null)))
  )
}

/** The last digits of averages and variances depend on the order in which an engine adds. */
function isSame(a: Value, b: Value): boolean {
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  return Math.abs(a - b) <= 1e-10 * Math.max(Math.abs(a), Math.abs(b), 1)
}

function nameOf(step: unknown): string {
  return typeof step === 'object' && step !== null && 'name' in step ? String(step.name) : ''
}
