import { Problem } from '../../../../base/index.ts'
import { bind, type Sql, sql } from '../../fragment.ts'
import type { DatePattern } from '../../functions/dates.ts'
import { checkedSize } from './pattern.ts'

/** As many groups as the server can name. */
const mostGroups = 9

/**
 * What the groups match, with bars between, which no group of a date has in it. Every bracket is a group here, so those of the
 * expression that are none count as well. Errors: `pipeline_invalid` for more than nine.
 */
export function capturesText(text: Sql, { pattern }: DatePattern): Sql {
  const numbers = groupNumbers(pattern)
  if (numbers.some((number) => number > mostGroups)) {
    throw new Problem(
      'pipeline_invalid',
      'Oracle cannot read so many parts of a date in a text: use a format with fewer of them.',
    )
  }
  const posix = pattern
    .replace('(?i)', '')
    .replaceAll('(?:', '(')
    .replaceAll(/\[[^\]]*\]/g, (set) => set.replace('\\s', '[:space:]'))
    .replaceAll('\\s', '[[:space:]]')
  const expression = bind(checkedSize(posix), 'text')
  const groups: Sql = { texts: [`'${numbers.map((number) => `\\${number}`).join('|')}'`], values: [] }
  return sql`CASE WHEN REGEXP_LIKE(${text}, ${expression}, 'i') THEN REGEXP_REPLACE(${text}, ${expression}, ${groups}, 1, 1, 'i') END`
}

/** The numbers that the groups get when all brackets are groups. */
function groupNumbers(pattern: string): number[] {
  const brackets = pattern.matchAll(/\\.|\[[^\]]*\]|\((?!\?i\))(\?:)?/gs)
  const opened = [...brackets].filter(([found]) => found.startsWith('('))
  return opened.flatMap(([, none], index) => (none === undefined ? [index + 1] : []))
}
