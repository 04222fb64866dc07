import { bind, joinSql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { splitsAndSlices, translatesCase } from '../characters.ts'
import { convert } from './convert.ts'

export const snowflakeText: TextFunctions = {
  ...splitsAndSlices,
  ...translatesCase,
  trim: (text) => sql`TRIM(${text}, ${bind(whitespace, 'text')})`,
  // Its concat_ws is null when one of the texts is.
  join: (texts, separator) => sql`ARRAY_TO_STRING(ARRAY_CONSTRUCT_COMPACT(${joinSql(texts, ', ')}), ${separator})`,
  convert,
}
