import type { FormulaOperator } from '../../../formulas/formula.ts'
import { double, type Sql, sql } from '../../fragment.ts'
import * as postgres from '../postgres/doubles.ts'

export const { asDouble } = postgres

/** A number of this room: without the cast it could be a decimal, of 38 digits at most. */
export function constant(value: number): Sql {
  return withConstants(double(value))
}

export function operateDoubles(operator: Exclude<FormulaOperator, '%'>, a: Sql, b: Sql): Sql {
  return withConstants(postgres.operateDoubles(operator, a, b))
}

export function sumOfDoubles(value: Sql, over?: { readonly window: Sql }): Sql {
  return withConstants(postgres.sumOfDoubles(value, over))
}

/** Numbers with an exponent that are not in a cast yet. */
function withConstants({ texts, values }: Sql): Sql {
  const number = /(?<![\w.'])-?\d+(?:\.\d+)?e[+-]?\d+(?![\w'])/g
  return {
    texts: texts.map((text) => text.replaceAll(number, (found) => asDouble(sql`'${plain(found)}'`).texts.join(''))),
    values,
  }
}

function plain(text: string): Sql {
  return { texts: [text], values: [] }
}
