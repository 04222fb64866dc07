import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import { type ColumnType, duckdbDialect, type Value } from '../../../src/pipeline/index.ts'
import { openTestBench } from '../../builders/test-bench.ts'
import type { ConformanceEngine } from './engine.ts'
import { createSqlEngine, type SqlSession } from './sql-engine.ts'
import { smallest } from './values.ts'

const bindingTypes: Readonly<Record<ColumnType, DuckDBType>> = {
  integer: BIGINT,
  number: DOUBLE,
  text: VARCHAR,
  boolean: BOOLEAN,
  date: TIMESTAMP,
}

/** DuckDB in memory. */
export const duckdb: ConformanceEngine = {
  name: 'duckdb',
  open: async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const session = createSession(await instance.connect())
    const types = { integer: 'BIGINT', number: 'DOUBLE', text: 'VARCHAR', boolean: 'BOOLEAN', date: 'TIMESTAMP' }
    const engine = createSqlEngine(session, {
      dialect: duckdbDialect,
      types,
      schema: 'memory.main',
      bench: await openTestBench(),
    })
    return {
      ...engine,
      close: async () => {
        await engine.close()
        instance.closeSync()
      },
    }
  },
}

function createSession(connection: DuckDBConnection): SqlSession {
  return {
    execute: async (text) => {
      await connection.run(text)
    },
    query: async (text, values) => {
      const prepared = await connection.prepare(text)
      try {
        for (const [index, { value, type }] of values.entries()) {
          if (value === null) prepared.bindNull(index + 1)
          else prepared.bindValue(index + 1, toCell(value, type), bindingTypes[type])
        }
        const rows = await (await prepared.run()).getRows()
        return rows.map((row) => row.map(toValue))
      } finally {
        prepared.destroySync()
      }
    },
    insert: async (table, types, rows) => {
      const appender = await connection.createAppender(table.split('.').at(-1) ?? table)
      for (const row of rows) {
        for (const [index, type] of types.entries()) {
          const value = row[index] ?? null
          if (value === null) appender.appendNull()
          else appender.appendValue(toCell(value, type), bindingTypes[type])
        }
        appender.endRow()
      }
      appender.closeSync()
    },
    close: async () => connection.closeSync(),
  }
}

function toCell(value: Value, type: ColumnType): DuckDBValue {
  if (type === 'integer' && typeof value === 'number') return BigInt(value)
  return value instanceof Date ? new DuckDBTimestampValue(BigInt(value.getTime()) * 1000n) : value
}

function toValue(cell: DuckDBValue): Value {
  if (cell === null || typeof cell === 'boolean' || typeof cell === 'number' || typeof cell === 'string') return cell
  if (typeof cell === 'bigint') return smallest(cell)
  if (cell instanceof DuckDBTimestampValue) return new Date(Number(cell.micros) / 1000)
  throw new Error(`the engine gave a ${cell.constructor.name}`)
}
