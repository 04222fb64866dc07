import { Problem } from '../../../base/index.ts'
import { bind, joinSql, type Sql, sql } from '../fragment.ts'
import { numeral } from './numeral.ts'

/**
 * The n-th text of a bound JSON array for databases that cannot look into one by a number of a row: each text is bound by itself. Errors:
 * `pipeline_invalid` for more texts than the database takes values.
 */
export function nthOfBound({ values: [texts] }: Sql, n: Sql, most: number): Sql {
  const list: unknown = typeof texts?.value === 'string' ? JSON.parse(texts.value) : []
  const present = (Array.isArray(list) ? list : []).flatMap((text, index) =>
    typeof text === 'string' ? [sql`WHEN ${numeral(index + 1)} THEN ${bind(text, 'text')}`] : [],
  )
  if (present.length > most) {
    throw new Problem(
      'pipeline_invalid',
      `this database takes at most ${most} shapes, and there are ${present.length}.`,
    )
  }
  return sql`CASE ${n} ${joinSql([...(present.length > 0 ? present : [sql`WHEN 0 THEN ${bind(null, 'text')}`])], ' ')} END`
}
