import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mongoSteps } from '../../src/pipeline/index.ts'
import { choicesFrom } from './choices.ts'
import type { Case } from './compared.ts'
import type { World } from './door.ts'
import { openMongoDoor } from './mongo-door.ts'
import type { PlainTable } from './plain-rules.ts'
import { type Drawn, derivedFrom, drawnCases, fuzzOptions, runCases, type Tally } from './random-cases.ts'
import { randomRecords, randomTable } from './random-world.ts'

const runs = 20
const each = { users: 4, requests: 8 }

describe('rules hold in MongoDB', () => {
  const door = openMongoDoor('deny')

  async function caseOf({ tables, rules, derived }: Drawn): Promise<Case> {
    const [sales, others] = tables.map(({ shape, rows }) =>
      small(randomTable(choicesFrom(shape), rows.map(choicesFrom))),
    )
    const plain = new Map([
      ['sales', sales!],
      ['autres ventes', others!],
    ])
    const choices = choicesFrom(rules)
    const domains: Record<string, World['domains'][string]> = {}
    const records: Record<string, World['records'][string]> = {}
    for (const [name, table] of plain) {
      domains[name] = await door.stored(table)
      records[name] = randomRecords(choices, table)
    }
    const made = await derivedFrom(door, { choices, plain, domains, steps: derived, known: mongoSteps })
    records.derived = made.records
    return { world: { domains: { ...domains, derived: made.domain }, records }, plain, derived: [made], unset: 'deny' }
  }

  it('tells what the same request tells of a table of the rows that somebody sees', { timeout: 300_000 }, async () => {
    const options = fuzzOptions<[Drawn]>(runs)
    const tally: Tally = { cases: 0, withRows: 0, partly: 0 }
    const property = fc.asyncProperty(drawnCases(2, each), async (drawn) => {
      await runCases(door, { made: await caseOf(drawn), drawn, tally, known: mongoSteps })
      await door.clear()
    })
    await fc.assert(property, options)
    if (options.numRuns !== runs) return
    expect(tally.cases).toBeGreaterThanOrEqual(300)
    expect(tally.withRows).toBeGreaterThan(tally.cases / 10)
    expect(tally.partly).toBeGreaterThan(runs / 2)
  })
})

/** mingo counts with the numbers of JavaScript. */
function small({ columns, rows }: PlainTable): PlainTable {
  return {
    columns,
    rows: rows.map((row) => row.map((cell) => (typeof cell === 'bigint' ? Number(cell % 1000n) : cell))),
  }
}
