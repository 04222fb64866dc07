import { Problem } from '../../base/index.ts'
import { readNativeSql } from '../../pipeline/index.ts'
import { defineConnector } from '../kit.ts'
import { type PostgresSource, postgresCapabilities, postgresConfig, postgresQuery } from './schema.ts'

/** PostgreSQL 12 and later. Pipelines run in the database, in a transaction that only reads. */
export const postgres = defineConnector({
  type: 'postgres',
  label: 'PostgreSQL',
  config: postgresConfig,
  secrets: ['password'],
  query: postgresQuery,
  capabilities: postgresCapabilities,
  native: 'sql',
  resolve: ({ table, schema, sql }, variables): PostgresSource => {
    if (sql !== undefined) return { native: readNativeSql(sql, variables, 'postgres') }
    if (table !== undefined) return { table, schema }
    throw new Problem('internal', 'A query names neither a table nor a statement.')
  },
  open: async (config, deps) => (await import('./open-postgres.ts')).openPostgres(config, deps),
})
