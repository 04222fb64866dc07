import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectors } from '../../src/connectors/index.ts'
import { anHttpSource, type HttpSource } from '../builders/http-source.ts'
import { choicesFrom } from './choices.ts'
import type { Case } from './compared.ts'
import { type Door, openDoor, type World } from './door.ts'
import type { PlainTable, RawRecord } from './plain-rules.ts'
import { type Drawn, derivedFrom, drawnCases, fuzzOptions, runCases, type Tally } from './random-cases.ts'
import { asJson, randomRecords, randomTable } from './random-world.ts'

/** For each of the two settings: with the other one, over 2,000 cases. */
const runs = 22
const each = { users: 5, requests: 10 }

describe.each(['deny', 'allow'] as const)('rules hold whatever is asked; a domain without any: %s', (unset) => {
  let door: Door
  let source: HttpSource
  let worlds = 0

  beforeAll(async () => {
    source = await anHttpSource()
    const connector = connectors.get('http')!
    const connection = await source.open()
    door = await openDoor({
      unset,
      openConnection: async () => ({ connector, connection, revision: '1', ttlMs: null }),
    })
  })
  afterAll(async () => {
    await door.close()
    await source.reset()
    await source.close()
  })

  /** A table behind a server. There is always a row, since without any a server tells of no columns. */
  function live({ columns, rows }: PlainTable): World['domains'][string] {
    const filled = rows.length > 0 ? rows : [columns.map(() => null)]
    source.answerWith(
      filled.map((row) => Object.fromEntries(columns.map(({ name }, index) => [name, forJson(row[index] ?? null)]))),
    )
    const query = { url: `/${++worlds}`, method: 'GET', filter: '.' }
    return { kind: 'live', connection: 'api', connector: 'http', query, ttlMs: null }
  }

  async function caseOf({ tables, rules, derived }: Drawn): Promise<Case> {
    const [sales, others, remote] = tables.map(({ shape, rows }) =>
      randomTable(choicesFrom(shape), rows.map(choicesFrom)),
    )
    const domains: Record<string, World['domains'][string]> = {
      sales: await door.stored(sales!),
      'autres ventes': await door.stored(others!),
      remote: live(remote!),
    }
    const plain = new Map([
      ['sales', sales!],
      ['autres ventes', others!],
      ['remote', (await door.plain(domains, 'remote'))!],
    ])
    const choices = choicesFrom(rules)
    const records: Record<string, readonly RawRecord[]> = {}
    for (const [name, table] of plain) records[name] = randomRecords(choices, table)
    const made = await derivedFrom(door, { choices, plain, domains, steps: derived })
    records.derived = made.records
    return { world: { domains: { ...domains, derived: made.domain }, records }, plain, derived: [made], unset }
  }

  it('tells what the same request tells of a table of the rows that somebody sees', { timeout: 600_000 }, async () => {
    const options = fuzzOptions<[Drawn]>(runs)
    const tally: Tally = { cases: 0, withRows: 0, partly: 0 }
    const property = fc.asyncProperty(drawnCases(3, each), async (drawn) => {
      await runCases(door, { made: await caseOf(drawn), drawn, tally })
      await door.clear()
    })
    await fc.assert(property, options)
    if (options.numRuns !== runs) return
    expect(tally.cases).toBeGreaterThanOrEqual(1000)
    expect(tally.withRows).toBeGreaterThan(tally.cases / 4)
    expect(tally.partly).toBeGreaterThan(runs)
  })
})

/** JSON has no integers beyond ±(2^53−1). */
function forJson(cell: Parameters<typeof asJson>[0]) {
  return typeof cell === 'bigint' ? Number(cell % 1000n) : asJson(cell)
}
