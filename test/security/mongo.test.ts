import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongoSteps } from '../../src/pipeline/index.ts'
import { mongoPlace, mongoUrl } from '../builders/mongo-rows.ts'
import { choicesFrom } from './choices.ts'
import type { Case } from './compared.ts'
import { type Door, openDoor, type World } from './door.ts'
import { openMongoDoor } from './mongo-door.ts'
import type { PlainTable } from './plain-rules.ts'
import { type Drawn, derivedFrom, drawnCases, fuzzOptions, runCases, type Tally } from './random-cases.ts'
import { randomRecords, randomTable } from './random-world.ts'

const runs = 20
const each = { users: 4, requests: 8 }

interface Place {
  readonly name: string
  /** Pipelines are made of these steps alone; without it, of all. */
  readonly known?: ReadonlySet<string>
  open(): Promise<{ readonly door: Door; remove?(): Promise<void> }>
}

const inMingo: Place = {
  name: 'what MongoDB is told, run by mingo',
  known: mongoSteps,
  open: async () => ({ door: openMongoDoor('deny') }),
}
const onServer: Place = {
  name: 'rows on a server',
  async open() {
    const place = await mongoPlace()
    return { door: await openDoor({ rows: await place.open() }), remove: place.remove }
  },
}

describe.each(mongoUrl ? [inMingo, onServer] : [inMingo])('rules hold in MongoDB: $name', ({ known, open }) => {
  let opened: Awaited<ReturnType<Place['open']>>
  let door: Door
  beforeAll(async () => {
    opened = await open()
    door = opened.door
  })
  afterAll(async () => {
    await door.close()
    await opened.remove?.()
  })
  const steps = known && { known }

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
    const made = await derivedFrom(door, { choices, plain, domains, steps: derived, ...steps })
    records.derived = made.records
    return { world: { domains: { ...domains, derived: made.domain }, records }, plain, derived: [made], unset: 'deny' }
  }

  it('tells what the same request tells of a table of the rows that somebody sees', { timeout: 300_000 }, async () => {
    const options = fuzzOptions<[Drawn]>(runs)
    const tally: Tally = { cases: 0, withRows: 0, partly: 0 }
    const property = fc.asyncProperty(drawnCases(2, each), async (drawn) => {
      await runCases(door, { made: await caseOf(drawn), drawn, tally, ...steps })
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
