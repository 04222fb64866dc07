import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { postgresDialect } from '../../../src/pipeline/index.ts'
import { openTestBench } from '../../builders/test-bench.ts'
import type { ConformanceEngine } from './engine.ts'
import { createSqlEngine, type SqlSession } from './sql-engine.ts'
import { toText } from './to-text.ts'
import { readValue } from './values.ts'

const types = { integer: 'bigint', number: 'double precision', text: 'text', boolean: 'boolean', date: 'timestamp(3)' }

/** How many values one statement carries: the protocol counts them in 16 bits. */
const mostValues = 30_000

/** A schema of its own in a PostgreSQL database; dropped at the end. */
export const postgres: ConformanceEngine = {
  name: 'postgres',
  variable: 'LAPUTA_TEST_POSTGRES_URL',
  open: async () => {
    const client = new pg.Client({
      connectionString: process.env.LAPUTA_TEST_POSTGRES_URL,
      types: { getTypeParser: () => (text: string) => text },
    })
    await client.connect()
    const schema = `laputa_${randomBytes(6).toString('hex')}`
    await client.query(`SET TIME ZONE 'UTC'`)
    await client.query(`CREATE SCHEMA ${schema}`)
    return createSqlEngine(createSession(client, schema), {
      dialect: postgresDialect,
      types,
      schema,
      bench: await openTestBench(),
    })
  },
}

function createSession(client: pg.Client, schema: string): SqlSession {
  const send = async (text: string, values: readonly unknown[]): Promise<readonly (readonly (string | null)[])[]> => {
    const answer = await client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' })
    return answer.rows
  }
  return {
    execute: async (text) => {
      await client.query(text)
    },
    query: async (text, values, columns) => {
      const rows = await send(
        text,
        values.map(({ value }) => postgresDialect.parameter(value)),
      )
      return rows.map((row) => columns.map((type, index) => readValue(row[index] ?? null, type)))
    },
    insert: async (table, columns, rows) => {
      const atOnce = Math.max(1, Math.floor(mostValues / columns.length))
      for (let from = 0; from < rows.length; from += atOnce) {
        const some = rows.slice(from, from + atOnce)
        const tuples = some.map(
          (_, row) => `(${columns.map((_, column) => `$${row * columns.length + column + 1}`).join(', ')})`,
        )
        await send(
          `INSERT INTO ${table} VALUES ${tuples.join(', ')}`,
          some.flatMap((row) => row.map(toText)),
        )
      }
    },
    close: async () => {
      await client.query(`DROP SCHEMA ${schema} CASCADE`)
      await client.end()
    },
  }
}
