import { describe, expect, it } from 'vitest'
import { mongoTables } from '../../../test/builders/mongo-tables.ts'
import type { CompiledMongo } from '../index.ts'

/** In every name and value of a person. */
const mark = '$MARK.'
const [t, i, d, geometry] = [`${mark}t`, `${mark}i`, `${mark}d`, 'geometry']
const point = `{"type":"Point","coordinates":[1,2],"x":"${mark}"}`
const tables = mongoTables({
  d: {
    columns: { [t]: 'text', [i]: 'integer', [d]: 'date', [geometry]: 'text' },
    rows: [
      [mark, 1, new Date('2024-01-01'), point],
      [`${mark}!`, 2, new Date('2024-03-31'), point],
      [null, null, null, null],
    ],
  },
})
const steps: readonly object[] = [
  { name: 'lowercase', column: t },
  { name: 'uppercase', column: t },
  ...['integer', 'float', 'text', 'date', 'boolean'].map((type) => ({
    name: 'convert',
    columns: [t],
    data_type: type,
  })),
  { name: 'convert', columns: [i, d], data_type: 'text' },
  { name: 'todate', column: t, format: `${mark}%d %B %Y %I:%M:%S.%f %p %z` },
  { name: 'todate', column: t },
  { name: 'todate', column: i },
  { name: 'fromdate', column: d, format: `${mark}%A %-d %B %U` },
  { name: 'dateextract', column: t, date_info: ['previousQuarter', 'isoYear'], new_columns: [mark, `${mark}2`] },
  { name: 'dategranularity', column: t, granularity: 'quarter', new_column: mark },
  { name: 'duration', start_date_column: t, end_date_column: d, new_column_name: mark, duration_in: 'days' },
  {
    name: 'evolution',
    date_col: d,
    value_col: i,
    index_columns: [t],
    evolution_type: 'vsLastMonth',
    evolution_format: 'pct',
  },
  { name: 'addmissingdates', dates_column: d, dates_granularity: 'month', groups: [t] },
  {
    name: 'waterfall',
    value_column: i,
    milestones_column: t,
    start: mark,
    end: `${mark}!`,
    labels_column: d,
    parents_column: t,
    sort_by: 'value',
    order: 'asc',
    backfill: false,
  },
  { name: 'pivot', index: [i], column_to_pivot: t, value_column: i, agg_function: 'sum' },
  { name: 'dissolve', groups: [t] },
  { name: 'hierarchy', hierarchy: [t, i], hierarchy_level_column: mark },
  { name: 'simplify' },
]
const nameOf = (step: object): string => ('name' in step ? String(step.name) : '')

const compiled = (step: object): Promise<CompiledMongo> => tables.settled([{ name: 'domain', domain: 'd' }, step])

describe('the stages of steps', () => {
  it.each(steps.map((step) => [nameOf(step), step] as const))(
    'hold what a person wrote only as marked values: %s',
    async (_name, step) => {
      const { stages } = await compiled(step)
      visit(stages, [], (path, value) => {
        for (const key of path) expect(key).not.toContain('MARK')
        if (typeof value !== 'string' || path.includes('$literal')) return
        // What `$match` compares a field with is no expression.
        if (value.includes('MARK')) expect(path.slice(-2)).toEqual([expect.stringMatching(/^c\d+$/), '$eq'])
        else if (value.startsWith('$')) expect(value).toMatch(/^\$(?:_id|\$?[a-z]\d+|\$this|\$value)(?:\.[a-z]\d+)?$/)
      })
    },
  )

  it.each(steps.map((step) => [nameOf(step), step] as const))(
    'are no deeper and no longer than a server takes, and always the same: %s',
    async (_name, step) => {
      const { stages } = await compiled(step)
      expect(depthOf(stages)).toBeLessThan(120)
      const text = JSON.stringify(stages, asText)
      expect(text.length).toBeLessThan(100_000)
      expect(JSON.stringify((await compiled(step)).stages, asText)).toBe(text)
    },
  )
})

function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

function visit(value: unknown, path: readonly string[], see: (path: readonly string[], value: unknown) => void): void {
  see(path, value)
  if (Array.isArray(value)) for (const item of value) visit(item, path, see)
  else if (typeof value === 'object' && value !== null && !(value instanceof Date))
    for (const [key, member] of Object.entries(value)) visit(member, [...path, key], see)
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
