import * as z from 'zod'
import { nearestNames, Problem } from '../../base/index.ts'
import type { Condition } from '../condition.ts'
import { conditionMatch } from '../mongo/condition.ts'
import { after, type MongoContext } from '../mongo/context.ts'
import { literal } from '../mongo/expression.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import { record } from '../parsing/record.ts'
import { conditionSql, tested } from '../sql/condition.ts'
import { carried, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, identifier, joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { OrderKey, Relation } from '../sql/relation.ts'
import type { DomainStep } from '../step.ts'
import type { Column, ColumnType, Value } from '../values.ts'
import { defineStep } from './definition.ts'

export const domain = defineStep({
  name: 'domain',
  summary: 'Reads the rows of a domain.',
  example: {
    step: { domain: 'sales' },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 14],
        ['cocoa', null],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 14],
        ['cocoa', null],
      ],
    },
  },
  fields: record({ domain: z.string().min(1, 'A domain name is not empty.') }),
  columns: (step: DomainStep, _input, context) => {
    const columns = step.of ? context.columnsOf(step.of) : context.source(step.domain)
    const seen = visible(columns, step).map(({ name, type }) => ({ name, type }))
    if (seen.length > 0 || columns.length === 0) return seen
    throw new Problem('data_refused', `A permission hides every column of the domain "${step.domain}".`)
  },
  sql: (step: DomainStep, _input, context) => {
    const rule = ruleOf(step)
    const rows = step.of ? context.relation(step.of) : readTable(step, context)
    const allRows = 'always' in rule && rule.always
    const masks = maskedColumns(rows.columns, step)
    const columns = visible(rows.columns, step).map((column) => (masks.has(column) ? context.fresh(column) : column))
    if (allRows && masks.size === 0) return { ...rows, columns }
    const from = allRows
      ? rows.from
      : context.cte(
          sql`${select(carried(rows), rows.from)} WHERE ${conditionSql(rule, (name) => tested(ruleColumn(rows, name, step.domain), rows), context)}`,
        )
    if (masks.size === 0) return { ...rows, from, columns }
    const kept = columns.filter((column) => rows.columns.includes(column))
    const constants = [...masks.keys()].map((column) => {
      const shown = columns.find(({ name }) => name === column.name) ?? column
      return sql`${constant(masks.get(column) ?? null, shown.type, context)} AS ${ref(shown)}`
    })
    const list = joinSql([carried({ ...rows, columns: kept }), ...constants], ', ')
    return { ...rows, from: context.cte(select(list, from)), columns }
  },
  mongo: (step: DomainStep, _input, context) => {
    const rule = ruleOf(step)
    const rows = step.of ? context.relation(step.of) : readCollection(step, context)
    const allowed = conditionMatch(rule, (name) => ruleColumn(rows, name, step.domain), context.now)
    const seen = allowed ? after(rows, { $match: allowed }) : rows
    const masks = maskedColumns(rows.columns, step)
    const columns = visible(rows.columns, step)
    if (masks.size === 0) return { ...seen, columns }
    const shown = columns.map((column) => (masks.has(column) ? context.fresh(column) : column))
    const constants = columns.flatMap((column, index) =>
      masks.has(column) ? [[shown[index]?.id ?? '', literal(masks.get(column) ?? null, column.type)] as const] : [],
    )
    return { ...after(seen, { $set: Object.fromEntries(constants) }), columns: shown }
  },
})

/** The columns that the step lets through. */
function visible<C extends Column>(columns: readonly C[], { kept }: DomainStep): readonly C[] {
  return kept ? columns.filter(({ name }) => !kept.hide.includes(name)) : columns
}

/** The columns that are masked, and what is shown in their place: null where the value is not of the column's type. */
function maskedColumns<C extends Column>(columns: readonly C[], step: DomainStep): ReadonlyMap<C, Value> {
  const mask = step.kept?.mask ?? {}
  const masked = visible(columns, step).filter(({ name }) => Object.hasOwn(mask, name))
  return new Map(masked.map((column) => [column, fitting(mask[column.name] ?? null, column.type)]))
}

function fitting(value: Value, type: ColumnType): Value {
  if (type === 'text') return typeof value === 'string' ? value : null
  if (type === 'boolean') return typeof value === 'boolean' ? value : null
  if (type === 'integer') return Number.isInteger(value) ? value : null
  return type === 'number' && typeof value === 'number' ? value : null
}

function constant(value: Value, type: ColumnType, { dialect }: SqlContext): Sql {
  return value === null ? dialect.nullOf(type) : bind(value, type)
}

function readCollection(step: DomainStep, context: MongoContext): MongoRelation {
  const { collection, columns } = context.source(step)
  refuseForeignFields(columns)
  const order = [{ id: '_id', descending: false, nullable: false }]
  return { collection, stages: [], columns, order, inOrder: false }
}

/**
 * Rows without a decision about them are never given out: the guard puts a rule on every domain, `always` when nothing is hidden.
 * Errors: `internal`.
 */
function ruleOf({ rule }: DomainStep): Condition {
  if (!rule) throw new Problem('internal', 'A domain reached the compiler without a permission decision.')
  return rule
}

function readTable(step: DomainStep, context: SqlContext): Relation {
  const source = context.source(step)
  const columns = source.columns.map((column) => ({ physical: column, fresh: context.fresh(column) }))
  const order: OrderKey[] = []
  const list = columns.map(
    ({ physical, fresh }) => sql`${context.dialect.sourceColumn(ref(physical), physical.type)} AS ${ref(fresh)}`,
  )
  if (source.rowOrder !== undefined) {
    const key = context.fresh({ name: '', type: 'integer' })
    list.push(sql`${identifier(source.rowOrder)} AS ${ref(key)}`)
    order.push({ id: key.id, descending: false })
  }
  const from = context.cte(select(joinSql(list, ', '), source.table))
  const lists = new Map(
    columns.flatMap(({ physical, fresh }) => {
      const texts = source.lists?.get(physical.id)
      return texts ? [[fresh.id, texts] as const] : []
    }),
  )
  return { from, columns: columns.map(({ fresh }) => fresh), order, inOrder: context.dialect.keepsScanOrder, lists }
}

/** A rule is not the caller's to correct, so its columns are not errors of the pipeline. */
function ruleColumn<C extends Column>(rows: { readonly columns: readonly C[] }, name: string, domainName: string): C {
  const found = rows.columns.find((column) => column.name === name)
  if (found) return found
  const nearest = nearestNames(
    name,
    rows.columns.map((column) => column.name),
  )
  const message = `A permission on the domain "${domainName}" needs the column "${name}", which it does not have.`
  throw new Problem('data_refused', message, {
    errors: [{ path: '', message, column: name, ...(nearest.length > 0 ? { nearest } : {}) }],
  })
}

/** Fields of documents that this compiler did not name could be anything, among them the names that it gives itself. */
function refuseForeignFields(columns: readonly { readonly id: string }[]): void {
  if (columns.some(({ id }) => !/^[a-u]\d+$/.test(id))) {
    throw new Problem('internal', 'A domain has fields in MongoDB under names that are not generated.')
  }
}
