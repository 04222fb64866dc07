import * as z from 'zod'
import { nearestNames, Problem } from '../../base/index.ts'
import type { Condition } from '../condition.ts'
import { conditionMatch } from '../mongo/condition.ts'
import { after } from '../mongo/context.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import { record } from '../parsing/record.ts'
import { conditionSql } from '../sql/condition.ts'
import { carried, ref, type SqlContext, select } from '../sql/context.ts'
import { identifier, joinSql, sql } from '../sql/fragment.ts'
import type { OrderKey, Relation } from '../sql/relation.ts'
import type { DomainStep } from '../step.ts'
import type { Column } from '../values.ts'
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
  columns: (step, _input, context) => context.source(step.domain).map(({ name, type }) => ({ name, type })),
  sql: (step: DomainStep, _input, context) => {
    const rule = ruleOf(step)
    const rows = readTable(step, context)
    if ('always' in rule && rule.always) return rows
    const allowed = conditionSql(rule, (name) => ruleColumn(rows, name, step.domain), context)
    return { ...rows, from: context.cte(sql`${select(carried(rows), rows.from)} WHERE ${allowed}`) }
  },
  mongo: (step: DomainStep, _input, context) => {
    const rule = ruleOf(step)
    const { collection, columns } = context.source(step)
    refuseForeignFields(columns)
    const order = [{ id: '_id', descending: false, nullable: false }]
    const rows: MongoRelation = { collection, stages: [], columns, order, inOrder: false }
    const allowed = conditionMatch(rule, (name) => ruleColumn(rows, name, step.domain), context.now)
    return allowed ? after(rows, { $match: allowed }) : rows
  },
})

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
  return { from, columns: columns.map(({ fresh }) => fresh), order, inOrder: context.dialect.keepsScanOrder }
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
