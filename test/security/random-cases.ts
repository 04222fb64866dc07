import fc from 'fast-check'
import { choicesFrom } from './choices.ts'
import { type Case, compared, narrowed, reads } from './compared.ts'
import type { Door, Told } from './door.ts'
import { type RequestOptions, randomRequest } from './random-pipeline.ts'
import { asJson, randomUser } from './random-world.ts'

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
      tables: fc.array(fc.record({ shape: number, rows: numbers(0, 12) }, plain), {
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

/** Other cases at each run; what failed says its seed, and stands in the error by itself. `LAPUTA_FUZZ_SEED` repeats it, `LAPUTA_FUZZ_RUNS` tries more or fewer. */
export function fuzzOptions(runs: number): fc.Parameters<[Drawn]> {
  const { LAPUTA_FUZZ_SEED: seed, LAPUTA_FUZZ_RUNS: wanted } = process.env
  return { numRuns: wanted ? Number(wanted) : runs, ...(seed && { seed: Number(seed) }), endOnFailure: true }
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
  { made, drawn, tally, isUnordered = false }: { made: Case; drawn: Drawn; tally: Tally } & RequestOptions,
): Promise<void> {
  const readable = new Map(made.plain)
  for (const { name } of made.derived) {
    const table = await door.plain(made.world.domains, name)
    if (table) readable.set(name, table)
  }
  for (const seed of drawn.users) {
    const user = randomUser(choicesFrom(seed))
    const { open, unclear, isPartial } = await narrowed(door, made, user)
    if (isPartial) tally.partly++
    for (const { what, steps } of drawn.requests) {
      const request = randomRequest(choicesFrom(what), steps.map(choicesFrom), { readable, isUnordered })
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
