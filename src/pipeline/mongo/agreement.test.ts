import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryTables } from '../../../test/builders/memory-tables.ts'
import { mongoTables } from '../../../test/builders/mongo-tables.ts'
import { randomPipeline, randomPlan, randomTable } from '../../../test/builders/random-pipeline.ts'
import { mongoSteps, type Value } from '../index.ts'

/** They want a column of shapes: `groups-and-shapes.test.ts` has them. */
const aboutShapes: ReadonlySet<string> = new Set(['dissolve', 'hierarchy', 'simplify'])

describe('MongoDB and DuckDB', () => {
  it('give the same rows in the same order for any pipeline over any table', { timeout: 120_000 }, async () => {
    const used = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(randomTable, randomTable, randomPlan(6), async (left, right, plan) => {
        const mongo = mongoTables({ left, right })
        const duck = await memoryTables({ left, right })
        try {
          const pipeline = await randomPipeline(async (steps) => (await mongo.settled(steps)).columns, plan)
          for (const step of pipeline) used.set(kindOf(step), (used.get(kindOf(step)) ?? 0) + 1)
          const [expected, given] = [await duck.ask(pipeline), await mongo.askSettled(pipeline)]
          expect(given.columns).toEqual(expected.columns)
          expect(given.rows.map((row) => row.map(rounded))).toEqual(expected.rows.map((row) => row.map(rounded)))
        } finally {
          duck.close()
        }
      }),
      { numRuns: 300 },
    )
    for (const name of mongoSteps) if (!aboutShapes.has(name)) expect(used.get(name), name).toBeGreaterThan(0)
  })
})

function kindOf(step: object): string {
  return 'name' in step ? String(step.name) : ''
}

/** There is one zero, and sums of fractions depend on their order in the last digits, also where they became texts. */
function rounded(value: Value): Value {
  if (typeof value === 'string') return value.replace(/(\.\d{9})\d+/g, '$1')
  if (typeof value !== 'number' || Number.isInteger(value)) return value === 0 ? 0 : value
  return Number(value.toPrecision(10))
}
