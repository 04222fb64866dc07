import { ref, select } from './context.ts'
import { joinSql, type Sql, sql } from './fragment.ts'
import type { SqlColumn } from './relation.ts'

/** One SELECT of a union. */
export interface Branch {
  /** One value for each column of the union, of its type. */
  readonly values: readonly Sql[]
  /** Absent for one row of constants. */
  readonly from?: Sql
  /** Group keys; absent for the rows themselves, empty for one group of all rows. */
  readonly by?: readonly Sql[]
}

/** The rows of all branches, duplicates included, under the names of the columns. At least one branch. */
export function unionAll(columns: readonly SqlColumn[], branches: readonly Branch[]): Sql {
  return branches
    .map(({ values, from, by = [] }) => {
      const list = values.map((value, index) => {
        const column = columns[index]
        return column ? sql`${value} AS ${ref(column)}` : value
      })
      const rows = from ? select(joinSql(list, ', '), from) : sql`SELECT ${joinSql(list, ', ')}`
      return by.length > 0 ? sql`${rows} GROUP BY ${joinSql(by, ', ')}` : rows
    })
    .reduce((rows, branch) => sql`${rows} UNION ALL ${branch}`)
}
