import { joinSql, type Sql, sql } from '../../fragment.ts'

/** An expression that reads values more than once, under names that they get; it is a value by itself, wherever it stands. */
export function withNamed(values: { readonly [name in 'x' | 'y' | 'g']?: Sql }, expression: Sql): Sql {
  const names = { x: sql`x`, y: sql`y`, g: sql`g` }
  const fields = (['x', 'y', 'g'] as const).flatMap((name) => {
    const value = values[name]
    return value ? [sql`${value} AS ${names[name]}`] : []
  })
  return sql`(SELECT ${expression} FROM UNNEST([STRUCT(${joinSql(fields, ', ')})]))`
}
