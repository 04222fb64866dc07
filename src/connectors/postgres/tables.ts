import type { SourceTable } from '../port.ts'
import type { Transaction } from './transaction.ts'

/** A database with more columns than this is not shown whole. */
const mostColumns = 50_000

const columnsOfTables = `
SELECT c.table_schema, c.table_name, c.column_name, c.data_type
FROM information_schema.columns AS c
WHERE c.table_schema NOT IN ('pg_catalog', 'information_schema', 'pg_internal') AND c.table_schema NOT LIKE 'pg\\_t%'
ORDER BY c.table_schema, c.table_name, c.ordinal_position
LIMIT ${mostColumns}`

/** The tables and views that the role may read, by schema and name, columns in their order. */
export async function readTables(transaction: Transaction): Promise<SourceTable[]> {
  const tables = new Map<string, SourceTable & { readonly columns: { name: string; type: string }[] }>()
  await transaction.run({ text: columnsOfTables, values: [] }, ([schema, table, column, type]) => {
    if (!schema || !table || !column) return
    const key = JSON.stringify([schema, table])
    const found = tables.get(key) ?? { schema, name: table, columns: [] }
    found.columns.push({ name: column, type: type ?? '' })
    tables.set(key, found)
  })
  return [...tables.values()]
}
