import * as z from 'zod'
import { record } from '../parsing/record.ts'
import type { Sql } from '../sql/fragment.ts'
import { readNativeSql } from '../sql/native-sql.ts'
import type { AnyStep } from '../step.ts'
import { workbenchOnly } from './custom.ts'
import { defineStep } from './definition.ts'

/** Where a native query reads the rows so far; without it, it reads the connection of its domain. */
const previousStep = '##PREVIOUS_STEP##'

const checked = Symbol('checked')

/** A native query with its variables as bound values, checked to be one statement that only reads. */
export interface NativeText {
  readonly sql: Sql
  readonly readsPrevious: boolean
}

const query = z.unknown().transform((raw, context): NativeText => {
  if (isChecked(raw)) return raw[checked]
  if (typeof raw === 'string' && raw.trim() !== '') return { sql: { texts: [raw], values: [] }, readsPrevious: false }
  context.issues.push({ code: 'custom', message: 'This should be a text.', input: raw })
  return z.NEVER
})

export const customsql = defineStep({
  name: 'customsql',
  summary:
    'A query in SQL. Over the rows so far, which it reads as `##PREVIOUS_STEP##`, in the SQL of DuckDB; as the first step after the domain of a connection, in that database’s own. One statement that reads; variables are bound, never text.',
  example: {
    step: {
      query: 'SELECT product, sum(sales)::BIGINT AS sales FROM ##PREVIOUS_STEP## GROUP BY product ORDER BY product',
    },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 14],
        ['tea', 5],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['coffee', 14],
        ['tea', 15],
      ],
    },
  },
  fields: record({
    query: query.meta({ type: 'string' }),
    columns: z.array(z.string()).nullish(),
  }),
  native: (raw, { variables }) => {
    if (typeof raw.query !== 'string') return raw
    // As a name in quotes it is one token, and cannot be taken for an operator.
    const parts = raw.query.split(previousStep)
    const sql = readNativeSql(parts.join(`"${previousStep}"`), variables, 'postgres')
    return { ...raw, query: { [checked]: { sql, readsPrevious: parts.length > 1 } } }
  },
  columns: () => {
    throw workbenchOnly()
  },
  sql: () => {
    throw workbenchOnly()
  },
})

/** Whether a step as it was sent is a query over the rows so far. */
export function readsPrevious({ query: text }: Readonly<Record<string, unknown>>): boolean {
  return typeof text === 'string' && text.includes(previousStep)
}

/** The native query of a step, or undefined for another step. */
export function nativeText(step: AnyStep): NativeText | undefined {
  return step.name === 'customsql' && 'query' in step ? (step.query as NativeText) : undefined
}

function isChecked(value: unknown): value is { readonly [checked]: NativeText } {
  return typeof value === 'object' && value !== null && checked in value
}
