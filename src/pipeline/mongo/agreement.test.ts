import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables, type TableForTest } from '../../../test/builders/memory-tables.ts'
import { mongoTables } from '../../../test/builders/mongo-tables.ts'
import { drawFrom, names, randomAppend, randomJoin, randomSteps, texts } from '../../../test/builders/random-steps.ts'
import { isProblem } from '../../base/index.ts'
import { type Column, type ColumnType, mongoSteps, type Value } from '../index.ts'

/** Doubles whose sums are exact, so that they do not depend on the order of the summands. */
const values: { readonly [T in ColumnType]: fc.Arbitrary<Value> } = {
  integer: fc.integer({ min: -3, max: 5 }),
  number: fc.integer({ min: -8, max: 8 }).map((quarters) => quarters / 4),
  text: fc.constantFrom(...texts),
  boolean: fc.boolean(),
  date: fc.integer({ min: -2, max: 2 }).map((days) => new Date(Date.UTC(2024, 1, 28 + days, days === 0 ? 0 : 13))),
}
const types = Object.keys(values) as ColumnType[]

const table: fc.Arbitrary<TableForTest> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...types)), {
    minLength: 1,
    maxLength: 5,
    selector: ([name]) => name,
  })
  .chain((columns) =>
    fc
      .array(fc.tuple(...columns.map(([, type]) => fc.option(values[type], { freq: 3 }))), {
        maxLength: 8,
        size: 'max',
      })
      .map((rows) => ({ columns: Object.fromEntries(columns), rows })),
  )

/** Numbers that decide what a step is, whatever the columns before it are. */
const choices = fc.array(fc.noBias(fc.nat(1000)), { minLength: 8, maxLength: 8 })

type Mongo = ReturnType<typeof mongoTables>

/** The pipeline with one more step, or as it is when the step does not fit the columns. */
function extended(mongo: Mongo, pipeline: object[], step: (columns: readonly Column[]) => object): object[] {
  try {
    const longer = [...pipeline, step(mongo.compile(pipeline).columns)]
    return mongo.compile(longer).columns.length > 12 ? pipeline : longer
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return pipeline
    throw error
  }
}

function pipelineOf(mongo: Mongo, domain: string, plan: readonly number[][]): object[] {
  let pipeline: object[] = [{ name: 'domain', domain }]
  for (const numbers of plan) {
    const kind = (numbers[0] ?? 0) % (randomSteps.length + 3)
    pipeline = extended(mongo, pipeline, (columns) => {
      const draw = drawFrom(numbers.slice(1), columns)
      const step = randomSteps[kind]
      if (step) return step(draw)
      const other = pipelineOf(mongo, 'right', plan.slice(plan.indexOf(numbers) + 1).slice(0, 2))
      if (kind > randomSteps.length + 1) return randomAppend(draw, [other, [{ name: 'domain', domain }]])
      return randomJoin(draw, { pipeline: other, columns: mongo.compile(other).columns })
    })
  }
  return pipeline
}

describe('MongoDB and DuckDB', () => {
  const opened: MemoryTables[] = []
  afterAll(() => {
    for (const tables of opened) tables.close()
  })

  it('give the same rows in the same order for any pipeline over any table', { timeout: 120_000 }, async () => {
    const used = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        table,
        table,
        fc.array(choices, { minLength: 1, maxLength: 6, size: 'max' }),
        async (left, right, plan) => {
          const mongo = mongoTables({ left, right })
          const duck = await memoryTables({ left, right })
          try {
            const pipeline = pipelineOf(mongo, 'left', plan)
            for (const step of pipeline) used.set(kindOf(step), (used.get(kindOf(step)) ?? 0) + 1)
            const [expected, given] = [await duck.ask(pipeline), mongo.ask(pipeline)]
            expect(given.columns).toEqual(expected.columns)
            expect(given.rows.map((row) => row.map(rounded))).toEqual(expected.rows.map((row) => row.map(rounded)))
          } finally {
            duck.close()
          }
        },
      ),
      { numRuns: 300 },
    )
    for (const name of mongoSteps) expect(used.get(name), name).toBeGreaterThan(0)
  })
})

function kindOf(step: object): string {
  return 'name' in step ? String(step.name) : ''
}

/** There is one zero, and sums of fractions depend on their order in the last digits. */
function rounded(value: Value): Value {
  if (typeof value !== 'number' || Number.isInteger(value)) return value === 0 ? 0 : value
  return Number(value.toPrecision(10))
}
