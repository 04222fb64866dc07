import { randomBytes } from 'node:crypto'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { mysqlDialect } from '../../../src/pipeline/index.ts'
import { openTestBench } from '../../builders/test-bench.ts'
import type { ConformanceEngine } from './engine.ts'
import { createSqlEngine, type SqlSession } from './sql-engine.ts'
import { toText } from './to-text.ts'
import { readValue } from './values.ts'

const types = { integer: 'BIGINT', number: 'DOUBLE', text: 'LONGTEXT', boolean: 'BOOLEAN', date: 'DATETIME(3)' }

/** How many values one statement carries: the protocol counts them in 16 bits. */
const mostValues = 30_000

/** A database of its own on a MariaDB server; dropped at the end. */
export const mariadb: ConformanceEngine = {
  name: 'mariadb',
  variable: 'LAPUTA_TEST_MARIADB_URL',
  open: async () => {
    const connection = await createConnection({
      uri: process.env.LAPUTA_TEST_MARIADB_URL ?? '',
      rowsAsArray: true,
      // As texts, so that nothing is rounded or moved to another time zone on the way.
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
    })
    const schema = `laputa_${randomBytes(6).toString('hex')}`
    await connection.query(`SET time_zone = '+00:00'`)
    await connection.query(`CREATE DATABASE ${schema}`)
    return createSqlEngine(createSession(connection, schema), {
      dialect: mysqlDialect,
      types,
      schema,
      bench: await openTestBench(),
    })
  },
}

function createSession(connection: Connection, schema: string): SqlSession {
  return {
    execute: async (text) => {
      await connection.query(text)
    },
    query: async (text, values, columns) => {
      const [rows] = await connection.execute<RowDataPacket[][]>(
        text,
        values.map(({ value }) => mysqlDialect.parameter(value)),
      )
      return rows.map((row) => columns.map((type, index) => readValue(cellText(row[index]), type)))
    },
    insert: async (table, columns, rows) => {
      const atOnce = Math.max(1, Math.floor(mostValues / columns.length))
      for (let from = 0; from < rows.length; from += atOnce) {
        const some = rows.slice(from, from + atOnce)
        const tuples = some.map(() => `(${columns.map(() => '?').join(', ')})`)
        await connection.execute(
          `INSERT INTO ${table} VALUES ${tuples.join(', ')}`,
          some.flatMap((row) => row.map(toText)),
        )
      }
    },
    close: async () => {
      await connection.query(`DROP DATABASE ${schema}`)
      await connection.end()
    },
  }
}

function cellText(cell: unknown): string | null {
  return cell === null || cell === undefined ? null : String(cell)
}
