import fc from 'fast-check'
import type { Domain } from '../../src/catalog/index.ts'
import { type Choices, choicesFrom } from './choices.ts'
import { type Case, compared, type Derived, narrowed, reads } from './compared.ts'
import { type Door, everybody, type Told, type World } from './door.ts'
import type { PlainTable, RawRecord } from './plain-rules.ts'
import { type RequestOptions, randomRequest } from './random-pipeline.ts'
import { asJson, randomRecords, randomUser } from './random-world.ts'

const number = fc.noBias(fc.nat(2 ** 31 - 1))
const numbers = (minLength: number, maxLength: number) => fc.array(number, { minLength, maxLength, size: 'max' })

export interface DrawnTable {
  readonly shape: number
  readonly rows: readonly number[]
}

/** A few numbers, out of which everything in a case follows. */
export interface Drawn {
  readonly tables: readonly DrawnTable[]
  readonly rules: number
  readonly derived: readonly number[]
  readonly users: readonly number[]
  readonly requests: readonly { readonly what: number; readonly steps: readonly number[] }[]
}

export function drawnCases(
  tables: number,
  { users, requests }: { users: number; requests: number },
): fc.Arbitrary<Drawn> {
  const plain = { noNullPrototype: true }
  return fc.record(
    {
      tables: fc.array(fc.record({ shape: number, rows: numbers(0, 14) }, plain), {
        minLength: tables,
        maxLength: tables,
      }),
      rules: number,
      derived: numbers(1, 3),
      users: numbers(users, users),
      requests: fc.array(fc.record({ what: number, steps: numbers(0, 6) }, plain), {
        minLength: requests,
        maxLength: requests,
      }),
    },
    plain,
  )
}

/** What failed says its seed (`test/random-seed.ts`), and stands in the error by itself. `LAPUTA_FUZZ_RUNS` tries more or fewer. */
export function fuzzOptions<T>(runs: number): fc.Parameters<T> {
  const { LAPUTA_FUZZ_RUNS: wanted } = process.env
  return { numRuns: wanted ? Number(wanted) : runs, endOnFailure: true }
}

interface Deriving {
  readonly choices: Choices
  readonly plain: ReadonlyMap<string, PlainTable>
  readonly domains: World['domains']
  readonly steps: readonly number[]
  readonly known?: ReadonlySet<string>
}

/** A domain that is made of another one, and its rules; these are about columns that it has for those who see everything. */
export async function derivedFrom(
  door: Door,
  { choices, plain, domains, steps, known }: Deriving,
): Promise<Derived & { readonly domain: Domain; readonly records: readonly RawRecord[] }> {
  const name = 'derived'
  const { domain: from, pipeline: all } = randomRequest(choices, steps.map(choicesFrom), {
    readable: plain,
    ...(known && { known }),
  })
  const pipeline = [{ name: 'domain', domain: from }, ...all]
  const domain: Domain = { kind: 'derived', pipeline: pipeline as never }
  const table = await door.plain({ ...domains, [name]: domain }, name)
  const isRuled = table && table.columns.length > 0 && choices.chance(60)
  return { name, pipeline, domain, records: isRuled ? randomRecords(choices, table) : everybody }
}

/** How many cases ended how. */
export interface Tally {
  cases: number
  withRows: number
  /** Users who see some rows of a table, and not all. */
  partly: number
}

/** Every request of every user, told twice. Errors: the first that differs, with all that it takes to ask it again. */
export async function runCases(
  door: Door,
  { made, drawn, tally, isUnordered = false, known }: { made: Case; drawn: Drawn; tally: Tally } & RequestOptions,
): Promise<void> {
  const readable = new Map(made.plain)
  for (const { name } of made.derived) {
    const table = await door.plain(made.world.domains, name)
    if (table && table.columns.length > 0) readable.set(name, table)
  }
  for (const seed of drawn.users) {
    const user = randomUser(choicesFrom(seed))
    const { open, unclear, isPartial } = await narrowed(door, made, user)
    if (isPartial) tally.partly++
    for (const { what, steps } of drawn.requests) {
      const request = randomRequest(choicesFrom(what), steps.map(choicesFrom), {
        readable,
        isUnordered,
        ...(known && { known }),
      })
      if (unclear.some((name) => reads(request, name))) continue
      const { told, expected } = await compared(door, { world: made.world, open, user, request })
      tally.cases++
      if ('text' in told && !told.text.startsWith('{"data":[],')) tally.withRows++
      if (said(told, isUnordered) === said(expected, isUnordered)) continue
      throw new Error(JSON.stringify({ told, expected, user, request, ...described(made) }, null, 1))
    }
  }
}

/** Without an order, the rows in one of ours; nor does a database count what one page shows. */
function said(told: Told, isUnordered: boolean): string {
  if ('refused' in told || !isUnordered) return JSON.stringify(told)
  const { data, columns }: { data: object[]; columns: unknown } = JSON.parse(told.text)
  return JSON.stringify([columns, data.map((row) => JSON.stringify(row)).sort()])
}

function described({ world, plain, derived, unset }: Case): object {
  const tables = [...plain].map(([name, { columns, rows }]) => [
    name,
    { columns, rows: rows.map((row) => row.map(asJson)) },
  ])
  return { unset, records: world.records, tables: Object.fromEntries(tables), derived }
}
