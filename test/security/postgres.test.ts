import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog, systemClock } from '../../src/base/index.ts'
import { type Connection, connectors, createDialer } from '../../src/connectors/index.ts'
import { choicesFrom } from './choices.ts'
import type { Case } from './compared.ts'
import { type Door, openDoor, type World } from './door.ts'
import type { Cell, PlainTable, RawRecord } from './plain-rules.ts'
import { type Drawn, drawnCases, fuzzOptions, runCases, type Tally } from './random-cases.ts'
import { randomRecords, randomTable } from './random-world.ts'

const url = process.env.LAPUTA_TEST_POSTGRES_URL
const runs = 10
const each = { users: 4, requests: 9 }
const types = { integer: 'bigint', number: 'double precision', text: 'text', boolean: 'boolean', date: 'timestamptz' }

describe.skipIf(!url)('rules hold on a database', () => {
  const connector = connectors.get('postgres')!
  const schema = `laputa_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: url })
  let connection: Connection
  let door: Door
  let tables = 0

  beforeAll(async () => {
    await admin.connect()
    await admin.query(`CREATE SCHEMA ${schema}`)
    const { hostname, port, username, password, pathname } = new URL(url!)
    const config = {
      host: hostname,
      port: Number(port),
      user: username,
      password,
      database: pathname.slice(1),
      ssl: 'disable',
    }
    connection = await connector.open(config, {
      dialer: createDialer({ allow: ['127.0.0.0/8', 'localhost'] }),
      clock: systemClock,
      log: silentLog,
      limits: { timeoutMs: 10_000, maxRows: 50_000, maxBytes: 10_000_000, concurrency: 2 },
    })
    door = await openDoor({ openConnection: async () => ({ connector, connection, revision: '1', ttlMs: null }) })
  })
  afterAll(async () => {
    await door.close()
    await connection.close()
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
    await admin.end()
  })

  async function tableOf({ columns, rows }: PlainTable): Promise<string> {
    const name = `t${++tables}`
    const list = columns.map((column) => `${quoted(column.name)} ${types[column.type]}`).join(', ')
    await admin.query(`CREATE TABLE ${schema}.${name} (${list})`)
    const places = columns.map((_, index) => `$${index + 1}`).join(', ')
    for (const row of rows) await admin.query(`INSERT INTO ${schema}.${name} VALUES (${places})`, row.map(toPg))
    return name
  }

  async function caseOf({ tables: drawn, rules }: Drawn): Promise<Case> {
    const [sales, others] = drawn.map(({ shape, rows }) => randomTable(choicesFrom(shape), rows.map(choicesFrom)))
    const live = (query: object): World['domains'][string] => {
      return { kind: 'live', connection: 'pg', connector: 'postgres', query: query as never, ttlMs: null }
    }
    const choices = choicesFrom(rules)
    const name = await tableOf(others!)
    const domains: World['domains'] = {
      sales: live({ table: await tableOf(sales!), schema }),
      // A statement that somebody wrote, with something at its end that a filter must survive.
      others: live({ schema: 'public', sql: `SELECT * FROM ${schema}.${name} WHERE true -- all` }),
      stored: await door.stored(sales!),
    }
    const plain = new Map<string, PlainTable>()
    for (const domain of Object.keys(domains)) plain.set(domain, (await door.plain(domains, domain))!)
    const records: Record<string, readonly RawRecord[]> = {}
    for (const [domain, table] of plain) records[domain] = randomRecords(choices, table)
    return { world: { domains, records }, plain, derived: [], unset: 'deny' }
  }

  it('tells what the same request tells of a table of the rows that somebody sees', { timeout: 600_000 }, async () => {
    const options = fuzzOptions<[Drawn]>(runs)
    const tally: Tally = { cases: 0, withRows: 0, partly: 0 }
    const property = fc.asyncProperty(drawnCases(2, each), async (drawn) => {
      await runCases(door, { made: await caseOf(drawn), drawn, tally, isUnordered: true })
      await door.clear()
    })
    await fc.assert(property, options)
    if (options.numRuns !== runs) return
    expect(tally.cases).toBeGreaterThanOrEqual(300)
    expect(tally.withRows).toBeGreaterThan(tally.cases / 5)
    expect(tally.partly).toBeGreaterThan(runs / 2)
  })
})

function toPg(cell: Cell): unknown {
  return typeof cell === 'bigint' ? String(cell) : cell
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
