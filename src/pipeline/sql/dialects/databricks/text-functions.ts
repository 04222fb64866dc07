import { bind, joinSql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { splitsAndSlices, translatesCase } from '../characters.ts'
import { convert } from './convert.ts'

export const databricksText: TextFunctions = {
  ...splitsAndSlices,
  ...translatesCase,
  trim: (text) => sql`btrim(${text}, ${bind(whitespace, 'text')})`,
  join: (texts, separator) => sql`concat_ws(${joinSql([separator, ...texts], ', ')})`,
  convert,
}
