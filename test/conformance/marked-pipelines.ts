import { isProblem } from '../../src/base/index.ts'
import type { ConformanceCase } from './load-cases.ts'
import { queryOf } from './prepare.ts'
import type { Table } from './table.ts'

/** In every marked text; digits of every marked number. */
export const mark = 'MARK'
export const markedDigits = '791919'

/** What ends quoting, comments and statements somewhere, or begins an expression; what must be plainer gets the second. */
const hostile = (text: string) => `$${mark}'"\`]);--/*\\$1 %s ? :1 @a ${text}`
const plain = (text: string) => `${mark}${text}`
/** A formula that is a text. */
const quoted = (text: string) => JSON.stringify(hostile(text))

type Compiles = (fixture: ConformanceCase) => Promise<boolean>

/**
 * The fixture with a mark in every text and number of its pipeline that may be another one, names of columns included, which are renamed
 * in its tables too. What has to be what it is, such as the name of a step or an operator, stays. `compiles` says whether it may.
 */
export async function marked(fixture: ConformanceCase, compiles: Compiles): Promise<ConformanceCase> {
  let found = fixture
  const attempt = async (changed: ConformanceCase): Promise<boolean> => {
    if (!isValid(changed) || !(await compiles(changed))) return false
    found = changed
    return true
  }
  for (const text of textsOf(fixture.pipeline)) {
    const isHostile = await attempt(renamed(found, text, hostile(text)))
    const isDone = isHostile || (await attempt(renamed(found, text, plain(text))))
    if (!isDone) await attempt(renamed(found, text, quoted(text)))
  }
  for (const [index, number] of numbersOf(fixture.pipeline).entries()) {
    const digits = `${markedDigits}${index + 1}`
    const other = Number.isInteger(number) ? Number(digits) : Number(`0.${digits}`)
    await attempt({ ...found, pipeline: replaced(found.pipeline, number, other) as unknown[] })
  }
  return found
}

function isValid(fixture: ConformanceCase): boolean {
  try {
    queryOf(fixture)
    return true
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return false
    throw error
  }
}

function renamed(fixture: ConformanceCase, from: string, to: string): ConformanceCase {
  const table = ({ columns, rows }: Table): Table => ({
    columns: columns.map((column) => (column.name === from ? { ...column, name: to } : column)),
    // A pivot makes columns of them.
    rows: rows.map((row) => row.map((cell) => (cell === from ? to : cell))),
  })
  const domains = new Map([...fixture.domains].map(([name, each]) => [name === from ? to : name, table(each)]))
  return { ...fixture, domains, pipeline: replaced(fixture.pipeline, from, to) as unknown[] }
}

function replaced(value: unknown, from: unknown, to: unknown): unknown {
  if (value === from) return to
  if (Array.isArray(value)) return value.map((item) => replaced(item, from, to))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaced(member, from, to)]))
}

function textsOf(pipeline: unknown): string[] {
  return [...new Set(leavesOf(pipeline).filter((leaf) => typeof leaf === 'string'))]
}

function numbersOf(pipeline: unknown): number[] {
  return [...new Set(leavesOf(pipeline).filter((leaf) => typeof leaf === 'number'))]
}

function leavesOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return [value]
  return Object.values(value).flatMap(leavesOf)
}
