import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isProblem } from '../../src/base/index.ts'
import { step } from './agreement/row-steps.ts'
import { richTable, table } from './agreement/tables.ts'
import { richStep } from './agreement/value-steps.ts'
import { duckdb } from './engines/duckdb.ts'
import type { ConformanceEngine, OpenEngine } from './engines/engine.ts'
import { mariadb } from './engines/mariadb.ts'
import { postgres } from './engines/postgres.ts'
import type { ConformanceCase } from './load-cases.ts'
import type { Table } from './table.ts'

const runs = Number(process.env.LAPUTA_TEST_RUNS ?? 40)

type Answer = Table | { readonly refused: string }

async function ask(engine: OpenEngine, fixture: ConformanceCase): Promise<Answer> {
  try {
    const answer = await engine.run(fixture)
    if ('unable' in answer) throw new Error(answer.unable)
    // Only one of the zeros is to be seen in an answer.
    const rows = answer.rows.map((cells) => cells.map((value) => (value === 0 ? 0 : value)))
    return { columns: answer.columns, rows }
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return { refused: error.message }
    throw error
  }
}

describe.each([postgres, mariadb])('DuckDB and $name', (server: ConformanceEngine) => {
  describe.runIf(process.env[server.variable ?? ''])('with a server', () => {
    let here: OpenEngine
    let there: OpenEngine
    beforeAll(async () => {
      here = await duckdb.open()
      there = await server.open()
    })
    afterAll(async () => {
      await here.close()
      await there.close()
    })

    it.each([
      { steps: step, tables: table, what: 'rows, columns and formulas' },
      { steps: richStep, tables: richTable, what: 'texts, dates and groups' },
    ])('give the same rows for the same pipeline: $what', { timeout: 300_000 }, async ({ steps: one, tables }) => {
      let answered = 0
      const property = fc.asyncProperty(
        tables,
        tables,
        fc.array(one, { minLength: 1, maxLength: 6 }),
        async (own, other, steps) => {
          const fixture: ConformanceCase = {
            file: 'random',
            step: 'random',
            pipeline: [{ name: 'domain', domain: 'in' }, ...steps],
            domains: new Map([
              ['in', own],
              ['other', other],
            ]),
            expected: own,
            strict: true,
            ordered: true,
          }
          const expected = await ask(here, fixture)
          if (!('refused' in expected)) answered++
          expect(await ask(there, fixture)).toEqual(expected)
        },
      )
      await fc.assert(property, { numRuns: runs, interruptAfterTimeLimit: 75_000 })
      expect(answered).toBeGreaterThan(runs / 4)
    })
  })
})
