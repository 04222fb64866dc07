import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Choices, choicesFrom } from './choices.ts'
import { type Door, openDoor, type Told } from './door.ts'
import { type PlainTable, type PlainUser, seenBy } from './plain-rules.ts'
import { fuzzOptions } from './random-cases.ts'
import { asJson, randomRecords, randomTable, randomUser } from './random-world.ts'

type JsonCell = ReturnType<typeof asJson>
type JsonRow = Readonly<Record<string, JsonCell>>

const seed = fc.integer({ min: 0, max: 0xffff_ffff })
const drawn = fc.record({
  table: seed,
  rows: fc.array(seed, { maxLength: 12 }),
  rules: seed,
  looking: fc.array(fc.record({ builder: seed, viewed: seed }), { minLength: 4, maxLength: 4 }),
})

/** Numbered, so that no row can stand in for another. */
function numbered(choices: Choices, rows: readonly number[]): PlainTable {
  const { columns, rows: cells } = randomTable(choices, rows.map(choicesFrom))
  return {
    columns: [{ name: 'id', type: 'integer' }, ...columns.slice(1)],
    rows: cells.map((row, number) => [number, ...row.slice(1)]),
  }
}

function byId({ columns, rows }: PlainTable): ReadonlyMap<JsonCell, JsonRow> {
  const shown = rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, asJson(row[at] ?? null)])))
  return new Map(shown.map((row) => [row.id ?? null, row]))
}

/** What may stand where one sees `mine` and the other `theirs`, and `raw` is the truth: never what only one of them sees. */
function possible(raw: JsonCell, mine: JsonCell, theirs: JsonCell): readonly JsonCell[] {
  if (mine === theirs) return [mine]
  const masks = [mine, theirs].filter((cell) => cell !== raw)
  return masks.length === 2 ? [null] : [...masks, null]
}

const dataOf = (told: Told): readonly JsonRow[] => ('text' in told ? JSON.parse(told.text).data : [])

describe.each(['deny', 'allow'] as const)('who looks as somebody else (a domain without records: %s)', (unset) => {
  let door: Door
  let partial = 0
  beforeAll(async () => {
    door = await openDoor({ unset })
  })
  afterAll(() => door.close())

  it('sees what both of them may see, and nothing else', { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(drawn, async ({ table, rows, rules, looking }) => {
      const plain = numbered(choicesFrom(table), rows)
      const records = randomRecords(choicesFrom(rules), plain)
      const world = { domains: { sales: await door.stored(plain) }, records: { sales: records } }
      for (const { builder, viewed } of looking) {
        const who: PlainUser = { ...randomUser(choicesFrom(builder)), buildsStaging: builder % 2 === 0 }
        const whom = randomUser(choicesFrom(viewed))
        const told = await door.ask(world, who, { domain: 'sales', viewAs: whom })
        expect(told).toHaveProperty('text')
        const raw = byId(plain)
        const mine = byId(seenBy(who, plain, { records, unset }))
        const theirs = byId(seenBy({ ...whom, buildsStaging: false }, plain, { records, unset }))
        const both = [...raw.keys()].filter((id) => mine.has(id) && theirs.has(id))
        expect(dataOf(told).map(({ id }) => id)).toEqual(both)
        for (const row of dataOf(told)) {
          const [truth, one, other] = [raw, mine, theirs].map((seen) => seen.get(row.id ?? null) ?? {})
          expect(Object.keys(row)).toEqual(Object.keys(one!).filter((name) => Object.hasOwn(other!, name)))
          for (const [name, cell] of Object.entries(row)) {
            expect(possible(truth![name]!, one![name]!, other![name]!)).toContain(cell)
          }
        }
        if (both.length > 0 && both.length < Math.max(mine.size, theirs.size)) partial++
      }
    })
    await fc.assert(property, fuzzOptions(40))
    expect(partial).toBeGreaterThan(0)
  })
})
