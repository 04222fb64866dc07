import * as z from 'zod'
import { nearestNames, Problem } from '../../base/index.ts'
import { record } from '../parsing/record.ts'
import { conditionSql } from '../sql/condition.ts'
import { carried, ref, type SqlContext, select } from '../sql/context.ts'
import { identifier, joinSql, sql } from '../sql/fragment.ts'
import type { OrderKey, Relation, SqlColumn } from '../sql/relation.ts'
import type { DomainStep } from '../step.ts'
import { defineStep } from './definition.ts'

export const domain = defineStep({
  name: 'domain',
  summary: 'Reads the rows of a domain.',
  fields: record({ domain: z.string().min(1, 'A domain name is not empty.') }),
  columns: (step, _input, context) => context.source(step.domain).map(({ name, type }) => ({ name, type })),
  sql: (step: DomainStep, _input, context) => {
    const { rule } = step
    // Rows without a decision about them are never given out: the guard puts a rule on every domain, `always` when nothing is hidden.
    if (!rule) throw new Problem('internal', 'A domain reached the compiler without a permission decision.')
    const rows = readTable(step, context)
    if ('always' in rule && rule.always) return rows
    const allowed = conditionSql(rule, (name) => ruleColumn(rows, name, step.domain), context)
    return { ...rows, from: context.cte(sql`${select(carried(rows), rows.from)} WHERE ${allowed}`) }
  },
})

function readTable(step: DomainStep, context: SqlContext): Relation {
  const source = context.source(step)
  const columns = source.columns.map((column) => ({ physical: column, fresh: context.fresh(column) }))
  const order: OrderKey[] = []
  const list = columns.map(({ physical, fresh }) => sql`${ref(physical)} AS ${ref(fresh)}`)
  if (source.rowOrder !== undefined) {
    const key = context.fresh({ name: '', type: 'integer' })
    list.push(sql`${identifier(source.rowOrder)} AS ${ref(key)}`)
    order.push({ id: key.id, descending: false })
  }
  const from = context.cte(select(joinSql(list, ', '), source.table))
  return { from, columns: columns.map(({ fresh }) => fresh), order, inOrder: context.dialect.keepsScanOrder }
}

/** A rule is not the caller's to correct, so its columns are not errors of the pipeline. */
function ruleColumn(rows: Relation, name: string, domainName: string): SqlColumn {
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
