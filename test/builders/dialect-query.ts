import {
  type Column,
  compileSql,
  identifier,
  mapDomainSteps,
  parsePipeline,
  renderPipeline,
  renderSql,
  type ServerDialect,
  type Value,
} from '../../src/pipeline/index.ts'

const now = new Date('2024-05-05T12:00:00Z')

/** The table `sales` that the steps read. */
const columns: readonly Column[] = [
  { name: 'city', type: 'text' },
  { name: 'units', type: 'integer' },
  { name: 'amount', type: 'number' },
  { name: 'open', type: 'boolean' },
  { name: 'day', type: 'date' },
]

interface AskedPage {
  readonly offset: number
  readonly limit: number | null
}

/** What a dialect makes of steps over one table: the text of the rows, and what its driver is given. */
export function dialectQuery(
  dialect: ServerDialect,
  steps: readonly object[],
  page: AskedPage = { offset: 0, limit: null },
): { readonly text: string; readonly values: readonly Value[]; readonly parameters: readonly (string | null)[] } {
  const pipeline = renderPipeline(parsePipeline([{ name: 'domain', domain: 'sales' }, ...steps], {}), {}, now)
  const guarded = mapDomainSteps(pipeline, (step) => ({ ...step, rule: { always: true } }))
  const physical = columns.map((column) => ({ ...column, id: dialect.quote(column.name) }))
  const source = { table: identifier(dialect.quote('sales')), columns: physical, rowOrder: dialect.quote('n') }
  const rows = compileSql({ pipeline: guarded }, { source: () => source, dialect, now }).rows(page)
  const { text, values } = renderSql(rows, dialect.placeholder)
  return {
    text,
    values: values.map(({ value }) => value),
    parameters: values.map(({ value }) => dialect.parameter(value)),
  }
}
