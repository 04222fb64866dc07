import { carriedIds, ref, type SqlContext, select } from './context.ts'
import { identifier, joinSql, type Sql, sql } from './fragment.ts'
import type { Relation, SqlColumn } from './relation.ts'

/**
 * Operands of formulas that are computed first, each once, under a name: for databases whose expressions repeat their operands, so
 * that a chain of 20 additions does not become a million of them.
 */
export interface NamedOperands {
  /** A name for an expression that uses names of the levels below `level` only; itself where the database needs no names. */
  name(expression: Sql, level: number): Sql
  /** The rows with what has been named beside their columns: what the expressions are computed from. */
  over(input: Relation): Relation
}

export function createNamedOperands(context: SqlContext): NamedOperands {
  const { fence } = context.dialect
  const levels: { readonly column: SqlColumn; readonly expression: Sql }[][] = []
  return {
    name: (expression, level) => {
      if (!fence) return expression
      const column = context.fresh({ name: '', type: 'number' })
      const list = levels[level] ?? []
      levels[level] = [...list, { column, expression }]
      return ref(column)
    },
    over: (input) => {
      if (!fence) return input
      const ids = carriedIds(input)
      let { from } = input
      for (const list of levels) {
        const named = list.map(({ column, expression }) => sql`${expression} AS ${ref(column)}`)
        from = context.computed(select(joinSql([...ids.map(identifier), ...named], ', '), from))
        ids.push(...list.map(({ column }) => column.id))
      }
      return { ...input, from }
    },
  }
}
