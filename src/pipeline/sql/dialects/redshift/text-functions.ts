import { bind, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { splitsAndSlices, translatesCase } from '../characters.ts'
import { convert } from './convert.ts'

export const redshiftText: TextFunctions = {
  ...splitsAndSlices,
  ...translatesCase,
  trim: (text) => sql`btrim(${text}, ${bind(whitespace, 'text')})`,
  join: (texts, separator) => {
    const pieces = texts.map((text) => sql`coalesce(${separator} || ${text}, '')`)
    return sql`substr(${pieces.reduce((all, piece) => sql`${all} || ${piece}`)}, length(${separator}) + 1)`
  },
  convert,
}
