import fc from 'fast-check'
import { isProblem } from '../../src/base/index.ts'
import type { Column, ColumnType, Value } from '../../src/pipeline/index.ts'
import type { TableForTest } from './memory-tables.ts'
import { drawFrom, names, randomAppend, randomJoin, randomSteps, texts } from './random-steps.ts'

/** Doubles whose sums are exact, so that they do not depend on the order of the summands. */
const values: { readonly [T in ColumnType]: fc.Arbitrary<Value> } = {
  integer: fc.integer({ min: -3, max: 5 }),
  number: fc.integer({ min: -8, max: 8 }).map((quarters) => quarters / 4),
  text: fc.constantFrom(...texts),
  boolean: fc.boolean(),
  date: fc.integer({ min: -2, max: 2 }).map((days) => new Date(Date.UTC(2024, 1, 28 + days, days === 0 ? 0 : 13))),
}
const types = Object.keys(values) as ColumnType[]

/** Up to five columns of any types under any names, and up to eight rows with many nulls. */
export const randomTable: fc.Arbitrary<TableForTest> = fc
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

/** What `randomPipeline` makes a pipeline of. */
export function randomPlan(maxSteps: number): fc.Arbitrary<number[][]> {
  return fc.array(choices, { minLength: 1, maxLength: maxSteps, size: 'max' })
}

/** The columns that a pipeline over the tables `left` and `right` gives. Errors: `pipeline_invalid`. */
export type ColumnsOf = (pipeline: object[]) => Promise<readonly Column[]>

/** A pipeline of any steps but those about shapes, which fits the tables `left` and `right`. */
export async function randomPipeline(columnsOf: ColumnsOf, plan: readonly number[][], domain = 'left') {
  let pipeline: object[] = [{ name: 'domain', domain }]
  for (const numbers of plan) {
    const kind = (numbers[0] ?? 0) % (randomSteps.length + 3)
    pipeline = await extended(columnsOf, pipeline, async (columns) => {
      const draw = drawFrom(numbers.slice(1), columns)
      const step = randomSteps[kind]
      if (step) return step(draw)
      const rest = plan.slice(plan.indexOf(numbers) + 1)
      const other = await randomPipeline(columnsOf, rest.slice(0, 2), 'right')
      if (kind > randomSteps.length + 1) return randomAppend(draw, [other, [{ name: 'domain', domain }]])
      return randomJoin(draw, { pipeline: other, columns: await columnsOf(other) })
    })
  }
  return pipeline
}

/** The pipeline with one more step, or as it is when the step does not fit the columns. */
async function extended(
  columnsOf: ColumnsOf,
  pipeline: object[],
  step: (columns: readonly Column[]) => Promise<object>,
): Promise<object[]> {
  try {
    const longer = [...pipeline, await step(await columnsOf(pipeline))]
    return (await columnsOf(longer)).length > 12 ? pipeline : longer
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return pipeline
    throw error
  }
}
