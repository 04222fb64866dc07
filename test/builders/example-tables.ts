import type { ExampleTable, StepExample, Value } from '../../src/pipeline/index.ts'
import { type MemoryTables, memoryTables, type TableForTest } from './memory-tables.ts'

/** The tables of a step's example, and the pipeline that shows it. */
export async function exampleTables(
  name: string,
  { step, input, others = {} }: StepExample,
): Promise<{ tables: MemoryTables; pipeline: Readonly<Record<string, unknown>>[] }> {
  const own = name === 'domain' ? String(step.domain) : 'input'
  const given = Object.entries({ ...others, [own]: input }).map(([domain, table]) => [domain, tableOf(table)] as const)
  const tables = await memoryTables(Object.fromEntries(given))
  const before = name === 'domain' ? [] : [{ name: 'domain', domain: own }]
  return { tables, pipeline: [...before, { name, ...step }] }
}

/** Dates are texts in an example. */
export function tableOf({ columns, rows }: ExampleTable): TableForTest {
  const types = Object.values(columns)
  const read = (cell: Value, index: number): Value =>
    types[index] === 'date' && typeof cell === 'string' ? new Date(cell) : cell
  return { columns, rows: rows.map((row) => row.map(read)) }
}
